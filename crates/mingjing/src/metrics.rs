//! Metrics for Prometheus, over HTTP. Positions and ages, never what is in an event.
//!
//! | metric | what |
//! |---|---|
//! | `mingjing_log_position` | position of the last event of a log that is written here |
//! | `mingjing_relay_position` | position of the last event that is known to be published |
//! | `mingjing_relay_oldest_unpublished_seconds` | age of the oldest event that is not: what to alert on |
//! | `mingjing_relay_asked` | how often the stream had to be asked what became of a batch |
//! | `mingjing_relay_active`, `mingjing_relay_alarm` | 1 if the relay of this process publishes; if it stopped |
//! | `mingjing_nats_refused` | how often NATS refused something, e.g. what permissions forbid: what to alert on |
//! | `mingjing_nats_slow_consumers` | how often messages were read too slowly and dropped; they are fetched again |
//! | `mingjing_consumer_position` | position of the last event that a consumer has dealt with |
//! | `mingjing_consumer_stopped` | 1 if it stopped at an event that it could not read: what to alert on |

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use eventstore::relay;
use metrics::{Gauge, counter, gauge};
use metrics_exporter_prometheus::PrometheusBuilder;
use shell::Tasks;

use crate::substrate::Substrate;

/// Gauges are set this often.
const SET_EVERY: Duration = Duration::from_secs(1);

/// Serves the process's metrics on `listen`. Once per process.
pub fn serve(listen: SocketAddr, substrate: &Substrate, tasks: &Tasks) -> anyhow::Result<()> {
    let (recorder, exporter) = PrometheusBuilder::new()
        .with_http_listener(listen)
        .build()
        .with_context(|| format!("serving metrics on {listen}"))?;
    metrics::set_global_recorder(recorder).context("metrics are served once")?;
    let logs = substrate.logs();
    let relays = substrate.relays.clone();
    let connection = substrate.connection.clone();
    let consumers = tasks.consumers.clone();
    let stop = tasks.stop.clone();
    tasks.tracker.spawn(async move {
        let exporting = async { exporter.await.map_err(|error| tracing::error!(?error, "metrics")) };
        let setting = async {
            loop {
                for log in &logs {
                    counter!("mingjing_log_position", "service" => log.service()).absolute(log.head_known());
                }
                for (owner, status) in &relays {
                    set_relay(owner.name(), &status.borrow());
                }
                if let Some(connection) = &connection {
                    let connection = connection.borrow();
                    counter!("mingjing_nats_refused").absolute(connection.refused);
                    counter!("mingjing_nats_slow_consumers").absolute(connection.slow_consumers);
                }
                for consumer in consumers.list() {
                    let service = consumer.source().service();
                    let labels = [("consumer", consumer.name().to_owned()), ("service", service.to_owned())];
                    let progress = consumer.progress().borrow().clone();
                    counter!("mingjing_consumer_position", &labels).absolute(progress.position);
                    let stopped = u64::from(!progress.alarm.is_empty());
                    set(&gauge!("mingjing_consumer_stopped", &labels), stopped);
                }
                tokio::time::sleep(SET_EVERY).await;
            }
        };
        stop.run_until_cancelled(async { tokio::join!(exporting, setting) }).await;
    });
    Ok(())
}

fn set_relay(service: &'static str, status: &relay::Status) {
    counter!("mingjing_relay_position", "service" => service).absolute(status.position);
    counter!("mingjing_relay_asked", "service" => service).absolute(status.asked);
    let active = u64::from(matches!(status.state, relay::State::Active));
    set(&gauge!("mingjing_relay_active", "service" => service), active);
    let alarm = u64::from(matches!(status.state, relay::State::Alarm(_)));
    set(&gauge!("mingjing_relay_alarm", "service" => service), alarm);
    let now = (crate::clock())();
    let age = status.oldest_unpublished.map_or(0, |oldest| now.duration_since(oldest).as_secs().max(0));
    let age = u64::try_from(age).unwrap_or_default();
    set(&gauge!("mingjing_relay_oldest_unpublished_seconds", "service" => service), age);
}

fn set(gauge: &Gauge, value: u64) {
    gauge.set(u32::try_from(value).unwrap_or(u32::MAX));
}
