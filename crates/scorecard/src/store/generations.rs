//! What was built, which of it is read.

use sqlx::{Connection as _, Row as _};

use super::{Error, Store};

/// Of facts as they are written. Raise it when a row's shape changes: facts of another format are built anew.
const FORMAT: i64 = 3;

const DELETES: [&str; 5] = [
    "DELETE FROM fact WHERE generation <> ?",
    "DELETE FROM checkpoint WHERE generation <> ?",
    "DELETE FROM past WHERE generation <> ?",
    "DELETE FROM recent WHERE generation <> ?",
    "DELETE FROM generation WHERE number <> ?",
];

impl Store {
    /// The generation that is read; none: none yet.
    pub(crate) async fn current(&mut self) -> Result<Option<i64>, Error> {
        let query = sqlx::query("SELECT number FROM generation WHERE current = 1");
        let row = query.fetch_optional(&mut self.connection).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    /// The generation to go on with: the one that is read, or else the last one begun; none: there is none
    /// whose facts have the present format.
    pub(crate) async fn usable(&mut self) -> Result<Option<i64>, Error> {
        let query = sqlx::query(
            "SELECT number FROM generation WHERE format = ? ORDER BY current DESC, number DESC LIMIT 1",
        );
        let row = query.bind(FORMAT).fetch_optional(&mut self.connection).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    /// Begins another generation, from nothing.
    pub(crate) async fn begin(&mut self) -> Result<i64, Error> {
        let last: i64 = sqlx::query_scalar("SELECT coalesce(max(number), 0) FROM generation")
            .fetch_one(&mut self.connection)
            .await?;
        sqlx::query("INSERT INTO generation (number, format, current) VALUES (?, ?, 0)")
            .bind(last + 1)
            .bind(FORMAT)
            .execute(&mut self.connection)
            .await?;
        Ok(last + 1)
    }

    /// Makes a generation the one that is read.
    pub(crate) async fn make_current(&mut self, generation: i64) -> Result<(), Error> {
        sqlx::query("UPDATE generation SET current = (number = ?)")
            .bind(generation)
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }

    /// Throws every other generation away.
    pub(crate) async fn keep_only(&mut self, generation: i64) -> Result<(), Error> {
        let mut transaction = self.connection.begin().await?;
        for delete in DELETES {
            sqlx::query(delete).bind(generation).execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }
}
