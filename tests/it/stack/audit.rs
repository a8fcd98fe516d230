//! Every log, its stream, what was answered, and the scorecards, compared event by event.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contract::evaluation::EntryRecorded;
use contract::scorecard::scorecard_service_client::ScorecardServiceClient;
use contract::scorecard::{ListScorecardsRequest, RebuildScorecardsRequest, Scorecard};
use eventstore::nats::Nats;
use eventstore::nats::source::NatsSource;
use eventstore::postgres::PostgresLog;
use eventstore::verify::{Verdict, verify};
use eventstore::{EventStore, RecordedEvent, Source as _, StoreError};
use mingjing::target::Owner;
use prost::Message as _;
use rust_decimal::Decimal;
use serde_json::Value;
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;
use tonic::transport::Channel;

use super::load::{Acknowledged, UNITS};
use super::running::{PATIENCE, POLL, Stack};
use super::watch::{Unfilled, Watch, connect};
use crate::harness::{CYCLE, LEDGER, figures, log, unit_name};

/// What the scorecards' ledger starts with.
const START_POINTS: i64 = 30;

/// A log as it lies in the database.
type Logs = BTreeMap<&'static str, Vec<RecordedEvent>>;

/// Asserts that nothing was lost, doubled, or is not the same everywhere. Gives how many events there are.
pub(super) async fn audit(
    stack: &Stack<'_>,
    replicas: u16,
    acknowledged: &[Acknowledged],
    watch: Watch,
) -> usize {
    let logs = settled(stack).await;
    let heads = Owner::ALL.map(|owner| logs[owner.name()].last().map_or(0, |event| event.position));
    for (owner, seen) in watch.end(heads).await {
        assert_same(&seen, &logs[owner.name()], "a consumer saw");
    }
    for owner in Owner::ALL {
        assert_same(&published(stack, owner).await, &logs[owner.name()], "the stream has");
        for replica in 0..replicas {
            let served = log(&stack.channel(owner.name(), replica), owner.name()).await;
            let served: Vec<_> = served.iter().map(|event| (event.position, &event.event_id)).collect();
            let ids: Vec<_> = logs[owner.name()].iter().map(|event| event.event_id.to_string()).collect();
            let wanted: Vec<_> = (1..).zip(&ids).collect();
            assert!(served == wanted, "{} {replica} serves another log", owner.name());
        }
    }
    assert_acknowledged(&logs, acknowledged);
    assert_overdue_once(&logs);
    assert_scorecards(stack, replicas, &logs).await;
    logs.values().map(Vec::len).sum()
}

/// The logs once every assigned complaint is overdue and has cost its points, and everything is published.
pub(super) async fn settled(stack: &Stack<'_>) -> Logs {
    let nats = connect(stack).await;
    let mut lacks = String::new();
    let settling = async {
        loop {
            let mut logs = Logs::new();
            for owner in Owner::ALL {
                logs.insert(owner.name(), whole(stack, owner).await);
            }
            lacks = what_lacks(&nats, &logs).await;
            if lacks.is_empty() {
                return logs;
            }
            sleep(10 * POLL).await;
        }
    };
    let settled = timeout(PATIENCE, settling).await;
    settled.unwrap_or_else(|_| panic!("what is due has not happened: {lacks}"))
}

/// What is yet to happen, for people; empty: nothing.
async fn what_lacks(nats: &Nats, logs: &Logs) -> String {
    let assigned = of_type(&logs["complaints"], "ComplaintAssigned").count();
    let overdue = of_type(&logs["complaints"], "ComplaintOverdue").count();
    let priced = of_type(&logs["evaluation"], "EntryRecorded").filter_map(cause).count();
    if overdue < assigned || priced < overdue {
        return format!("{assigned} complaints were assigned, {overdue} overdue, {priced} cost points");
    }
    for (service, log) in logs {
        let source = NatsSource::new(service, nats.clone(), Arc::new(Unfilled), "audit");
        let (end, position) = (source.published().await, log.last().map_or(0, |event| event.position));
        if !end.as_ref().is_ok_and(|end| end.position == position) {
            return format!("the log of {service} ends at {position}, its stream {end:?}");
        }
    }
    String::new()
}

