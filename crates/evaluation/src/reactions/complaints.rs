//! Complaints: overdue, refuted, reopened, substantiated.
//!
//! What a complaint is found to be true for falls if it is found not to be true: that it was substantiated, and
//! that its rectification was refuted and it was reopened, as there was nothing to put right. That its deadline
//! passed stands: a report was due whatever was found. It falls if a report that is entered late turns out to have
//! been made in time. A corrected finding takes the place of the one before.

use contract::complaints::{
    ComplaintOverdue, ComplaintReopened, ComplaintSubstantiated, ComplaintUnsubstantiated,
    RectificationRefuted, RectificationReported,
};
use contract::words::TariffCause;
use shell::reaction::Effect;

use super::{Caused, Consequence, Facts, Undone, Which};

const UNSUBSTANTIATED: &str = "complaints.ComplaintUnsubstantiated";

eventstore::events! {
    /// The facts of the complaints context that cost points, or give them back.
    pub enum Fact {
        ComplaintOverdue, RectificationRefuted, ComplaintReopened, ComplaintSubstantiated,
        ComplaintUnsubstantiated, RectificationReported,
    }
}

/// The facts of the complaints context.
#[derive(Debug)]
pub struct Complaints;

impl Facts for Complaints {
    const CONSUMER: &'static str = "evaluation-from-complaints";
    const EFFECTS: &'static [Effect] = &[
        entry("complaints.ComplaintOverdue", &["complaints.RectificationReported"]),
        entry("complaints.RectificationRefuted", &[UNSUBSTANTIATED]),
        entry("complaints.ComplaintReopened", &[UNSUBSTANTIATED]),
        entry("complaints.ComplaintSubstantiated", &[UNSUBSTANTIATED, "complaints.ComplaintSubstantiated"]),
    ];
    type Fact = Fact;

    fn react(fact: &Fact) -> Vec<Consequence> {
        let (cause, thing, unit, what) = match fact {
            Fact::ComplaintOverdue(ComplaintOverdue { complaint, unit, .. }) => {
                (TariffCause::ComplaintOverdue, complaint, unit, "its deadline passed without a report")
            }
            Fact::RectificationRefuted(RectificationRefuted { complaint, unit, .. }) => {
                (TariffCause::RectificationRefuted, complaint, unit, "it was not put right as reported")
            }
            Fact::ComplaintReopened(ComplaintReopened { complaint, unit, .. }) => {
                (TariffCause::ComplaintReopened, complaint, unit, "it was closed and had to be reopened")
            }
            Fact::ComplaintSubstantiated(ComplaintSubstantiated { complaint, unit, .. }) => {
                (TariffCause::ComplaintSubstantiated, complaint, unit, "it was found to be true")
            }
            Fact::ComplaintUnsubstantiated(ComplaintUnsubstantiated { complaint, .. }) => {
                let which = Which::By(&[
                    TariffCause::ComplaintSubstantiated,
                    TariffCause::RectificationRefuted,
                    TariffCause::ComplaintReopened,
                ]);
                return vec![undone(complaint, which, "it was found not to be true")];
            }
            Fact::RectificationReported(RectificationReported { complaint, .. }) => {
                return vec![undone(complaint, Which::PassedSince, "the report was made in time")];
            }
        };
        let corrected = Which::By(&[TariffCause::ComplaintSubstantiated]);
        let corrected = (cause == TariffCause::ComplaintSubstantiated)
            .then(|| undone(thing, corrected, "the finding was corrected"));
        let (thing, unit, reason) = (thing.clone(), unit.clone(), format!("{thing}: {what}"));
        let caused = Caused { cause, thing, unit, reason, cycle: String::new(), once: String::new() };
        corrected.into_iter().chain([Consequence::Entry(caused)]).collect()
    }
}

fn undone(complaint: &str, which: Which, what: &str) -> Consequence {
    Consequence::Reversal(Undone {
        thing: complaint.to_owned(),
        which,
        reason: format!("{complaint}: {what}"),
    })
}

const fn entry(fact: &'static str, undone_by: &'static [&'static str]) -> Effect {
    Effect { fact, then: "EntryRecorded", undone_by, undo: "EntryReversed" }
}
