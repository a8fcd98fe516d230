//! A complaint's events in words, for people. Without personal data: officers are references.

use contract::complaints::*;
use contract::field::day_of;
use contract::words::VaultText;
use eventstore::{EventSet as _, RecordedEvent};

use crate::domain::complaint::Event;
use crate::domain::instant;

/// What happened, in words, and the keys of what was written.
pub(crate) struct Told {
    pub(crate) text: String,
    pub(crate) vault_keys: Vec<String>,
}

/// An event in words; `None`: it is none of a complaint.
pub(crate) fn told(event: &RecordedEvent) -> Option<Told> {
    let event = Event::decode(&event.event_type, &event.payload).ok().flatten()?;
    Some(Told { text: words(&event), vault_keys: keys(&event) })
}

/// What whoever holds the receipt code is told of an event, without officers; `None`: nothing.
pub(crate) fn for_complainant(event: &RecordedEvent) -> Option<String> {
    let event = Event::decode(&event.event_type, &event.payload).ok().flatten()?;
    let text = match event {
        Event::ComplaintLodged(_) => "lodged".to_owned(),
        Event::ComplaintAccepted(_) => "accepted".to_owned(),
        Event::ComplaintRejected(_) => "not accepted".to_owned(),
        Event::ComplaintReferred(it) => format!("referred to {}", it.organ),
        Event::ComplaintTransferred(_) => "given to the unit that owns it".to_owned(),
        Event::LeaderAppointed(_) => "a leader has taken it over".to_owned(),
        Event::ComplaintAssigned(it) => format!("being put right, by {}", until(it.deadline)),
        Event::DeadlineExtended(it) => format!("the deadline was extended to {}", until(it.deadline)),
        Event::ProgressReported(_) => "work goes on".to_owned(),
        Event::QuestionAsked(_) => "you were asked a question".to_owned(),
        Event::QuestionAnswered(_) => "you answered a question".to_owned(),
        Event::ComplaintOverdue(_) => "the deadline passed".to_owned(),
        Event::RectificationReported(_) => "reported as put right".to_owned(),
        Event::RectificationVerified(_) => "verified as put right".to_owned(),
        Event::RectificationRefuted(_) => "not put right; it is worked on again".to_owned(),
        Event::ComplaintSubstantiated(_) => "found to be true".to_owned(),
        Event::ComplaintUnsubstantiated(_) => "found not to be true".to_owned(),
        Event::ComplaintClosed(_) => "closed".to_owned(),
        Event::ComplaintReopened(_) => "opened again".to_owned(),
        Event::ComplaintWithdrawn(_) => "withdrawn".to_owned(),
        Event::ComplainantErased(_) => "your personal data was erased".to_owned(),
        Event::SupervisorAppointed(_)
        | Event::ComplaintAlerted(_)
        | Event::ComplaintEscalated(_)
        | Event::PersonalDataRevealed(_) => return None,
    };
    Some(text)
}

fn words(event: &Event) -> String {
    match event {
        Event::ComplaintLodged(it) => format!("lodged by {}", word(it.channel().as_str_name())),
        Event::ComplaintAccepted(it) => format!("accepted for {}", it.unit),
        Event::ComplaintRejected(it) => format!("not accepted: {}", it.reason),
        Event::ComplaintReferred(it) => format!("referred to {}: {}", it.organ, it.reason),
        Event::ComplaintTransferred(it) => {
            format!("given from {} to {}: {}", it.from_unit, it.unit, it.reason)
        }
        Event::LeaderAppointed(it) => format!("taken over by {}", it.leader),
        Event::SupervisorAppointed(it) => format!("supervised by {}", it.supervisor),
        Event::ComplaintAssigned(it) => {
            format!("{} of {} is responsible, by {}", it.officer, it.unit, until(it.deadline))
        }
        Event::DeadlineExtended(it) => format!("extended to {}: {}", until(it.deadline), it.reason),
        Event::ProgressReported(_) => "progress was reported".to_owned(),
        Event::QuestionAsked(it) => format!("question {} was asked", it.question_id),
        Event::QuestionAnswered(it) => format!("question {} was answered", it.question_id),
        Event::ComplaintAlerted(it) => alerted(it),
        Event::ComplaintOverdue(it) => format!("the deadline {} passed without a report", until(it.deadline)),
        Event::ComplaintEscalated(it) => {
            format!("escalated, {}: now for {}", it.escalation, word(it.post_level().as_str_name()))
        }
        Event::RectificationReported(_) => "reported as put right".to_owned(),
        Event::RectificationVerified(it) => {
            let (said, source) = (it.satisfaction().as_str_name(), it.source().as_str_name());
            format!("verified: {}, by {}", word(said), word(source))
        }
        Event::RectificationRefuted(it) => {
            format!("refuted, by {}; due by {}", word(it.source().as_str_name()), until(it.deadline))
        }
        Event::ComplaintSubstantiated(it) if it.harms_public => {
            format!("found to be true, and to have harmed the public: {}", it.unit)
        }
        Event::ComplaintSubstantiated(it) => format!("found to be true: {}", it.unit),
        Event::ComplaintUnsubstantiated(_) => "found not to be true".to_owned(),
        Event::ComplaintClosed(it) => format!("closed as {}", word(it.outcome().as_str_name())),
        Event::ComplaintReopened(it) if it.leader.is_empty() => "opened again".to_owned(),
        Event::ComplaintReopened(it) => format!("opened again, back to {}", it.leader),
        Event::ComplaintWithdrawn(_) => "withdrawn by the complainant".to_owned(),
        Event::PersonalDataRevealed(it) => format!("personal data was read: {}", it.purpose),
        Event::ComplainantErased(it) => format!("the complainant was erased: {}", it.reason),
    }
}

