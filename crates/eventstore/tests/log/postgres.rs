//! The suite on PostgreSQL, and what is PostgreSQL's own: many writers, a server that goes away.

mod away;
mod replicas;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use eventstore::postgres::PostgresLog;
use eventstore::store::Log;
use eventstore::testing::postgres::PostgresHere;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::suite::{Home, Value, appended, audit, log_contract, say, start};

log_contract!(crate::postgres::Database);

/// The server of all tests that do it no harm. What it is for does not need the disk.
static SERVER: LazyLock<PostgresHere> =
    LazyLock::new(|| PostgresHere::run(&["fsync=off", "max_connections=500"]).unwrap());

/// A log in a database of its own.
pub(crate) struct Database {
    url: String,
    /// For what happens behind the log's back.
    beside: Mutex<PgConnection>,
}

impl Database {
    async fn on(server: &PostgresHere) -> Self {
        let url = server.database().await.unwrap();
        let beside = Mutex::new(PgConnection::connect(&url).await.unwrap());
        Self { url, beside }
    }

    /// Whether `bytes` lie in any file of the database.
    async fn is_in_its_files(&self, bytes: &[u8]) -> bool {
        let database = "SELECT oid::bigint FROM pg_database WHERE datname = current_database()";
        let mut beside = self.beside.lock().await;
        let database: i64 = sqlx::query_scalar(database).fetch_one(&mut *beside).await.unwrap();
        sqlx::query("CHECKPOINT").execute(&mut *beside).await.unwrap();
        let files = std::fs::read_dir(SERVER.tables().join(database.to_string())).unwrap();
        let contents = files.filter_map(|file| std::fs::read(file.unwrap().path()).ok());
        contents.into_iter().any(|file| file.windows(bytes.len()).any(|part| part == bytes))
    }
}

impl Home for Database {
    async fn new() -> Self {
        Self::on(&SERVER).await
    }

    async fn open(&self) -> Arc<dyn Log> {
        Arc::new(PostgresLog::open(&self.url).await.unwrap())
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
        query.execute(&mut *self.beside.lock().await).await.is_ok()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_start_at_once_make_one_log() {
    let home = Database::new().await;
    let mut starting = JoinSet::new();
    for _ in 0..8 {
        let url = home.url.clone();
        starting.spawn(async move { PostgresLog::open(&url).await.unwrap().head().await.unwrap() });
    }
    let heads = starting.join_all().await;
    assert!(heads.iter().all(|head| *head == heads[0]));
}

#[tokio::test]
async fn what_is_erased_from_the_vault_is_in_no_table_any_more() {
    const SECRET: &[u8] = b"Wang Xiaoming, 13 Harbour Road";
    let home = Database::new().await;
    let store = start(&home).await.store;
    store.vault_put("short", SECRET, Uuid::nil()).await.unwrap();
    store.vault_put("long", &SECRET.repeat(1000), Uuid::nil()).await.unwrap();
    store.vault_put("kept", b"nothing", Uuid::nil()).await.unwrap();
    assert!(home.is_in_its_files(SECRET).await);
    assert_eq!(store.vault_erase(&["short".to_owned(), "long".to_owned()]).await.unwrap(), 2);
    assert!(!home.is_in_its_files(SECRET).await);
    assert_eq!(store.vault_get("kept").await.unwrap().unwrap(), b"nothing");
    assert_eq!(store.vault_erase(&["short".to_owned()]).await.unwrap(), 0);
}

#[tokio::test]
async fn what_is_erased_is_gone_though_another_saw_it_as_it_was() {
    const SECRET: &[u8] = b"Li Xiaohong, 14 Harbour Road";
    let home = Database::new().await;
    let store = start(&home).await.store;
    // A change under way in one database makes old what another's transactions see.
    let mut elsewhere = PgConnection::connect(&SERVER.database().await.unwrap()).await.unwrap();
    store.vault_put("erased", SECRET, Uuid::nil()).await.unwrap();
    sqlx::raw_sql("BEGIN; CREATE TABLE changed ()").execute(&mut elsewhere).await.unwrap();
    let keys = ["erased".to_owned()];
    let mut erasing = Box::pin(store.vault_erase(&keys));
    tokio::time::timeout(Duration::from_millis(300), &mut erasing).await.unwrap_err();
    sqlx::raw_sql("COMMIT").execute(&mut elsewhere).await.unwrap();
    assert_eq!(erasing.await.unwrap(), 1);
    assert!(!home.is_in_its_files(SECRET).await);
}

#[tokio::test]
async fn an_erasure_that_was_interrupted_is_finished_by_the_next_one() {
    let home = Database::new().await;
    let store = start(&home).await.store;
    store.vault_put("erased", b"Wang Xiaoming", Uuid::nil()).await.unwrap();
    let file = async || {
        let node = "SELECT pg_relation_filepath('vault')";
        sqlx::query_scalar::<_, String>(node).fetch_one(&mut *home.beside.lock().await).await.unwrap()
    };
    let before = file().await;
    // So far it had come: deleted and marked, not written anew.
    assert!(home.tamper("DELETE FROM vault", vec![]).await);
    assert!(home.tamper("INSERT INTO vault VALUES ('', '')", vec![]).await);
    assert_eq!(store.vault_erase(&["erased".to_owned()]).await.unwrap(), 0);
    assert_ne!(file().await, before, "the table is written anew");
    let again = file().await;
    assert_eq!(store.vault_erase(&["erased".to_owned()]).await.unwrap(), 0);
    assert_eq!(file().await, again, "once");
}

#[tokio::test]
async fn a_program_of_an_earlier_version_starts_on_what_a_later_one_made() {
    let home = Database::new().await;
    let store = start(&home).await.store;
    appended(&store.append(say(1, "a", "x")).await);
    let later = "INSERT INTO _sqlx_migrations VALUES (9999, 'later', now(), true, '', 0)";
    assert!(home.tamper(later, vec![]).await);
    let column = "ALTER TABLE event ADD COLUMN later TEXT NOT NULL DEFAULT ''";
    assert!(home.tamper(column, vec![]).await);
    let earlier = start(&home).await.store;
    appended(&earlier.append(say(2, "a", "y")).await);
    appended(&store.append(say(3, "a", "z")).await);
    audit(&store).await;
}
