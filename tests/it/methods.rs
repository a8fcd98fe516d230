//! Every method of scoring.md through gRPC: small years, made by seed, are entered command by command, closed and
//! published; what is published, and what the scorecards show, is what the arithmetic makes of the same facts.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use contract::evaluation::evaluation_service_client::EvaluationServiceClient;
use contract::evaluation::{CloseCycleRequest, PublishResultsRequest, UnitResult};
use contract::scorecard::scorecard_service_client::ScorecardServiceClient;
use contract::scorecard::{ListScorecardsRequest, Scorecard};
use jiff::Timestamp;
use rust_decimal::Decimal;
use scoring::{Appraisal, Scheme, UnitScore};
use tempfile::tempdir;
use tokio::task::JoinSet;
use tonic::transport::Channel;

use crate::harness::*;
use crate::methods::year::Year;
use crate::sql::read_as_answered;

mod beside;
mod enter;
mod enter_beside;
pub(crate) mod year;

/// As many as `TEST_YEARS` said when the test was built, or else these, as far as time allows; but some in any case.
const YEARS: u64 = 100;
const YEARS_MIN: u64 = 20;
const TIME_MAX: Duration = Duration::from_secs(45);
const AT_ONCE: usize = 16;
/// So many are read in SQL, too.
const READ_IN_SQL_MAX: usize = 10;
/// Noon of the 2nd of April 2024, while nothing is overdue; noon of the 2nd of January 2025.
const ENTERED: i64 = 1_712_030_400;
const PUBLISHED: i64 = 1_735_790_400;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_is_what_the_arithmetic_makes_of_the_same_facts() {
    let asked = option_env!("TEST_YEARS").map(|years| years.parse().unwrap());
    let data = tempdir().unwrap();
    let now = Arc::new(AtomicI64::new(ENTERED));
    let seconds = now.clone();
    let clock = Arc::new(move || Timestamp::from_second(seconds.load(Ordering::Relaxed)).unwrap());
    let server = Server::start_with(data.path(), clock).await;
    let (started, mut entered, mut running) = (Instant::now(), Vec::new(), JoinSet::new());
    let mut methods = std::collections::BTreeMap::<&'static str, u64>::new();
    for seed in 0..asked.unwrap_or(YEARS) {
        if asked.is_none() && seed >= YEARS_MIN && started.elapsed() > TIME_MAX {
            break;
        }
        if running.len() == AT_ONCE {
            entered.push(running.join_next().await.unwrap().unwrap());
        }
        let year = Year::of(seed);
        for component in Scheme::parse_for_publication(&year.rules).unwrap().components() {
            *methods.entry(component.method.kind()).or_default() += 1;
        }
        let channel = server.channel();
        running.spawn(async move {
            enter::enter(&channel, &year).await;
            (seed, year)
        });
    }
    while let Some(year) = running.join_next().await {
        entered.push(year.unwrap());
    }
    now.store(PUBLISHED, Ordering::Relaxed);
    let mut cycles = Vec::new();
    for (seed, year) in entered {
        check_year(server.channel(), seed, &year).await;
        cycles.push((year.cycle(), year.facts.units.len()));
    }
    assert_eq!(methods.len(), 6, "every method was tried: {methods:?}");
    cycles.truncate(READ_IN_SQL_MAX);
    let held = read_as_answered(&server, data.path(), &cycles, &server.everything().await).await;
    assert!(held.contains("ratio") && held.contains("veto"), "{held:?}");
    server.stop().await;
}

/// Closes the cycle, publishes, and compares.
async fn check_year(channel: Channel, seed: u64, year: &Year) {
    let mut client = EvaluationServiceClient::new(channel.clone());
    let (name, occurred_at) = (year.cycle(), None);
    let close = CloseCycleRequest { request_id: request_id(), name: name.clone(), occurred_at };
    // What is due by now lapses first.
    let until = Instant::now() + TIME_MAX;
    while let Err(status) = client.close_cycle(close.clone()).await {
        let waits = status.message().contains("the lapse is not raised yet") && Instant::now() < until;
        assert!(waits, "year {seed}: {status}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let publish = PublishResultsRequest { request_id: request_id(), name: name.clone(), occurred_at };
    let published = client.publish_results(publish).await.unwrap().into_inner();

    let scheme = Scheme::parse_for_publication(&year.rules).unwrap();
    let appraisal = scoring::appraise(&scheme, &year.facts);
    let results = published.cycle.unwrap().results;
    assert_eq!(results.len(), appraisal.units.len(), "year {seed}");
    for result in &results {
        assert_eq!(shown(result), expected(&appraisal.units[&result.unit]), "year {seed}: {}", result.unit);
    }
    let list = ListScorecardsRequest {
        parent: name,
        page_size: 1000,
        consistency_token: published.consistency_token,
        ..Default::default()
    };
    let cards = ScorecardServiceClient::new(channel).list_scorecards(list).await.unwrap().into_inner();
    assert_cards(seed, &cards.scorecards, &appraisal);
}

fn assert_cards(seed: u64, cards: &[Scorecard], appraisal: &Appraisal) {
    assert_eq!(cards.len(), appraisal.units.len(), "year {seed}");
    for card in cards {
        let expected = expected(&appraisal.units[&card.unit]);
        let components =
            card.components.iter().map(|component| component.points.as_deref().map(decimal)).collect();
        let found = Figures {
            components,
            daily: decimal(&card.daily_points),
            final_points: card.final_points.as_deref().map(decimal),
            rank: card.rank,
            excellent: card.excellent,
        };
        assert_eq!(found, expected, "year {seed}: the scorecard of {}", card.unit);
    }
}

/// What is compared.
#[derive(Debug, PartialEq)]
struct Figures {
    components: Vec<Option<Decimal>>,
    daily: Decimal,
    final_points: Option<Decimal>,
    rank: u32,
    excellent: bool,
}

fn expected(score: &UnitScore) -> Figures {
    Figures {
        components: score
            .components
            .iter()
            .map(|component| component.points.as_ref().ok().copied())
            .collect(),
        daily: score.daily_points,
        final_points: score.final_points,
        rank: score.rank.unwrap_or(0),
        excellent: score.excellent,
    }
}

fn shown(result: &UnitResult) -> Figures {
    Figures {
        components: result.components.iter().map(|it| it.points.as_deref().map(decimal)).collect(),
        daily: decimal(&result.daily),
        final_points: result.final_points.as_deref().map(decimal),
        rank: result.rank,
        excellent: result.excellent,
    }
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}
