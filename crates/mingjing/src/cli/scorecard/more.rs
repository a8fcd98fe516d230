//! Comparing, risks, watching, rebuilding, simulating a table.

use anyhow::Context as _;
use contract::name::ScorecardName;
use contract::scorecard::scorecard_service_client::ScorecardServiceClient;
use contract::scorecard::simulate_scorecard_request::Rules;
use contract::scorecard::simulate_table_request::Rules as TableRules;
use contract::scorecard::{
    CompareScorecardsRequest, ListRisksRequest, LossLine, RebuildScorecardsRequest, Risk,
    SimulateTableRequest, SimulationBasis, WatchScorecardsRequest,
};
use tonic::transport::Channel;

use super::super::print;
use super::{Compare, Risks, Simulate, Watch, show};
use crate::json;

type Client = ScorecardServiceClient<Channel>;

pub(super) async fn compare(client: &mut Client, asked: &Compare) -> anyhow::Result<()> {
    let (which, lang) = (&asked.which, asked.which.lang);
    let [as_of_occurred, as_of_recorded] = which.instants();
    let other_at = asked.with_as_of.map(contract::field::to_wire);
    let (other_as_of_occurred, other_as_of_recorded) =
        if which.recorded { (None, other_at) } else { (other_at, None) };
    let request = CompareScorecardsRequest {
        name: which.name(),
        other_name: asked.with.as_deref().map(super::whole).unwrap_or_default(),
        as_of_occurred,
        as_of_recorded,
        other_as_of_occurred,
        other_as_of_recorded,
        consistency_token: which.token.clone(),
    };
    let answer = client.compare_scorecards(request).await?.into_inner();
    if which.client.json {
        print::json(&json::message(&answer));
        return Ok(());
    }
    let cards = answer.scorecard.as_ref().zip(answer.other.as_ref());
    let (one, other) = cards.context("the server answered no scorecards")?;
    for card in [one, other] {
        print::line(format!("{}: {}", show::title(card), show::points(card.final_points.as_deref(), lang)));
    }
    let rows = answer.differences.iter().map(|difference| {
        let line = difference.other.as_ref().or(difference.line.as_ref());
        let of = line.map_or("", |line| {
            if line.component_id.is_empty() { line.source_id.as_str() } else { line.component_id.as_str() }
        });
        let lost =
            |line: &Option<LossLine>| line.as_ref().map_or("–".to_owned(), |line| line.points.clone());
        vec![
            of.to_owned(),
            line.map_or_else(String::new, |line| show::why(line, lang)),
            line.map_or_else(String::new, |line| show::events(&line.events)),
            lost(&difference.line),
            lost(&difference.other),
            difference.points.clone(),
        ]
    });
    let header = [
        lang.of("of", "项目"),
        lang.of("what", "事由"),
        lang.of("events", "事件"),
        lang.of("lost by one", "甲失分"),
        lang.of("by the other", "乙失分"),
        lang.of("more", "多失"),
    ];
    print::table(&header, 3, rows);
    print::line(format!("Σ {}", show::points(answer.total_points.as_deref(), lang)));
    Ok(())
}

