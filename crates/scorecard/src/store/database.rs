//! What a database does for the projection, and what it is asked in: statements with numbered parameters, which both
//! databases read alike, and values of four kinds.

use std::borrow::Cow;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::Error;

/// Must change the one row of the lease, or else another process writes now. Last in each transaction: the row is
/// locked for a moment only, since the lease is renewed while a long one runs.
pub(super) const FENCE: &str = "UPDATE lease SET holder = holder WHERE name = $1 AND holder = $2";

/// A database.
#[async_trait]
pub(super) trait Database: Send + Sync + 'static {
    /// Where the two speak differently.
    fn dialect(&self) -> Dialect;

    /// What a statement finds.
    async fn find(&self, statement: Statement) -> Result<Vec<Row>, Error>;

    /// Reads from now on as of one instant.
    async fn reading(&self) -> Result<Box<dyn Reading>, Error>;

    /// Runs statements in one transaction, if `holder` is the one that has the lease.
    async fn write(&self, lease: &str, holder: Uuid, statements: Vec<Statement>) -> Result<(), Error>;

    /// Takes a lease that is free, or renews the holder's own; whether `holder` has it now.
    async fn try_lease(&self, name: &str, holder: Uuid, ttl: Duration) -> Result<bool, Error>;

    /// Frees a lease if `holder` has it.
    async fn release_lease(&self, name: &str, holder: Uuid) -> Result<(), Error>;

    /// Closes it in good order.
    async fn close(&self);
}

/// Reads as of one instant, whatever is written meanwhile.
#[async_trait]
pub(super) trait Reading: Send {
    /// What a statement finds.
    async fn find(&mut self, statement: Statement) -> Result<Vec<Row>, Error>;
}

/// Where the two speak differently: how they read JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

/// A statement with its values.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub(super) text: Cow<'static, str>,
    pub(super) values: Vec<Value>,
}

/// A value in a row or for a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    None,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// A row that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row(pub(super) Vec<Value>);

impl Statement {
    pub(super) fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self { text: text.into(), values: Vec::new() }
    }

    /// The value of the next parameter.
    pub(super) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Integer(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Bytes(value.to_owned())
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}

impl Row {
    pub(super) fn integer(&self, column: usize) -> Result<i64, Error> {
        match self.0.get(column) {
            Some(Value::Integer(value)) => Ok(*value),
            Some(Value::None | Value::Text(_) | Value::Bytes(_)) | None => Err(unreadable("not a number")),
        }
    }

    pub(super) fn position(&self, column: usize) -> Result<u64, Error> {
        u64::try_from(self.integer(column)?).map_err(unreadable)
    }

    pub(super) fn text(&self, column: usize) -> Result<&str, Error> {
        match self.0.get(column) {
            Some(Value::Text(value)) => Ok(value),
            Some(Value::None | Value::Integer(_) | Value::Bytes(_)) | None => Err(unreadable("not a text")),
        }
    }

    /// Bytes; none: there are none.
    pub(super) fn optional_bytes(&self, column: usize) -> Result<Option<&[u8]>, Error> {
        match self.0.get(column) {
            Some(Value::Bytes(value)) => Ok(Some(value)),
            Some(Value::None) => Ok(None),
            Some(Value::Integer(_) | Value::Text(_)) | None => Err(unreadable("not bytes")),
        }
    }

    pub(super) fn bytes(&self, column: usize) -> Result<&[u8], Error> {
        self.optional_bytes(column)?.ok_or_else(|| unreadable("nothing"))
    }
}

/// A value that was never written.
pub(super) fn unreadable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Database(sqlx::Error::Decode(error.into()))
}
