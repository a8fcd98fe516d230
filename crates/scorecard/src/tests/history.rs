//! A city's year, told event by event.

use std::collections::BTreeMap;

use contract::evaluation::UnitResult;
use contract::evaluation::entry_recorded::Target;
use contract::name::CycleName;
use contract::scorecard::Scorecard;
use eventstore::{RecordedEvent, StreamId};
use jiff::Timestamp;
use prost::{Message, Name};
use uuid::Uuid;

use crate::figures::{Drilled, Standing};
use crate::fold::Folded;
use crate::history::{Occurrence, Packed, Past};
use crate::league::{Indices, League};

mod evaluation;
mod others;
mod scheme;

pub(super) use scheme::rules;

/// One event that is to be recorded.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) service: &'static str,
    pub(super) stream: StreamId,
    pub(super) event_type: String,
    pub(super) payload: Vec<u8>,
    pub(super) occurred_at: Timestamp,
}

/// Events in the order in which they are told.
#[derive(Debug, Clone, Default)]
pub(super) struct History(pub(super) Vec<Told>);

/// When the event of this number is told: 1, 2, 3 …
pub(super) fn instant(number: usize) -> Timestamp {
    Timestamp::new(1_700_000_000 + i64::try_from(number).unwrap(), 0).unwrap()
}

pub(super) fn cycle_name() -> CycleName {
    CycleName { jurisdiction: "city".to_owned(), cycle: "2024".to_owned() }
}

pub(super) fn cycle() -> String {
    cycle_name().to_string()
}

pub(super) fn unit(id: &str) -> String {
    format!("jurisdictions/city/units/{id}")
}

pub(super) fn case(id: &str) -> String {
    format!("jurisdictions/city/cases/{id}")
}

pub(super) fn complaint(id: &str) -> String {
    format!("jurisdictions/city/complaints/{id}")
}

pub(super) fn officer(id: &str) -> String {
    format!("jurisdictions/city/officers/{id}")
}

const SCHEME: &str = "jurisdictions/city/schemes/first";
const CAMPAIGN: &str = "jurisdictions/city/campaigns/drive";
pub(super) const COMMITMENT: &str = "jurisdictions/city/commitments/windows";

/// Every fact of a year up to its close: a bureau with two units that roll up into it, and a pending one.
pub(super) fn year() -> History {
    let mut history = History::default();
    history.open();
    for (id, parent, group) in
        [("bureau", "", 1), ("traffic", "bureau", 2), ("station", "bureau", 2), ("tax", "", 1)]
    {
        history.register(id, parent);
        history.enter(id, parent, group);
    }
    history.plan_survey();
    history.convene_panel();
    for (id, work) in [("bureau", "26.40"), ("traffic", "27"), ("station", "25.5")] {
        history.mark(id, work);
        history.entry(id, "e1", Target::ComponentId("conduct".to_owned()), "-1.25");
        history.entry(id, "e2", Target::SourceId("inspection".to_owned()), "-2");
        history.entry(id, "e3", Target::SourceId("inspection".to_owned()), "-1.5");
        history.entry(id, "e4", Target::SourceId("complaint".to_owned()), "-0.33");
        history.indicator(id, "cleared", "90", "77");
        history.indicator(id, "accidents", "3", "4");
    }
    history.issue("recipients", 4);
    history.issue("residents", 3);
    history.form("recipients", &[("bureau", "good"), ("traffic", "fair"), ("station", "good")]);
    history.form("recipients", &[("bureau", "fair"), ("station", "unknown")]);
    history.form("recipients", &[("bureau", "bad"), ("traffic", "good")]);
    history.form("residents", &[("bureau", "good"), ("traffic", "bad"), ("station", "fair")]);
    history.form("residents", &[("tax", "good")]);
    history.ballot("mayor", &[("bureau", "9"), ("traffic", "8.5"), ("station", "7"), ("tax", "6")]);
    history.ballot("members", &[("bureau", "8"), ("traffic", "9"), ("station", "8")]);
    history.ballot("members", &[("bureau", "7.5"), ("traffic", "9.5"), ("station", "8")]);
    history
}

/// [`year`] with survey, panel and cycle closed.
pub(super) fn closed_year() -> History {
    let mut history = year();
    history.close_survey();
    history.close_panel();
    history.close();
    history
}

