//! What was acknowledged is there, once, however the process ended; and what lies in the logs is what was
//! written.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use contract::evaluation::evaluation_service_client::EvaluationServiceClient;
use contract::evaluation::{EntryRecorded, RecordEntryRequest};
use contract::words::RecordedEvent;
use eventstore::sqlite::SqliteLog;
use eventstore::store::Log as _;
use prost::Message as _;
use serde_json::Value;
use tempfile::tempdir;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tonic::Status;
use tonic::transport::Channel;
use tonic_types::StatusExt as _;

use crate::chance::Chance;
use crate::harness::*;

const KILLS: u64 = 100;
const CLIENTS: u64 = 8;
const UNITS: [&str; 3] = ["north", "south", "west"];
/// A kill comes at most so long after the first answer, or after the start.
const LIFE_MILLIS_MAX: u64 = 250;
/// Every so often it is killed while it starts.
const KILLED_AT_START_EVERY: u64 = 10;
const POLL: Duration = Duration::from_millis(5);
const PATIENCE: Duration = Duration::from_secs(30);

/// The entries that were acknowledged: unit and id, with the points and the position of the answer.
type Acknowledged = BTreeMap<(String, String), (String, u64)>;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_however_often_it_is_killed() {
    let home = tempdir().unwrap();
    let binary = binary(home.path());
    let data = home.path().join("data");
    let acknowledged = load_and_kill(&binary, &data).await;
    assert!(acknowledged.len() > usize::try_from(KILLS).unwrap(), "there was load: {}", acknowledged.len());
    assert_eq!(verify(&binary, &data).await, (true, Vec::new()));

    let server = Server::start(&data).await;
    let entries: Vec<_> = server.log("evaluation").await.into_iter().filter(is_entry).collect();
    assert_entries(&entries, &acknowledged);
    let cards = server.scorecards_as_json(CYCLE).await;
    assert_eq!(cards.len(), UNITS.len());
    server.stop().await;

    let copy = home.path().join("copy");
    copy_logs(&data, &copy).await;
    let server = Server::start(&copy).await;
    assert_eq!(
        server.scorecards_as_json(CYCLE).await,
        cards,
        "scorecards do not depend on how they came about"
    );
    server.stop().await;

    let harmed = &entries[entries.len() / 2];
    settle(&copy.join("evaluation.db")).await;
    flip_a_byte(&copy.join("evaluation.db"), &harmed.payload);
    let (sound, broken) = verify(&binary, &copy).await;
    assert!(!sound);
    assert_eq!(broken, [("evaluation".to_owned(), harmed.position)]);
}

/// Clients record entries while the server is killed, again and again.
async fn load_and_kill(binary: &Path, data: &Path) -> Acknowledged {
    let address = free_address();
    let mut server = serve(binary, data, address);
    let channel = reached(address).await;
    city(&channel, &UNITS).await;
    let (answers, enough) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        clients.spawn(client(number, address, answers.clone(), enough.clone()));
    }
    let mut chance = Chance::seeded(8);
    for kill in 1..=KILLS {
        if kill % KILLED_AT_START_EVERY != 0 {
            answered_since(answers.load(Ordering::Relaxed), &answers).await;
        }
        sleep(Duration::from_millis(chance.below(LIFE_MILLIS_MAX))).await;
        server.kill().await.unwrap();
        server = serve(binary, data, address);
    }
    answered_since(answers.load(Ordering::Relaxed), &answers).await;
    enough.store(true, Ordering::Relaxed);
    let acknowledged = timeout(PATIENCE, clients.join_all()).await.expect("every client gets its answer");
    server.kill().await.unwrap();
    acknowledged.into_iter().flatten().collect()
}

/// Records one entry after the other, each until it is answered, until it is enough.
async fn client(
    number: u64,
    address: SocketAddr,
    answers: Arc<AtomicU64>,
    enough: Arc<AtomicBool>,
) -> Acknowledged {
    let channel = Channel::from_shared(format!("http://{address}")).unwrap().connect_lazy();
    let mut client = EvaluationServiceClient::new(channel);
    let mut chance = Chance::seeded(number);
    let mut acknowledged = Acknowledged::new();
    while !enough.load(Ordering::Relaxed) {
        let unit = UNITS[usize::try_from(chance.below(3)).unwrap()];
        let points = format!("-0.0{}", 1 + chance.below(9));
        let entry_id = format!("client-{number}-{}", acknowledged.len());
        let request = entry(unit, &entry_id, &points);
        let position = record(&mut client, &request).await;
        answers.fetch_add(1, Ordering::Relaxed);
        acknowledged.insert((request.unit, entry_id), (points, position));
    }
    acknowledged
}

/// Sends the same request until it is clear that it was done.
async fn record(client: &mut EvaluationServiceClient<Channel>, request: &RecordEntryRequest) -> u64 {
    loop {
        match timeout(PATIENCE, client.record_entry(request.clone())).await {
            Ok(Ok(answer)) => return answer.into_inner().position,
            Ok(Err(status)) => assert!(may_be_repeated(&status), "{status}"),
            Err(_) => {}
        }
        sleep(POLL).await;
    }
}

/// Whether a failure leaves open what happened, or says to try again.
pub(crate) fn may_be_repeated(status: &Status) -> bool {
    let reason = status.get_error_details().error_info().map(|info| info.reason.clone());
    reason.is_none_or(|reason| ["UNAVAILABLE", "EXHAUSTED", "CONFLICT"].contains(&reason.as_str()))
}