/// What another scheme would make of the cycle's table.
pub(super) async fn simulate_table(
    client: &mut Client,
    asked: &Simulate,
    rules: Rules,
    basis: SimulationBasis,
) -> anyhow::Result<()> {
    let parent = ScorecardName::parse("name", &asked.which.name()).map_err(tonic::Status::from)?.cycle();
    let rules = match rules {
        Rules::Scheme(scheme) => TableRules::Scheme(scheme),
        Rules::Inline(inline) => TableRules::Inline(inline),
    };
    let mut request = SimulateTableRequest {
        parent: parent.to_string(),
        rules: Some(rules),
        scheme_version: asked.scheme_version,
        basis: basis.into(),
        page_size: 1000,
        consistency_token: asked.which.token.clone(),
        ..Default::default()
    };
    let mut rows = Vec::new();
    loop {
        let page = client.simulate_table(request.clone()).await?.into_inner();
        rows.extend(page.rows);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    if asked.which.client.json {
        print::json(&serde_json::Value::Array(rows.iter().map(json::message).collect()));
    } else {
        show::simulated_table(&rows, asked.which.lang);
    }
    Ok(())
}

pub(super) async fn risks(client: &mut Client, asked: &Risks) -> anyhow::Result<()> {
    let lang = asked.which.lang;
    let request = ListRisksRequest {
        parent: asked.which.name(),
        days: asked.days,
        page_size: 1000,
        consistency_token: asked.which.token.clone(),
        ..Default::default()
    };
    let answer = client.list_risks(request).await?.into_inner();
    if asked.which.client.json {
        print::json(&json::message(&answer));
        return Ok(());
    }
    let row = |risk: &Risk| {
        let day = |at| contract::field::instant("due_time", at).ok().map(last_day);
        let due = risk.due_time.and_then(day).map_or_else(|| "–".to_owned(), |day| day.to_string());
        let late = if risk.overdue { lang.of("overdue", "已超期") } else { "" };
        let (_, source) = risk.source.rsplit_once('/').unwrap_or(("", &risk.source));
        let effect = risk.final_points.clone().unwrap_or_else(|| "–".to_owned());
        vec![due, late.to_owned(), source.to_owned(), risk.description.clone(), risk.points.clone(), effect]
    };
    let header = [
        lang.of("by", "期限"),
        "",
        lang.of("what", "事项"),
        lang.of("why", "说明"),
        lang.of("price", "标价"),
        lang.of("off the final", "影响总分"),
    ];
    print::table(&header, 4, answer.risks.iter().map(row));
    Ok(())
}

/// What is due at midnight is due with the day before.
fn last_day(due: jiff::Timestamp) -> jiff::civil::Date {
    contract::field::day_of(due.checked_sub(jiff::SignedDuration::from_micros(1)).unwrap_or(due))
}

pub(super) async fn watch(client: &mut Client, asked: &Watch) -> anyhow::Result<()> {
    let name = ScorecardName::parse("name", &asked.which.name()).map_err(tonic::Status::from)?;
    let request = WatchScorecardsRequest {
        parent: name.cycle().to_string(),
        unit: if asked.all { String::new() } else { name.unit().to_string() },
        resume_token: asked.resume.clone(),
    };
    let mut answers = client.watch_scorecards(request).await?.into_inner();
    let lang = asked.which.lang;
    while let Some(answer) = answers.message().await? {
        if asked.which.client.json {
            print::json_line(&json::message(&answer));
            continue;
        }
        for card in &answer.scorecards {
            let points = show::points(card.final_points.as_deref(), lang);
            let rank = if card.rank == 0 { "–".to_owned() } else { card.rank.to_string() };
            print::line(format!("{}: {points}, {} {rank}", show::title(card), lang.of("rank", "名次")));
        }
        for unit in &answer.removed_units {
            print::line(format!("{unit}: {}", lang.of("no longer in the cycle", "已退出本周期")));
        }
        if !answer.resume_token.is_empty() {
            print::line(format!("--resume {}", answer.resume_token));
        }
    }
    Ok(())
}

pub(super) async fn rebuild(client: &mut Client) -> anyhow::Result<()> {
    let mut answers = client.rebuild_scorecards(RebuildScorecardsRequest {}).await?.into_inner();
    let bar = print::progress(0, "rebuilding");
    let mut last = None;
    while let Some(answer) = answers.message().await? {
        bar.set_length(answer.events_total);
        bar.set_position(answer.events);
        last = Some(answer);
    }
    bar.finish_and_clear();
    let last = last.filter(|last| last.ended).context("the server stopped before it was done")?;
    anyhow::ensure!(
        last.failure.is_empty(),
        "the rebuild failed, what is read is as before: {}",
        last.failure
    );
    print::line(format!("rebuilt from {} events", last.events));
    Ok(())
}
