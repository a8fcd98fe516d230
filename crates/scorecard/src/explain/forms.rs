//! The forms behind a survey's lines: looked up in the log, since they are not kept in memory.

use std::collections::BTreeMap;

use contract::evaluation::FormAnswered;
use contract::scorecard::EventReference;
use eventstore::{EventSet as _, LogReader, RecordedEvent, StoreError, StreamId};
use scoring::scheme::Method;

use crate::fold::evaluation::SERVICE;
use crate::fold::names::key;
use crate::fold::trace::Trace;
use crate::league::League;

eventstore::events! {
    enum InTheBox { FormAnswered }
}

/// The forms that say something of a unit, by component and stratum.
pub(crate) type Answered = BTreeMap<(String, String), Vec<EventReference>>;

/// Why the forms cannot be looked up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] StoreError),
    /// An event of the box is not one.
    #[error("event {position} of the box cannot be read: {what}")]
    Corrupt {
        /// Its position.
        position: u64,
        /// What is wrong.
        what: String,
    },
}

/// Looks up the forms behind a unit's surveys that have points: they are not kept in memory.
pub(crate) async fn answered(log: &LogReader, league: &League, unit: &str) -> Result<Answered, Error> {
    let mut found = Answered::new();
    let name = format!("jurisdictions/{}/units/{unit}", league.name.jurisdiction);
    for component in league.scheme.components() {
        let id = &component.component_id;
        if !matches!(component.method, Method::Survey(_)) || league.appraisal.points(unit, id).is_none() {
            continue;
        }
        let stream = StreamId::new("survey_box", &key(&[&league.name.key(), id]));
        for event in log.read_stream(&stream).await? {
            if event.position > league.answers_until {
                break;
            }
            if let Some(stratum_id) = stratum_about(&event, &name)? {
                let forms = found.entry((id.clone(), stratum_id)).or_default();
                forms.push(Trace::of(&event).reference(SERVICE, "FormAnswered"));
            }
        }
    }
    Ok(found)
}

/// The stratum of a form that says something of the unit.
fn stratum_about(event: &RecordedEvent, unit: &str) -> Result<Option<String>, Error> {
    let corrupt = |what: String| Error::Corrupt { position: event.position, what };
    let decoded = InTheBox::decode(&event.event_type, &event.payload);
    let Some(InTheBox::FormAnswered(form)) = decoded.map_err(|error| corrupt(error.to_string()))? else {
        return Err(corrupt(format!("`{}` does not belong in it", event.event_type)));
    };
    Ok(form.answers.iter().any(|answer| answer.unit == unit).then_some(form.stratum_id))
}
