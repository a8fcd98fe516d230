//! The five services as processes of their own, on PostgreSQL and NATS: the same year, and nothing lost when
//! any of them is killed.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::tempdir;
use tokio::process::Command;
use tonic::transport::Channel;

use crate::foreign::workspace;
use crate::harness::*;
use crate::kill::binary;

/// Place of a service among the ports.
const EVALUATION: u16 = 2;
const PROCESSES: [&str; 6] = ["training", "complaints", "evaluation", "accountability", "scorecard", "nats"];

/// A stack on ports of its own, stopped when it is dropped.
struct Stack<'a> {
    folder: &'a Path,
    program: PathBuf,
    first_port: u16,
}

impl Stack<'_> {
    /// Starts what does not run.
    async fn up(&self) {
        let root = workspace();
        let mut up = Command::new(root.join("deploy/stack"));
        up.arg("up").arg(self.folder).arg(&self.program).arg(root.join(".tools/python/bin/nats-server"));
        up.env("STACK_PORT", self.first_port.to_string());
        up.env("STACK_NATS_PORT", (self.first_port + 5).to_string());
        let output = up.output().await.unwrap();
        let (said, complained) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{said}\n{complained}");
    }

    /// Kills a process with no chance to say goodbye.
    async fn kill(&self, name: &str) {
        let process = std::fs::read_to_string(self.folder.join(format!("{name}.pid"))).unwrap();
        assert!(Command::new("kill").args(["-KILL", process.trim()]).status().await.unwrap().success());
    }

    fn address(&self, place: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.first_port + place))
    }

    async fn evaluation(&self) -> Channel {
        connect(self.address(EVALUATION)).await.unwrap()
    }

    /// Loads the sample year (again: changes nothing) and gives what is printed of it.
    async fn sample(&self) -> Vec<Value> {
        let mut sample = Command::new(&self.program);
        let [training, complaints, evaluation, accountability, scorecard] =
            [0, 1, 2, 3, 4].map(|place| format!("http://{}", self.address(place)));
        let peers = format!("training={training},complaints={complaints},accountability={accountability}");
        sample.args(["sample", "--json", "--server", &evaluation, "--scorecard", &scorecard]);
        sample.args(["--peers", &peers]);
        answers(sample).await
    }
}

impl Drop for Stack<'_> {
    fn drop(&mut self) {
        let down = std::process::Command::new(workspace().join("deploy/stack"))
            .arg("down")
            .arg(self.folder)
            .status();
        assert!(down.unwrap().success());
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

/// The first of six ports that nobody listens on, below those that outgoing connections get.
fn free_ports() -> u16 {
    let first = 10_000 + u16::try_from(std::process::id() % 5_000).unwrap();
    let free = |first: u16| (first..first + 6).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok());
    (first..20_000).step_by(6).find(|first| free(*first)).expect("six ports are free")
}

#[tokio::test(flavor = "multi_thread")]
async fn five_processes_give_the_same_year_as_one_and_lose_nothing_when_killed() {
    let home = tempdir().unwrap();
    let program = binary(home.path());
    let stack = Stack { folder: home.path(), program, first_port: free_ports() };
    stack.up().await;
    let year = stack.sample().await;
    let mut demo = Command::new(&stack.program);
    demo.args(["demo", "--json"]);
    assert_eq!(year, answers(demo).await);

    let head_position = head(&stack.evaluation().await, "evaluation").await;
    for name in PROCESSES {
        stack.kill(name).await;
        stack.up().await;
        assert_eq!(stack.sample().await, year, "{name} was killed");
    }
    assert_eq!(
        head(&stack.evaluation().await, "evaluation").await,
        head_position,
        "nothing was recorded twice"
    );
}
