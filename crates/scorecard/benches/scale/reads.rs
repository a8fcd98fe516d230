//! Scorecards read through the service, as over gRPC but for the wire.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use contract::scorecard::scorecard_service_client::ScorecardServiceClient;
use contract::scorecard::scorecard_service_server::ScorecardServiceServer;
use contract::scorecard::{
    CompareScorecardsRequest, ExplainScorecardRequest, GetScorecardRequest, ListScorecardsRequest,
    SimulateTableRequest, SimulationBasis, simulate_table_request,
};
use eventstore::testing::scale::{mixed, timed};
use scorecard::{Scorecard, Service};
use tokio::task::JoinSet;
use tonic::Code;

use crate::nation::{Nation, cycle, instant, rules, scorecard};
use crate::{Failed, per_second, row};

const CALLERS: usize = 32;
const WINDOW: Duration = Duration::from_secs(5);

type Client = ScorecardServiceClient<ScorecardServiceServer<Service>>;

pub(crate) async fn measure(scorecard: &Scorecard, nation: Nation) -> Result<(), Failed> {
    let client = ScorecardServiceClient::new(scorecard.server());
    let start = Instant::now();
    for jurisdiction in 0..nation.jurisdictions {
        let name = format!("{}/scorecards/u0", cycle(jurisdiction));
        client.clone().get_scorecard(GetScorecardRequest { name, ..GetScorecardRequest::default() }).await?;
    }
    let each = start.elapsed() / u32::try_from(nation.jurisdictions)?;
    row("a scorecard of each jurisdiction for the first time", &format!("{each:.1?} each"));
    scorecards(&client, nation).await?;
    let number = AtomicU64::new(0);
    let next = || mixed(number.fetch_add(1, Ordering::Relaxed));
    ask("the table of a group", async || {
        let parent = cycle(next() % nation.jurisdictions);
        let asked = ListScorecardsRequest { parent, group: 1, ..ListScorecardsRequest::default() };
        let answer = client.clone().list_scorecards(asked).await.expect("it answers");
        let cards = &answer.get_ref().scorecards;
        assert!(cards.len() > 2 && cards.iter().all(|card| card.rank > 0), "it has units, all ranked");
    })
    .await;
    ask("a scorecard as of an instant", async || {
        let (name, at) = (scorecard_of(nation, next()), instant(next() % nation.count("evaluation")));
        let as_of_occurred = Some(contract::field::to_wire(at));
        let asked = GetScorecardRequest { name, as_of_occurred, ..GetScorecardRequest::default() };
        let answer = client.clone().get_scorecard(asked).await;
        // Early in the year there may be no cycle yet.
        assert!(answer.map_or_else(|status| status.code() == Code::NotFound, |_| true), "it answers");
    })
    .await;
    ask("a scorecard explained", async || {
        let name = scorecard_of(nation, next());
        let asked = ExplainScorecardRequest { name, ..ExplainScorecardRequest::default() };
        let answer = client.clone().explain_scorecard(asked).await.expect("it answers");
        assert!(answer.get_ref().total_points.is_some(), "its final is known");
    })
    .await;
    ask("two instants of a scorecard compared", async || {
        let (name, at) = (scorecard_of(nation, next()), instant(nation.count("evaluation") * 9 / 10));
        let other_as_of_recorded = Some(contract::field::to_wire(at));
        let asked =
            CompareScorecardsRequest { name, other_as_of_recorded, ..CompareScorecardsRequest::default() };
        let answer = client.clone().compare_scorecards(asked).await.expect("it answers");
        assert!(!answer.get_ref().differences.is_empty(), "it was another one");
    })
    .await;
    ask("the table of a group under other rules", async || {
        let parent = cycle(next() % nation.jurisdictions);
        let mut rules = rules();
        rules.daily_sources.iter_mut().for_each(|source| "1".clone_into(&mut source.cap));
        let rules = Some(simulate_table_request::Rules::Inline(rules));
        let basis = SimulationBasis::Recomputed.into();
        let asked =
            SimulateTableRequest { parent, rules, basis, group: 1, ..SimulateTableRequest::default() };
        let answer = client.clone().simulate_table(asked).await.expect("it answers");
        assert!(answer.get_ref().rows.len() > 2, "it has units");
    })
    .await;
    Ok(())
}

fn scorecard_of(nation: Nation, seed: u64) -> String {
    scorecard(nation.jurisdictions, seed)
}

async fn scorecards(client: &Client, nation: Nation) -> Result<(), Failed> {
    let (next, until) = (Arc::new(AtomicU64::new(0)), Instant::now() + WINDOW);
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (mut client, next) = (client.clone(), next.clone());
        callers.spawn(async move {
            let mut times = Vec::new();
            while Instant::now() < until {
                let name = scorecard_of(nation, next.fetch_add(1, Ordering::Relaxed));
                let start = Instant::now();
                client.get_scorecard(GetScorecardRequest { name, ..GetScorecardRequest::default() }).await?;
                times.push(start.elapsed());
                // Answers that wait for nothing never give way.
                tokio::task::yield_now().await;
            }
            Ok::<_, tonic::Status>(times)
        });
    }
    let mut times = Vec::new();
    while let Some(caller) = callers.join_next().await {
        times.extend(caller??);
    }
    times.sort_unstable();
    let rate = per_second(u64::try_from(times.len())?, WINDOW);
    let p99 = times.get(times.len() * 99 / 100).copied().unwrap_or_default();
    row(&format!("scorecards read, {CALLERS} callers"), &format!("{rate:.0} /s, p99 {p99:.1?}"));
    Ok(())
}

async fn ask<F: Future<Output = ()>>(what: &str, ask: impl Fn() -> F) {
    let (median, longest) = timed(ask).await;
    row(what, &format!("{median:.1?}, longest {longest:.1?}"));
}
