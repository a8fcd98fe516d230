//! Settings: a flag beats the environment (`MINGJING_…`), which beats the file, which beats the default. An
//! unknown key is an error, wherever it stands.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use config::{Config, Environment, File};
use serde::{Deserialize, Serialize};

/// What the program can be told.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where to serve gRPC; port 0: any free one.
    pub listen: SocketAddr,
    /// Where the logs and the scorecard's database lie.
    pub data_dir: PathBuf,
    /// Which server the client commands call.
    pub server: String,
    /// Which log lines are written, e.g. `info,sqlx=warn`.
    pub log: String,
    /// How log lines are written.
    pub log_format: LogFormat,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs, one object a line.
    Json,
}

/// What flags say; what they do not say is `None`.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--config`.
    pub file: Option<PathBuf>,
    /// `--listen`.
    pub listen: Option<String>,
    /// `--data-dir`.
    pub data_dir: Option<PathBuf>,
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

    fn read_with(flags: &Flags, environment: Environment) -> anyhow::Result<Self> {
        let mut builder = Config::builder()
            .set_default("listen", "127.0.0.1:50051")?
            .set_default("data_dir", "data")?
            .set_default("server", "http://127.0.0.1:50051")?
            .set_default("log", "info,sqlx=warn")?
            .set_default("log_format", "text")?;
        if let Some(file) = &flags.file {
            builder = builder.add_source(File::from(file.as_path()).required(true));
        }
        let data_dir = flags.data_dir.as_deref().map(Path::to_string_lossy);
        builder
            .add_source(environment)
            .set_override_option("listen", flags.listen.clone())?
            .set_override_option("data_dir", data_dir.map(String::from))?
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
    fn a_bad_value_is_an_error_that_names_the_key() {
        let error =
            Settings::read_with(&Flags::default(), environment(&[("MINGJING_LISTEN", "here")])).unwrap_err();
        assert!(format!("{error:#}").contains("listen"), "{error:#}");
    }
}