fn assert_entries(entries: &[RecordedEvent], acknowledged: &Acknowledged) {
    let mut found = Acknowledged::new();
    for event in entries {
        let entry = EntryRecorded::decode(event.payload.as_slice()).unwrap();
        let before = found.insert((entry.unit, entry.entry_id), (entry.points, event.position));
        assert_eq!(before, None, "it is there twice: {event:?}");
    }
    let lost: Vec<_> = acknowledged.iter().filter(|(key, _)| !found.contains_key(*key)).collect();
    assert_eq!(lost, [], "acknowledged and lost");
    let made_up: Vec<_> = found.iter().filter(|(key, _)| !acknowledged.contains_key(*key)).collect();
    assert_eq!(made_up, [], "there and never sent");
    assert!(found == *acknowledged, "with other points or at another position than was answered");
}

fn is_entry(event: &RecordedEvent) -> bool {
    event.event_type.ends_with(".EntryRecorded")
}

/// The program, copied to where no build replaces it meanwhile.
pub(crate) fn binary(home: &Path) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let built = tests.ancestors().nth(2).unwrap().join("mingjing");
    assert!(built.exists(), "{} is not built: run `cargo build -p mingjing` first", built.display());
    let copied = home.join("mingjing");
    std::fs::copy(built, &copied).unwrap();
    copied
}

/// An address below the ports that outgoing connections get: a client that calls while the server is down must
/// not be given the server's own port.
fn free_address() -> SocketAddr {
    let first = 20_000 + u16::try_from(std::process::id() % 5_000).unwrap();
    let mut addresses = (first..30_000).map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    addresses.find(|address| TcpListener::bind(address).is_ok()).expect("a port is free")
}

fn serve(binary: &Path, data: &Path, address: SocketAddr) -> Child {
    let mut command = Command::new(binary);
    command
        .args(["serve", "all", "--log", "error", "--listen", &address.to_string(), "--data-dir"])
        .arg(data);
    command.stdin(Stdio::null()).kill_on_drop(true).spawn().unwrap()
}

async fn reached(address: SocketAddr) -> Channel {
    let reaching = async {
        loop {
            if let Ok(channel) = connect(address).await {
                return channel;
            }
            sleep(POLL).await;
        }
    };
    timeout(PATIENCE, reaching).await.expect("the server is reached")
}

async fn answered_since(before: u64, answers: &AtomicU64) {
    let waiting = async {
        while answers.load(Ordering::Relaxed) <= before {
            sleep(POLL).await;
        }
    };
    timeout(PATIENCE, waiting).await.expect("a client is answered after the start");
}

/// Whether `mingjing verify` is content, and which logs are broken at which position.
async fn verify(binary: &Path, data: &Path) -> (bool, Vec<(String, u64)>) {
    let mut command = Command::new(binary);
    command.args(["verify", "--json", "--log", "error", "--data-dir"]).arg(data);
    let output = command.output().await.unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    let shown: Value = serde_json::from_str(&shown).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let broken = shown["logs"].as_array().unwrap().iter().filter(|log| log["verdict"] != "sound");
    let broken =
        broken.map(|log| (log["service"].as_str().unwrap().to_owned(), log["position"].as_u64().unwrap()));
    assert!(output.status.success() || output.status.code() == Some(1), "{output:?}");
    (output.status.success(), broken.collect())
}

/// Copies the logs, without what is made from them: again, if they were being closed meanwhile.
async fn copy_logs(from: &Path, to: &Path) {
    let copying = async {
        while !copied_whole(from, to) {
            std::fs::remove_dir_all(to).unwrap();
            sleep(POLL).await;
        }
    };
    timeout(PATIENCE, copying).await.expect("the logs lie still");
}

/// Copies the logs; whether nothing happened to them meanwhile.
fn copied_whole(from: &Path, to: &Path) -> bool {
    std::fs::create_dir(to).unwrap();
    let before = logs_in(from);
    let copied = before.iter().all(|(name, _)| std::fs::copy(from.join(name), to.join(name)).is_ok());
    copied && logs_in(from) == before
}

/// The files of the logs with their sizes.
fn logs_in(folder: &Path) -> BTreeMap<String, u64> {
    let files = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let files = files.map(|file| (file.file_name().to_string_lossy().into_owned(), file));
    let logs = files.filter(|(name, _)| !name.starts_with("scorecard"));
    logs.map(|(name, file)| (name, file.metadata().map_or(0, |metadata| metadata.len()))).collect()
}

/// Moves what lies in the write-ahead log into the database, as an erasure does.
async fn settle(database: &Path) {
    let log = SqliteLog::open(database).await.unwrap();
    log.vault_erase(&["nothing".to_owned()]).await.unwrap();
}

/// Flips a bit of a payload wherever it lies in a closed database.
fn flip_a_byte(database: &Path, payload: &[u8]) {
    let mut bytes = std::fs::read(database).unwrap();
    let starts = bytes.windows(payload.len()).enumerate();
    let starts: Vec<_> = starts.filter(|(_, window)| *window == payload).map(|(start, _)| start).collect();
    assert!(!starts.is_empty(), "the payload lies in the file");
    for start in starts {
        bytes[start + payload.len() - 1] ^= 1;
    }
    std::fs::write(database, bytes).unwrap();
}
