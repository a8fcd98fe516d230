//! `mingjing scorecard …`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use contract::scorecard::scorecard_service_client::ScorecardServiceClient;
use contract::scorecard::simulate_scorecard_request::Rules;
use contract::scorecard::{
    ExplainScorecardRequest, GetScorecardRequest, ListScorecardsRequest, SimulateScorecardRequest,
    SimulationBasis,
};
use tonic::Code;
use tonic::transport::Channel;

mod below;
mod export;
mod lang;
mod more;
mod show;

use self::lang::Lang;
use super::{Client, print};
use crate::config::Flags;
use crate::{json, sample, scheme_file};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// One unit's scorecard in one cycle.
    Show(Which),
    /// One unit's scorecard, and those of the units that are rolled up into it, on one table.
    Below(Which),
    /// The league table of the unit's group, or of the whole cycle.
    Rank(Rank),
    /// Where the points went: lines that sum to the scheme's maximum − the final, each with its events.
    Explain(Which),
    /// What another scheme would give on the same facts.
    Simulate(Simulate),
    /// Two scorecards side by side, of two units, cycles or instants: the lines that differ.
    Compare(Compare),
    /// What will be lost, by when and at what price, if nothing is done.
    Risks(Risks),
    /// Every change of a cycle's scorecards, as it happens.
    Watch(Watch),
    /// A scorecard with its lines, or the cycle's whole table, as CSV or JSON.
    Export(Export),
    /// Build everything again from the logs, beside what is read, and put it in its place when it is level.
    Rebuild(Client),
}

#[derive(Debug, Args)]
pub(super) struct Which {
    /// JURISDICTION/CYCLE/UNIT, or the scorecard's whole resource name. [default: the sample year's bureau]
    #[arg(value_name = "SCORECARD", default_value_t = sample::BUREAU_SCORECARD.to_owned(), hide_default_value = true)]
    scorecard: String,
    /// Read at least what this token stands for (from a command's answer).
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TOKEN")]
    token: String,
    /// As things stood at this instant, e.g. 2024-06-30T16:00:00Z: what had happened by then.
    #[arg(long, value_name = "INSTANT")]
    as_of: Option<jiff::Timestamp>,
    /// With --as-of: what was recorded by then, instead.
    #[arg(long, requires = "as_of")]
    recorded: bool,
    /// In which language the labels are.
    #[arg(long, value_enum, default_value_t = Lang::En)]
    lang: Lang,
    #[command(flatten)]
    client: Client,
}

#[derive(Debug, Args)]
pub(super) struct Compare {
    #[command(flatten)]
    which: Which,
    /// The other one, as SCORECARD. [default: the same]
    #[arg(long, value_name = "SCORECARD")]
    with: Option<String>,
    /// The other one's instant, as --as-of.
    #[arg(long, value_name = "INSTANT")]
    with_as_of: Option<jiff::Timestamp>,
}

#[derive(Debug, Args)]
pub(super) struct Risks {
    #[command(flatten)]
    which: Which,
    /// What is due within so many days. [default: 30]
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    days: u32,
}

#[derive(Debug, Args)]
pub(super) struct Watch {
    #[command(flatten)]
    which: Which,
    /// The whole cycle, not only the unit.
    #[arg(long)]
    all: bool,
    /// Go on after this token, which the last answer gave.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TOKEN")]
    resume: String,
}

#[derive(Debug, Args)]
pub(super) struct Export {
    #[command(flatten)]
    which: Which,
    /// The cycle's whole table, not the one scorecard.
    #[arg(long)]
    table: bool,
    /// As what.
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// Rows of columns, the first names them (RFC 4180).
    Csv,
    /// One document.
    Json,
}

