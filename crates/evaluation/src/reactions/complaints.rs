//! Complaints: overdue, refuted, reopened, substantiated.
//!
//! What a complaint is found to be true for falls if it is found not to be true: that it was substantiated, and
//! that its rectification was refuted and it was reopened, as there was nothing to put right. That its deadline
//! passed stands: a report was due whatever was found.

use contract::complaints::{
    ComplaintOverdue, ComplaintReopened, ComplaintSubstantiated, ComplaintUnsubstantiated,
    RectificationRefuted,
};
use contract::words::TariffCause;
use shell::reaction::Effect;

use super::{Caused, Consequence, Facts, Undone, Which};

const UNDONE_BY: &[&str] = &["complaints.ComplaintUnsubstantiated"];

eventstore::events! {
    /// The facts of the complaints context that cost points, or give them back.
    pub enum Fact {
        ComplaintOverdue, RectificationRefuted, ComplaintReopened, ComplaintSubstantiated,
        ComplaintUnsubstantiated,
    }
}

/// The facts of the complaints context.
#[derive(Debug)]
pub struct Complaints;

impl Facts for Complaints {
    const CONSUMER: &'static str = "evaluation-from-complaints";
    const EFFECTS: &'static [Effect] = &[
        Effect { fact: "complaints.ComplaintOverdue", then: "EntryRecorded", undone_by: &[], undo: "" },
        entry("complaints.RectificationRefuted"),
        entry("complaints.ComplaintReopened"),
        entry("complaints.ComplaintSubstantiated"),
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
                return vec![Consequence::Reversal(Undone {
                    thing: complaint.clone(),
                    which: Which::By(&[
                        TariffCause::ComplaintSubstantiated,
                        TariffCause::RectificationRefuted,
                        TariffCause::ComplaintReopened,
                    ]),
                    reason: format!("{complaint}: it was found not to be true"),
                })];
            }
        };
        let (thing, unit, reason) = (thing.clone(), unit.clone(), format!("{thing}: {what}"));
        vec![Consequence::Entry(Caused { cause, thing, unit, reason, cycle: String::new() })]
    }
}

const fn entry(fact: &'static str) -> Effect {
    Effect { fact, then: "EntryRecorded", undone_by: UNDONE_BY, undo: "EntryReversed" }
}
