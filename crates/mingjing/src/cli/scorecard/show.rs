//! A scorecard on one screen, a table, an explanation, a simulation.

use contract::scorecard::{
    ComponentScore, ExplainScorecardResponse, FourInPlace, LossLine, Publication, Scorecard,
    SimulateScorecardResponse, SimulatedRow,
};
use contract::training::{Count, TrainingFigures};

use super::super::print;
use super::lang::Lang;

/// A scorecard that the head of the unit reads on one screen.
pub(super) fn scorecard(card: &Scorecard, lang: Lang) {
    print::line(format!("\n{}", headline(card, lang)));
    let mut rows: Vec<_> = card.components.iter().map(|component| row(component, lang)).collect();
    rows.extend(card.daily.iter().map(|daily| {
        let entries = format!("{}, {}", lang.of("daily", "日常考核"), daily.entries);
        vec![daily.title.clone(), entries, String::new(), daily.clipped.clone()]
    }));
    if let Some(roll_up) = &card.roll_up {
        let how = format!("{} × {}", roll_up.share, roll_up.children);
        rows.push(vec![
            lang.of("Units below", "下级单位").to_owned(),
            how,
            String::new(),
            roll_up.mean.clone(),
        ]);
    }
    let interval = card.rank_interval.map_or_else(String::new, |interval| {
        format!("{} {}–{}", lang.of("rank 95 %", "名次95%区间"), interval.low, interval.high)
    });
    rows.push(vec![
        lang.of("Final", "总分").to_owned(),
        interval,
        card.max_points.clone(),
        points(card.final_points.as_deref(), lang),
    ]);
    let header = [
        lang.of("component", "项目"),
        lang.of("by", "方式"),
        lang.of("of", "满分"),
        lang.of("points", "得分"),
    ];
    print::table(&header, 2, rows);
    for component in &card.components {
        beside(component, lang);
    }
    if let Some(in_place) = &card.four_in_place {
        print_in_place(in_place, lang);
    }
    match &card.training {
        Some(training) => print_training(training, card.stalled, lang),
        None => print::line(lang.of("Training: no campaign in this cycle", "练兵：本周期没有练兵活动")),
    }
    for fresh in
        card.freshness.iter().filter(|fresh| !fresh.alarm.is_empty() || fresh.position < fresh.head_position)
    {
        let behind = fresh.head_position.saturating_sub(fresh.position);
        let what = lang.of("events behind", "个事件未计入");
        print::line(format!("! {}: {behind} {what}; {}", fresh.service, fresh.alarm));
    }
}

/// Who, where in the group, and how far the cycle is.
pub(super) fn headline(card: &Scorecard, lang: Lang) -> String {
    format!("{}  ·  {}  ·  {}", title(card), standing(card, lang), publication(card, lang))
}

fn row(component: &ComponentScore, lang: Lang) -> Vec<String> {
    let how = if component.pending_reason.is_empty() {
        lang.method(&component.method).to_owned()
    } else {
        format!("{}: {}", lang.method(&component.method), component.pending_reason)
    };
    let shown = points(component.points.as_deref(), lang);
    vec![component.title.clone(), how, component.max_points.clone(), shown]
}

/// How sure a survey is, and the ratios of an index.
fn beside(component: &ComponentScore, lang: Lang) {
    if let Some(survey) = &component.survey {
        print::line(format!(
            "{}: {}/{} {}; 95 % {}–{}; {} {}–{}",
            component.title,
            survey.returned,
            survey.issued,
            lang.of("forms back", "份回收"),
            survey.interval_low,
            survey.interval_high,
            lang.of("bounds", "上下界"),
            survey.bound_low,
            survey.bound_high
        ));
    }
    if !component.ratios.is_empty() {
        let ratio = |ratio: &contract::scorecard::RatioScore| {
            format!("{} {}", lang.ratio(&ratio.ratio), ratio.value.as_deref().unwrap_or("–"))
        };
        let ratios: Vec<_> = component.ratios.iter().map(ratio).collect();
        print::line(format!("{}: {}", component.title, ratios.join(", ")));
    }
}