#[derive(Debug, Args)]
pub(super) struct Rank {
    #[command(flatten)]
    which: Which,
    /// The whole cycle, not only the unit's group.
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Args)]
pub(super) struct Simulate {
    #[command(flatten)]
    which: Which,
    /// The scheme: an id of the same jurisdiction, or a whole resource name.
    #[arg(long, required_unless_present = "file", conflicts_with = "file")]
    scheme: Option<String>,
    /// Its version. [default: the last]
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    scheme_version: u32,
    /// A scheme file instead, recorded nowhere.
    #[arg(long)]
    file: Option<PathBuf>,
    /// On which basis (scoring.md §6).
    #[arg(long, value_enum, default_value_t = Basis::Rescaled)]
    basis: Basis,
    /// The cycle's whole table, with what moves in each row.
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Basis {
    /// Published points × new maximum ÷ old maximum.
    Rescaled,
    /// The methods run again on the recorded facts.
    Recomputed,
}

impl Which {
    /// The resource name.
    fn name(&self) -> String {
        whole(&self.scorecard)
    }

    /// The instants by which things had happened, and by which they were recorded.
    fn instants(&self) -> [Option<contract::Timestamp>; 2] {
        let at = self.as_of.map(contract::field::to_wire);
        if self.recorded { [None, at] } else { [at, None] }
    }

    fn get(&self) -> GetScorecardRequest {
        let [as_of_occurred, as_of_recorded] = self.instants();
        let consistency_token = self.token.clone();
        GetScorecardRequest { name: self.name(), as_of_occurred, as_of_recorded, consistency_token }
    }

