//! The rows of a unit's training.

use super::{Basic, Count, Quality, Row, TrainingFigures, TrainingMode, Which, clean, json};

pub(super) fn rows(which: &Which<'_>, figures: &TrainingFigures, rows: &mut Vec<Row>) {
    let hours = figures.hours.clone().unwrap_or_default();
    let share = |share: &Option<Count>| share.unwrap_or_default();
    let (participation, leaders) = (share(&figures.participation), share(&figures.leader_participation));
    let (passed, covered) = (share(&figures.passed), share(&figures.grassroots_coverage));
    let (filed, approved) = (share(&figures.plans_filed), share(&figures.plans_approved));
    let columns = json!({
        "campaign": figures.campaign,
        "participated": participation.count,
        "participated_of": participation.of,
        "leaders_participated": leaders.count,
        "leaders_participated_of": leaders.of,
        "passed": passed.count,
        "passed_of": passed.of,
        "grassroots_covered": covered.count,
        "grassroots_covered_of": covered.of,
        "total_hours": hours.total_hours,
        "median_hours": hours.median_hours,
        "busiest_officers": hours.busiest_officers,
        "busiest_hours": hours.busiest_hours,
        "officers_over_cap": figures.officers_over_cap,
        "centralised_hours_over_cap": figures.centralised_hours_over_cap,
        "needs_open": figures.needs_open,
        "needs_met": figures.needs_met,
        "plans_filed": filed.count,
        "plans_filed_of": filed.of,
        "plans_approved": approved.count,
        "plans_approved_of": approved.of,
        "units_stalled": figures.units_stalled,
    });
    rows.push(which.row("training", columns));
    let mut part = |kind: &str, item: String, sessions: u32, hours: &str, passed: Option<Count>| {
        let columns = json!({
            "kind": kind, "item": item, "sessions": sessions, "hours": hours,
            "passed": passed.map(|passed| passed.count), "passed_of": passed.map(|passed| passed.of),
        });
        rows.push(which.row("training_part", columns));
    };
    for mode in &figures.modes {
        let item = named(TrainingMode::as_str_name(&mode.mode()), "TRAINING_MODE_");
        part("mode", item, mode.sessions, &mode.hours, None);
    }
    for basic in &figures.basics {
        let item = named(Basic::as_str_name(&basic.basic()), "BASIC_");
        part("basic", item, basic.sessions, &basic.hours, None);
    }
    for quality in &figures.qualities {
        let item = named(Quality::as_str_name(&quality.quality()), "QUALITY_");
        part("quality", item, quality.sessions, &quality.hours, quality.passed);
    }
    for speciality in &figures.specialities {
        part("speciality", clean(&speciality.speciality), speciality.sessions, &speciality.hours, None);
    }
}

fn named(word: &str, prefix: &str) -> String {
    word.trim_start_matches(prefix).to_lowercase()
}
