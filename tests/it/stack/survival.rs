//! Processes are killed at random while clients write and read; each time publishing goes on.
//!
//! Last of the stack's tests by its name, as it mostly waits: no other stack is up meanwhile, and all other tests go on.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use mingjing::target::Owner;
use tempfile::tempdir;
use tokio::time::sleep;

use super::audit::audit;
use super::load::{Load, city};
use super::running::{NATS, POSTGRES, Stack};
use super::watch::Watch;
use crate::chance::Chance;

const REPLICAS: u16 = 2;
const CLIENTS: u64 = 2;
const KILLS: u64 = 50;
/// What was killed is started again after at most so long, and the next kill comes at most so long after that.
const PAUSE_MILLIS_MAX: u64 = 150;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_doubled_or_different_whatever_is_killed_under_load() {
    let seed = setting(option_env!("TEST_SEED"), 3);
    let kills = KILLS * setting(option_env!("TEST_SOAK"), 1);
    let mut told = format!("{kills} kills of the stack's processes, seed {seed} (TEST_SEED)\n");
    tell(&told);
    let home = tempdir().unwrap();
    let stack = Stack::up(home.path(), REPLICAS).await;
    city(&stack).await;
    let watch = Watch::start(&stack).await;
    let mut load = Load::start(&stack, REPLICAS, CLIENTS, "killed");
    let (names, mut chance) = (stack.names(), Chance::seeded(seed));
    let mut gaps: BTreeMap<&str, (u64, Duration)> = BTreeMap::new();
    for _ in 0..kills {
        let name = &names[usize::try_from(chance.below(12)).unwrap()];
        stack.kill(name).await;
        let goes_on = watch.goes_on(publishers(name));
        let restart = async {
            sleep(Duration::from_millis(chance.below(PAUSE_MILLIS_MAX))).await;
            stack.start(name).await;
        };
        let (gap, ()) = tokio::join!(goes_on, restart);
        assert_eq!(stack.ended(), [], "only what is killed ends");
        let (count, longest) = gaps.entry(kind(name)).or_default();
        (*count, *longest) = (*count + 1, gap.max(*longest));
        load.check();
        sleep(Duration::from_millis(chance.below(PAUSE_MILLIS_MAX))).await;
    }
    let acknowledged = load.end().await;
    stack.start_all().await;
    let events = audit(&stack, REPLICAS, &acknowledged, watch).await;
    for (kind, (count, longest)) in gaps {
        let _ = writeln!(told, "{kind}: {count} kills, the longest gap in publishing {longest:?}");
    }
    let answered = acknowledged.len();
    let _ = writeln!(told, "{answered} commands answered, {events} events: 0 lost, 0 doubled, 0 different");
    tell(&told);
}

/// Whose publishing stands still while a process is down.
fn publishers(name: &str) -> &[Owner] {
    match kind(name) {
        NATS | POSTGRES => &Owner::ALL,
        kind => {
            let place = Owner::ALL.iter().position(|owner| owner.name() == kind);
            place.map_or(&[], |place| &Owner::ALL[place..=place])
        }
    }
}

/// A replica's service; all else by its name.
fn kind(name: &str) -> &str {
    name.split('-').next().unwrap()
}

fn setting(text: Option<&str>, otherwise: u64) -> u64 {
    text.and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// For people to read: where `make test` shows it.
fn tell(told: &str) {
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("kills.txt"), told).unwrap();
}