    fn list(&self, group: u32, page_token: String) -> anyhow::Result<ListScorecardsRequest> {
        let name = contract::name::ScorecardName::parse("name", &self.name()).map_err(tonic::Status::from)?;
        let [as_of_occurred, as_of_recorded] = self.instants();
        Ok(ListScorecardsRequest {
            parent: name.cycle().to_string(),
            group,
            page_size: 1000,
            page_token,
            as_of_occurred,
            as_of_recorded,
            consistency_token: self.token.clone(),
            ..Default::default()
        })
    }
}

/// A resource name from JURISDICTION/CYCLE/UNIT.
fn whole(scorecard: &str) -> String {
    match scorecard.split('/').collect::<Vec<_>>()[..] {
        [jurisdiction, cycle, unit] => {
            format!("jurisdictions/{jurisdiction}/cycles/{cycle}/scorecards/{unit}")
        }
        _ => scorecard.to_owned(),
    }
}

/// Calls a server.
pub(super) async fn connect(server: &str) -> anyhow::Result<Channel> {
    let endpoint = Channel::from_shared(server.to_owned()).with_context(|| format!("server {server}"))?;
    endpoint
        .connect()
        .await
        .with_context(|| format!("no server answers at {server}; start one with `mingjing serve all`"))
}

pub(super) async fn run(command: Command, mut flags: Flags) -> anyhow::Result<ExitCode> {
    flags.server.clone_from(&command.client().server);
    let settings = super::started(&flags)?;
    let mut client = ScorecardServiceClient::new(connect(&settings.server).await?);
    match &command {
        Command::Show(which) => show(&mut client, which).await?,
        Command::Below(which) => below::below(&mut client, which).await?,
        Command::Rank(rank) => self::rank(&mut client, &rank.which, rank.all).await?,
        Command::Explain(which) => explain(&mut client, which).await?,
        Command::Simulate(simulate) => self::simulate(&mut client, simulate).await?,
        Command::Compare(compare) => more::compare(&mut client, compare).await?,
        Command::Risks(risks) => more::risks(&mut client, risks).await?,
        Command::Watch(watch) => more::watch(&mut client, watch).await?,
        Command::Export(export) => export::export(&mut client, export).await?,
        Command::Rebuild(_) => more::rebuild(&mut client).await?,
    }
    Ok(ExitCode::SUCCESS)
}

impl Command {
    fn client(&self) -> &Client {
        match self {
            Self::Show(which)
            | Self::Below(which)
            | Self::Explain(which)
            | Self::Rank(Rank { which, .. })
            | Self::Simulate(Simulate { which, .. })
            | Self::Compare(Compare { which, .. })
            | Self::Risks(Risks { which, .. })
            | Self::Watch(Watch { which, .. })
            | Self::Export(Export { which, .. }) => &which.client,
            Self::Rebuild(client) => client,
        }
    }
}

/// Prints the sample bureau's scorecard, table, explanation and simulation, and its second year with its sub-units':
/// the demo.
pub(super) async fn tour(server: &str, token: &str, json: bool) -> anyhow::Result<()> {
    let mut client = ScorecardServiceClient::new(connect(server).await?);
    let of = |scorecard: &str| Which {
        scorecard: scorecard.to_owned(),
        token: token.to_owned(),
        as_of: None,
        recorded: false,
        lang: Lang::En,
        client: Client { server: None, json },
    };
    let which = of(sample::BUREAU_SCORECARD);
    show(&mut client, &which).await?;
    rank(&mut client, &which, false).await?;
    explain(&mut client, &which).await?;
    let simulate = Simulate {
        which,
        scheme: Some(sample::SECOND_SCHEME.to_owned()),
        scheme_version: 0,
        file: None,
        basis: Basis::Rescaled,
        all: false,
    };
    self::simulate(&mut client, &simulate).await?;
    let second = of(sample::SECOND_SCORECARD);
    match client.get_scorecard(second.get()).await {
        Ok(_) => below::below(&mut client, &second).await,
        Err(status) if status.code() == Code::NotFound => Ok(()),
        Err(status) => Err(status.into()),
    }
}

async fn show(client: &mut ScorecardServiceClient<Channel>, which: &Which) -> anyhow::Result<()> {
    let answer = client.get_scorecard(which.get()).await?.into_inner();
    let scorecard = answer.scorecard.context("the server answered no scorecard")?;
    if which.client.json {
        print::json(&json::message(&scorecard));
        return Ok(());
    }
    show::scorecard(&scorecard, which.lang);
    Ok(())
}

async fn rank(client: &mut ScorecardServiceClient<Channel>, which: &Which, all: bool) -> anyhow::Result<()> {
    let mut group = 0;
    if !all {
        let answer = client.get_scorecard(which.get()).await?.into_inner();
        group = answer.scorecard.map_or(0, |scorecard| scorecard.group);
    }
    let answer = client.list_scorecards(which.list(group, String::new())?).await?.into_inner();
    if which.client.json {
        print::json(&json::message(&answer));
    } else {
        show::table(&answer.scorecards, &which.name(), which.lang);
    }
    Ok(())
}

async fn explain(client: &mut ScorecardServiceClient<Channel>, which: &Which) -> anyhow::Result<()> {
    let [as_of_occurred, as_of_recorded] = which.instants();
    let (name, consistency_token) = (which.name(), which.token.clone());
    let request = ExplainScorecardRequest { name, as_of_occurred, as_of_recorded, consistency_token };
    let answer = client.explain_scorecard(request).await?.into_inner();
    if which.client.json {
        print::json(&json::message(&answer));
    } else {
        show::explanation(&answer, which.lang);
    }
    Ok(())
}

async fn simulate(client: &mut ScorecardServiceClient<Channel>, asked: &Simulate) -> anyhow::Result<()> {
    let name = asked.which.name();
    let rules = match (&asked.scheme, &asked.file) {
        (Some(scheme), _) if scheme.contains('/') => Rules::Scheme(scheme.clone()),
        (Some(scheme), _) => {
            let of = contract::name::ScorecardName::parse("name", &name).map_err(tonic::Status::from)?;
            Rules::Scheme(format!("jurisdictions/{}/schemes/{scheme}", of.jurisdiction))
        }
        (None, Some(file)) => {
            let text = std::fs::read_to_string(file).with_context(|| format!("{}", file.display()))?;
            Rules::Inline(
                scheme_file::parse(&text).with_context(|| format!("{} is not a scheme", file.display()))?,
            )
        }
        (None, None) => anyhow::bail!("give --scheme or --file"),
    };
    let basis = match asked.basis {
        Basis::Rescaled => SimulationBasis::Rescaled,
        Basis::Recomputed => SimulationBasis::Recomputed,
    };
    if asked.all {
        return more::simulate_table(client, asked, rules, basis).await;
    }
    let request = SimulateScorecardRequest {
        name,
        rules: Some(rules),
        scheme_version: asked.scheme_version,
        basis: basis.into(),
        consistency_token: asked.which.token.clone(),
    };
    let answer = client.simulate_scorecard(request).await?.into_inner();
    if asked.which.client.json {
        print::json(&json::message(&answer));
    } else {
        show::simulation(&answer, asked.which.lang);
    }
    Ok(())
}
