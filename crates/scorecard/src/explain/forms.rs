//! The forms behind a survey's lines: looked up in the history, since they are not kept in memory.

use scoring::scheme::Method;

use super::Behind;
use crate::fold::evaluation::SERVICE;
use crate::fold::evaluation::form::About;
use crate::fold::trace::Trace;
use crate::history::{Corrupt, Occurrence};
use crate::league::League;

/// Looks up the forms behind a unit's surveys that have points, among the events that the league is of.
pub(crate) fn answered<'a>(
    events: impl Iterator<Item = Result<Occurrence<'a>, Corrupt>>,
    league: &League,
    unit: &str,
) -> Result<Behind, Corrupt> {
    let mut found = Behind::new();
    let (cycle, name) =
        (league.name.to_string(), format!("jurisdictions/{}/units/{unit}", league.name.jurisdiction));
    let shown = |component: &&scoring::scheme::Component| {
        let survey = matches!(component.method, Method::Survey(_));
        survey && league.appraisal.points(unit, &component.component_id).is_some()
    };
    let components: Vec<_> = league
        .scheme
        .components()
        .iter()
        .filter(shown)
        .map(|component| component.component_id.as_str())
        .collect();
    if components.is_empty() {
        return Ok(found);
    }
    let about = About::new(&cycle, &name);
    for event in events {
        let event = event?;
        if event.kind() != "FormAnswered" || event.position > league.answers_until {
            continue;
        }
        let Some((component_id, stratum_id)) = about.read(event.payload).map_err(|_| Corrupt)? else {
            continue;
        };
        if components.contains(&component_id) {
            let forms = found.entry((component_id.to_owned(), stratum_id.to_owned())).or_default();
            forms.push(Trace::of(&event).reference(SERVICE, "FormAnswered"));
        }
    }
    Ok(found)
}