impl History {
    pub(super) fn tell<M: Message + Name>(&mut self, service: &'static str, stream: &str, message: &M) {
        self.0.push(Told {
            service,
            stream: StreamId::from_log(stream.to_owned()),
            event_type: M::full_name(),
            payload: message.encode_to_vec(),
            occurred_at: instant(self.0.len() + 1),
        });
    }

    /// What was told last had happened already as the `number`-th event was told.
    pub(super) fn happened_at(&mut self, number: usize) {
        self.0.last_mut().unwrap().occurred_at = instant(number);
    }

    /// As the logs would have them.
    pub(super) fn recorded(&self) -> Vec<(&'static str, RecordedEvent)> {
        let (mut positions, mut versions) = (BTreeMap::new(), BTreeMap::new());
        let mut recorded = Vec::new();
        for (told, number) in self.0.iter().zip(1_u32..) {
            let position: &mut u64 = positions.entry(told.service).or_default();
            let stream_version: &mut u64 = versions.entry(told.stream.clone()).or_default();
            (*position, *stream_version) = (*position + 1, *stream_version + 1);
            let at = instant(usize::try_from(number).unwrap());
            let event = RecordedEvent {
                position: *position,
                stream: told.stream.clone(),
                stream_version: *stream_version,
                event_id: Uuid::from_u128(u128::from(number)),
                event_type: told.event_type.clone(),
                occurred_at: told.occurred_at,
                recorded_at: at,
                actor: "clerk".to_owned(),
                correlation_id: Uuid::nil(),
                causation_id: Uuid::nil(),
                jurisdiction: "city".to_owned(),
                unit: String::new(),
                traceparent: String::new(),
                payload: told.payload.clone(),
                chain_hash: [0; 32],
            };
            recorded.push((told.service, event));
        }
        recorded
    }

    /// All of it, packed.
    pub(super) fn past(&self) -> Past {
        let recorded = self.recorded();
        let packed = Packed::of(recorded.iter().map(|(service, event)| Occurrence::of(service, event)));
        Past { runs: vec![packed.bytes().to_vec()], version: 0 }
    }

    /// All of it folded.
    pub(super) fn folded(&self) -> Folded {
        let recorded = self.recorded();
        crate::fold(recorded.iter().map(|(service, event)| (*service, event))).unwrap()
    }

    /// The training of all of it.
    pub(super) fn training(&self) -> Drilled {
        let mut training = Drilled::default();
        for (_, event) in self.recorded() {
            training.apply(&event.event_type, &event.payload).unwrap();
        }
        training
    }

    /// The cycle after all of it, indices and all.
    pub(super) fn league(&self) -> League {
        let (folded, training) = (self.folded(), self.training());
        let snapshot = folded.snapshot(&cycle_name()).unwrap();
        let standing = standing(&folded, &training);
        let figures = standing.indices(&cycle_name(), snapshot.units());
        League::compute(snapshot, Indices { figures, ..Indices::default() }).unwrap()
    }

    /// A unit's card after all of it, with what is not of the cycle.
    pub(super) fn card(&self, id: &str) -> Scorecard {
        let (folded, training) = (self.folded(), self.training());
        let mut card = self.league().card(id).unwrap().clone();
        standing(&folded, &training).fill("city", id, &mut card);
        card
    }

    /// The results that evaluation would publish after all of it.
    pub(super) fn results(&self) -> Vec<UnitResult> {
        let cards = self.folded().scorecards(&cycle_name()).unwrap();
        cards.into_iter().map(result).collect()
    }
}

pub(super) fn result(card: Scorecard) -> UnitResult {
    let component = |component: contract::scorecard::ComponentScore| {
        let (component_id, points) = (component.component_id, component.points);
        contract::evaluation::ComponentResult { component_id, points }
    };
    UnitResult {
        unit: card.unit,
        group: card.group,
        components: card.components.into_iter().map(component).collect(),
        daily: card.daily_points,
        final_points: card.final_points,
        rank: card.rank,
        excellent: card.excellent,
        vetoed: card.vetoed,
        ..UnitResult::default()
    }
}

pub(super) fn standing<'a>(folded: &'a Folded, training: &'a Drilled) -> Standing<'a> {
    let days = folded.facts.cycle_named(&cycle_name()).unwrap().days();
    Standing { facts: &folded.facts, training, days, now: super::running::clock()() }
}

fn optional_unit(id: &str) -> String {
    if id.is_empty() { String::new() } else { unit(id) }
}
