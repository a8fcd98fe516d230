//! Settings: a flag beats the environment (`MINGJING_…`), which beats the file, which beats the default. An
//! unknown key is an error, wherever it stands.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use config::{Config, Environment, File};
use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

use crate::target::Owner;

/// What the program can be told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where to serve gRPC; port 0: any free one.
    pub listen: SocketAddr,
    /// Where to serve metrics over HTTP; none: nowhere.
    #[serde(default)]
    pub metrics_listen: Option<SocketAddr>,
    /// Where the logs and the scorecard's database lie, if they are SQLite files.
    pub data_dir: PathBuf,
    /// The PostgreSQL database of the served service, or of each: `{service}` stands for its name. None: SQLite.
    #[serde(default)]
    pub database_url: Option<SecretString>,
    /// NATS, where events are published and others' are read; none: all services are in this process.
    #[serde(default)]
    pub nats_url: Option<SecretString>,
    /// The credentials file for it; none: it asks for none.
    #[serde(default)]
    pub nats_credentials: Option<PathBuf>,
    /// How many copies of each stream the NATS cluster keeps: 1, 3 or 5.
    pub nats_replicas: usize,
    /// Where the services of other processes serve gRPC.
    #[serde(default)]
    pub peers: Peers,
    /// Which clock tells the time.
    #[serde(default)]
    pub clock: ClockSetting,
    /// Which server the client commands call.
    pub server: String,
    /// Which log lines are written, e.g. `info,sqlx=warn`.
    pub log: String,
    /// How log lines are written.
    pub log_format: LogFormat,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs, one object a line.
    Json,
}

/// Which clock tells the time: `system`, or the instant (RFC 3339) at which one that is moved by hand starts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ClockSetting {
    /// The system's.
    #[default]
    System,
    /// One that is moved by hand, from this instant on.
    ByHand(Timestamp),
}

impl<'de> Deserialize<'de> for ClockSetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "system" {
            return Ok(Self::System);
        }
        let wrong =
            |_| serde::de::Error::custom(format!("clock: `{text}` is neither `system` nor an instant"));
        text.parse().map(Self::ByHand).map_err(wrong)
    }
}

/// Where the fact-owning services of other processes serve gRPC: `training=http://…,complaints=http://…`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Peers(BTreeMap<Owner, String>);

impl Peers {
    /// The address of a service, e.g. `http://training:50051`.
    pub fn address(&self, owner: Owner) -> Option<&str> {
        self.0.get(&owner).map(String::as_str)
    }
}

impl<const N: usize> From<[(Owner, String); N]> for Peers {
    fn from(addresses: [(Owner, String); N]) -> Self {
        Self(addresses.into())
    }
}

impl<'de> Deserialize<'de> for Peers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
        let peer = |pair: &str| {
            let (service, address) = pair.split_once('=')?;
            let owner = Owner::ALL.into_iter().find(|owner| owner.name() == service.trim())?;
            Some((owner, address.trim().to_owned()))
        };
        let wrong = |pair| serde::de::Error::custom(format!("peers: `{pair}` is not SERVICE=URL"));
        pairs.map(|pair| peer(pair).ok_or_else(|| wrong(pair))).collect::<Result<_, _>>().map(Self)
    }
}

/// What flags say; what they do not say is `None`.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--config`.
    pub file: Option<PathBuf>,
    /// `--listen`.
    pub listen: Option<String>,
    /// `--metrics-listen`.
    pub metrics_listen: Option<String>,
    /// `--data-dir`.
    pub data_dir: Option<PathBuf>,
    /// `--nats-url`.
    pub nats_url: Option<String>,
    /// `--peers`.
    pub peers: Option<String>,
    /// `--clock`.
    pub clock: Option<String>,
    /// `--server`.
    pub server: Option<String>,
    /// `--log`.
    pub log: Option<String>,
}

impl Settings {
    /// Reads the settings; the error names the key and where it stands.
    pub fn read(flags: &Flags) -> anyhow::Result<Self> {
        Self::read_with(flags, Environment::with_prefix("MINGJING").prefix_separator("_"))
    }

    /// Everything in one process on SQLite files in `data_dir`.
    pub fn embedded(listen: SocketAddr, data_dir: &Path) -> Self {
        Self {
            listen,
            metrics_listen: None,
            data_dir: data_dir.to_owned(),
            database_url: None,
            nats_url: None,
            nats_credentials: None,
            nats_replicas: 1,
            peers: Peers::default(),
            clock: ClockSetting::System,
            server: format!("http://{listen}"),
            log: "warn".to_owned(),
            log_format: LogFormat::Text,
        }
    }

