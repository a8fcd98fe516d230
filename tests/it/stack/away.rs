//! NATS is away for a while: nobody who writes or reads notices, also where a service begins anew meanwhile, and
//! nothing is missed when it is back.

use std::time::{Duration, Instant};

use contract::scorecard::GetFreshnessRequest;
use contract::scorecard::scorecard_service_client::ScorecardServiceClient;
use mingjing::target::Owner;
use tempfile::tempdir;
use tokio::time::{sleep, timeout};

use super::audit::audit;
use super::load::{Acknowledged, UNITS, city, read, request_id_of, write};
use super::running::{NATS, PATIENCE, POLL, SERVICES, Stack};
use super::watch::Watch;

const AWAY: Duration = Duration::from_secs(12);

#[tokio::test(flavor = "multi_thread")]
async fn commands_are_answered_while_nats_is_away_and_nothing_is_missed_when_it_is_back() {
    let home = tempdir().unwrap();
    let stack = Stack::up(home.path(), 1).await;
    city(&stack).await;
    let watch = Watch::start(&stack).await;
    let mut acknowledged = vec![];
    round(&stack, 0, &mut acknowledged).await;
    stack.kill(NATS).await;
    let (began, mut rounds) = (Instant::now(), 0);
    while began.elapsed() < AWAY {
        rounds += 1;
        round(&stack, rounds, &mut acknowledged).await;
        sleep(POLL).await;
    }
    for owner in Owner::ALL {
        assert!(stack.is_healthy(owner.name(), "").await, "{} is healthy without NATS", owner.name());
        assert!(stack.is_healthy(owner.name(), "publishing").await, "{} waits for it", owner.name());
    }
    for service in SERVICES {
        stack.kill(service).await;
        stack.start(service).await;
        let healthy = async {
            while !stack.is_healthy(service, "").await {
                sleep(POLL).await;
            }
        };
        timeout(PATIENCE, healthy).await.unwrap_or_else(|_| panic!("{service} begins without NATS"));
    }
    round(&stack, rounds + 1, &mut acknowledged).await;

    stack.start(NATS).await;
    audit(&stack, 1, &acknowledged, watch).await;
}

/// One command of each service, each answered at the first attempt and read at once, there and by the scorecard.
async fn round(stack: &Stack<'_>, number: u64, acknowledged: &mut Vec<Acknowledged>) {
    let unit = UNITS[usize::try_from(number % 6).unwrap()];
    for owner in Owner::ALL {
        let (thing, channel) = (format!("client-away-{number}"), stack.channel(owner.name(), 0));
        let request_id = request_id_of(&format!("{}/{thing}", owner.name()), "write");
        let written = write(owner, channel.clone(), unit, thing.clone(), request_id, number).await;
        let written = written.unwrap_or_else(|status| panic!("{}: {status:?}", owner.name()));
        assert!(read(owner, channel, unit, &thing, number, &written.token).await.unwrap(), "{thing}");
        let projected = GetFreshnessRequest { consistency_token: written.token };
        let mut scorecards = ScorecardServiceClient::new(stack.channel("scorecard", 0));
        scorecards.get_freshness(projected).await.unwrap();
        acknowledged.push(Acknowledged { owner, thing, position: written.position });
    }
}