/// A whole log, whose chain holds.
async fn whole(stack: &Stack<'_>, owner: Owner) -> Vec<RecordedEvent> {
    let log = PostgresLog::open(&stack.database(owner)).await.unwrap();
    let tasks = TaskTracker::new();
    let store = EventStore::start(owner.name(), Arc::new(log), mingjing::clock(), &tasks).await.unwrap();
    let verdict = verify(store.reader(), |_| ()).await.unwrap();
    assert!(matches!(verdict, Verdict::Sound { .. }), "{}: {verdict:?}", owner.name());
    let mut events: Vec<RecordedEvent> = Vec::new();
    loop {
        let next = events.last().map_or(1, |event| event.position + 1);
        let page = store.reader().read_all(next, 1000).await.unwrap();
        if page.is_empty() {
            break;
        }
        events.extend(page);
    }
    store.close().await;
    events
}

/// All messages of a stream, each of whose sequence is its position.
async fn published(stack: &Stack<'_>, owner: Owner) -> Vec<RecordedEvent> {
    let source = NatsSource::new(owner.name(), connect(stack).await, Arc::new(Unfilled), "audit");
    let head = source.published().await.unwrap().position;
    let mut feed = source.subscribe("audit", 1);
    let mut events: Vec<RecordedEvent> = Vec::new();
    let reading = async {
        while events.last().map_or(0, |event| event.position) < head {
            match feed.next().await {
                Ok(page) => events.extend(page),
                Err(StoreError::Database(_)) => sleep(POLL).await,
                Err(error) => panic!("{error}"),
            }
        }
    };
    timeout(PATIENCE, reading).await.expect("the stream is read");
    events
}

fn assert_same(found: &[RecordedEvent], log: &[RecordedEvent], what: &str) {
    for (found, recorded) in found.iter().zip(log) {
        assert_eq!(found, recorded, "{what} another event than the log");
    }
    assert_eq!(found.len(), log.len(), "{what} not as many events as the log");
}

/// What was answered is there, once, where it was said to be; and nothing else of the clients is.
fn assert_acknowledged(logs: &Logs, acknowledged: &[Acknowledged]) {
    for one in acknowledged {
        let log = &logs[one.owner.name()];
        let event = log.get(usize::try_from(one.position).unwrap() - 1);
        let event = event.unwrap_or_else(|| panic!("acknowledged and lost: {one:?}"));
        assert_eq!(thing(event).as_deref(), Some(&*one.thing), "acknowledged at another event: {one:?}");
    }
    for owner in Owner::ALL {
        let begun = logs[owner.name()].iter().filter(|event| is_first(event)).filter_map(thing);
        let mut begun: Vec<_> = begun.filter(|thing| thing.starts_with("client-")).collect();
        begun.sort();
        let sent = acknowledged.iter().filter(|one| one.owner == owner).map(|one| one.thing.clone());
        let sent: BTreeSet<_> = sent.collect();
        assert!(begun.iter().eq(&sent), "{}: {} begun, {} sent", owner.name(), begun.len(), sent.len());
    }
}

/// Whether an event begins what a client made.
fn is_first(event: &RecordedEvent) -> bool {
    const FIRST: [&str; 4] = ["EntryRecorded", "OfficerEnrolled", "ComplaintLodged", "CaseOpened"];
    FIRST.iter().any(|name| is_a(event, name))
}

/// What an event is about: an entry by its own id, all else by its stream.
fn thing(event: &RecordedEvent) -> Option<String> {
    if is_a(event, "EntryRecorded") {
        return Some(EntryRecorded::decode(event.payload.as_slice()).unwrap().entry_id);
    }
    event.stream.key().rsplit('/').next().map(str::to_owned)
}

