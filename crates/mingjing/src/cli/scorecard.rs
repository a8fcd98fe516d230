//! `mingjing scorecard …`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use contract::name::ScorecardName;
use contract::scorecard::scorecard_service_client::ScorecardServiceClient;
use contract::scorecard::simulate_scorecard_request::Rules;
use contract::scorecard::{
    ExplainScorecardRequest, GetScorecardRequest, ListScorecardsRequest, ListScorecardsResponse,
    SimulateScorecardRequest, SimulationBasis,
};
use tonic::Code;
use tonic::transport::Channel;

mod below;
mod export;
mod lang;
mod lines;
mod more;
mod show;

use self::lang::Lang;
use super::{Client, print};
use crate::config::Flags;
use crate::{json, sample, scheme_file};

type Service = ScorecardServiceClient<Channel>;

/// Rows asked for in one call.
const PAGE_SIZE: u32 = 1000;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// One unit's scorecard in one cycle.
    Show(Which),
    /// One unit's scorecard, and those of the units that are rolled up into it, on one table.
    Below(Which),
    /// The league table of the unit's group, or of the whole cycle: the unit is marked.
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
    /// A scorecard's lines, its figures, or the cycle's whole table, as CSV or JSON.
    Export(Export),
    /// Build all scorecards again from the logs; meanwhile the old ones are read.
    Rebuild(Client),
}

/// Of which scorecard.
#[derive(Debug, Args)]
pub(super) struct Card {
    /// JURISDICTION/CYCLE/UNIT, or the scorecard's whole resource name. [default: the sample year's bureau]
    #[arg(value_name = "SCORECARD", default_value_t = sample::BUREAU_SCORECARD.to_owned(), hide_default_value = true)]
    scorecard: String,
}

/// As it is now.
#[derive(Debug, Args)]
pub(super) struct Now {
    #[command(flatten)]
    card: Card,
    /// Wait until what this token stands for is in (from a command's answer).
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TOKEN")]
    token: String,
}

/// As it is now, or was.
#[derive(Debug, Args)]
pub(super) struct Then {
    #[command(flatten)]
    now: Now,
    /// As things stood at this instant, e.g. 2024-06-30T16:00:00Z: what had happened by then.
    #[arg(long, value_name = "INSTANT")]
    as_of: Option<jiff::Timestamp>,
    /// With --as-of: what had been recorded by then, instead of what had happened.
    #[arg(long, requires = "as_of")]
    recorded: bool,
}

/// How it is told.
#[derive(Debug, Args)]
pub(super) struct Told {
    /// In which language it is told; names and what people wrote stay as they are.
    #[arg(long, value_enum, default_value_t = Lang::En)]
    lang: Lang,
    #[command(flatten)]
    client: Client,
}

#[derive(Debug, Args)]
pub(super) struct Which {
    #[command(flatten)]
    then: Then,
    #[command(flatten)]
    told: Told,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("other").args(["with", "with_as_of", "as_of"]).required(true).multiple(true))]
pub(super) struct Compare {
    #[command(flatten)]
    which: Which,
    /// The other one, as SCORECARD. [default: the same at another instant]
    #[arg(long, value_name = "SCORECARD")]
    with: Option<String>,
    /// The other one's instant, as --as-of. [default: now]
    #[arg(long, value_name = "INSTANT")]
    with_as_of: Option<jiff::Timestamp>,
    /// With --with-as-of: what was recorded by then, instead.
    #[arg(long, requires = "with_as_of")]
    with_recorded: bool,
}

#[derive(Debug, Args)]
pub(super) struct Risks {
    #[command(flatten)]
    now: Now,
    #[command(flatten)]
    told: Told,
    /// What is due within so many days from now. [default: 30]
    #[arg(long, value_name = "NUMBER", default_value_t = 0, hide_default_value = true)]
    days: u32,
}

