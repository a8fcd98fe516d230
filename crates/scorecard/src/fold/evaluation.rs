//! Evaluation's facts: all that a cycle's scores are computed from, but the vetoes.

use contract::evaluation::{
    BallotCast, CommitmentAnnounced, CommitmentAssigned, CommitmentLapsed, CycleClosed, CycleOpened,
    DeliveryRefuted, DeliveryReported, DeliveryVerified, EntryContested, EntryRecorded, EntryReversed,
    EntryUpheld, FormAnswered, FormsIssued, IndicatorReported, IndicatorTargetSet, MarkRecorded, MarkRevised,
    PanelClosed, PanelConvened, ResultsPublished, ResultsRevised, SchemeDrafted, SchemePublished,
    SurveyClosed, SurveyPlanned, UnitEntered, UnitMoved, UnitRegistered, UnitRemoved, UnitRenamed,
    UnitRetired,
};
use contract::field;
use eventstore::EventSet as _;
use eventstore::event::is_named;
use rust_decimal::Decimal;

use self::form::Form;
use super::facts::Facts;
use super::trace::Trace;
use crate::history::Occurrence;

pub(crate) mod commitment;
pub(crate) mod cycle;
pub(crate) mod entry;
pub(crate) mod form;
pub(crate) mod mark;
pub(crate) mod panel;
pub(crate) mod publication;
pub(crate) mod register;
pub(crate) mod survey;

/// The log.
pub(crate) const SERVICE: &str = "evaluation";

const PLACES_MAX: usize = 9;

eventstore::events! {
    // The commonest first: they are looked for in this order.
    enum Event {
        EntryRecorded, BallotCast, MarkRecorded, IndicatorReported, IndicatorTargetSet,
        EntryReversed, EntryContested, EntryUpheld, MarkRevised, FormsIssued, UnitEntered, UnitRegistered,
        CommitmentAnnounced, CommitmentAssigned, DeliveryReported, DeliveryVerified, DeliveryRefuted,
        CommitmentLapsed, UnitRemoved, UnitRenamed, UnitMoved, UnitRetired, SurveyPlanned, SurveyClosed,
        PanelConvened, PanelClosed, SchemeDrafted, SchemePublished, CycleOpened, CycleClosed,
        ResultsPublished, ResultsRevised,
    }
}

/// Whether an event of evaluation can be decoded.
pub(crate) fn readable(event: &Occurrence<'_>) -> Result<(), String> {
    if is_named::<FormAnswered>(event.event_type) {
        return Form::decode(event.payload).map(drop);
    }
    Event::decode(event.event_type, event.payload).map(drop).map_err(|error| error.to_string())
}

/// Folds one event of evaluation.
pub(crate) fn apply(facts: &mut Facts, event: &Occurrence<'_>) -> Result<(), String> {
    if is_named::<FormAnswered>(event.event_type) {
        return survey::answer(facts, Form::decode(event.payload)?);
    }
    let trace = Trace::of(event);
    let decoded = Event::decode(event.event_type, event.payload).map_err(|error| error.to_string())?;
    let Some(decoded) = decoded else { return Ok(()) };
    match decoded {
        Event::FormsIssued(event) => survey::issue(facts, &event),
        Event::SurveyPlanned(event) => survey::plan(facts, &event),
        Event::SurveyClosed(event) => survey::close(facts, &event),
        Event::EntryRecorded(event) => entry::record(facts, event, trace),
        Event::EntryReversed(event) => entry::reverse(facts, &event),
        Event::EntryContested(event) => entry::contest(facts, &event),
        Event::EntryUpheld(event) => entry::uphold(facts, &event),
        Event::BallotCast(event) => panel::cast(facts, &event),
        Event::PanelConvened(event) => panel::convene(facts, &event, trace),
        Event::PanelClosed(event) => panel::close(facts, &event, trace),
        Event::MarkRecorded(event) => mark::record(facts, &event, trace),
        Event::MarkRevised(event) => mark::revise(facts, &event, trace),
        Event::IndicatorTargetSet(event) => mark::set_target(facts, &event, trace),
        Event::IndicatorReported(event) => mark::report(facts, &event, trace),
        Event::UnitRegistered(event) => register::register(facts, event),
        Event::UnitRenamed(event) => register::rename(facts, event),
        Event::UnitMoved(event) => register::move_unit(facts, &event),
        Event::UnitRetired(event) => register::retire(facts, &event),
        Event::SchemeDrafted(event) => register::draft(facts, event),
        Event::SchemePublished(event) => register::publish(facts, &event),
        Event::CycleOpened(event) => cycle::open(facts, event, trace),
        Event::UnitEntered(event) => cycle::enter(facts, &event, trace),
        Event::UnitRemoved(event) => cycle::remove(facts, &event),
        Event::CycleClosed(event) => cycle::close(facts, &event),
        Event::ResultsPublished(event) => publication::publish(facts, &event, trace),
        Event::ResultsRevised(event) => publication::revise(facts, &event, trace),
        Event::CommitmentAnnounced(event) => commitment::announce(facts, event),
        Event::CommitmentAssigned(event) => commitment::assign(facts, &event),
        Event::DeliveryReported(event) => commitment::report(facts, &event),
        Event::DeliveryRefuted(event) => commitment::refute(facts, &event),
        Event::CommitmentLapsed(event) => commitment::lapse(facts, &event),
        Event::DeliveryVerified(event) => commitment::verify(facts, &event),
    }
}

/// A decimal of an event.
pub(crate) fn decimal(name: &'static str, text: &str) -> Result<Decimal, String> {
    field::decimal(name, text, PLACES_MAX).map_err(|bad| bad.to_string())
}
