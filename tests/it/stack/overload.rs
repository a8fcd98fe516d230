//! More commands than may wait, while PostgreSQL stands still: the rest is refused, and takes up no memory.

use std::time::Duration;

use contract::evaluation::evaluation_service_client::EvaluationServiceClient;
use tempfile::tempdir;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::running::{PATIENCE, POLL, POSTGRES, Stack, signal};
use crate::harness::*;
use crate::kill::may_be_repeated;

const SERVICE: &str = "evaluation";
/// A connection carries at most 1024 calls at once, and some 8192 commands may wait.
const CONNECTIONS: usize = 12;
const CALLS: usize = 1024;
const REFUSED_MIN: usize = 100;
/// What all that waits takes up in a debug build, at most.
const GROWTH_MIB_MAX: u64 = 512;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_is_refused_and_told_when_to_come_again() {
    let home = tempdir().unwrap();
    let stack = Stack::up(home.path(), 1).await;
    register(&stack, "first".to_owned()).await.unwrap();
    let before = memory_mib(&stack);
    let halted = Halted(stack.halt(POSTGRES).await);
    let mut calls = JoinSet::new();
    for connection in 0..CONNECTIONS {
        let client = EvaluationServiceClient::new(stack.channel(SERVICE, 0));
        for call in 0..CALLS {
            let mut client = client.clone();
            let request = registration(&format!("unit-{connection}-{call}"));
            calls.spawn(async move { client.register_unit(request).await.map(drop) });
        }
    }
    let refusing = async {
        let mut refused = 0;
        while refused < REFUSED_MIN {
            let status = calls.join_next().await.unwrap().unwrap().unwrap_err();
            // What waited for so long that the database is taken to be away.
            if status.code() != Code::Unavailable {
                assert_exhausted(&status);
                refused += 1;
            }
        }
    };
    timeout(PATIENCE, refusing).await.expect("what is too much is refused");
    let growth = memory_mib(&stack).saturating_sub(before);
    assert!(growth < GROWTH_MIB_MAX, "it grew by {growth} MiB");
    calls.shutdown().await;
    drop(halted);
    let again = async {
        while let Err(status) = register(&stack, "last".to_owned()).await {
            assert!(may_be_repeated(&status), "{status:?}");
            sleep(POLL).await;
        }
    };
    timeout(PATIENCE, again).await.expect("it answers again");
    assert_eq!(stack.ended(), []);
}

async fn register(stack: &Stack<'_>, unit: String) -> Result<(), Status> {
    let mut client = EvaluationServiceClient::new(stack.channel(SERVICE, 0));
    client.register_unit(registration(&unit)).await.map(drop)
}

fn assert_exhausted(status: &Status) {
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
    let details = status.get_error_details();
    assert_eq!(details.error_info().unwrap().reason, "EXHAUSTED");
    assert!(details.retry_info().unwrap().retry_delay.is_some_and(|delay| delay > Duration::ZERO));
}

/// Processes that stand still until this is dropped.
struct Halted(Vec<String>);

impl Drop for Halted {
    fn drop(&mut self) {
        signal("-CONT", &self.0);
    }
}

/// What the service's process has in memory.
fn memory_mib(stack: &Stack<'_>) -> u64 {
    let status = format!("/proc/{}/status", stack.process(SERVICE));
    let status = std::fs::read_to_string(status).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}