fn print_in_place(found: &FourInPlace, lang: Lang) {
    print::line(lang.of("Four in place", "四个到位"));
    let (duties, delivered) =
        (lang.of("duties performed", "职责履行"), lang.of("measures delivered", "措施落实"));
    print::line(format!(
        "  {duties}: {}/{} {}, {} {}",
        found.indicators_reported,
        found.indicators,
        lang.of("reported", "已报"),
        found.indicators_reached,
        lang.of("reached", "达标")
    ));
    print::line(format!(
        "  {delivered}: {}/{}; {} {}, {} {}, {} {}",
        found.commitments_delivered,
        found.commitments,
        lang.of("due", "到期"),
        found.commitments_due,
        lang.of("refuted", "查否"),
        found.commitments_refuted,
        lang.of("lapsed", "逾期"),
        found.commitments_lapsed
    ));
    print::line(format!(
        "  {}: {}/{}; {} {}/{}, {} {} ({} {}), {} {}",
        lang.of("problems put right", "问题整改"),
        found.complaints_closed,
        found.complaints,
        lang.of("on time", "按期"),
        found.complaints_on_time,
        found.complaints_due,
        lang.of("open", "未结"),
        found.complaints_open,
        lang.of("overdue", "超期"),
        found.complaints_open_overdue,
        lang.of("satisfaction", "满意度"),
        found.satisfaction.as_deref().unwrap_or("–")
    ));
    print::line(format!(
        "  {}: {}/{}; {} {}, {} {}/{}",
        lang.of("responsibility taken", "责任追究"),
        found.cases_closed,
        found.cases,
        lang.of("findings", "认定"),
        found.findings,
        lang.of("executed", "执行"),
        found.dispositions_executed,
        found.dispositions
    ));
}

fn print_training(found: &TrainingFigures, stalled: bool, lang: Lang) {
    let share = |count: Option<&Count>| {
        count.map_or_else(|| "–".to_owned(), |count| format!("{}/{}", count.count, count.of))
    };
    let stalled = if stalled { lang.of("  STANDS STILL", "  按兵不动") } else { "" };
    print::line(format!("{}{stalled}", lang.of("Training", "练兵")));
    print::line(format!(
        "  {} {}, {} {}, {} {}, {} {}",
        lang.of("everyone", "全警参与"),
        share(found.participation.as_ref()),
        lang.of("leaders", "领导带头"),
        share(found.leader_participation.as_ref()),
        lang.of("passed", "合格"),
        share(found.passed.as_ref()),
        lang.of("grassroots", "基层覆盖"),
        share(found.grassroots_coverage.as_ref())
    ));
    if let Some(hours) = &found.hours {
        print::line(format!(
            "  {} {} ({} {}, {} {}: {}), {} {} ({} h)",
            lang.of("hours", "学时"),
            hours.total_hours,
            lang.of("median", "中位"),
            hours.median_hours,
            lang.of("busiest", "最多"),
            hours.busiest_officers,
            hours.busiest_hours,
            lang.of("over the cap", "超集训上限"),
            found.officers_over_cap,
            found.centralised_hours_over_cap
        ));
    }
    let hours = |hours: Vec<String>| hours.join(" / ");
    print::line(format!(
        "  {} {};  {} {}",
        lang.of("self/mutual/job/central", "自学/互学/岗位/集中"),
        hours(found.modes.iter().map(|mode| mode.hours.clone()).collect()),
        lang.of("basics", "三基"),
        hours(found.basics.iter().map(|basic| basic.hours.clone()).collect())
    ));
    print::line(format!(
        "  {} {};  {} {}/{};  {} {}",
        lang.of("qualities passed", "四项素质合格"),
        hours(found.qualities.iter().map(|quality| share(quality.passed.as_ref())).collect()),
        lang.of("needs met", "需求已补"),
        found.needs_met,
        found.needs_met + found.needs_open,
        lang.of("units standing still", "停滞单位"),
        found.units_stalled
    ));
}

fn publication(card: &Scorecard, lang: Lang) -> &'static str {
    match card.publication() {
        Publication::Unspecified => "",
        Publication::Open => lang.of("open", "进行中"),
        Publication::Closed => lang.of("closed", "已截止"),
        Publication::Published => lang.of("published", "已公布"),
        Publication::Revised => lang.of("revised", "已修订"),
    }
}

