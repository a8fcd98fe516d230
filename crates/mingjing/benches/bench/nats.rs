//! Publishing and consuming over a NATS server that flushes before it acknowledges, beside what it takes without any
//! of the program.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::HeaderMap;
use async_nats::jetstream::consumer::AckPolicy;
use async_nats::jetstream::consumer::pull::Config as Pull;
use async_nats::jetstream::stream::Config;
use async_nats::jetstream::{self, Context};
use async_trait::async_trait;
use eventstore::nats::Nats;
use eventstore::nats::source::{Filler, NatsSource, Page};
use eventstore::testing::nats::NatsHere;
use eventstore::{SharedSource, StoreError, relay};
use futures::StreamExt as _;
use mingjing::config::Settings;
use mingjing::substrate;
use shell::Tasks;

use crate::measure::{Limit, Table, per_second};
use crate::projection::read;
use crate::year::{self, Year};

const EVALUATION: &str = "evaluation";
const FORMS: u32 = 150_000;
const RAW_BATCHES: u32 = 200;
const RAW_BATCH: u32 = 1000;

/// Publishes the year from the log that `settings` name, and consumes it.
pub(crate) async fn published(folder: &Path, settings: &Settings, table: &mut Table) -> anyhow::Result<()> {
    let server = NatsHere::run(&folder.join("nats"))?;
    let raw = Raw::connect(&server).await?;
    let publish = Limit { what: "atomic batches of 1000, 200 bytes", rate: raw.publish().await? };
    let consume = Limit { what: "pulled, nothing acknowledged", rate: raw.consume().await? };

    let tasks = Tasks::default();
    let log = substrate::open_log(EVALUATION, settings).await?;
    let store = year::start(EVALUATION, log, &tasks).await?;
    let mut year = Year::of_marked_units()?;
    year.add_forms_and_entries(FORMS);
    let count = year.write(&store).await?;
    let nats = Nats::connect(&server.settings()).await?;
    let began = Instant::now();
    let mut status = relay::start(store.clone(), nats.clone(), &tasks.tracker, tasks.stop.clone());
    status.wait_for(|status| status.position >= u64::from(count)).await?;
    table.row("events published by the relay", per_second(count, began.elapsed()), &[publish]);

    let source: SharedSource = Arc::new(NatsSource::new(EVALUATION, nats, Arc::new(Whole), "bench"));
    let (consumed, _) = read(&source, count).await?;
    table.row("events consumed from JetStream", consumed, &[consume]);
    tasks.stop.cancel();
    Ok(())
}

/// Lacks nothing: all is read from the stream.
struct Whole;

#[async_trait]
impl Filler for Whole {
    async fn read(&self, from_position: u64, _limit: usize) -> Result<Page, StoreError> {
        Err(StoreError::database(std::io::Error::other(format!("the stream lacks {from_position}"))))
    }
}

/// The server alone.
struct Raw(Context);

impl Raw {
    async fn connect(server: &NatsHere) -> anyhow::Result<Self> {
        let jetstream = jetstream::new(async_nats::connect(server.url()).await?);
        let config = Config {
            name: "RAW".to_owned(),
            subjects: vec!["raw.>".to_owned()],
            allow_atomic_publish: true,
            ..Config::default()
        };
        jetstream.create_stream(config).await?;
        Ok(Self(jetstream))
    }

    /// Messages per second in atomic batches, one after the other.
    async fn publish(&self) -> anyhow::Result<f64> {
        let (client, payload) = (self.0.client(), bytes::Bytes::from_static(&[7; 200]));
        let began = Instant::now();
        for batch in 0..RAW_BATCHES {
            for sequence in 1..=RAW_BATCH {
                let mut headers = HeaderMap::new();
                headers.insert("Nats-Batch-Id", batch.to_string());
                headers.insert("Nats-Batch-Sequence", sequence.to_string());
                if sequence < RAW_BATCH {
                    client.publish_with_headers("raw.event", headers, payload.clone()).await?;
                    continue;
                }
                headers.insert("Nats-Batch-Commit", "1");
                let answer = client.request_with_headers("raw.event", headers, payload.clone()).await?;
                anyhow::ensure!(!String::from_utf8_lossy(&answer.payload).contains("error"), "{answer:?}");
            }
        }
        Ok(per_second(RAW_BATCHES * RAW_BATCH, began.elapsed()))
    }

    /// Messages per second as they come.
    async fn consume(&self) -> anyhow::Result<f64> {
        let stream = self.0.get_stream("RAW").await?;
        let consumer =
            stream.create_consumer(Pull { ack_policy: AckPolicy::None, ..Pull::default() }).await?;
        let mut messages = consumer
            .stream()
            .max_messages_per_batch(4000)
            .expires(Duration::from_secs(30))
            .messages()
            .await?;
        let began = Instant::now();
        for _ in 0..RAW_BATCHES * RAW_BATCH {
            messages.next().await.transpose()?;
        }
        Ok(per_second(RAW_BATCHES * RAW_BATCH, began.elapsed()))
    }
}
