//! What requests refer to: others' things by their names, facts by their places in the logs.

use contract::token;
use uuid::Uuid;

use super::*;
use crate::domain::case::Subject;

const NAMES_MAX: usize = 100;
const POINTS_PLACES_MAX: usize = 9;

/// A unit of `jurisdiction`, by its resource name; empty: of none.
pub(super) fn unit(field: &'static str, value: &str, jurisdiction: &str) -> Result<String, BadField> {
    let Some(unit) = UnitName::parse_optional(field, value)? else { return Ok(String::new()) };
    field::same_jurisdiction(field, &unit.jurisdiction, jurisdiction)?;
    Ok(unit.to_string())
}

/// As `unit`, of an officer.
pub(super) fn officer(field: &'static str, value: &str, jurisdiction: &str) -> Result<String, BadField> {
    let Some(officer) = OfficerName::parse_optional(field, value)? else { return Ok(String::new()) };
    field::same_jurisdiction(field, &officer.jurisdiction, jurisdiction)?;
    Ok(officer.to_string())
}

/// As `unit`, of a complaint.
pub(super) fn complaint(field: &'static str, value: &str, jurisdiction: &str) -> Result<String, BadField> {
    let Some(complaint) = ComplaintName::parse_optional(field, value)? else { return Ok(String::new()) };
    field::same_jurisdiction(field, &complaint.jurisdiction, jurisdiction)?;
    Ok(complaint.to_string())
}

/// As `unit`, of a cycle.
pub(super) fn cycle(field: &'static str, value: &str, jurisdiction: &str) -> Result<String, BadField> {
    let Some(cycle) = CycleName::parse_optional(field, value)? else { return Ok(String::new()) };
    field::same_jurisdiction(field, &cycle.jurisdiction, jurisdiction)?;
    Ok(cycle.to_string())
}

/// Units of `jurisdiction`, each once.
pub(super) fn units(
    field: &'static str,
    values: &[String],
    jurisdiction: &str,
) -> Result<Vec<String>, BadField> {
    each_once(field, values, |value| unit(field, value, jurisdiction))
}

/// Officers of `jurisdiction`, each once.
pub(super) fn officers(
    field: &'static str,
    values: &[String],
    jurisdiction: &str,
) -> Result<Vec<String>, BadField> {
    each_once(field, values, |value| officer(field, value, jurisdiction))
}

/// Facts of the services' logs, in the order of their services and positions, each once.
pub(super) fn causes(
    field: &'static str,
    values: &[Cause],
    causes_max: usize,
) -> Result<Vec<Cause>, BadField> {
    if values.len() > causes_max {
        return Err(BadField::new(field, format!("must be at most {causes_max}")));
    }
    let parse = |(row, value)| cause(value).map_err(|bad| bad.in_row(field, row));
    let mut causes = values.iter().enumerate().map(parse).collect::<Result<Vec<_>, _>>()?;
    causes.sort_by(|one, other| (&one.service, one.position).cmp(&(&other.service, other.position)));
    causes.dedup();
    Ok(causes)
}

fn each_once(
    field: &'static str,
    values: &[String],
    parse: impl Fn(&str) -> Result<String, BadField>,
) -> Result<Vec<String>, BadField> {
    if values.len() > NAMES_MAX {
        return Err(BadField::new(field, format!("must be at most {NAMES_MAX}")));
    }
    let mut names: Vec<String> = Vec::with_capacity(values.len());
    for value in values {
        let name = parse(value)?;
        if name.is_empty() || names.contains(&name) {
            return Err(BadField::new(field, "must be resource names, each once"));
        }
        names.push(name);
    }
    Ok(names)
}

/// A unit or an officer of `jurisdiction`, one of them.
pub(super) fn subject(unit_name: &str, officer_name: &str, jurisdiction: &str) -> Result<Subject, BadField> {
    let unit = unit("unit", unit_name, jurisdiction)?;
    let officer = officer("officer", officer_name, jurisdiction)?;
    match (unit.is_empty(), officer.is_empty()) {
        (false, true) => Ok(Subject::Unit(unit)),
        (true, false) => Ok(Subject::Officer(officer)),
        (true, true) | (false, false) => Err(BadField::new("unit", "must be said, or an officer; not both")),
    }
}

/// A fact-owning service, by its name.
pub(super) fn service(field: &'static str, value: &str) -> Result<&'static str, BadField> {
    let known = token::SERVICES.into_iter().find(|service| *service == value);
    known.ok_or_else(|| BadField::new(field, format!("must be one of {}", token::SERVICES.join(", "))))
}

/// An event's id.
pub(super) fn event_id(field: &'static str, value: &str) -> Result<String, BadField> {
    let parsed = Uuid::try_parse(value).map_err(|_| BadField::new(field, "must be a UUID"))?;
    Ok(parsed.to_string())
}

fn cause(value: &Cause) -> Result<Cause, BadField> {
    let service = service("service", &value.service)?.to_owned();
    if value.position == 0 {
        return Err(BadField::new("position", "must be at least 1"));
    }
    let event_id = event_id("event_id", &value.event_id)?;
    let points = match value.points.as_str() {
        "" => String::new(),
        points => {
            let points = field::decimal("points", points, POINTS_PLACES_MAX)?;
            if points.is_zero() || points.is_sign_negative() {
                return Err(BadField::new("points", "must be positive, or empty"));
            }
            points.to_string()
        }
    };
    Ok(Cause { service, position: value.position, event_id, points })
}
