//! A NATS server of the tests' own, which flushes before it acknowledges, as `deploy/nats.conf` says.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::nats::Settings;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const STARTS_WITHIN: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(10);

/// A server on a free port; it is killed when this is dropped.
pub struct NatsHere {
    url: String,
    process: Child,
}

impl NatsHere {
    /// Starts one that keeps its files in `folder`.
    pub fn run(folder: &Path) -> io::Result<Self> {
        let installed = Path::new(ROOT).join(".tools/python/bin/nats-server");
        let program = if installed.exists() { installed } else { PathBuf::from("nats-server") };
        let ports = folder.join("ports");
        std::fs::create_dir_all(&ports)?;
        let mut command = Command::new(program);
        command.args(["--addr", "127.0.0.1", "--port", "-1", "--config"]);
        command.arg(Path::new(ROOT).join("deploy/nats.conf"));
        command.arg("--store_dir").arg(folder).arg("--ports_file_dir").arg(&ports);
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let mut server = Self { url: String::new(), process };
        let until = Instant::now() + STARTS_WITHIN;
        while server.url.is_empty() {
            if Instant::now() > until {
                return Err(io::Error::other("nats-server does not start"));
            }
            std::thread::sleep(POLL);
            server.url = listens(&ports).unwrap_or_default();
        }
        Ok(server)
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How to connect to it.
    pub fn settings(&self) -> Settings {
        Settings { url: self.url.clone(), replicas: 1, ..Settings::default() }
    }
}

impl Drop for NatsHere {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Where the server says that it listens: `{"nats": ["nats://127.0.0.1:4222"]}`.
fn listens(ports: &Path) -> Option<String> {
    let file = std::fs::read_dir(ports).ok()?.next()?.ok()?.path();
    let said: serde_json::Value = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    Some(said["nats"][0].as_str()?.to_owned())
}
