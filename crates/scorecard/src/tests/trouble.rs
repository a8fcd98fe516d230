//! A log in trouble: away, stalled, or with an event that cannot be read. What depends on it says so, goes on when the
//! trouble is over, and says nothing of the others.

use std::sync::Arc;

use async_trait::async_trait;
use contract::evaluation::entry_recorded::Target;
use contract::scorecard::scorecard_service_server::ScorecardService as _;
use contract::scorecard::{Freshness, GetFreshnessRequest, ListScorecardsRequest};
use eventstore::store::Head;
use eventstore::{Feed, RecordedEvent, SharedSource, Source, StoreError};
use shell::{Sources, Tasks};
use tokio::sync::watch;
use tonic::Request;

use super::history::{History, closed_year, cycle, cycle_name};
use super::running::{City, PATIENCE, Running};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    Nothing,
    /// It does not answer.
    Away,
    /// It says where it ends, and gives nothing.
    Stalled,
    /// What it gives of this position cannot be read.
    Poison(u64),
}

struct Troubled {
    inner: SharedSource,
    trouble: watch::Receiver<Trouble>,
}

struct TroubledFeed {
    inner: Box<dyn Feed>,
    trouble: watch::Receiver<Trouble>,
    held: Vec<RecordedEvent>,
}

#[async_trait]
impl Source for Troubled {
    fn service(&self) -> &'static str {
        self.inner.service()
    }

    async fn head(&self) -> Result<Head, StoreError> {
        if *self.trouble.borrow() == Trouble::Away {
            return Err(StoreError::database(std::io::Error::other("unplugged")));
        }
        self.inner.head().await
    }

    fn subscribe(&self, consumer: &str, from_position: u64) -> Box<dyn Feed> {
        let inner = self.inner.subscribe(consumer, from_position);
        Box::new(TroubledFeed { inner, trouble: self.trouble.clone(), held: Vec::new() })
    }
}

#[async_trait]
impl Feed for TroubledFeed {
    async fn next(&mut self) -> Result<Vec<RecordedEvent>, StoreError> {
        if self.held.is_empty() {
            self.held = self.inner.next().await?;
        }
        let gives = |trouble: &Trouble| !matches!(trouble, Trouble::Away | Trouble::Stalled);
        let trouble = *self.trouble.wait_for(gives).await.unwrap();
        for event in &mut self.held {
            if trouble == Trouble::Poison(event.position) {
                event.payload = vec![0xff; 3];
            }
        }
        Ok(std::mem::take(&mut self.held))
    }

    async fn done(&mut self, position: u64) -> Result<(), StoreError> {
        self.inner.done(position).await
    }
}

/// A city whose log of one service may be in trouble.
pub(super) async fn troubled(history: &History, service: &str) -> (City, Sources, watch::Sender<Trouble>) {
    let mut city = City::start().await;
    city.record(history).await;
    let (says, trouble) = watch::channel(Trouble::Nothing);
    let mut sources = city.sources();
    let source = match service {
        "complaints" => &mut sources.complaints,
        "evaluation" => &mut sources.evaluation,
        other => panic!("{other}"),
    };
    *source = Arc::new(Troubled { inner: source.clone(), trouble });
    (city, sources, says)
}

/// How fresh each card of the cycle says that it is.
async fn freshness(running: &Running) -> Vec<Vec<Freshness>> {
    let service = running.service();
    // Looks where the logs end.
    service.get_freshness(Request::new(GetFreshnessRequest::default())).await.unwrap();
    let request = ListScorecardsRequest { parent: cycle(), ..Default::default() };
    let listed = service.list_scorecards(Request::new(request)).await.unwrap().into_inner();
    assert!(listed.scorecards.len() > 3);
    listed.scorecards.into_iter().map(|card| card.freshness).collect()
}

