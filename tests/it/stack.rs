//! The five services as processes of their own, on PostgreSQL and NATS: the same year, and nothing lost when
//! any of them is killed.

use std::collections::{BTreeMap, BTreeSet};

use contract::accountability::ListCasesRequest;
use contract::accountability::accountability_service_client::AccountabilityServiceClient;
use contract::evaluation::CycleOpened;
use contract::scorecard::ListScorecardsRequest;
use contract::scorecard::scorecard_service_client::ScorecardServiceClient;
use contract::words::RecordedEvent;
use mingjing::sample;
use mingjing::target::Owner;
use prost::Message as _;
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use tempfile::tempdir;
use tokio::process::Command;
use tonic::transport::Channel;

use crate::foreign::{python, workspace};
use crate::harness::*;
use running::{NATS, SERVICES, Stack};

mod audit;
mod away;
mod erased;
mod load;
mod overload;
mod replicas;
mod restored;
mod running;
mod survival;
mod watch;

/// What is read of the years, each a list by what it is of.
type Rows = BTreeMap<String, Vec<Value>>;

impl Stack<'_> {
    /// Loads the sample years (again: changes nothing) and gives what is printed of them.
    async fn sample(&self) -> Vec<Value> {
        let mut sample = Command::new(&self.program);
        let [training, complaints, evaluation, accountability, scorecard] =
            SERVICES.map(|service| format!("http://{}", self.address(service, 0)));
        let peers = format!("training={training},complaints={complaints},accountability={accountability}");
        sample.args(["sample", "--json", "--server", &evaluation, "--scorecard", &scorecard]);
        sample.args(["--peers", &peers]);
        answers(sample).await
    }

    /// See [`rows_of`].
    async fn rows(&self) -> Rows {
        let [evaluation, accountability, scorecard] =
            ["evaluation", "accountability", "scorecard"].map(|service| self.channel(service, 0));
        rows_of(&evaluation, &accountability, &scorecard).await
    }

    /// Where each log ends.
    async fn heads(&self) -> Vec<u64> {
        let mut heads = Vec::new();
        for owner in Owner::ALL {
            heads.push(head(&self.channel(owner.name(), 0), owner.name()).await);
        }
        heads
    }
}

/// Every document that a command prints, without what differs from run to run.
async fn answers(mut command: Command) -> Vec<Value> {
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let documents = serde_json::Deserializer::from_slice(&output.stdout).into_iter();
    documents.map(|document| without_chance(document.unwrap())).collect()
}