/// Timers run in every replica, a reaction in one of them: either way a thing happens once.
fn assert_overdue_once(logs: &Logs) {
    let overdue: Vec<_> = of_type(&logs["complaints"], "ComplaintOverdue").collect();
    let complaints: BTreeSet<_> = overdue.iter().map(|event| event.stream.as_str()).collect();
    assert_eq!(complaints.len(), overdue.len(), "a complaint became overdue twice");
    let causes: Vec<_> = of_type(&logs["evaluation"], "EntryRecorded").filter_map(cause).collect();
    let ids: BTreeSet<_> = overdue.iter().map(|event| event.event_id.to_string()).collect();
    assert_eq!(causes.iter().cloned().collect::<BTreeSet<_>>(), ids, "each costs its points");
    assert_eq!(causes.len(), ids.len(), "a complaint costs its points twice");
}

fn cause(event: &RecordedEvent) -> Option<String> {
    let entry = EntryRecorded::decode(event.payload.as_slice()).unwrap();
    Some(entry.cause_event_id).filter(|cause| !cause.is_empty())
}

fn of_type<'a>(log: &'a [RecordedEvent], name: &'a str) -> impl Iterator<Item = &'a RecordedEvent> {
    log.iter().filter(move |event| is_a(event, name))
}

fn is_a(event: &RecordedEvent, name: &str) -> bool {
    event.event_type.rsplit('.').next() == Some(name)
}

/// Every replica shows the same, which is what the log's entries sum to, also as of now, and when it is built anew.
async fn assert_scorecards(stack: &Stack<'_>, replicas: u16, logs: &Logs) {
    let heads = logs.iter().filter(|(_, log)| !log.is_empty());
    let token = heads.map(|(service, log)| contract::token::write(service, log[log.len() - 1].position));
    let token = token.collect::<Vec<_>>().join(",");
    let mut shown: Option<Vec<Value>> = None;
    for replica in 0..replicas {
        let channel = stack.channel("scorecard", replica);
        let cards = cards(&channel, &token, false).await;
        assert_eq!(cards.len(), UNITS.len());
        for card in &cards {
            let points = card.components.iter().find(|component| component.component_id == LEDGER);
            let points: Decimal = points.unwrap().points.as_deref().unwrap().parse().unwrap();
            assert_eq!(points, ledger(&logs["evaluation"], &card.unit), "{}", card.unit);
        }
        let cards: Vec<_> = cards.iter().map(figures).collect();
        let as_of_now: Vec<_> = self::cards(&channel, &token, true).await.iter().map(figures).collect();
        assert_eq!(as_of_now, cards, "as of now is now");
        rebuild(&channel).await;
        let anew: Vec<_> = self::cards(&channel, &token, false).await.iter().map(figures).collect();
        assert_eq!(anew, cards, "built anew, they are the same");
        assert_eq!(*shown.get_or_insert_with(|| cards.clone()), cards, "replica {replica} shows the same");
    }
}

async fn cards(channel: &Channel, token: &str, as_of_now: bool) -> Vec<Scorecard> {
    let request = ListScorecardsRequest {
        parent: CYCLE.to_owned(),
        page_size: 1000,
        as_of_recorded: as_of_now.then(|| contract::field::to_wire((mingjing::clock())())),
        consistency_token: token.to_owned(),
        ..Default::default()
    };
    let mut client = ScorecardServiceClient::new(channel.clone());
    client.list_scorecards(request).await.unwrap().into_inner().scorecards
}

async fn rebuild(channel: &Channel) {
    let mut client = ScorecardServiceClient::new(channel.clone());
    let mut progress = client.rebuild_scorecards(RebuildScorecardsRequest {}).await.unwrap().into_inner();
    while let Some(progress) = progress.message().await.unwrap() {
        assert_eq!(progress.failure, "");
    }
}

/// What a unit's entries leave of its ledger.
fn ledger(log: &[RecordedEvent], unit: &str) -> Decimal {
    let entries = of_type(log, "EntryRecorded");
    let entries = entries.map(|event| EntryRecorded::decode(event.payload.as_slice()).unwrap());
    let lost = entries.filter(|entry| entry.unit == unit && entry.cause_event_id.is_empty());
    let lost: Decimal = lost.map(|entry| entry.points.parse::<Decimal>().unwrap()).sum();
    assert!(UNITS.iter().any(|known| unit_name(known) == unit));
    (Decimal::from(START_POINTS) + lost).max(Decimal::ZERO)
}
