//! A PostgreSQL server of the tests' own, by `deploy/postgres-here`.

use std::io::{self, BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

const POLL: Duration = Duration::from_millis(1);
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/postgres-here");

/// A server; it stops, and its folder is gone, when this is dropped or the process ends, however it ends.
pub struct PostgresHere {
    folder: PathBuf,
    url: String,
    databases: AtomicU32,
    /// Stops the server when its standard input ends.
    keeper: Child,
}

impl PostgresHere {
    /// Starts one in a temporary folder; `settings` are `name=value`.
    pub fn run(settings: &[&str]) -> io::Result<Self> {
        let settings = settings.iter().flat_map(|setting| ["-c", setting]);
        let mut run = Command::new(SCRIPT);
        run.arg("run").args(settings).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut keeper = run.spawn()?;
        let mut url = String::new();
        if let Some(output) = keeper.stdout.take() {
            BufReader::new(output).read_line(&mut url)?;
        }
        let url = url.trim().to_owned();
        let folder = url.split(['=', '&']).nth(1).map(PathBuf::from);
        let folder = folder.ok_or_else(|| io::Error::other(format!("{SCRIPT} did not start a server")))?;
        Ok(Self { folder, url, databases: AtomicU32::new(0), keeper })
    }

    /// Makes a database; its URL.
    pub async fn database(&self) -> Result<String, sqlx::Error> {
        self.create(&format!("log_{}", self.databases.fetch_add(1, Ordering::Relaxed))).await
    }

    /// Makes a database of this name, or empties it; its URL.
    pub async fn create(&self, name: &str) -> Result<String, sqlx::Error> {
        let mut connection = PgConnection::connect(&self.url).await?;
        for change in [format!("DROP DATABASE IF EXISTS {name} (FORCE)"), format!("CREATE DATABASE {name}")] {
            sqlx::query(AssertSqlSafe(change)).execute(&mut connection).await?;
        }
        Ok(self.url(name))
    }

    /// The URL of the database of this name.
    pub fn url(&self, name: &str) -> String {
        self.url.replacen("/postgres?", &format!("/{name}?"), 1)
    }

    /// Where the server keeps its databases' tables.
    pub fn tables(&self) -> PathBuf {
        self.folder.join("data/base")
    }

    /// Starts the server again after it was killed.
    pub fn start(&self) -> io::Result<()> {
        done(Command::new(SCRIPT).arg("start").arg(&self.folder).stdout(Stdio::null()))
    }

    /// Sends a signal, e.g. `KILL` or `STOP`, to the server and all its processes.
    pub fn signal(&self, signal: &str) -> io::Result<()> {
        let file = std::fs::read_to_string(self.folder.join("data/postmaster.pid"))?;
        let server = file.lines().next().unwrap_or_default();
        // While it stands still it makes no more processes, which would miss the signal.
        send("STOP", [server])?;
        while !stands_still(server) {
            std::thread::sleep(POLL);
        }
        let children = Command::new("pgrep").args(["--parent", server]).output()?.stdout;
        let children = String::from_utf8_lossy(&children);
        send(signal, std::iter::once(server).chain(children.lines()))
    }
}

/// One that has ended meanwhile needs no signal.
fn send<'a>(signal: &str, processes: impl IntoIterator<Item = &'a str>) -> io::Result<()> {
    Command::new("kill").args(["-s", signal]).args(processes).stderr(Stdio::null()).status().map(drop)
}

/// Whether a process is stopped, or gone.
fn stands_still(process: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let state = status.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    matches!(state, None | Some('T' | 'Z'))
}

impl Drop for PostgresHere {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // Who cannot wait leaves it to the keeper.
        let _ = self.keeper.wait();
    }
}

fn done(command: &mut Command) -> io::Result<()> {
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("{command:?}: {status}"))) }
}