/// Without the ids of events, which are random, and how far the scorecard has come; of a form, which is drawn from its box
/// by lot, without where in the log it came to lie, and so when it was filled in.
fn without_chance(value: Value) -> Value {
    match value {
        Value::Object(mut fields) => {
            let is_drawn = fields.get("actor").is_some_and(|actor| actor == "box");
            fields.retain(|name, _| match name.as_str() {
                "event_id" | "freshness" => false,
                "position" | "occurred_at" => !is_drawn,
                _ => true,
            });
            Value::Object(fields.into_iter().map(|(name, value)| (name, without_chance(value))).collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(without_chance).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

/// The city and its counties as the services have them: each row of each cycle's scorecards, all of them and the excellent
/// ones, and the cases.
async fn rows_of(evaluation: &Channel, accountability: &Channel, scorecards: &Channel) -> Rows {
    let mut rows = Rows::new();
    let mut heads = Vec::new();
    for (service, channel) in [("evaluation", evaluation), ("accountability", accountability)] {
        heads.push(contract::token::write(service, head(channel, service).await));
    }
    let token = heads.join(",");
    for cycle in cycles(evaluation).await {
        for excellent_only in [false, true] {
            let request = ListScorecardsRequest {
                parent: cycle.clone(),
                excellent_only,
                page_size: 1000,
                consistency_token: token.clone(),
                ..Default::default()
            };
            let mut client = ScorecardServiceClient::new(scorecards.clone());
            let page = client.list_scorecards(request).await.unwrap().into_inner();
            assert_eq!(page.next_page_token, "");
            let cards = page.scorecards.iter().map(figures).map(without_chance).collect();
            rows.insert(format!("{cycle} {excellent_only}"), cards);
        }
    }
    let request = ListCasesRequest {
        parent: format!("jurisdictions/{}", sample::JURISDICTION),
        page_size: 1000,
        ..Default::default()
    };
    let page = AccountabilityServiceClient::new(accountability.clone()).list_cases(request).await;
    let cases = page.unwrap().into_inner().cases;
    let cases = cases.iter().map(|case| without_ids(without_chance(mingjing::json::message(case))));
    // Listed by id.
    let mut cases: Vec<_> = cases.collect();
    cases.sort_by_key(Value::to_string);
    rows.insert("cases".to_owned(), cases);
    rows
}

/// The names of all cycles.
async fn cycles(evaluation: &Channel) -> BTreeSet<String> {
    let opened = log(evaluation, "evaluation").await;
    let opened = opened.iter().filter(|event| event.event_type.ends_with(".CycleOpened"));
    let name = |event: &RecordedEvent| {
        let opened = CycleOpened::decode(event.payload.as_slice()).unwrap();
        opened.cycle
    };
    opened.map(name).collect()
}

/// Cases without what comes from the ids of events, their own among them.
fn without_ids(mut value: Value) -> Value {
    const IDS: [&str; 6] = ["name", "grounds_key", "facts_key", "text_key", "causes", "fallen_causes"];
    match &mut value {
        Value::Object(fields) => {
            fields.retain(|name, _| !IDS.contains(&name.as_str()));
            fields.values_mut().for_each(|field| *field = without_ids(field.take()));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| *value = without_ids(value.take())),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    value
}

/// Reads with nothing but the contract all that is published, which tells nothing of what lies in the vaults.
async fn assert_published(stack: &Stack<'_>) {
    let mut subscriber = Command::new(python());
    subscriber.arg(workspace().join("tests/python/subscriber.py")).arg(workspace().join("proto"));
    subscriber.arg(stack.nats());
    let mut secrets = BTreeSet::new();
    for owner in Owner::ALL {
        let head = head(&stack.channel(owner.name(), 0), owner.name()).await;
        subscriber.arg(format!("{}={head}", owner.name()));
        let mut database = PgConnection::connect(&stack.database(owner)).await.unwrap();
        let contents: Vec<Vec<u8>> =
            sqlx::query_scalar("SELECT content FROM vault").fetch_all(&mut database).await.unwrap();
        secrets.extend(contents.iter().filter_map(|content| text(content)));
    }
    // Complainants' names and telephone numbers, also of those who were erased.
    subscriber.args(["--", "re:Resident \\S+ 居民", "re:\\b555-\\d{7}\\b"]);
    assert!(secrets.len() > 20, "{secrets:?}");
    let output = subscriber.args(&secrets).kill_on_drop(true).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(seen.as_object().unwrap().len(), Owner::ALL.len());
}

/// The text that lies in a vault after its salt; none: what lies there is no text.
fn text(content: &[u8]) -> Option<String> {
    const SALT_BYTES: usize = 32;
    let text = std::str::from_utf8(content.get(SALT_BYTES..)?).ok()?;
    (text.chars().count() >= 8 && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn five_processes_give_the_same_year_as_one_and_lose_nothing_when_killed() {
    let (home, data) = (tempdir().unwrap(), tempdir().unwrap());
    let mut stack = Stack::up_for_the_sample(home.path()).await;
    let server = Server::start_by_hand(data.path(), sample::CLOCK).await;
    let mut embedded = Command::new(&stack.program);
    embedded.args(["sample", "--json", "--server", &server.url()]);
    let (year, embedded) = tokio::join!(stack.sample(), answers(embedded));
    assert_eq!(year, embedded);
    let rows = stack.rows().await;
    for (what, of_one) in rows_of(&server.channel(), &server.channel(), &server.channel()).await {
        assert!(!of_one.is_empty() || what.ends_with("true"), "{what}");
        assert_eq!(rows[&what], of_one, "{what}");
    }
    server.stop().await;
    assert_published(&stack).await;

    let heads = stack.heads().await;
    assert_eq!(stack.sample().await, year, "loaded again");
    stack.let_time_go();
    for name in SERVICES.into_iter().chain([NATS]) {
        stack.kill(name).await;
        stack.start_all().await;
        assert_eq!(stack.rows().await, rows, "{name} was killed");
    }
    assert_eq!(stack.heads().await, heads, "nothing was recorded twice");
}
