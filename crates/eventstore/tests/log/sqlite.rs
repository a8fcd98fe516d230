//! The suite on SQLite, and what is SQLite's own: damage to the file, erasure from the file.

mod damage;

use std::path::PathBuf;
use std::sync::Arc;

use eventstore::AppendError;
use eventstore::sqlite::SqliteLog;
use eventstore::store::Log;
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqliteConnection};
use tempfile::TempDir;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::suite::{Home, Value, appended, log_contract, say, start, whole};

log_contract!(crate::sqlite::File);

/// A log in a file of its own.
pub(crate) struct File {
    folder: TempDir,
}

impl File {
    fn path(&self) -> PathBuf {
        self.folder.path().join("log.sqlite")
    }

    /// Another connection to the file.
    async fn connect(&self) -> SqliteConnection {
        let options = SqliteConnectOptions::new().filename(self.path()).synchronous(SqliteSynchronous::Off);
        options.connect().await.unwrap()
    }
}

impl Home for File {
    async fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    async fn open(&self) -> Arc<dyn Log> {
        Arc::new(SqliteLog::open(&self.path()).await.unwrap())
    }

    async fn tamper(&self, sql: &str, values: Vec<Value>) -> bool {
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for value in values {
            query = match value {
                Value::Integer(number) => query.bind(number),
                Value::Text(text) => query.bind(text),
                Value::Bytes(bytes) => query.bind(bytes),
            };
        }
        query.execute(&mut self.connect().await).await.is_ok()
    }
}

#[tokio::test]
async fn what_is_erased_from_the_vault_is_in_no_file_any_more() {
    const SECRET: &[u8] = b"Wang Xiaoming, 13 Harbour Road";
    let home = File::new().await;
    let store = start(&home).await.store;
    let files = || -> Vec<Vec<u8>> {
        let files = std::fs::read_dir(home.folder.path()).unwrap();
        files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
    };
    let found = || files().iter().any(|file| file.windows(SECRET.len()).any(|bytes| bytes == SECRET));
    store.vault_put("short", SECRET, Uuid::nil()).await.unwrap();
    store.vault_put("long", &SECRET.repeat(1000), Uuid::nil()).await.unwrap();
    store.vault_put("kept", b"nothing", Uuid::nil()).await.unwrap();
    assert!(found());
    assert_eq!(store.vault_erase(&["short".to_owned(), "long".to_owned()]).await.unwrap(), 2);
    assert!(!found());
}

#[tokio::test]
async fn a_closed_log_is_one_file() {
    let home = File::new().await;
    let store = start(&home).await.store;
    appended(&store.append(say(1, "a", "x")).await);
    store.close().await;
    let files = std::fs::read_dir(home.folder.path()).unwrap();
    let names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names, ["log.sqlite"]);
}

#[tokio::test]
async fn more_appends_than_may_wait_are_refused_at_once_and_the_others_are_written() {
    const APPENDS: u128 = 9000;
    let home = File::new().await;
    let store = start(&home).await.store;
    let mut elsewhere = home.connect().await;
    let writing = elsewhere.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let mut appends = JoinSet::new();
    for number in 1..=APPENDS {
        let store = store.clone();
        appends.spawn(async move { store.append(say(number, "a", "x")).await });
    }
    tokio::task::yield_now().await;
    writing.rollback().await.unwrap();
    let outcomes = appends.join_all().await;
    let refused = outcomes.iter().filter(|outcome| matches!(outcome, Err(AppendError::QueueFull))).count();
    assert!(refused > 0);
    let written = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(written + refused, outcomes.len());
    assert_eq!(whole(&store).await.len(), written);
}