fn alerted(it: &ComplaintAlerted) -> String {
    let clock = match it.clock() {
        ComplaintClock::Case => "the case".to_owned(),
        ComplaintClock::Stage | ComplaintClock::Unspecified => {
            format!("the stage {}", word(it.stage().as_str_name()))
        }
    };
    format!("{clock} turned {}, due by {}", word(it.colour().as_str_name()), until(it.due_time))
}

/// Where what was written lies.
fn keys(event: &Event) -> Vec<String> {
    let written: Option<&VaultText> = match event {
        Event::ComplaintLodged(it) => it.text.as_ref(),
        Event::ProgressReported(it) => it.progress.as_ref(),
        Event::QuestionAsked(it) => it.question.as_ref(),
        Event::QuestionAnswered(it) => it.answer.as_ref(),
        Event::RectificationReported(it) => it.report.as_ref(),
        Event::RectificationRefuted(it) => it.statement.as_ref(),
        Event::ComplaintSubstantiated(it) => it.finding.as_ref(),
        Event::ComplaintUnsubstantiated(it) => it.finding.as_ref(),
        Event::ComplaintReopened(it) => it.grounds.as_ref(),
        Event::ComplaintWithdrawn(it) => it.statement.as_ref(),
        Event::PersonalDataRevealed(PersonalDataRevealed { vault_keys, .. })
        | Event::ComplainantErased(ComplainantErased { vault_keys, .. }) => return vault_keys.clone(),
        Event::ComplaintAccepted(_)
        | Event::ComplaintRejected(_)
        | Event::ComplaintReferred(_)
        | Event::ComplaintTransferred(_)
        | Event::LeaderAppointed(_)
        | Event::SupervisorAppointed(_)
        | Event::ComplaintAssigned(_)
        | Event::DeadlineExtended(_)
        | Event::ComplaintAlerted(_)
        | Event::ComplaintOverdue(_)
        | Event::ComplaintEscalated(_)
        | Event::RectificationVerified(_)
        | Event::ComplaintClosed(_) => None,
    };
    written.into_iter().map(|written| written.vault_key.clone()).collect()
}

/// The day that something is due with.
fn until(due: Option<contract::Timestamp>) -> String {
    let due = instant(due);
    day_of(due.checked_sub(jiff::SignedDuration::from_nanos(1)).unwrap_or(due)).to_string()
}

/// A word of the contract for people: `COMPLAINT_STAGE_LED` is "led".
fn word(of_contract: &str) -> String {
    const KINDS: [&str; 8] = [
        "COMPLAINT_CHANNEL_",
        "COMPLAINT_STAGE_",
        "COMPLAINT_CLOCK_",
        "ALERT_COLOUR_",
        "POST_LEVEL_",
        "RATING_SOURCE_",
        "SATISFACTION_",
        "CLOSURE_OUTCOME_",
    ];
    let plain = KINDS.iter().find_map(|kind| of_contract.strip_prefix(kind)).unwrap_or(of_contract);
    plain.to_ascii_lowercase().replace('_', " ")
}
