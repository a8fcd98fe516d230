//! An event that cannot be read: what stops at it says so in every way there is, and goes on once it can be read.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use sqlx::{Connection as _, SqliteConnection};
use tempfile::tempdir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::{sleep, timeout};

use crate::harness::*;
use crate::kill::{binary, free_address};

const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);

/// The program, and where it listens.
struct Program<'a> {
    binary: &'a Path,
    server: String,
    metrics: SocketAddr,
}

impl Program<'_> {
    async fn says(&self, arguments: &[&str]) -> (bool, String) {
        let mut command = Command::new(self.binary);
        command.args(arguments).args(["--log", "error", "--server", &self.server]);
        let output = command.output().await.unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    }

    async fn is_healthy(&self, name: &str) -> bool {
        self.says(&["health", name]).await.0
    }

    /// What stopped, each with the log that it follows, and why.
    async fn stopped(&self) -> (BTreeSet<(String, String)>, Vec<String>) {
        let (_, listed) = self.says(&["consumers", "list", "--json"]).await;
        let listed: Vec<Value> = serde_json::from_str(&listed).unwrap();
        let text = |it: &Value, name: &str| it[name].as_str().unwrap().to_owned();
        let stopped = listed.iter().filter(|it| it["alarm"] != "");
        stopped.map(|it| ((text(it, "consumer"), text(it, "service")), text(it, "alarm"))).unzip()
    }

    /// The values of a metric, each with its labels.
    async fn metric(&self, name: &str) -> Vec<(String, u64)> {
        let mut stream = TcpStream::connect(self.metrics).await.unwrap();
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").await.unwrap();
        let mut page = String::new();
        stream.read_to_string(&mut page).await.unwrap();
        let values = page.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('{'));
        let values = values.map(|line| line.rsplit_once("} ").unwrap());
        values.map(|(labels, value)| (labels.to_owned(), value.parse().unwrap())).collect()
    }

    /// What stopped, as the metrics have it.
    async fn measured(&self) -> BTreeSet<(String, String)> {
        let stopped = self.metric("mingjing_consumer_stopped").await;
        let stopped = stopped.into_iter().filter(|(_, value)| *value == 1);
        stopped
            .map(|(labels, _)| {
                let label = |name: &str| {
                    let value = labels.split(&format!("{name}=\"")).nth(1).unwrap();
                    value.split('"').next().unwrap().to_owned()
                };
                (label("consumer"), label("service"))
            })
            .collect()
    }
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            sleep(POLL).await;
        }
    };
    timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("{what}"));
}

/// Puts another payload in the place of an event's; gives the one that was there.
async fn replace_payload(database: &Path, position: i64, payload: &[u8]) -> Vec<u8> {
    let mut log = SqliteConnection::connect(&format!("sqlite://{}", database.display())).await.unwrap();
    let before = "SELECT payload FROM event WHERE position = ?";
    let before = sqlx::query_scalar(before).bind(position).fetch_one(&mut log).await.unwrap();
    let replace = sqlx::query("UPDATE event SET payload = ? WHERE position = ?");
    let replaced = replace.bind(payload).bind(position).execute(&mut log).await.unwrap();
    assert_eq!(replaced.rows_affected(), 1);
    log.close().await.unwrap();
    before
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stops_at_an_event_is_seen_by_health_metrics_and_list_and_goes_on_when_it_can() {
    let home = tempdir().unwrap();
    let (binary, data) = (binary(home.path()), home.path().join("data"));
    let server = Server::start(&data).await;
    for unit in ["north", "south"] {
        server.evaluation().register_unit(registration(unit)).await.unwrap();
    }
    server.stop().await;
    let log = data.join("evaluation.db");
    let payload = replace_payload(&log, 2, b"\x01not a message").await;

    let address = free_address();
    let metrics = SocketAddr::new(address.ip(), address.port() + 1000);
    let mut serve = Command::new(&binary);
    serve.args(["serve", "all", "--log", "off", "--listen", &address.to_string()]);
    serve.args(["--metrics-listen", &metrics.to_string(), "--data-dir"]).arg(&data);
    let _process = serve.stdin(Stdio::null()).kill_on_drop(true).spawn().unwrap();
    let program = Program { binary: &binary, server: format!("http://{address}"), metrics };

    until("it is alive", async || program.is_healthy("alive").await).await;
    until("somebody stops", async || !program.is_healthy("consumers").await).await;
    assert!(!program.is_healthy("mingjing.evaluation.v1.EvaluationService").await);
    assert!(program.is_healthy("publishing").await);
    let (stopped, why) = program.stopped().await;
    assert!(stopped.contains(&("evaluation".to_owned(), "evaluation".to_owned())), "{stopped:?}");
    assert!(why.iter().all(|why| why.contains("evaluation:2")), "{why:?}");
    until("it is measured", async || program.measured().await == program.stopped().await.0).await;
    let heads = program.metric("mingjing_log_position").await;
    assert!(heads.contains(&("service=\"evaluation\"".to_owned(), 2)), "{heads:?}");

    let names: BTreeSet<_> = stopped.iter().map(|(name, _)| name.clone()).collect();
    for name in &names {
        assert!(program.says(&["consumers", "resume", name]).await.1.contains("evaluation:2"));
    }
    until("nobody skips it", async || program.stopped().await.0 == stopped).await;

    replace_payload(&log, 2, &payload).await;
    for name in &names {
        assert!(program.says(&["consumers", "resume", name]).await.0);
    }
    until("all goes on", async || program.is_healthy("consumers").await).await;
    until("it serves", async || program.is_healthy("").await).await;
    assert_eq!(program.stopped().await.0, BTreeSet::new());
    until("it is measured", async || program.measured().await.is_empty()).await;
    assert_eq!(program.says(&["consumers", "resume", "evaluation"]).await.1, "it had not stopped\n");
}