#[derive(Debug, Args)]
pub(super) struct Watch {
    #[command(flatten)]
    card: Card,
    #[command(flatten)]
    told: Told,
    /// Every unit of the cycle, not only this one.
    #[arg(long)]
    all: bool,
    /// Go on after this token, which the last answer gave.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TOKEN")]
    resume: String,
}

#[derive(Debug, Args)]
pub(super) struct Export {
    #[command(flatten)]
    then: Then,
    /// The server to call. [default: the setting `server`]
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// The cycle's whole table, a row of figures for each scorecard.
    #[arg(long)]
    table: bool,
    /// The scorecard's figures as one row of that table, not its lines.
    #[arg(long, conflicts_with = "table")]
    figures: bool,
    /// As what. Each column is described in docs/export.md.
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
    /// Every group of the cycle, not only the unit's.
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Args)]
pub(super) struct Simulate {
    #[command(flatten)]
    now: Now,
    #[command(flatten)]
    told: Told,
    /// The scheme: its id in the same jurisdiction, or its whole resource name.
    #[arg(long, value_name = "ID", required_unless_present = "file", conflicts_with = "file")]
    scheme: Option<String>,
    /// Its version, published or a draft. [default: the last]
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 0,
        hide_default_value = true,
        conflicts_with = "file"
    )]
    scheme_version: u32,
    /// A scheme file instead, recorded nowhere: see `mingjing scheme check`.
    #[arg(long)]
    file: Option<PathBuf>,
    /// How points are found under it.
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

impl Card {
    /// The resource name.
    fn name(&self) -> String {
        whole(&self.scorecard)
    }

    /// Its parts.
    fn parsed(&self) -> anyhow::Result<ScorecardName> {
        Ok(ScorecardName::parse("name", &self.name()).map_err(tonic::Status::from)?)
    }
}

impl Then {
    /// The instants by which things had happened, and by which they were recorded.
    fn instants(&self) -> [Option<contract::Timestamp>; 2] {
        instants(self.as_of, self.recorded)
    }

    fn get(&self) -> GetScorecardRequest {
        let [as_of_occurred, as_of_recorded] = self.instants();
        let (name, consistency_token) = (self.now.card.name(), self.now.token.clone());
        GetScorecardRequest { name, as_of_occurred, as_of_recorded, consistency_token }
    }

    fn explain(&self) -> ExplainScorecardRequest {
        let [as_of_occurred, as_of_recorded] = self.instants();
        let (name, consistency_token) = (self.now.card.name(), self.now.token.clone());
        ExplainScorecardRequest { name, as_of_occurred, as_of_recorded, consistency_token }
    }

    /// The cycle's table, or a group's: every page of it.
    async fn table(&self, client: &mut Service, group: u32) -> anyhow::Result<ListScorecardsResponse> {
        let [as_of_occurred, as_of_recorded] = self.instants();
        let mut request = ListScorecardsRequest {
            parent: self.now.card.parsed()?.cycle().to_string(),
            group,
            page_size: PAGE_SIZE,
            as_of_occurred,
            as_of_recorded,
            consistency_token: self.now.token.clone(),
            ..Default::default()
        };
        let mut table = ListScorecardsResponse::default();
        loop {
            let page = client.list_scorecards(request.clone()).await?.into_inner();
            table.scorecards.extend(page.scorecards);
            table.total_size = page.total_size;
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                return Ok(table);
            }
        }
    }
}

/// An instant by which things had happened, or, `recorded`, by which they were recorded.
fn instants(at: Option<jiff::Timestamp>, recorded: bool) -> [Option<contract::Timestamp>; 2] {
    let at = at.map(contract::field::to_wire);
    if recorded { [None, at] } else { [at, None] }
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
    flags.server = command.server().cloned();
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
        Command::Rebuild(asked) => more::rebuild(&mut client, asked.json).await?,
    }
    Ok(ExitCode::SUCCESS)
}

