//! What the services of this process stand on: their own logs, and where the facts of the others come from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use eventstore::nats::source::NatsSource;
use eventstore::nats::{self, Nats};
use eventstore::postgres::{PostgresLog, patiently};
use eventstore::relay;
use eventstore::sqlite::SqliteLog;
use eventstore::store::Log;
use eventstore::{Clock, EventStore, LogReader, SharedSource, StoreError};
use secrecy::ExposeSecret as _;
use shell::{Sources, Tasks};
use tokio::sync::watch;
use uuid::Uuid;

use crate::config::Settings;
use crate::remote::{self, RemoteLog};
use crate::target::{Owner, SCORECARD, Target};

/// Stands in a database URL for the name of the service.
const SERVICE_PLACEHOLDER: &str = "{service}";

/// Logs, sources and relays of this process.
pub struct Substrate {
    /// The logs that are written here.
    pub stores: BTreeMap<Owner, EventStore>,
    /// Where every service's facts come from.
    pub sources: Sources,
    /// The databases of the logs, to be closed at the end.
    pub databases: Vec<Arc<dyn Log>>,
    /// What the relays of the logs are doing; empty without NATS.
    pub relays: BTreeMap<Owner, watch::Receiver<relay::Status>>,
    /// How the connection to NATS fares, if there is one.
    pub connection: Option<watch::Receiver<nats::Connection>>,
}

impl Substrate {
    /// Opens the logs of what is served and starts publishing them, if there is NATS. Of the others, facts are
    /// read from NATS, and what it lacks from their owners.
    pub async fn open(
        target: Target,
        settings: &Settings,
        clock: &Clock,
        tasks: &Tasks,
    ) -> anyhow::Result<Self> {
        let (mut stores, mut databases) = (BTreeMap::new(), Vec::new());
        for owner in Owner::ALL.into_iter().filter(|owner| target.owns(*owner)) {
            let (log, store) = patiently(|| opened(owner, settings, clock, tasks), is_away).await?;
            let (sweeping, stop) = (shell::vault::sweep(store.clone()), tasks.stop.clone());
            tasks.tracker.spawn(async move { stop.run_until_cancelled(sweeping).await });
            databases.push(log);
            stores.insert(owner, store);
        }
        let nats = connect(target.name(), settings).await?;
        let process = Uuid::from_u128(rand::random()).simple().to_string();
        let source = |owner: Owner| -> anyhow::Result<SharedSource> {
            if let Some(store) = stores.get(&owner) {
                return Ok(store.source());
            }
            let nats = nats.clone().with_context(|| needs(target, owner, "nats_url"))?;
            let address = settings.peers.address(owner).with_context(|| needs(target, owner, "peers"))?;
            let channel = remote::channel(address).with_context(|| format!("setting `peers`: {address}"))?;
            let owned = RemoteLog::new(owner.name(), channel);
            Ok(Arc::new(NatsSource::new(owner.name(), nats, Arc::new(owned), &process)))
        };
        let sources = Sources {
            training: source(Owner::Training)?,
            complaints: source(Owner::Complaints)?,
            evaluation: source(Owner::Evaluation)?,
            accountability: source(Owner::Accountability)?,
        };
        let start = |(owner, store): (&Owner, &EventStore)| {
            let nats = nats.clone()?;
            Some((*owner, relay::start(store.clone(), nats, &tasks.tracker, tasks.stop.clone())))
        };
        let relays = stores.iter().filter_map(start).collect();
        let connection = nats.as_ref().map(Nats::connection);
        Ok(Self { stores, sources, databases, relays, connection })
    }

    /// The logs that are written here, for reading.
    pub fn logs(&self) -> Vec<LogReader> {
        self.stores.values().map(|store| store.reader().clone()).collect()
    }
}

/// The log of a service, and what appends to it.
async fn opened(
    owner: Owner,
    settings: &Settings,
    clock: &Clock,
    tasks: &Tasks,
) -> anyhow::Result<(Arc<dyn Log>, EventStore)> {
    let log = open_log(owner.name(), settings).await?;
    let store = EventStore::start(owner.name(), log.clone(), clock.clone(), &tasks.tracker).await?;
    Ok((log, store))
}

fn is_away(error: &anyhow::Error) -> bool {
    error.downcast_ref().is_some_and(StoreError::is_away)
}

/// The log of a service: in its PostgreSQL database, or in a SQLite file of the data directory.
pub async fn open_log(service: &str, settings: &Settings) -> anyhow::Result<Arc<dyn Log>> {
    if let Some(url) = database_url(service, settings) {
        let log = PostgresLog::open(&url).await;
        return Ok(Arc::new(log.with_context(|| format!("the log of {service} in PostgreSQL"))?));
    }
    let path = sqlite_file(service, &settings.data_dir)?;
    let log = SqliteLog::open(&path).await.with_context(|| format!("the log {}", path.display()))?;
    Ok(Arc::new(log))
}

/// The log of a service, if it is there.
pub async fn open_existing_log(service: &str, settings: &Settings) -> anyhow::Result<Arc<dyn Log>> {
    if settings.database_url.is_none() {
        let path = sqlite_file(service, &settings.data_dir)?;
        anyhow::ensure!(path.exists(), "there is no log {}", path.display());
    }
    open_log(service, settings).await
}

/// The URL of a service's PostgreSQL database, if that is where it keeps its data.
pub fn database_url(service: &str, settings: &Settings) -> Option<String> {
    let url = settings.database_url.as_ref()?.expose_secret();
    Some(url.replace(SERVICE_PLACEHOLDER, service))
}

/// Where the scorecard keeps what it projects.
pub fn projection_place(settings: &Settings) -> anyhow::Result<scorecard::Place> {
    Ok(match database_url(SCORECARD, settings) {
        Some(url) => scorecard::Place::Url(url),
        None => scorecard::Place::File(sqlite_file(SCORECARD, &settings.data_dir)?),
    })
}

/// The SQLite file of a service; its folder is made if it is not there.
pub fn sqlite_file(service: &str, data_dir: &Path) -> anyhow::Result<PathBuf> {
    std::fs::create_dir_all(data_dir).with_context(|| format!("data directory {}", data_dir.display()))?;
    Ok(data_dir.join(format!("{service}.db")))
}

/// The connection to NATS, if there is one, of a process that is called `name`.
pub async fn connect(name: &str, settings: &Settings) -> anyhow::Result<Option<Nats>> {
    let Some(url) = &settings.nats_url else { return Ok(None) };
    let nats = nats::Settings {
        url: url.expose_secret().to_owned(),
        credentials: settings.nats_credentials.clone(),
        name: format!("mingjing-{name}"),
        replicas: settings.nats_replicas,
        ..nats::Settings::default()
    };
    Ok(Some(Nats::connect(&nats).await.context("setting `nats_url`")?))
}

fn needs(target: Target, owner: Owner, setting: &str) -> String {
    format!(
        "`serve {}` reads the facts of {}: the setting `{setting}` is needed",
        target.name(),
        owner.name()
    )
}
