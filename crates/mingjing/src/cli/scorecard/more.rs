//! Comparing, risks, watching, rebuilding, simulating a table.

use anyhow::Context as _;
use contract::name::ScorecardName;
use contract::scorecard::simulate_scorecard_request::Rules;
use contract::scorecard::simulate_table_request::Rules as TableRules;
use contract::scorecard::{
    CompareScorecardsRequest, ListRisksRequest, ListRisksResponse, LossLine, RebuildScorecardsRequest, Risk,
    Scorecard, SimulateTableRequest, SimulationBasis, WatchScorecardsRequest,
};

use super::super::print;
use super::lang::Lang;
use super::{Compare, PAGE_SIZE, Risks, Service, Simulate, Watch, Which, lines, show};
use crate::json;

pub(super) async fn compare(client: &mut Service, asked: &Compare) -> anyhow::Result<()> {
    let Which { then, told } = &asked.which;
    let lang = told.lang;
    let [as_of_occurred, as_of_recorded] = then.instants();
    let [other_as_of_occurred, other_as_of_recorded] = super::instants(asked.with_as_of, asked.with_recorded);
    let request = CompareScorecardsRequest {
        name: then.now.card.name(),
        other_name: asked.with.as_deref().map(super::whole).unwrap_or_default(),
        as_of_occurred,
        as_of_recorded,
        other_as_of_occurred,
        other_as_of_recorded,
        consistency_token: then.now.token.clone(),
    };
    let answer = client.compare_scorecards(request).await?.into_inner();
    if told.client.json {
        print::json(&json::message(&answer));
        return Ok(());
    }
    let cards = answer.scorecard.as_ref().zip(answer.other.as_ref());
    let (one, other) = cards.context("the server answered no scorecards")?;
    let sides = [
        (lang.of("One", "甲"), one, then.as_of, then.recorded),
        (lang.of("The other", "乙"), other, asked.with_as_of, asked.with_recorded),
    ];
    for (label, card, at, recorded) in sides {
        let points = show::points(card.final_points.as_deref(), lang);
        print::line(format!("{label}: {}{}: {points}", which_one(card), as_of(at, recorded, lang)));
    }
    let rows = answer.differences.iter().map(|difference| {
        let line = difference.other.as_ref().or(difference.line.as_ref());
        let told =
            |tell: fn(&LossLine, Lang) -> String| line.map_or_else(String::new, |line| tell(line, lang));
        let lost =
            |line: &Option<LossLine>| line.as_ref().map_or("–".to_owned(), |line| line.points.clone());
        vec![
            told(lines::of),
            told(lines::why),
            told(|line, lang| lines::events(&line.events, lang)),
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

/// The unit and the cycle.
fn which_one(card: &Scorecard) -> String {
    let cycle = ScorecardName::parse("name", &card.name).map(|name| name.cycle);
    format!("{}, {}", show::title(card), cycle.unwrap_or_default())
}

fn as_of(at: Option<jiff::Timestamp>, recorded: bool, lang: Lang) -> String {
    let Some(at) = at else { return String::new() };
    match (recorded, lang) {
        (false, Lang::En) => format!(", as of {at}"),
        (true, Lang::En) => format!(", as recorded by {at}"),
        (false, Lang::Zh) => format!("，截至 {at}"),
        (true, Lang::Zh) => format!("，截至 {at} 的记录"),
    }
}

/// What another scheme would make of the cycle's table.
pub(super) async fn simulate_table(
    client: &mut Service,
    asked: &Simulate,
    rules: Rules,
    basis: SimulationBasis,
) -> anyhow::Result<()> {
    let rules = match rules {
        Rules::Scheme(scheme) => TableRules::Scheme(scheme),
        Rules::Inline(inline) => TableRules::Inline(inline),
    };
    let mut request = SimulateTableRequest {
        parent: asked.now.card.parsed()?.cycle().to_string(),
        rules: Some(rules),
        scheme_version: asked.scheme_version,
        basis: basis.into(),
        page_size: PAGE_SIZE,
        consistency_token: asked.now.token.clone(),
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
    if asked.told.client.json {
        print::json(&serde_json::Value::Array(rows.iter().map(json::message).collect()));
    } else {
        lines::simulated_table(&rows, asked.told.lang);
    }
    Ok(())
}

pub(super) async fn risks(client: &mut Service, asked: &Risks) -> anyhow::Result<()> {
    let lang = asked.told.lang;
    let mut request = ListRisksRequest {
        parent: asked.now.card.name(),
        days: asked.days,
        page_size: PAGE_SIZE,
        consistency_token: asked.now.token.clone(),
        ..Default::default()
    };
    let mut risks = Vec::new();
    loop {
        let page = client.list_risks(request.clone()).await?.into_inner();
        risks.extend(page.risks);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    if asked.told.client.json {
        print::json(&json::message(&ListRisksResponse { risks, ..Default::default() }));
        return Ok(());
    }
    if risks.is_empty() {
        print::line(lang.of("nothing is at risk", "没有失分风险"));
        return Ok(());
    }
    let row = |risk: &Risk| {
        let day = |at| contract::field::instant("due_time", at).ok().map(last_day);
        let due = risk.due_time.and_then(day).map_or_else(|| "–".to_owned(), |day| day.to_string());
        let late = if risk.overdue { lang.of("overdue", "已超期") } else { "" };
        let (_, source) = risk.source.rsplit_once('/').unwrap_or(("", &risk.source));
        let effect = risk.final_points.clone().unwrap_or_else(|| "–".to_owned());
        vec![due, late.to_owned(), source.to_owned(), lang.risk(risk), risk.points.clone(), effect]
    };
    let header = [
        lang.of("by", "期限"),
        "",
        lang.of("what", "事项"),
        lang.of("why", "说明"),
        lang.of("price", "标价"),
        lang.of("off the final", "影响总分"),
    ];
    print::table(&header, 4, risks.iter().map(row));
    Ok(())
}

/// What is due at midnight is due with the day before.
fn last_day(due: jiff::Timestamp) -> jiff::civil::Date {
    contract::field::day_of(due.checked_sub(jiff::SignedDuration::from_micros(1)).unwrap_or(due))
}

pub(super) async fn watch(client: &mut Service, asked: &Watch) -> anyhow::Result<()> {
    let name = asked.card.parsed()?;
    let request = WatchScorecardsRequest {
        parent: name.cycle().to_string(),
        unit: if asked.all { String::new() } else { name.unit().to_string() },
        resume_token: asked.resume.clone(),
    };
    let mut answers = client.watch_scorecards(request).await?.into_inner();
    let lang = asked.told.lang;
    while let Some(answer) = answers.message().await? {
        if asked.told.client.json {
            print::json_line(&json::message(&answer));
            continue;
        }
        for card in &answer.scorecards {
            let points = show::points(card.final_points.as_deref(), lang);
            print::line(format!(
                "{}: {points}, {} {}",
                show::title(card),
                lang.of("rank", "名次"),
                show::place(card)
            ));
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

pub(super) async fn rebuild(client: &mut Service, as_json: bool) -> anyhow::Result<()> {
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
    if as_json {
        print::json(&json::message(&last));
    } else {
        print::line(format!("rebuilt from {} events", last.events));
    }
    Ok(())
}
