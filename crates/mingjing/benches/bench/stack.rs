//! The five services apart, on PostgreSQL and NATS, in this process: how soon what is acknowledged shows on the
//! scorecard.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use contract::scorecard::GetFreshnessRequest;
use contract::scorecard::scorecard_service_client::ScorecardServiceClient;
use eventstore::testing::nats::NatsHere;
use mingjing::config::{Peers, Settings};
use mingjing::serve::{self, Running};
use mingjing::target::{Owner, Target};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use tonic::transport::Channel;

use crate::commands::{Load, write_year};
use crate::measure::{Limit, Table};
use crate::raw;

const TARGETS: [Target; 5] =
    [Target::Training, Target::Complaints, Target::Evaluation, Target::Accountability, Target::Scorecard];
const CALLERS: u32 = 256;
/// How long half of the peak is kept up, and how long before that it is not looked at.
const WINDOW: Duration = Duration::from_secs(8);
const WARM_UP: Duration = Duration::from_secs(2);
/// Commands are sent in so many bursts a second, so that the rate holds.
const BURSTS: u32 = 200;
/// One in so many commands is followed to the scorecard.
const FOLLOWED: u32 = 20;

/// Commands at full speed, then at half of it, some followed to the scorecard.
pub(crate) async fn visible(
    folder: &Path,
    database: &Settings,
    limit: Limit<'static>,
    table: &mut Table,
) -> anyhow::Result<()> {
    let server = NatsHere::run(&folder.join("stack-nats"))?;
    write_year(database).await?;
    let services = start(database, &server).await?;
    let commands = raw::connect(&address(&services, Target::Evaluation)).await?;
    let scorecard = raw::connect(&address(&services, Target::Scorecard)).await?;
    let load = Load::warm(&commands).await?;
    let peak = load.rate(CALLERS).await?;
    table.row("commands over gRPC, published and projected", peak, &[limit]);
    let mut delays = half(&load, peak / 2.0, &scorecard).await?;
    delays.sort();
    let at = |percent: usize| delays.get(delays.len() * percent / 100).copied().unwrap_or_default();
    table.times("… at half of it, until on the scorecard", &[("p50", at(50)), ("p99", at(99))]);
    for (_, running) in services {
        running.stop().await;
    }
    Ok(())
}

type Services = Vec<(Target, Running)>;

async fn start(database: &Settings, server: &NatsHere) -> anyhow::Result<Services> {
    let mut listen = BTreeMap::new();
    for target in TARGETS {
        listen.insert(target.name(), TcpListener::bind("127.0.0.1:0")?.local_addr()?);
    }
    let peers = Owner::ALL.map(|owner| (owner, format!("http://{}", listen[owner.name()])));
    let mut services = Vec::new();
    for target in TARGETS {
        let settings = Settings {
            listen: listen[target.name()],
            nats_url: Some(server.url().into()),
            peers: Peers::from(peers.clone()),
            ..database.clone()
        };
        services.push((target, serve::start(target, &settings, mingjing::clock()).await?));
    }
    for (_, running) in &services {
        running.filled().await;
    }
    Ok(services)
}

fn address(services: &Services, wanted: Target) -> String {
    let found = services.iter().find(|(target, _)| *target == wanted);
    found.map(|(_, running)| format!("http://{}", running.address)).unwrap_or_default()
}

/// Sends so many commands a second whatever becomes of them; gives how long after its answer each of those that were
/// followed was on the scorecard.
async fn half(load: &Load, rate: f64, scorecards: &[Channel]) -> anyhow::Result<Vec<Duration>> {
    let mut ticks = interval(Duration::from_secs(1) / BURSTS);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (began, mut sent, mut number) = (Instant::now(), 0.0, 0_u32);
    let mut running = JoinSet::new();
    while began.elapsed() < WARM_UP + WINDOW {
        ticks.tick().await;
        while sent < began.elapsed().as_secs_f64() * rate {
            let (load, caller) = (load.clone(), number);
            let followed = number.is_multiple_of(FOLLOWED) && began.elapsed() > WARM_UP;
            let scorecard = followed.then(|| raw::turn(scorecards, number).clone());
            running.spawn(async move {
                let token = load.revise(caller).await?;
                let Some(scorecard) = scorecard else { return anyhow::Ok(None) };
                let (answered, request) = (Instant::now(), GetFreshnessRequest { consistency_token: token });
                ScorecardServiceClient::new(scorecard).get_freshness(request).await?;
                Ok(Some(answered.elapsed()))
            });
            (sent, number) = (sent + 1.0, number + 1);
        }
    }
    let mut delays = Vec::new();
    while let Some(followed) = running.join_next().await {
        delays.extend(followed??);
    }
    Ok(delays)
}
