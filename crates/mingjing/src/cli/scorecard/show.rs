//! A scorecard on one screen, and a table.

use contract::scorecard::{ComponentScore, Publication, Scorecard};

use super::super::print;
use super::lang::Lang;

mod beside;

/// A scorecard that the head of the unit reads on one screen.
pub(super) fn scorecard(card: &Scorecard, lang: Lang) {
    print::line(format!("\n{}", headline(card, lang)));
    let mut rows: Vec<_> = card.components.iter().map(|component| row(component, lang)).collect();
    rows.extend(card.daily.iter().map(|daily| {
        let how = match (lang, daily.entries) {
            (Lang::En, 1) => "daily, 1 entry".to_owned(),
            (Lang::En, entries) => format!("daily, {entries} entries"),
            (Lang::Zh, entries) => format!("日常考核, {entries}笔"),
        };
        vec![daily.title.clone(), how, String::new(), daily.clipped.clone()]
    }));
    if let Some(roll_up) = &card.roll_up {
        let mean = match lang {
            Lang::En => format!("mean of {}", roll_up.children),
            Lang::Zh => format!("{}个均分", roll_up.children),
        };
        let how = format!("{} × {mean}", roll_up.share);
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
    if card.uncapped_points != card.final_points {
        let uncapped = points(card.uncapped_points.as_deref(), lang);
        let before = lang.of("Without the veto", "否决前").to_owned();
        rows.push(vec![before, String::new(), String::new(), uncapped]);
    }
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
        beside::in_place(in_place, lang);
    }
    match &card.training {
        Some(training) => beside::training(training, card.stalled, lang),
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
    let how = lang.method(&component.method).to_owned();
    let shown = points(component.points.as_deref(), lang);
    vec![component.title.clone(), how, component.max_points.clone(), shown]
}

/// Why it is pending, how sure a survey is, and the ratios of an index.
fn beside(component: &ComponentScore, lang: Lang) {
    if !component.pending_reason.is_empty() {
        let (pending, reason) = (lang.of("pending", "待定"), lang.pending(&component.pending_reason));
        print::line(format!("{}: {pending}: {reason}", component.title));
    }
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
        let excellent = if card.excellent { lang.of("excellent", "优秀") } else { "" };
        vec![
            here.to_owned(),
            card.group.to_string(),
            place(card),
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

/// A rank; a dash where there is none.
pub(super) fn place(card: &Scorecard) -> String {
    if card.rank == 0 { "–".to_owned() } else { card.rank.to_string() }
}

/// A unit's title.
pub(super) fn title(card: &Scorecard) -> String {
    if card.unit_title.is_empty() { card.unit.clone() } else { card.unit_title.clone() }
}

/// Points, or that they are pending.
pub(super) fn points(points: Option<&str>, lang: Lang) -> String {
    points.unwrap_or(lang.of("pending", "待定")).to_owned()
}
