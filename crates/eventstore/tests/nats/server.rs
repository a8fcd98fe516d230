//! A NATS server of the test's own.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use eventstore::nats::{Nats, Settings};
use tempfile::TempDir;
use tokio::process::Child;
use tokio::time::{sleep, timeout};

/// Longer than this, and something does not work.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(10);

/// A server, perhaps of a cluster, with its files.
pub(crate) struct Server {
    pub(crate) port: u16,
    folder: TempDir,
    process: Option<Child>,
}

impl Server {
    /// Starts a server that flushes each message.
    pub(crate) async fn start() -> Self {
        let mut server = Self::new("alone", free_port(), "");
        server.run().await;
        server
    }

    /// Three servers of a cluster.
    pub(crate) async fn cluster() -> [Self; 3] {
        let routes = [free_port(), free_port(), free_port()];
        let urls = routes.map(|route| format!("nats://127.0.0.1:{route}")).join(", ");
        let mut servers = routes.map(|route| {
            let cluster =
                format!("cluster {{ name: tests, listen: \"127.0.0.1:{route}\", routes: [{urls}] }}");
            Self::new(&format!("node-{route}"), free_port(), &cluster)
        });
        for server in &mut servers {
            server.run().await;
        }
        servers
    }

    fn new(name: &str, port: u16, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = String::new();
        writeln!(config, "server_name: {name}\nlisten: \"127.0.0.1:{port}\"").unwrap();
        let store = folder.path().join("store");
        writeln!(config, "jetstream {{ store_dir: \"{}\", sync_interval: always }}\n{more}", store.display())
            .unwrap();
        std::fs::write(folder.path().join("nats.conf"), &config).unwrap();
        Self { port, folder, process: None }
    }

    /// Lets the server run, and waits until it listens.
    pub(crate) async fn run(&mut self) {
        let log = self.folder.path().join("nats.log");
        let mut command = tokio::process::Command::new(binary());
        command.arg("--config").arg(self.folder.path().join("nats.conf")).arg("--log").arg(log);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        self.process = Some(command.spawn().unwrap());
        let address = ("127.0.0.1", self.port);
        wait_until(async || tokio::net::TcpStream::connect(address).await.is_ok()).await;
    }

    /// Ends it without warning.
    pub(crate) async fn kill(&mut self) {
        self.process.take().unwrap().kill().await.unwrap();
    }

    /// `STOP` or `CONT`.
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.process.as_ref().and_then(Child::id).unwrap();
        let sent = Command::new("kill").args([&format!("-{signal}"), &id.to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Where its files are.
    pub(crate) fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    pub(crate) async fn connect(&self) -> Nats {
        connect(self.port, 1).await
    }
}

/// A connection to whatever listens on `port`.
pub(crate) async fn connect(port: u16, replicas: usize) -> Nats {
    let url = format!("nats://127.0.0.1:{port}");
    Nats::connect(&Settings { url, replicas, name: "test".to_owned(), ..Settings::default() }).await.unwrap()
}

/// Waits until something holds.
#[track_caller]
pub(crate) fn wait_until(holds: impl AsyncFn() -> bool) -> impl Future<Output = ()> {
    let from = std::panic::Location::caller();
    async move {
        let waiting = async {
            while !holds().await {
                sleep(POLL).await;
            }
        };
        assert!(timeout(PATIENCE, waiting).await.is_ok(), "in vain, from {from}");
    }
}

/// A port below those that outgoing connections get, so that nobody gets it meanwhile.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 10_000 + u16::try_from(std::process::id() % 90).unwrap() * 100;
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed) % 1000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// The server's program: what `make tools` installs, or the one on the path.
fn binary() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let installed = root.join(".tools/python/bin/nats-server");
    if installed.exists() { installed } else { PathBuf::from("nats-server") }
}

/// Copies a folder with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
