//! Two replicas of each service, and clients of both.

use tempfile::tempdir;
use tokio::time::{sleep, timeout};

use super::audit::audit;
use super::load::{Load, city};
use super::running::{PATIENCE, POLL, Stack};
use super::watch::Watch;

const REPLICAS: u16 = 2;
const CLIENTS: u64 = 4;
const COMMANDS: u64 = 1500;

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_of_each_service_see_each_other_s_writes_and_do_everything_once() {
    let home = tempdir().unwrap();
    let stack = Stack::up(home.path(), REPLICAS).await;
    city(&stack).await;
    let watch = Watch::start(&stack).await;
    let mut load = Load::start(&stack, REPLICAS, CLIENTS, "calm");
    let enough = async {
        while load.answers() < COMMANDS {
            load.check();
            sleep(POLL).await;
        }
    };
    timeout(2 * PATIENCE, enough).await.expect("there is load");
    let acknowledged = load.end().await;
    audit(&stack, REPLICAS, &acknowledged, watch).await;
}
