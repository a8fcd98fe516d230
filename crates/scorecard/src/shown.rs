//! Scorecards as rows for other tools (`docs/sql.md`): a row is an object of its columns. Points are texts, exact as
//! everywhere.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use contract::name::CycleName;
use contract::scorecard::{ComponentScore, FourInPlace, LossKind, LossLine, Publication, Scorecard};
use contract::training::{Basic, Count, Quality, TrainingFigures, TrainingMode};
use contract::words::TariffCause;
use prost::Message as _;
use serde_json::{Value, json};

use crate::current::Current;
use crate::fold::names::key;
use crate::league::League;

mod training;

/// Raise it when the rows of a card change their meaning: all are written anew.
const FORMAT: u64 = 2;

/// A row, and the table that it is of.
pub(crate) type Row = (&'static str, Value);

/// Which scorecard.
struct Which<'a> {
    cycle: &'a CycleName,
    unit: &'a str,
}

impl Which<'_> {
    fn row(&self, table: &'static str, mut columns: Value) -> Row {
        let CycleName { jurisdiction, cycle } = self.cycle;
        for (column, id) in [("jurisdiction", jurisdiction.as_str()), ("cycle", cycle), ("unit", self.unit)] {
            columns[column] = json!(id);
        }
        (table, columns)
    }
}

/// The row of a cycle.
pub(crate) fn cycle(current: &Current, now: jiff::Timestamp) -> Value {
    let League { name, cycle, .. } = &*current.league;
    let days = cycle.days();
    let position = |service: &str| current.position(service);
    json!({
        "jurisdiction": name.jurisdiction,
        "cycle": name.cycle,
        "title": clean(&cycle.title),
        "start_date": days.map(|(first, _)| first.to_string()),
        "end_date": days.map(|(_, last)| last.to_string()),
        "scheme": cycle.scheme,
        "scheme_version": cycle.scheme_version,
        "publication": publication(cycle.phase.publication()),
        "units": current.league.ordered().count(),
        "accountability_position": position("accountability"),
        "complaints_position": position("complaints"),
        "evaluation_position": position("evaluation"),
        "training_position": position("training"),
        "computed_at": now.to_string(),
    })
}

/// The rows of a card and its lines, but those of the lines' events.
pub(crate) fn card(league: &League, unit: &str, card: &Scorecard, total: Option<&str>) -> Vec<Row> {
    let which = Which { cycle: &league.name, unit };
    let mut rows = vec![which.row(
        "scorecard",
        json!({
            "unit_title": clean(&card.unit_title),
            "scheme": card.scheme,
            "scheme_version": card.scheme_version,
            "publication": publication(card.publication()),
            "max_points": card.max_points,
            "own_points": card.own_points,
            "daily_points": card.daily_points,
            "roll_up_share": card.roll_up.as_ref().map(|roll_up| &roll_up.share),
            "roll_up_children": card.roll_up.as_ref().map(|roll_up| roll_up.children),
            "roll_up_mean": card.roll_up.as_ref().map(|roll_up| &roll_up.mean),
            "uncapped_points": card.uncapped_points,
            "final_points": card.final_points,
            "lost_points": total,
            "unit_group": card.group,
            "group_size": card.group_size,
            "ranked": card.ranked,
            "rank": (card.rank > 0).then_some(card.rank),
            "rank_low": card.rank_interval.as_ref().map(|interval| interval.low),
            "rank_high": card.rank_interval.as_ref().map(|interval| interval.high),
            "excellent_places": card.excellent_places,
            "excellent": card.excellent,
            "vetoed": card.vetoed,
            "stalled": card.stalled,
        }),
    )];
    for (component, place) in card.components.iter().zip(1..) {
        component_rows(&which, component, place, &mut rows);
    }
    for (source, place) in card.daily.iter().zip(1..) {
        let columns = json!({
            "source": source.source_id, "place": place, "title": clean(&source.title), "sum": source.sum,
            "clipped": source.clipped, "entries": source.entries,
        });
        rows.push(which.row("daily", columns));
    }
    rows.push(which.row("four_in_place", in_place(&card.four_in_place.clone().unwrap_or_default())));
    if let Some(figures) = &card.training {
        training::rows(&which, figures, &mut rows);
    }
    for raised in league.vetoes.get(unit).into_iter().flatten().filter(|_| card.vetoed) {
        let case = format!("jurisdictions/{}/cases/{}", league.name.jurisdiction, raised.case);
        let columns = json!({
            "case_name": case, "position": raised.event.position, "event_id": raised.event.event_id.to_string(),
        });
        rows.push(which.row("veto", columns));
    }
    rows
}

