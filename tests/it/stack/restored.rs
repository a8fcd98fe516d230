//! A service's database is restored from an older copy, while what was published of it goes on further.

use contract::event::event_service_client::EventServiceClient;
use contract::event::{ListConsumersRequest, ResumeConsumerRequest};
use mingjing::target::Owner;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tempfile::tempdir;
use tokio::process::Command;
use tokio::time::{sleep, timeout};

use super::audit::{audit, settled};
use super::load::{Acknowledged, Load, city};
use super::running::{PATIENCE, POLL, SERVICES, Stack};
use super::watch::Watch;

const CLIENTS: u64 = 2;
const COMMANDS: u64 = 120;
const RESTORED: Owner = Owner::Evaluation;

#[tokio::test(flavor = "multi_thread")]
async fn a_log_restored_from_an_older_copy_is_not_published_until_it_is_renewed_and_then_all_is_the_same() {
    let home = tempdir().unwrap();
    let stack = Stack::up(home.path(), 1).await;
    city(&stack).await;
    let mut acknowledged = load(&stack, "before").await;
    settled(&stack).await;
    stack.kill(RESTORED.name()).await;
    administer(&stack, &["CREATE DATABASE older TEMPLATE evaluation"]).await;
    stack.start_all().await;

    let lost = load(&stack, "lost").await;
    settled(&stack).await;
    acknowledged.extend(lost.into_iter().filter(|one| one.owner != RESTORED));
    stack.kill(RESTORED.name()).await;
    administer(&stack, &["DROP DATABASE evaluation (FORCE)", "ALTER DATABASE older RENAME TO evaluation"])
        .await;
    stack.start(RESTORED.name()).await;
    let healthy = async |name| stack.is_healthy(RESTORED.name(), name).await;
    until(async || healthy("alive").await && !healthy("publishing").await).await;
    let (renewed, said) = renew(&stack).await;
    assert!(!renewed && said.contains("stop it first"), "{said}");

    stack.kill(RESTORED.name()).await;
    let (renewed, said) = renew(&stack).await;
    assert!(renewed, "{said}");
    for name in SERVICES.iter().filter(|name| **name != RESTORED.name()) {
        stack.kill(name).await;
    }
    stack.start_all().await;
    until(async || healthy("publishing").await).await;
    let resumed = resume(&stack).await;
    assert!(resumed.iter().any(|consumer| consumer == "accountability-from-evaluation"), "{resumed:?}");

    let watch = Watch::start(&stack).await;
    acknowledged.extend(load(&stack, "after").await);
    audit(&stack, 1, &acknowledged, watch).await;
}

async fn load(stack: &Stack<'_>, run: &str) -> Vec<Acknowledged> {
    let mut load = Load::start(stack, 1, CLIENTS, run);
    until(async || {
        load.check();
        load.answers() >= COMMANDS
    })
    .await;
    load.end().await
}

async fn until(mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            sleep(POLL).await;
        }
    };
    timeout(2 * PATIENCE, waiting).await.expect("it comes to hold");
}

async fn administer(stack: &Stack<'_>, statements: &[&'static str]) {
    let url = stack.database(RESTORED).replacen("/evaluation?", "/postgres?", 1);
    let mut connection = PgConnection::connect(&url).await.unwrap();
    for statement in statements {
        sqlx::query(AssertSqlSafe(*statement)).execute(&mut connection).await.unwrap();
    }
}

/// Whether it was renewed, and what was said.
async fn renew(stack: &Stack<'_>) -> (bool, String) {
    let mut renew = Command::new(&stack.program);
    renew.args(["renew", RESTORED.name(), "--log", "warn", "--nats-url", &stack.nats()]);
    let output = renew.env("MINGJING_DATABASE_URL", stack.database(RESTORED)).output().await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// Tells each reaction that stopped before another log to go on; gives their names.
async fn resume(stack: &Stack<'_>) -> Vec<String> {
    let mut resumed = Vec::new();
    for service in SERVICES {
        let mut client = EventServiceClient::new(stack.channel(service, 0));
        let mut stopped = Vec::new();
        until(async || {
            let listed = client.list_consumers(ListConsumersRequest {}).await.unwrap().into_inner().consumers;
            let reactions = listed.iter().filter(|consumer| {
                consumer.consumer.contains("-from-") && consumer.service == RESTORED.name()
            });
            let reactions: Vec<_> = reactions.collect();
            stopped = reactions
                .iter()
                .filter(|consumer| consumer.alarm.contains("another log than before"))
                .map(|consumer| consumer.consumer.clone())
                .collect();
            stopped.len() == reactions.len()
        })
        .await;
        for consumer in &stopped {
            let request = ResumeConsumerRequest { consumer: consumer.clone() };
            client.resume_consumer(request).await.unwrap();
        }
        resumed.extend(stopped);
    }
    resumed
}