impl Command {
    fn server(&self) -> Option<&String> {
        let server = match self {
            Self::Show(which)
            | Self::Below(which)
            | Self::Explain(which)
            | Self::Rank(Rank { which, .. })
            | Self::Compare(Compare { which, .. }) => &which.told.client.server,
            Self::Simulate(Simulate { told, .. })
            | Self::Risks(Risks { told, .. })
            | Self::Watch(Watch { told, .. }) => &told.client.server,
            Self::Export(Export { server, .. }) | Self::Rebuild(Client { server, .. }) => server,
        };
        server.as_ref()
    }
}

/// Prints the sample bureau's scorecard, table, explanation and simulation, and its second year with its sub-units':
/// the demo.
pub(super) async fn tour(server: &str, token: &str, json: bool) -> anyhow::Result<()> {
    let mut client = ScorecardServiceClient::new(connect(server).await?);
    let of = |scorecard: &str| {
        let card = Card { scorecard: scorecard.to_owned() };
        let now = Now { card, token: token.to_owned() };
        let told = Told { lang: Lang::En, client: Client { server: None, json } };
        Which { then: Then { now, as_of: None, recorded: false }, told }
    };
    let which = of(sample::BUREAU_SCORECARD);
    show(&mut client, &which).await?;
    rank(&mut client, &which, false).await?;
    explain(&mut client, &which).await?;
    let simulate = Simulate {
        now: which.then.now,
        told: which.told,
        scheme: Some(sample::SECOND_SCHEME.to_owned()),
        scheme_version: 0,
        file: None,
        basis: Basis::Rescaled,
        all: false,
    };
    self::simulate(&mut client, &simulate).await?;
    let second = of(sample::SECOND_SCORECARD);
    match client.get_scorecard(second.then.get()).await {
        Ok(_) => below::below(&mut client, &second).await,
        Err(status) if status.code() == Code::NotFound => Ok(()),
        Err(status) => Err(status.into()),
    }
}

async fn show(client: &mut Service, which: &Which) -> anyhow::Result<()> {
    let answer = client.get_scorecard(which.then.get()).await?.into_inner();
    let scorecard = answer.scorecard.context("the server answered no scorecard")?;
    if which.told.client.json {
        print::json(&json::message(&scorecard));
    } else {
        show::scorecard(&scorecard, which.told.lang);
    }
    Ok(())
}

async fn rank(client: &mut Service, which: &Which, all: bool) -> anyhow::Result<()> {
    let mut group = 0;
    if !all {
        let answer = client.get_scorecard(which.then.get()).await?.into_inner();
        group = answer.scorecard.map_or(0, |scorecard| scorecard.group);
    }
    let table = which.then.table(client, group).await?;
    if which.told.client.json {
        print::json(&json::message(&table));
    } else {
        show::table(&table.scorecards, &which.then.now.card.name(), which.told.lang);
    }
    Ok(())
}

async fn explain(client: &mut Service, which: &Which) -> anyhow::Result<()> {
    let answer = client.explain_scorecard(which.then.explain()).await?.into_inner();
    if which.told.client.json {
        print::json(&json::message(&answer));
    } else {
        lines::explanation(&answer, which.told.lang);
    }
    Ok(())
}

async fn simulate(client: &mut Service, asked: &Simulate) -> anyhow::Result<()> {
    let (card, told) = (&asked.now.card, &asked.told);
    let rules = match (&asked.scheme, &asked.file) {
        (Some(scheme), _) if scheme.contains('/') => Rules::Scheme(scheme.clone()),
        (Some(scheme), _) => {
            Rules::Scheme(format!("jurisdictions/{}/schemes/{scheme}", card.parsed()?.jurisdiction))
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
        name: card.name(),
        rules: Some(rules),
        scheme_version: asked.scheme_version,
        basis: basis.into(),
        consistency_token: asked.now.token.clone(),
    };
    let answer = client.simulate_scorecard(request).await?.into_inner();
    if told.client.json {
        print::json(&json::message(&answer));
    } else {
        lines::simulation(&answer, told.lang);
    }
    Ok(())
}
