//! The lines of an explanation, of a comparison, of a simulation.

use std::collections::BTreeMap;

use contract::scorecard::{
    EventReference, ExplainScorecardResponse, LossKind, LossLine, Scorecard, SimulateScorecardResponse,
    SimulatedRow,
};
use rust_decimal::Decimal;

use super::super::print;
use super::lang::Lang;
use super::show::{place, points, title};

/// Where the points went.
pub(super) fn explanation(answer: &ExplainScorecardResponse, lang: Lang) {
    print::line(lang.of("\nWhere the points went", "\n失分去向"));
    let total =
        vec!["Σ".to_owned(), String::new(), String::new(), points(answer.total_points.as_deref(), lang)];
    let rows = answer.lines.iter().map(|line| loss(line, lang)).chain([total]);
    print::table(&lines_header(lang), 3, rows);
}

fn lines_header(lang: Lang) -> [&'static str; 4] {
    [
        lang.of("of", "项目"),
        lang.of("what", "事由"),
        lang.of("events", "事件"),
        lang.of("points lost", "失分"),
    ]
}

fn loss(line: &LossLine, lang: Lang) -> Vec<String> {
    vec![of(line, lang), why(line, lang), events(&line.events, lang), line.points.clone()]
}

/// What a line counts in: a component, a source, the units below, or the final.
pub(super) fn of(line: &LossLine, lang: Lang) -> String {
    let rest = if line.kind() == LossKind::Child {
        lang.of("units below", "下级单位")
    } else {
        lang.of("final", "总分")
    };
    let named = [line.component_id.as_str(), &line.source_id].into_iter().find(|id| !id.is_empty());
    named.unwrap_or(rest).to_owned()
}

/// What a line is about: what people wrote of it, by which tariff, which officers stand behind it.
pub(super) fn why(line: &LossLine, lang: Lang) -> String {
    let mut why = lang.line(line);
    if !line.tariff_points.is_empty() {
        why = format!("{why} · {} {}", lang.of("tariff", "标准"), line.tariff_points);
    }
    if line.contested {
        why = format!("{why} · {}", lang.of("contested", "申诉中"));
    }
    let officers = line.officers.iter().map(|name| name.rsplit('/').next().unwrap_or(name));
    let officers: Vec<_> = officers.collect();
    if officers.is_empty() { why } else { format!("{why} · {}", officers.join(", ")) }
}

/// The events of a line in short.
pub(super) fn events(events: &[EventReference], lang: Lang) -> String {
    match (events, lang) {
        ([], _) => String::new(),
        ([one], _) => format!("{}:{} {}", one.service, one.position, one.actor),
        ([first, .., last], Lang::En) => {
            format!("{} events, {}:{} to {}", events.len(), first.service, first.position, last.position)
        }
        ([first, .., last], Lang::Zh) => {
            format!("{}个事件，{}:{}至{}", events.len(), first.service, first.position, last.position)
        }
    }
}

/// What another scheme would give.
pub(super) fn simulation(answer: &SimulateScorecardResponse, lang: Lang) {
    let (Some(actual), Some(simulated)) = (&answer.actual, &answer.simulated) else { return };
    let (under, instead) = (rules(simulated, lang), rules(actual, lang));
    print::line(match lang {
        Lang::En => format!("\nUnder {under} instead of {instead}"),
        Lang::Zh => format!("\n按{under}计，而非{instead}"),
    });
    let mut rows: Vec<_> = simulated
        .components
        .iter()
        .map(|component| {
            let before =
                actual.components.iter().find(|before| before.component_id == component.component_id);
            let before = points(before.and_then(|before| before.points.as_deref()), lang);
            vec![component.title.clone(), before, points(component.points.as_deref(), lang)]
        })
        .collect();
    rows.push(vec![
        lang.of("Final", "总分").to_owned(),
        points(actual.final_points.as_deref(), lang),
        points(simulated.final_points.as_deref(), lang),
    ]);
    rows.push(vec![lang.of("Rank", "名次").to_owned(), place(actual), place(simulated)]);
    let header =
        [lang.of("component", "项目"), lang.of("as it stands", "现状"), lang.of("simulated", "模拟")];
    print::table(&header, 1, rows);
    let difference = points(answer.difference.as_deref(), lang);
    print::line(format!("{}: {difference}", lang.of("Difference", "差额")));
    if !answer.differences.is_empty() {
        print::line(lang.of("\nWhat moves", "\n变动明细"));
        print::table(&lines_header(lang), 3, answer.differences.iter().map(|line| loss(line, lang)));
    }
}

/// What another scheme would make of a table: what moves in each row, the greatest first.
pub(super) fn simulated_table(rows: &[SimulatedRow], lang: Lang) {
    let rows = rows.iter().filter_map(|row| {
        let (actual, simulated) = (row.actual.as_ref()?, row.simulated.as_ref()?);
        Some(vec![
            simulated.group.to_string(),
            place(actual),
            place(simulated),
            title(simulated),
            points(actual.final_points.as_deref(), lang),
            points(simulated.final_points.as_deref(), lang),
            points(row.difference.as_deref(), lang),
            moved(&row.differences, lang),
        ])
    });
    let header = [
        lang.of("group", "组"),
        lang.of("rank", "名次"),
        lang.of("simulated", "模拟"),
        lang.of("unit", "单位"),
        lang.of("final", "总分"),
        lang.of("simulated", "模拟"),
        lang.of("difference", "差额"),
        lang.of("lost by", "失分于"),
    ];
    print::table(&header, 4, rows);
}

/// By what a row loses, the lines of each component or source together.
fn moved(lines: &[LossLine], lang: Lang) -> String {
    let mut lost = BTreeMap::<String, Decimal>::new();
    for line in lines {
        *lost.entry(of(line, lang)).or_default() += line.points.parse().unwrap_or(Decimal::ZERO);
    }
    let mut lost: Vec<_> = lost.into_iter().filter(|(_, points)| !points.is_zero()).collect();
    lost.sort_by_key(|(_, points)| std::cmp::Reverse(points.abs()));
    let lost: Vec<_> =
        lost.iter().take(3).map(|(of, points)| format!("{of} {}", points.normalize())).collect();
    lost.join(", ")
}

/// By which rules: a scheme's version, or those of a file.
fn rules(card: &Scorecard, lang: Lang) -> String {
    if card.scheme.is_empty() {
        return lang.of("the file", "文件所载办法").to_owned();
    }
    let (_, scheme) = card.scheme.rsplit_once('/').unwrap_or(("", &card.scheme));
    match lang {
        Lang::En => format!("{scheme} version {}", card.scheme_version),
        Lang::Zh => format!("{scheme}第{}版", card.scheme_version),
    }
}
