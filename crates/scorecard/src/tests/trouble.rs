//! A log in trouble: away, stalled, or with an event that cannot be read. What depends on it says so, goes on when the
//! trouble is over, and says nothing of the others.

use std::sync::Arc;

use async_trait::async_trait;
use contract::evaluation::entry_recorded::Target;
use contract::scorecard::scorecard_service_server::ScorecardService as _;
use contract::scorecard::{
    Freshness, GetFreshnessRequest, ListScorecardsRequest, WatchScorecardsRequest, WatchScorecardsResponse,
};
use eventstore::store::Head;
use eventstore::{Feed, RecordedEvent, SharedSource, Source, StoreError};
use futures::StreamExt as _;
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

    async fn published(&self) -> Result<Head, StoreError> {
        self.head().await
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
        "accountability" => &mut sources.accountability,
        "complaints" => &mut sources.complaints,
        "evaluation" => &mut sources.evaluation,
        "training" => &mut sources.training,
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
        progress.changed().await.unwrap();
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

#[tokio::test]
async fn a_poison_event_of_any_log_is_told_wherever_one_may_look() {
    for (place, service) in contract::token::SERVICES.into_iter().enumerate() {
        let mut history = closed_year();
        let (mut city, sources, says) = troubled(&history, service).await;
        let tasks = Tasks::default();
        let running = Running::with(&sources, &city.database(), &tasks).await;
        running.settled().await;
        let position = city.logs()[place].head().await.unwrap().position + 1;
        says.send_replace(Trouble::Poison(position));
        history.open_case("k1", &["tax"]);
        history.lodge("c1", "tax");
        history.enrol("o1", "tax");
        history.rename("tax", "Taxes");
        city.record(&history).await;

        let consumer = &tasks.consumers.list()[place];
        let mut progress = consumer.progress();
        let stopped = progress.wait_for(|progress| !progress.alarm.is_empty());
        let stopped = tokio::time::timeout(PATIENCE, stopped).await.expect(service).unwrap().clone();
        assert_eq!(stopped.position, position - 1, "nothing is passed over");
        assert!(stopped.alarm.contains(&format!("{service}:{position} ")), "{stopped:?}");
        assert!(running.scorecard.has_stopped(), "health");
        let asked = Request::new(GetFreshnessRequest::default());
        let asked = running.service().get_freshness(asked).await.unwrap().into_inner().freshness;
        for fresh in freshness(&running).await.into_iter().chain([asked]) {
            let alarmed: Vec<_> = fresh.iter().filter(|fresh| !fresh.alarm.is_empty()).collect();
            assert_eq!((alarmed.len(), alarmed[0].service.as_str()), (1, service), "{fresh:?}");
        }
        let generation = running.scorecard.projection.generation();
        let shown = async {
            loop {
                let rows = generation.store().read_view("freshness").await;
                if rows.iter().any(|row| row["alarm"].is_some() && row["service"].as_deref() == Some(service))
                {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, shown).await.expect("SQL tells it, too");

        says.send_replace(Trouble::Nothing);
        assert!(consumer.resume());
        running.reached(service, position).await;
        running.scorecard.catch_up(PATIENCE).await.unwrap();
        assert!(!running.scorecard.has_stopped());
        running.stop().await;
    }
}

#[tokio::test]
async fn one_who_watches_is_told_that_a_log_stopped_and_that_it_goes_on() {
    let mut history = closed_year();
    let (mut city, sources, says) = troubled(&history, "complaints").await;
    let tasks = Tasks::default();
    let running = Running::with(&sources, &city.database(), &tasks).await;
    let watch = async |resume_token: String| {
        let request = WatchScorecardsRequest { parent: cycle(), resume_token, ..Default::default() };
        running.service().watch_scorecards(Request::new(request)).await.unwrap().into_inner()
    };
    let next = async |answers: &mut tonic::codegen::BoxStream<WatchScorecardsResponse>| {
        tokio::time::timeout(PATIENCE, answers.next()).await.unwrap().unwrap().unwrap()
    };
    let alarmed = |answer: &WatchScorecardsResponse| -> Vec<bool> {
        answer.scorecards.iter().map(|card| !card.freshness[1].alarm.is_empty()).collect()
    };
    let mut answers = watch(String::new()).await;
    let whole = next(&mut answers).await;
    let all = whole.scorecards.len();
    assert_eq!(alarmed(&whole), vec![false; all]);

    says.send_replace(Trouble::Poison(1));
    history.lodge("c1", "traffic");
    city.record(&history).await;
    let stopped = next(&mut answers).await;
    assert_eq!(alarmed(&stopped), vec![true; all]);
    drop(answers);
    // Who was away meanwhile is told, too: that it stopped, and that it went on.
    assert_eq!(alarmed(&next(&mut watch(whole.resume_token.clone()).await).await), vec![true; all]);
    says.send_replace(Trouble::Nothing);
    assert!(tasks.consumers.list()[1].resume());
    running.scorecard.catch_up(PATIENCE).await.unwrap();
    let goes_on = next(&mut watch(stopped.resume_token).await).await;
    assert_eq!(alarmed(&goes_on), vec![false; all]);
    let changed = next(&mut watch(whole.resume_token).await).await;
    assert_eq!(alarmed(&changed), [false], "only the card that the complaint changed");
    running.stop().await;
}
