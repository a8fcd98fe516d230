//! How a database is brought to its present shape: step by step, each once.

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{Connection as _, PgConnection, SqlSafeStr as _, SqliteConnection};

/// A step: what it brings, and its statements. It has its place in the list, from 1, as its number. Once a database
/// has taken it, neither number nor statements may change.
pub type Step = (&'static str, &'static str);

/// Any number: who migrates a database of PostgreSQL holds the lock of this one.
const LOCK: i64 = 0x6d69_6e67_6a69_6e67;

/// Takes what a SQLite file has not taken yet of `steps`. The error is also that it has taken others.
pub async fn sqlite(file: &mut SqliteConnection, steps: &[Step]) -> Result<(), sqlx::Error> {
    Ok(migrator(steps).run(file).await?)
}

/// Takes what a PostgreSQL database has not taken yet of `steps`, one process at a time. It may have taken more: a
/// later version of the program may run beside this one.
pub async fn postgres(database: &mut PgConnection, steps: &[Step]) -> Result<(), sqlx::Error> {
    // In one transaction, so that its lock needs no session.
    let mut transaction = database.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *transaction).await?;
    let mut migrator = migrator(steps);
    migrator.set_locking(false).set_ignore_missing(true);
    // All of them, none skipped; `run` is the same, but cannot be sent to another thread.
    migrator.run_direct(None, &mut *transaction, false).await?;
    transaction.commit().await
}

fn migrator(steps: &[Step]) -> Migrator {
    let numbered = (1..).zip(steps).map(|(number, (what, statements))| {
        Migration::new(number, (*what).into(), MigrationType::Simple, statements.into_sql_str(), false)
    });
    Migrator::with_migrations(numbered.collect())
}
