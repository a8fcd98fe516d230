//! What the events behind lines say: when each happened and who caused it; of an entry, what it was priced by, and
//! which officers the fact that caused it names. Looked up in the past, so that no fact keeps it.

use std::collections::HashMap;

use contract::accountability::FindingMade;
use contract::complaints::{
    ComplaintAssigned, ComplaintOverdue, ComplaintReopened, ComplaintSubstantiated, ComplaintTransferred,
    RectificationRefuted,
};
use contract::evaluation::EntryRecorded;
use contract::field::to_wire;
use contract::scorecard::{EventReference, LossLine};
use contract::token::SERVICES;
use eventstore::event::is_named;
use prost::Message;
use scoring::Scheme;
use uuid::Uuid;

use crate::card::text;
use crate::history::{Corrupt, Occurrence, Past};

/// Where lines name events: line and place among its events, by log and position.
type Named = HashMap<&'static str, HashMap<u64, Vec<(usize, usize)>>>;

/// Completes lines under `scheme` by what the past says of their events.
pub(crate) fn tell<'a>(
    lines: impl Iterator<Item = &'a mut LossLine>,
    scheme: &Scheme,
    past: &Past,
) -> Result<(), Corrupt> {
    let mut lines: Vec<_> = lines.collect();
    let (mut named, mut causes): (Named, HashMap<Uuid, Vec<usize>>) = (HashMap::new(), HashMap::new());
    for (line, number) in lines.iter().zip(0..) {
        for (reference, place) in line.events.iter().zip(0..) {
            let service = SERVICES.into_iter().find(|service| *service == reference.service);
            let Some(service) = service else { continue };
            let places = named.entry(service).or_default().entry(reference.position).or_default();
            places.push((number, place));
        }
        if let Ok(cause) = line.cause_event_id.parse() {
            causes.entry(cause).or_default().push(number);
        }
    }
    let mut responsible = HashMap::new();
    for event in past.events() {
        let event = event?;
        if !causes.is_empty() {
            note(&mut responsible, &event)?;
        }
        let places = named.get_mut(event.service).and_then(|positions| positions.remove(&event.position));
        for (number, place) in places.into_iter().flatten() {
            let line = &mut *lines[number];
            date(&mut line.events[place], &event);
            if is_named::<EntryRecorded>(event.event_type) && !line.cause_event_id.is_empty() {
                price(line, scheme, &decoded(&event)?);
            }
        }
        let of = if causes.is_empty() { None } else { causes.remove(&event.event_id) };
        for number in of.into_iter().flatten() {
            lines[number].officers = officers(&event, &responsible)?;
        }
    }
    Ok(())
}

fn date(reference: &mut EventReference, event: &Occurrence<'_>) {
    reference.occurred_at = Some(to_wire(event.occurred_at));
    reference.recorded_at = Some(to_wire(event.recorded_at));
    event.actor.clone_into(&mut reference.actor);
}

fn price(line: &mut LossLine, scheme: &Scheme, entry: &EntryRecorded) {
    line.cause = entry.cause;
    line.cause_thing.clone_from(&entry.cause_thing);
    let sources = scheme.sources().iter().filter(|source| source.source_id == line.source_id);
    let mut tariffs = sources.flat_map(|source| &source.tariffs);
    let tariff = tariffs.find(|tariff| i32::from(tariff.cause) == entry.cause);
    line.tariff_points = tariff.map_or_else(String::new, |tariff| text(tariff.points));
}

/// Notes whose a complaint is now, by its name.
fn note(responsible: &mut HashMap<String, String>, event: &Occurrence<'_>) -> Result<(), Corrupt> {
    if is_named::<ComplaintAssigned>(event.event_type) {
        let ComplaintAssigned { complaint, officer, .. } = decoded(event)?;
        responsible.insert(complaint, officer);
    } else if is_named::<ComplaintTransferred>(event.event_type) {
        responsible.remove(&decoded::<ComplaintTransferred>(event)?.complaint);
    }
    Ok(())
}

/// The officers whom a fact names; of a complaint that was not put right, the one who was responsible.
fn officers(event: &Occurrence<'_>, responsible: &HashMap<String, String>) -> Result<Vec<String>, Corrupt> {
    let of = |complaint: &str| responsible.get(complaint).cloned().into_iter().collect();
    let named = if is_named::<ComplaintOverdue>(event.event_type) {
        vec![decoded::<ComplaintOverdue>(event)?.officer]
    } else if is_named::<RectificationRefuted>(event.event_type) {
        of(&decoded::<RectificationRefuted>(event)?.complaint)
    } else if is_named::<ComplaintReopened>(event.event_type) {
        of(&decoded::<ComplaintReopened>(event)?.complaint)
    } else if is_named::<ComplaintSubstantiated>(event.event_type) {
        decoded::<ComplaintSubstantiated>(event)?.officers
    } else if is_named::<FindingMade>(event.event_type) {
        decoded::<FindingMade>(event)?.officers
    } else {
        Vec::new()
    };
    Ok(named.into_iter().filter(|officer| !officer.is_empty()).collect())
}

fn decoded<M: Message + Default>(event: &Occurrence<'_>) -> Result<M, Corrupt> {
    M::decode(event.payload).map_err(|_| Corrupt)
}
