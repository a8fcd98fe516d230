//! A scorecard's figures as one row of columns. docs/export.md says of each what it is.

use contract::scorecard::Scorecard;
use serde_json::Value;

use crate::json;

/// Column, and where in the scorecard's JSON it lies.
const STANDING: [(&str, &str); 23] = [
    ("scorecard", "/name"),
    ("unit_title", "/unit_title"),
    ("scheme", "/scheme"),
    ("scheme_version", "/scheme_version"),
    ("publication", "/publication"),
    ("max_points", "/max_points"),
    ("own_points", "/own_points"),
    ("daily_points", "/daily_points"),
    ("roll_up_share", "/roll_up/share"),
    ("roll_up_children", "/roll_up/children"),
    ("roll_up_mean", "/roll_up/mean"),
    ("uncapped_points", "/uncapped_points"),
    ("final_points", "/final_points"),
    ("unit_group", "/group"),
    ("group_size", "/group_size"),
    ("ranked", "/ranked"),
    ("rank", "/rank"),
    ("rank_low", "/rank_interval/low"),
    ("rank_high", "/rank_interval/high"),
    ("excellent_places", "/excellent_places"),
    ("excellent", "/excellent"),
    ("vetoed", "/vetoed"),
    ("stalled", "/stalled"),
];

const FOUR_IN_PLACE: [&str; 23] = [
    "indicators",
    "indicators_reported",
    "indicators_reached",
    "commitments",
    "commitments_delivered",
    "commitments_due",
    "commitments_due_delivered",
    "commitments_refuted",
    "commitments_lapsed",
    "complaints",
    "complaints_closed",
    "complaints_overdue",
    "complaints_due",
    "complaints_on_time",
    "complaints_open",
    "complaints_open_overdue",
    "complaints_reopened",
    "satisfaction",
    "cases",
    "cases_closed",
    "findings",
    "dispositions",
    "dispositions_executed",
];

const TRAINING: [(&str, &str); 22] = [
    ("training_campaign", "/campaign"),
    ("training_participated", "/participation/count"),
    ("training_participated_of", "/participation/of"),
    ("training_leaders_participated", "/leader_participation/count"),
    ("training_leaders_participated_of", "/leader_participation/of"),
    ("training_passed", "/passed/count"),
    ("training_passed_of", "/passed/of"),
    ("training_grassroots_covered", "/grassroots_coverage/count"),
    ("training_grassroots_covered_of", "/grassroots_coverage/of"),
    ("training_total_hours", "/hours/total_hours"),
    ("training_median_hours", "/hours/median_hours"),
    ("training_busiest_officers", "/hours/busiest_officers"),
    ("training_busiest_hours", "/hours/busiest_hours"),
    ("training_officers_over_cap", "/officers_over_cap"),
    ("training_centralised_hours_over_cap", "/centralised_hours_over_cap"),
    ("training_needs_open", "/needs_open"),
    ("training_needs_met", "/needs_met"),
    ("training_plans_filed", "/plans_filed/count"),
    ("training_plans_filed_of", "/plans_filed/of"),
    ("training_plans_approved", "/plans_approved/count"),
    ("training_plans_approved_of", "/plans_approved/of"),
    ("training_units_stalled", "/units_stalled"),
];

/// Each column with what stands there; of the same scheme the columns are the same.
pub(super) fn of(card: &Scorecard) -> Vec<(String, String)> {
    let mut shown = json::message(card);
    if card.rank == 0 {
        shown["rank"] = Value::Null;
    }
    let at = |pointer: &str| shown.pointer(pointer).map_or_else(String::new, cell);
    let mut row: Vec<_> =
        STANDING.iter().map(|(column, pointer)| ((*column).to_owned(), at(pointer))).collect();
    for component in &card.components {
        let id = &component.component_id;
        row.push((format!("component_{id}"), component.points.clone().unwrap_or_default()));
        row.push((format!("component_{id}_max"), component.max_points.clone()));
    }
    row.extend(card.daily.iter().map(|daily| (format!("daily_{}", daily.source_id), daily.clipped.clone())));
    row.extend(FOUR_IN_PLACE.map(|column| (column.to_owned(), at(&format!("/four_in_place/{column}")))));
    row.extend(TRAINING.map(|(column, pointer)| (column.to_owned(), at(&format!("/training{pointer}")))));
    row
}

/// A figure as it stands in a row: words in small letters, nothing where there is nothing.
fn cell(value: &Value) -> String {
    match value.as_str() {
        Some(text) => text.strip_prefix("PUBLICATION_").map_or_else(|| text.to_owned(), str::to_lowercase),
        None if value.is_null() => String::new(),
        None => value.to_string(),
    }
}
