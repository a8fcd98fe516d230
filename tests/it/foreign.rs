//! A client in another language, with nothing but the contract in its hands.

use std::path::{Path, PathBuf};

use tempfile::tempdir;
use tokio::process::Command;

use crate::harness::*;

/// The Python that has what `tests/python/requirements.txt` asks for.
const PYTHON: &str = "MINGJING_PYTHON";

#[tokio::test(flavor = "multi_thread")]
async fn a_client_in_another_language_is_served() {
    let python = python();
    assert!(python.exists(), "{} is not there: run `make tools`, or set {PYTHON}", python.display());
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path()).await;
    let mut client = Command::new(python);
    client.arg(workspace().join("tests/python/client.py")).arg(workspace().join("proto"));
    let output = client.arg(server.address.to_string()).kill_on_drop(true).output().await.unwrap();
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{said}\n{complained}", output.status);
    server.stop().await;
}

#[expect(
    clippy::disallowed_methods,
    reason = "which Python there is depends on the machine, not on settings"
)]
pub(crate) fn python() -> PathBuf {
    std::env::var(PYTHON).map_or_else(|_| workspace().join(".tools/python/bin/python"), PathBuf::from)
}

pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