#[tokio::test]
async fn while_a_log_is_stalled_or_away_every_card_says_so_of_it_and_not_of_the_others() {
    let mut history = closed_year();
    history.lodge("c1", "traffic");
    let (mut city, sources, says) = troubled(&history, "complaints").await;
    let running = Running::with(&sources, &city.database(), &Tasks::default()).await;
    running.settled().await;
    for trouble in [Trouble::Stalled, Trouble::Away] {
        says.send_replace(trouble);
        let before = history.0.len();
        history.lodge(&format!("late-{before}"), "traffic");
        history.rename("tax", &format!("Taxes {before}"));
        city.record(&history).await;
        let evaluation = city.logs()[2].head().await.unwrap().position;
        running.reached("evaluation", evaluation).await;
        for card in freshness(&running).await {
            let [accountability, complaints, evaluation, training] = card.try_into().unwrap();
            if trouble == Trouble::Away {
                assert!(complaints.alarm.contains("unplugged"), "{complaints:?}");
            }
            assert!(complaints.head_position > complaints.position, "{complaints:?}");
            for fresh in [accountability, evaluation, training] {
                assert_eq!((fresh.position, fresh.alarm.as_str()), (fresh.head_position, ""), "{fresh:?}");
            }
        }
    }
    let generation = running.scorecard.projection.generation();
    let told = async {
        loop {
            let shown = generation.store().read_view("freshness").await;
            let alarmed: Vec<_> = shown.into_iter().filter(|row| row["alarm"].is_some()).collect();
            if let [complaints] = alarmed.as_slice() {
                return complaints["service"].clone();
            }
            tokio::task::yield_now().await;
        }
    };
    let told = tokio::time::timeout(PATIENCE, told).await.expect("SQL tells it, too");
    assert_eq!(told.as_deref(), Some("complaints"));
    says.send_replace(Trouble::Nothing);
    running.scorecard.catch_up(PATIENCE).await.unwrap();
    for fresh in freshness(&running).await.into_iter().flatten() {
        assert_eq!((fresh.position, fresh.alarm.as_str()), (fresh.head_position, ""), "{fresh:?}");
    }
    running.stop().await;
}

#[tokio::test]
async fn a_poison_event_stops_the_consumer_visibly_and_it_goes_on_when_told_to_after_a_fix() {
    let mut history = closed_year();
    let (mut city, sources, says) = troubled(&history, "evaluation").await;
    let tasks = Tasks::default();
    let running = Running::with(&sources, &city.database(), &tasks).await;
    let consumers = tasks.consumers.list();
    let known: Vec<_> = consumers.iter().map(|one| (one.name(), one.source().service())).collect();
    assert_eq!(known, contract::token::SERVICES.map(|service| ("scorecard", service)));
    let evaluation = &consumers[2];

    let position = city.logs()[2].head().await.unwrap().position + 1;
    says.send_replace(Trouble::Poison(position));
    for number in 0..50 {
        history.entry("tax", &format!("e-{number}"), Target::SourceId("inspection".to_owned()), "-0.01");
    }
    history.register("audit", "");
    city.record(&history).await;
    let mut progress = evaluation.progress();
    let stopped = progress.wait_for(|progress| !progress.alarm.is_empty());
    let stopped = tokio::time::timeout(PATIENCE, stopped).await.unwrap().unwrap().clone();
    assert_eq!(stopped.position, position - 1, "nothing is passed over");
    assert!(stopped.alarm.contains(&format!("evaluation:{position} ")), "{stopped:?}");
    for (consumer, service) in consumers.iter().zip(contract::token::SERVICES) {
        assert_eq!(consumer.progress().borrow().alarm.is_empty(), service != "evaluation");
    }

    // Told to go on before it is put right, it stops there again.
    assert!(evaluation.resume());
    let again = async {
        progress.wait_for(|progress| progress.alarm.is_empty()).await.unwrap();
        progress.wait_for(|progress| !progress.alarm.is_empty()).await.unwrap().clone()
    };
    assert_eq!(tokio::time::timeout(PATIENCE, again).await.unwrap(), stopped);
    says.send_replace(Trouble::Nothing);
    assert!(evaluation.resume());
    running.reached("evaluation", position + 50).await;
    let cards = running.scorecard.projection.read(|folded| folded.scorecards(&cycle_name()));
    assert_eq!(cards, history.folded().scorecards(&cycle_name()));
    let last = progress.wait_for(|progress| progress.position == position + 50);
    assert_eq!(tokio::time::timeout(PATIENCE, last).await.unwrap().unwrap().alarm, "");
    running.stop().await;
}