    fn read_with(flags: &Flags, environment: Environment) -> anyhow::Result<Self> {
        let mut builder = Config::builder()
            .set_default("listen", "127.0.0.1:50051")?
            .set_default("data_dir", "data")?
            .set_default("server", "http://127.0.0.1:50051")?
            .set_default("nats_replicas", 1)?
            .set_default("log", "info,sqlx=warn")?
            .set_default("log_format", "text")?;
        if let Some(file) = &flags.file {
            builder = builder.add_source(File::from(file.as_path()).required(true));
        }
        let data_dir = flags.data_dir.as_deref().map(Path::to_string_lossy);
        builder
            .add_source(environment)
            .set_override_option("listen", flags.listen.clone())?
            .set_override_option("metrics_listen", flags.metrics_listen.clone())?
            .set_override_option("data_dir", data_dir.map(String::from))?
            .set_override_option("nats_url", flags.nats_url.clone())?
            .set_override_option("peers", flags.peers.clone())?
            .set_override_option("clock", flags.clock.clone())?
            .set_override_option("server", flags.server.clone())?
            .set_override_option("log", flags.log.clone())?
            .build()
            .and_then(Config::try_deserialize)
            .context("settings (flags, MINGJING_… in the environment, the file of --config)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        let pairs: HashMap<_, _> =
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Environment::with_prefix("MINGJING").prefix_separator("_").source(Some(pairs))
    }

    #[test]
    fn a_flag_beats_the_environment_which_beats_the_default() {
        let flags = Flags { listen: Some("127.0.0.1:1".to_owned()), ..Flags::default() };
        let pairs = [("MINGJING_LISTEN", "127.0.0.1:2"), ("MINGJING_DATA_DIR", "there")];
        let settings = Settings::read_with(&flags, environment(&pairs)).unwrap();
        assert_eq!(settings.listen.port(), 1);
        assert_eq!(settings.data_dir, Path::new("there"));
        assert_eq!(settings.log_format, LogFormat::Text);
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_it() {
        let error =
            Settings::read_with(&Flags::default(), environment(&[("MINGJING_LISTENN", "x")])).unwrap_err();
        assert!(format!("{error:#}").contains("listenn"), "{error:#}");
    }

    #[test]
    fn a_secret_is_not_shown_and_peers_are_named() {
        let pairs = [
            ("MINGJING_DATABASE_URL", "postgres://mingjing:hunter2@db/training"),
            ("MINGJING_NATS_URL", "nats://mingjing:hunter2@nats:4222"),
            ("MINGJING_PEERS", "training=http://t:1, complaints=http://c:2"),
        ];
        let settings = Settings::read_with(&Flags::default(), environment(&pairs)).unwrap();
        assert!(!format!("{settings:?}").contains("hunter2"));
        assert_eq!(settings.peers.address(Owner::Complaints), Some("http://c:2"));
        assert_eq!(settings.peers.address(Owner::Evaluation), None);
        let wrong = environment(&[("MINGJING_PEERS", "scorecard=http://s:1")]);
        let error = Settings::read_with(&Flags::default(), wrong).unwrap_err();
        assert!(format!("{error:#}").contains("scorecard=http://s:1"), "{error:#}");
    }

    #[test]
    fn time_is_the_systems_unless_an_instant_is_named() {
        let clock = |value| {
            let pairs = [("MINGJING_CLOCK", value)];
            Settings::read_with(&Flags::default(), environment(&pairs)).map(|settings| settings.clock)
        };
        let settings = Settings::read_with(&Flags::default(), environment(&[])).unwrap();
        assert_eq!(settings.clock, ClockSetting::System);
        assert_eq!(clock("system").unwrap(), ClockSetting::System);
        let start = "2025-01-01T00:00:00Z";
        assert_eq!(clock(start).unwrap(), ClockSetting::ByHand(start.parse().unwrap()));
        let error = clock("yesterday").unwrap_err();
        assert!(format!("{error:#}").contains("yesterday"), "{error:#}");
    }

    #[test]
    fn a_bad_value_is_an_error_that_names_the_key() {
        let error =
            Settings::read_with(&Flags::default(), environment(&[("MINGJING_LISTEN", "here")])).unwrap_err();
        assert!(format!("{error:#}").contains("listen"), "{error:#}");
    }
}