fn component_rows(which: &Which<'_>, component: &ComponentScore, place: u32, rows: &mut Vec<Row>) {
    let id = &component.component_id;
    let doubt = component.survey.as_ref();
    let columns = json!({
        "component": id,
        "place": place,
        "title": clean(&component.title),
        "method": component.method,
        "max_points": component.max_points,
        "points": component.points,
        "pending_reason": optional(&component.pending_reason),
        "forms_issued": doubt.map(|doubt| doubt.issued),
        "forms_returned": doubt.map(|doubt| doubt.returned),
        "return_rate": doubt.map(|doubt| &doubt.return_rate),
        "interval_low": doubt.map(|doubt| &doubt.interval_low),
        "interval_high": doubt.map(|doubt| &doubt.interval_high),
        "bound_low": doubt.map(|doubt| &doubt.bound_low),
        "bound_high": doubt.map(|doubt| &doubt.bound_high),
    });
    rows.push(which.row("component", columns));
    for stratum in doubt.into_iter().flat_map(|doubt| &doubt.strata) {
        let columns = json!({
            "component": id, "stratum": stratum.stratum_id, "valid": stratum.valid, "mean": stratum.mean,
        });
        rows.push(which.row("stratum", columns));
    }
    for ratio in &component.ratios {
        let columns =
            json!({ "component": id, "ratio": ratio.ratio, "weight": ratio.weight, "value": ratio.value });
        rows.push(which.row("ratio", columns));
    }
}

fn in_place(figures: &FourInPlace) -> Value {
    json!({
        "indicators": figures.indicators,
        "indicators_reported": figures.indicators_reported,
        "indicators_reached": figures.indicators_reached,
        "commitments": figures.commitments,
        "commitments_delivered": figures.commitments_delivered,
        "commitments_due": figures.commitments_due,
        "commitments_due_delivered": figures.commitments_due_delivered,
        "commitments_refuted": figures.commitments_refuted,
        "commitments_lapsed": figures.commitments_lapsed,
        "complaints": figures.complaints,
        "complaints_closed": figures.complaints_closed,
        "complaints_overdue": figures.complaints_overdue,
        "complaints_due": figures.complaints_due,
        "complaints_on_time": figures.complaints_on_time,
        "complaints_open": figures.complaints_open,
        "complaints_open_overdue": figures.complaints_open_overdue,
        "complaints_reopened": figures.complaints_reopened,
        "satisfaction": figures.satisfaction,
        "cases": figures.cases,
        "cases_closed": figures.cases_closed,
        "findings": figures.findings,
        "dispositions": figures.dispositions,
        "dispositions_executed": figures.dispositions_executed,
    })
}

/// The rows of lines, with their events. The forms behind a survey's line are counted, not named.
pub(crate) fn lines(league: &League, unit: &str, lines: &[LossLine]) -> Vec<Row> {
    let which = Which { cycle: &league.name, unit };
    let mut rows = Vec::new();
    for (line, number) in lines.iter().zip(1_u32..) {
        let kind = line.kind().as_str_name().trim_start_matches("LOSS_KIND_").to_lowercase();
        let cause = line.cause();
        let named = cause.as_str_name().trim_start_matches("TARIFF_CAUSE_").to_lowercase();
        let columns = json!({
            "line": number,
            "component": optional(&line.component_id),
            "source": optional(&line.source_id),
            "kind": kind,
            "item": optional(&line.item),
            "description": clean(&line.description),
            "points": line.points,
            "forms": forms(league, unit, line),
            "cause": (cause != TariffCause::Unspecified).then_some(named),
            "cause_thing": optional(&line.cause_thing),
            "cause_event_id": optional(&line.cause_event_id),
            "tariff_points": optional(&line.tariff_points),
            "contested": line.contested,
        });
        rows.push(which.row("loss", columns));
        for (event, place) in line.events.iter().zip(1_u32..) {
            let at = |at: Option<contract::Timestamp>| at.map(instant);
            let columns = json!({
                "line": number, "number": place, "service": event.service, "position": event.position,
                "event_id": event.event_id, "event_type": event.event_type, "occurred_at": at(event.occurred_at),
                "recorded_at": at(event.recorded_at), "actor": optional(&event.actor),
            });
            rows.push(which.row("loss_event", columns));
        }
        let mut officers = line.officers.clone();
        officers.sort_unstable();
        officers.dedup();
        for officer in officers {
            rows.push(which.row("loss_officer", json!({ "line": number, "officer": officer })));
        }
    }
    rows
}

/// How many forms say something of the unit; none: the line is not of a survey.
fn forms(league: &League, unit: &str, line: &LossLine) -> Option<u64> {
    if line.kind() != LossKind::Stratum {
        return None;
    }
    let stratum = league.record.strata.get(&key(&[&line.component_id, &line.item]))?;
    Some(stratum.answers.get(unit).map_or(0, |levels| levels.values().sum()))
}

/// Tells a card's rows, and those of its lines, apart from others.
pub(crate) fn digest(league: &League, unit: &str, rows: &[Row], lines: &[LossLine]) -> i64 {
    let mut hasher = DefaultHasher::new();
    FORMAT.hash(&mut hasher);
    for (table, row) in rows {
        table.hash(&mut hasher);
        row.to_string().hash(&mut hasher);
    }
    for line in lines {
        line.encode_to_vec().hash(&mut hasher);
        forms(league, unit, line).hash(&mut hasher);
    }
    i64::from_ne_bytes(hasher.finish().to_ne_bytes())
}

fn publication(publication: Publication) -> String {
    publication.as_str_name().trim_start_matches("PUBLICATION_").to_lowercase()
}

/// An instant as it is written: ISO 8601, UTC.
pub(crate) fn instant(at: contract::Timestamp) -> String {
    contract::field::instant("at", at).map_or_else(|_| String::new(), |at| at.to_string())
}

/// A text, but for what PostgreSQL keeps in no text.
fn clean(text: &str) -> String {
    text.replace('\0', "")
}

fn optional(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| clean(text))
}
