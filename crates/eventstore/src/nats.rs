//! NATS: the connection, and what is published there.
//!
//! | file | what |
//! |---|---|
//! | [`message`] | an event as a message, and back |
//! | [`jetstream`] | the stream of a service: its name, its settings, made and checked |
//! | [`source`] | where consumers get a service's events from, when they are published |
//!
//! The database is the truth. What is here is made from it by the [`relay`](crate::relay), and can be made again.

pub mod jetstream;
pub mod message;
pub mod source;

use std::path::PathBuf;
use std::time::Duration;

use async_nats::jetstream::{Context, context::ContextBuilder};
use async_nats::{ConnectOptions, Event};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::store::StoreError;

/// An answer of the server is waited for this long.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// Between attempts to connect again, at most.
const RECONNECT_MAX: Duration = Duration::from_secs(1);
/// Nothing heard for this long: the connection is looked after.
const PING_INTERVAL: Duration = Duration::from_secs(5);

/// Where NATS is, and how to get in.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// One or more URLs, separated by commas, e.g. `nats://127.0.0.1:4222` or `tls://…`.
    pub url: String,
    /// A credentials file (JWT and nkey); `None`: what the URL says, if anything.
    pub credentials: Option<PathBuf>,
    /// A file with the certificates to trust beside the system's.
    pub ca: Option<PathBuf>,
    /// What the connection is called on the server, e.g. `mingjing-evaluation`.
    pub name: String,
    /// How many copies of each stream the cluster keeps: 1, 3 or 5.
    pub replicas: usize,
}

/// How a connection fares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Connection {
    /// Whether it stands.
    pub connected: bool,
    /// How often it was lost.
    pub disconnected: u64,
    /// How often this process read too slowly, so that messages were dropped.
    pub slow_consumers: u64,
    /// How often the server refused something, e.g. what the permissions forbid.
    pub refused: u64,
    /// The last of the refusals; empty: none.
    pub refusal: String,
}

/// A connection to NATS. Cheap to clone.
#[derive(Clone)]
pub struct Nats {
    pub(crate) jetstream: Context,
    pub(crate) replicas: usize,
    connection: watch::Receiver<Connection>,
}

/// NATS does not do what it should, at least for now.
#[derive(Debug, Clone, thiserror::Error)]
#[error("NATS: {0}")]
pub struct Away(pub(crate) String);

impl Away {
    pub(crate) fn because(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

impl From<Away> for StoreError {
    fn from(away: Away) -> Self {
        Self::database(away)
    }
}

impl Nats {
    /// Connects, now or as soon as NATS is there; a lost connection comes back by itself. Fails if the settings
    /// are wrong.
    pub async fn connect(settings: &Settings) -> Result<Self, Away> {
        let (publish, connection) = watch::channel(Connection::default());
        let mut options = ConnectOptions::new()
            .name(&settings.name)
            .retry_on_initial_connect()
            .max_reconnects(None)
            .reconnect_delay_callback(reconnect_delay)
            .ping_interval(PING_INTERVAL)
            .request_timeout(Some(ANSWER_TIMEOUT))
            .event_callback(move |event| {
                publish.send_modify(|connection| connection.note(&event));
                std::future::ready(())
            });
        if let Some(credentials) = &settings.credentials {
            options = options.credentials_file(credentials).await.map_err(Away::because)?;
        }
        if let Some(ca) = &settings.ca {
            options = options.add_root_certificates(ca.clone());
        }
        let servers: Vec<_> = settings.url.split(',').map(str::trim).collect();
        let servers = servers.iter().map(|url| url.parse::<async_nats::ServerAddr>());
        let servers: Vec<_> = servers.collect::<Result<_, _>>().map_err(Away::because)?;
        let client = options.connect(servers).await.map_err(Away::because)?;
        let jetstream = ContextBuilder::new().timeout(ANSWER_TIMEOUT).build(client);
        Ok(Self { jetstream, replicas: settings.replicas.max(1), connection })
    }

    /// How the connection fares, now and later.
    pub fn connection(&self) -> watch::Receiver<Connection> {
        self.connection.clone()
    }

    /// Waits until the connection stands, but not for ever.
    pub(crate) async fn connected(&self) -> Result<(), Away> {
        let mut connection = self.connection.clone();
        let standing = connection.wait_for(|connection| connection.connected);
        match timeout(ANSWER_TIMEOUT, standing).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Away("there is no connection".to_owned())),
        }
    }

    /// Waits until the connection is lost: then no answer comes any more to what was asked on it.
    pub(crate) async fn lost(&self) -> Away {
        let mut connection = self.connection.clone();
        let before = connection.borrow_and_update().disconnected;
        let _ = connection.wait_for(|connection| connection.disconnected > before).await;
        Away("the connection is lost".to_owned())
    }
}

impl Connection {
    fn note(&mut self, event: &Event) {
        match event {
            Event::Connected => {
                self.connected = true;
                tracing::info!("connected to NATS");
            }
            Event::Disconnected => {
                self.connected = false;
                self.disconnected += 1;
                tracing::warn!("the connection to NATS is lost; connecting again");
            }
            Event::SlowConsumer(_) => {
                self.slow_consumers += 1;
                tracing::warn!("messages of NATS were read too slowly and dropped; they are fetched again");
            }
            Event::ServerError(error) => {
                self.refused += 1;
                self.refusal = error.to_string();
                tracing::error!(%error, "NATS refused something");
            }
            Event::ClientError(error) => tracing::warn!(%error, "the connection to NATS"),
            Event::LameDuckMode => tracing::info!("the NATS server is about to stop"),
            Event::Draining | Event::Closed => self.connected = false,
        }
    }
}

fn reconnect_delay(attempts: usize) -> Duration {
    let doublings = u32::try_from(attempts).unwrap_or(u32::MAX).min(6);
    (Duration::from_millis(25) * 2_u32.pow(doublings)).min(RECONNECT_MAX)
}
