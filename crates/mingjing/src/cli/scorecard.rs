//! `mingjing scorecard …`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use contract::scorecard::scorecard_service_client::ScorecardServiceClient;
use contract::scorecard::simulate_scorecard_request::Rules;
use contract::scorecard::{
    ExplainScorecardRequest, ExplainScorecardResponse, GetScorecardRequest, ListScorecardsRequest, Scorecard,
    SimulateScorecardRequest, SimulateScorecardResponse, SimulationBasis,
};
use tonic::transport::Channel;

use super::{Client, print};
use crate::config::Flags;
use crate::{json, sample, scheme_file};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// One unit's scorecard in one cycle.
    Show(Which),
    /// The league table of the unit's group, or of the whole cycle.
    Rank(Rank),
    /// Where the points went: lines that sum to the scheme's maximum − the final, each with its events.
    Explain(Which),
    /// What another scheme would give on the same facts.
    Simulate(Simulate),
}

#[derive(Debug, Args)]
pub(super) struct Which {
    /// JURISDICTION/CYCLE/UNIT, or the scorecard's whole resource name. [default: the sample year's bureau]
    #[arg(value_name = "SCORECARD", default_value_t = sample::BUREAU_SCORECARD.to_owned(), hide_default_value = true)]
    scorecard: String,
    /// Read at least what this token stands for (from a command's answer).
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TOKEN")]
    token: String,
    #[command(flatten)]
    client: Client,
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
        match self.scorecard.split('/').collect::<Vec<_>>()[..] {
            [jurisdiction, cycle, unit] => {
                format!("jurisdictions/{jurisdiction}/cycles/{cycle}/scorecards/{unit}")
            }
            _ => self.scorecard.clone(),
        }
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
    let (Command::Show(which)
    | Command::Explain(which)
    | Command::Rank(Rank { which, .. })
    | Command::Simulate(Simulate { which, .. })) = &command;
    flags.server.clone_from(&which.client.server);
    let settings = super::started(&flags)?;
    let mut client = ScorecardServiceClient::new(connect(&settings.server).await?);
    match &command {
        Command::Show(which) => show(&mut client, which).await?,
        Command::Rank(rank) => self::rank(&mut client, &rank.which, rank.all).await?,
        Command::Explain(which) => explain(&mut client, which).await?,
        Command::Simulate(simulate) => self::simulate(&mut client, simulate).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the sample bureau's scorecard, table, explanation and simulation: the demo.
pub(super) async fn tour(server: &str, token: &str, json: bool) -> anyhow::Result<()> {
    let mut client = ScorecardServiceClient::new(connect(server).await?);
    let which = Which {
        scorecard: sample::BUREAU_SCORECARD.to_owned(),
        token: token.to_owned(),
        client: Client { server: None, json },
    };
    show(&mut client, &which).await?;
    rank(&mut client, &which, false).await?;
    explain(&mut client, &which).await?;
    let simulate = Simulate {
        which,
        scheme: Some(sample::SECOND_SCHEME.to_owned()),
        scheme_version: 0,
        file: None,
        basis: Basis::Rescaled,
    };
    self::simulate(&mut client, &simulate).await
}

async fn show(client: &mut ScorecardServiceClient<Channel>, which: &Which) -> anyhow::Result<()> {
    let request = GetScorecardRequest {
        name: which.name(),
        consistency_token: which.token.clone(),
        ..Default::default()
    };
    let answer = client.get_scorecard(request).await?.into_inner();
    let scorecard = answer.scorecard.context("the server answered no scorecard")?;
    if which.client.json {
        print::json(&json::message(&scorecard));
        return Ok(());
    }
    print_scorecard(&scorecard);
    Ok(())
}

async fn rank(client: &mut ScorecardServiceClient<Channel>, which: &Which, all: bool) -> anyhow::Result<()> {
    let name = contract::name::ScorecardName::parse("name", &which.name()).map_err(tonic::Status::from)?;
    let mut group = 0;
    if !all {
        let request = GetScorecardRequest {
            name: which.name(),
            consistency_token: which.token.clone(),
            ..Default::default()
        };
        group = client
            .get_scorecard(request)
            .await?
            .into_inner()
            .scorecard
            .map_or(0, |scorecard| scorecard.group);
    }
    let request = ListScorecardsRequest {
        parent: name.cycle().to_string(),
        group,
        page_size: 1000,
        consistency_token: which.token.clone(),
        ..Default::default()
    };
    let answer = client.list_scorecards(request).await?.into_inner();
    if which.client.json {
        print::json(&json::message(&answer));
        return Ok(());
    }
    let unit = name.unit().to_string();
    let rows = answer.scorecards.iter().map(|scorecard| {
        let here = if scorecard.unit == unit { "▸" } else { "" };
        let rank = if scorecard.rank == 0 { "–".to_owned() } else { scorecard.rank.to_string() };
        let excellent = if scorecard.excellent { "excellent" } else { "" };
        vec![
            here.to_owned(),
            scorecard.group.to_string(),
            rank,
            title(scorecard),
            excellent.to_owned(),
            points(scorecard.final_points.as_deref()),
        ]
    });
    print::table(&["", "group", "rank", "unit", "", "final"], 5, rows);
    Ok(())
}

async fn explain(client: &mut ScorecardServiceClient<Channel>, which: &Which) -> anyhow::Result<()> {
    let request = ExplainScorecardRequest {
        name: which.name(),
        consistency_token: which.token.clone(),
        ..Default::default()
    };
    let answer = client.explain_scorecard(request).await?.into_inner();
    if which.client.json {
        print::json(&json::message(&answer));
    } else {
        print_explanation(&answer);
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
        print_simulation(&answer);
    }
    Ok(())
}

fn print_scorecard(scorecard: &Scorecard) {
    print::line(format!("\n{}  ·  {}", title(scorecard), scorecard.name));
    let mut rows: Vec<_> = scorecard
        .components
        .iter()
        .map(|component| {
            let how = if component.pending_reason.is_empty() {
                component.method.clone()
            } else {
                format!("{}, pending: {}", component.method, component.pending_reason)
            };
            vec![
                component.title.clone(),
                how,
                component.max_points.clone(),
                points(component.points.as_deref()),
            ]
        })
        .collect();
    rows.extend(scorecard.daily.iter().map(|daily| {
        let entries = format!("daily assessment, {} entries", daily.entries);
        vec![daily.title.clone(), entries, String::new(), daily.clipped.clone()]
    }));
    if let Some(roll_up) = &scorecard.roll_up {
        let how = format!("{} of the final, {} units below", roll_up.share, roll_up.children);
        rows.push(vec!["Units below".to_owned(), how, String::new(), roll_up.mean.clone()]);
    }
    rows.push(vec![
        "Final".to_owned(),
        standing(scorecard),
        scorecard.max_points.clone(),
        points(scorecard.final_points.as_deref()),
    ]);
    print::table(&["component", "by", "of", "points"], 2, rows);
    for component in &scorecard.components {
        if let Some(survey) = &component.survey {
            print::line(format!(
                "{}: {} of {} forms returned (rate {}); 95 % interval {} to {}",
                component.title,
                survey.returned,
                survey.issued,
                survey.return_rate,
                survey.interval_low,
                survey.interval_high
            ));
        }
    }
}

fn standing(scorecard: &Scorecard) -> String {
    let mut parts = Vec::new();
    if scorecard.rank > 0 {
        parts.push(format!(
            "rank {} of {} in group {}",
            scorecard.rank, scorecard.group_size, scorecard.group
        ));
    } else {
        parts.push(format!("group {}, not ranked", scorecard.group));
    }
    if scorecard.excellent {
        parts.push(format!("excellent ({} places)", scorecard.excellent_places));
    }
    if scorecard.vetoed {
        parts.push("a veto stands".to_owned());
    }
    parts.join(", ")
}

fn print_explanation(answer: &ExplainScorecardResponse) {
    print::line("\nWhere the points went");
    let rows = answer.lines.iter().map(|line| {
        let of = if line.component_id.is_empty() { &line.source_id } else { &line.component_id };
        let events = match line.events.as_slice() {
            [] => String::new(),
            [one] => format!("{}:{}", one.service, one.position),
            [first, .., last] => {
                format!(
                    "{} events, {}:{} to {}",
                    line.events.len(),
                    first.service,
                    first.position,
                    last.position
                )
            }
        };
        vec![of.clone(), line.description.clone(), events, line.points.clone()]
    });
    let total = vec!["Σ".to_owned(), String::new(), String::new(), points(answer.total_points.as_deref())];
    print::table(&["of", "what", "events", "points lost"], 3, rows.chain([total]));
}

fn print_simulation(answer: &SimulateScorecardResponse) {
    let (Some(actual), Some(simulated)) = (&answer.actual, &answer.simulated) else { return };
    print::line(format!(
        "\nUnder {} version {} instead of {} version {}",
        simulated.scheme, simulated.scheme_version, actual.scheme, actual.scheme_version
    ));
    let mut rows: Vec<_> = simulated
        .components
        .iter()
        .map(|component| {
            let before =
                actual.components.iter().find(|before| before.component_id == component.component_id);
            let before = points(before.and_then(|before| before.points.as_deref()));
            vec![component.title.clone(), before, points(component.points.as_deref())]
        })
        .collect();
    rows.push(vec![
        "Final".to_owned(),
        points(actual.final_points.as_deref()),
        points(simulated.final_points.as_deref()),
    ]);
    rows.push(vec!["Rank".to_owned(), actual.rank.to_string(), simulated.rank.to_string()]);
    print::table(&["component", "as it stands", "simulated"], 1, rows);
    print::line(format!("Difference: {}", points(answer.difference.as_deref())));
}

fn title(scorecard: &Scorecard) -> String {
    if scorecard.unit_title.is_empty() { scorecard.unit.clone() } else { scorecard.unit_title.clone() }
}

fn points(points: Option<&str>) -> String {
    points.unwrap_or("pending").to_owned()
}
