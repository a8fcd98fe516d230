//! The five services as processes of their own, on PostgreSQL and NATS: the same year, and nothing lost when
//! any of them is killed.

use serde_json::Value;
use tempfile::tempdir;
use tokio::process::Command;

use crate::harness::*;
use running::{NATS, SERVICES, Stack};

mod audit;
mod away;
mod erased;
mod kill;
mod load;
mod overload;
mod replicas;
mod restored;
mod running;
mod watch;

impl Stack<'_> {
    /// Loads the sample year (again: changes nothing) and gives what is printed of it.
    async fn sample(&self) -> Vec<Value> {
        let mut sample = Command::new(&self.program);
        let [training, complaints, evaluation, accountability, scorecard] =
            SERVICES.map(|service| format!("http://{}", self.address(service, 0)));
        let peers = format!("training={training},complaints={complaints},accountability={accountability}");
        sample.args(["sample", "--json", "--server", &evaluation, "--scorecard", &scorecard]);
        sample.args(["--peers", &peers]);
        answers(sample).await
    }
}

/// Every document that a command prints, without what differs from run to run: ids, times of recording, and where
/// in the log a form was drawn by lot.
async fn answers(mut command: Command) -> Vec<Value> {
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let documents = serde_json::Deserializer::from_slice(&output.stdout).into_iter();
    documents.map(|document| without_chance(document.unwrap())).collect()
}

fn without_chance(value: Value) -> Value {
    const CHANCE: [&str; 4] = ["event_id", "recorded_at", "position", "occurred_at"];
    match value {
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(name, _)| !CHANCE.contains(&name.as_str()));
            Value::Object(kept.map(|(name, value)| (name, without_chance(value))).collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(without_chance).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_processes_give_the_same_year_as_one_and_lose_nothing_when_killed() {
    let home = tempdir().unwrap();
    let stack = Stack::up_for_the_sample(home.path()).await;
    let evaluation = stack.channel("evaluation", 0);
    let year = stack.sample().await;
    let mut demo = Command::new(&stack.program);
    demo.args(["demo", "--json"]);
    assert_eq!(year, answers(demo).await);

    let head_position = head(&evaluation, "evaluation").await;
    for name in SERVICES.into_iter().chain([NATS]) {
        stack.kill(name).await;
        stack.start_all().await;
        assert_eq!(stack.sample().await, year, "{name} was killed");
    }
    assert_eq!(head(&evaluation, "evaluation").await, head_position, "nothing was recorded twice");
}
