//! Subcommands and their help.

mod consumers;
mod demo;
mod events;
mod forms;
mod health;
mod import;
pub mod print;
mod renew;
mod sample;
mod scheme;
mod scorecard;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{Flags, Settings};
use crate::target::Target;
use crate::{serve, shutdown, telemetry};

/// Mingjing 明镜, the clear mirror: where each unit of a city's public-security bureau stands in its yearly
/// appraisal, and which event took which point.
///
/// Start with `mingjing demo`: it runs everything on two sample years in a temporary folder and prints a
/// scorecard. To keep it running, `mingjing demo --keep-serving`, then, in another terminal, `mingjing
/// scorecard explain`.
///
/// Settings come from flags, from MINGJING_… in the environment, and from the TOML file of --config, in this
/// order: listen, metrics_listen, data_dir, database_url, nats_url, nats_credentials, nats_replicas, peers, clock, server,
/// log, log_format (MINGJING_LISTEN …). An unknown key is an error. Failures exit with 1, wrong usage with 2.
#[derive(Debug, Parser)]
#[expect(clippy::doc_markdown, reason = "the help is shown as it is written")]
#[command(version, max_term_width = 100)]
pub struct Cli {
    /// A TOML file with settings.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Which log lines are written to standard error, e.g. `debug` or `info,sqlx=warn`.
    #[arg(long, global = true, value_name = "FILTER")]
    log: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the services over gRPC until interrupted.
    Serve(Serve),
    /// Run everything on the sample years: load them, print the first one's scorecard, its table, where the points
    /// went, what the second year's scheme would give, and the second one's with the sub-units below it.
    Demo(demo::Demo),
    /// Load the sample years into running services, and print what `demo` prints.
    Sample(sample::Sample),
    /// Ask where units stand: scorecards, league tables, where points went, what is at risk.
    #[command(subcommand)]
    Scorecard(scorecard::Command),
    /// Read the services' logs.
    #[command(subcommand)]
    Events(events::Command),
    /// What follows the logs in a process, how far it has come, and which stopped.
    #[command(subcommand)]
    Consumers(consumers::Command),
    /// What is published over NATS, as an `AsyncAPI` 3 document in JSON.
    Asyncapi,
    /// Import complaints, or complainants' words, from a file. Ends with 1 if a row was refused.
    #[command(subcommand)]
    Import(import::Command),
    /// Work on schemes 考评办法.
    #[command(subcommand)]
    Scheme(scheme::Command),
    /// Ask a server whether it is healthy; exits with 1 if it is not.
    Health(health::Health),
    /// Forms of surveys 评议表.
    #[command(subcommand)]
    Forms(forms::Command),
    /// Check the logs in the data directory: does every event fit its predecessor?
    Verify(verify::Verify),
    /// Say that a service's log was restored from an older copy: it gets a new store epoch, and its stream is deleted
    /// and made again. While the service is stopped.
    Renew(renew::Renew),
}

/// One service, or all of them in this process.
///
/// `all` needs nothing else and keeps SQLite files in --data-dir. A service alone has a PostgreSQL database of
/// its own (`MINGJING_DATABASE_URL`), publishes its events to NATS (--nats-url), reads the others' there, and asks
/// the others themselves (--peers) for what it missed.
#[derive(Debug, Args)]
struct Serve {
    /// Which services.
    #[arg(value_enum)]
    target: Target,
    /// Where to serve gRPC, e.g. 127.0.0.1:50051; port 0: any free one.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Where to serve metrics for Prometheus; none: nowhere.
    #[arg(long, value_name = "ADDRESS")]
    metrics_listen: Option<String>,
    /// Where SQLite files lie; made if it is not there.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// NATS, where events are published and others' are read.
    #[arg(long, value_name = "URL")]
    nats_url: Option<String>,
    /// Where the other services serve gRPC: `training=http://…,complaints=http://…`.
    #[arg(long, value_name = "SERVICE=URL,…")]
    peers: Option<String>,
    /// `system`, or the instant at which a clock starts that is moved by hand, to rehearse a year: RFC 3339.
    #[arg(long, value_name = "INSTANT")]
    clock: Option<String>,
}

/// How a client command reaches its server, and how it answers.
#[derive(Debug, Args)]
struct Client {
    /// The server to call. [default: the setting `server`]
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// Answer as JSON, for programs.
    #[arg(long)]
    json: bool,
}

/// Does what was asked.
pub async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let mut flags = Flags { file: cli.config, log: cli.log, ..Flags::default() };
    match cli.command {
        Command::Serve(serve) => {
            flags.listen = serve.listen;
            flags.metrics_listen = serve.metrics_listen;
            flags.data_dir = serve.data_dir;
            flags.nats_url = serve.nats_url;
            flags.peers = serve.peers;
            flags.clock = serve.clock;
            self::serve(serve.target, &started(&flags)?).await
        }
        Command::Demo(demo) => demo::run(demo, flags).await,
        Command::Sample(asked) => sample::run(asked, flags).await,
        Command::Scorecard(command) => scorecard::run(command, flags).await,
        Command::Events(command) => events::run(command, flags).await,
        Command::Import(command) => import::run(command, flags).await,
        Command::Scheme(command) => scheme::run(&command),
        Command::Forms(command) => forms::run(command, flags).await,
        Command::Consumers(command) => consumers::run(command, flags).await,
        Command::Asyncapi => {
            print::json(&crate::asyncapi::document());
            Ok(ExitCode::SUCCESS)
        }
        Command::Health(asked) => health::run(asked, flags).await,
        Command::Verify(verify) => verify::run(verify, flags).await,
        Command::Renew(asked) => renew::run(asked, flags).await,
    }
}

/// The settings, with log lines started as they say.
fn started(flags: &Flags) -> anyhow::Result<Settings> {
    let settings = Settings::read(flags)?;
    telemetry::start(&settings)?;
    Ok(settings)
}

async fn serve(target: Target, settings: &Settings) -> anyhow::Result<ExitCode> {
    announce(settings);
    let running = serve::start(target, settings, crate::clock()).await?;
    tracing::info!("serving gRPC on {}", running.address);
    Ok(shutdown::serve_until_asked(running).await?)
}

/// Says with which settings the program runs (secrets hide themselves), and who may call it.
fn announce(settings: &Settings) {
    tracing::info!(?settings, "settings");
    tracing::warn!(
        "calls are not authenticated: each names its own actor in the header `{}`; do not serve beyond this machine",
        shell::caller::ACTOR_HEADER
    );
}