fn standing(card: &Scorecard, lang: Lang) -> String {
    let mut parts = match (card.rank, lang) {
        (0, Lang::En) => vec![format!("group {}, not ranked", card.group)],
        (0, Lang::Zh) => vec![format!("第{}组，未排名", card.group)],
        (rank, Lang::En) => vec![format!("rank {rank} of {} in group {}", card.group_size, card.group)],
        (rank, Lang::Zh) => vec![format!("第{}组第{rank}名（共{}）", card.group, card.group_size)],
    };
    if card.excellent {
        parts.push(format!("{} ({})", lang.of("excellent", "优秀"), card.excellent_places));
    }
    if card.vetoed {
        parts.push(lang.of("a veto stands", "一票否决").to_owned());
    }
    parts.join(", ")
}

/// A league table; the unit of `name` is marked.
pub(super) fn table(cards: &[Scorecard], name: &str, lang: Lang) {
    let rows = cards.iter().map(|card| {
        let here = if card.name == name { "▸" } else { "" };
        let rank = if card.rank == 0 { "–".to_owned() } else { card.rank.to_string() };
        let excellent = if card.excellent { lang.of("excellent", "优秀") } else { "" };
        vec![
            here.to_owned(),
            card.group.to_string(),
            rank,
            title(card),
            excellent.to_owned(),
            points(card.final_points.as_deref(), lang),
        ]
    });
    let header = [
        "",
        lang.of("group", "组"),
        lang.of("rank", "名次"),
        lang.of("unit", "单位"),
        "",
        lang.of("final", "总分"),
    ];
    print::table(&header, 5, rows);
}

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
    let of = if line.component_id.is_empty() { &line.source_id } else { &line.component_id };
    vec![of.clone(), why(line, lang), events(&line.events), line.points.clone()]
}

/// What a line is about: what people wrote of it, by which tariff, which officers stand behind it.
pub(super) fn why(line: &LossLine, lang: Lang) -> String {
    let mut why = line.description.clone();
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
pub(super) fn events(events: &[contract::scorecard::EventReference]) -> String {
    match events {
        [] => String::new(),
        [one] => format!("{}:{} {}", one.service, one.position, one.actor),
        [first, .., last] => {
            format!("{} events, {}:{} to {}", events.len(), first.service, first.position, last.position)
        }
    }
}

/// What another scheme would give.
pub(super) fn simulation(answer: &SimulateScorecardResponse, lang: Lang) {
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
            let before = points(before.and_then(|before| before.points.as_deref()), lang);
            vec![component.title.clone(), before, points(component.points.as_deref(), lang)]
        })
        .collect();
    rows.push(vec![
        lang.of("Final", "总分").to_owned(),
        points(actual.final_points.as_deref(), lang),
        points(simulated.final_points.as_deref(), lang),
    ]);
    rows.push(vec![lang.of("Rank", "名次").to_owned(), actual.rank.to_string(), simulated.rank.to_string()]);
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
    let place = |card: &Scorecard| if card.rank == 0 { "–".to_owned() } else { card.rank.to_string() };
    let rows = rows.iter().filter_map(|row| {
        let (actual, simulated) = (row.actual.as_ref()?, row.simulated.as_ref()?);
        let moved = row.differences.iter().take(3).map(|line| {
            let of = if line.component_id.is_empty() { &line.source_id } else { &line.component_id };
            let of = if of.is_empty() { &line.description } else { of };
            format!("{of} {}", line.points)
        });
        Some(vec![
            simulated.group.to_string(),
            place(actual),
            place(simulated),
            title(simulated),
            points(actual.final_points.as_deref(), lang),
            points(simulated.final_points.as_deref(), lang),
            points(row.difference.as_deref(), lang),
            moved.collect::<Vec<_>>().join(", "),
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

/// A unit's title.
pub(super) fn title(card: &Scorecard) -> String {
    if card.unit_title.is_empty() { card.unit.clone() } else { card.unit_title.clone() }
}

/// Points, or that they are pending.
pub(super) fn points(points: Option<&str>, lang: Lang) -> String {
    points.unwrap_or(lang.of("pending", "待定")).to_owned()
}
