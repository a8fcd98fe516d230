//! Promises of this service: refuted, lapsed.
//!
//! A refutation that is overturned falls, with the lapse that came of it. A later delivery that stands does not
//! undo an earlier one that did not.

use contract::evaluation::{CommitmentLapsed, DeliveryRefuted, DeliveryVerified};
use contract::words::TariffCause;
use shell::reaction::Effect;

use super::{Caused, Consequence, Facts, Undone, Which};

eventstore::events! {
    /// The facts about commitments that cost points, or give them back.
    pub enum Fact { DeliveryRefuted, CommitmentLapsed, DeliveryVerified }
}

/// The facts about commitments.
#[derive(Debug)]
pub struct Commitments;

impl Facts for Commitments {
    const CONSUMER: &'static str = "evaluation-from-commitments";
    const EFFECTS: &'static [Effect] =
        &[entry("evaluation.DeliveryRefuted"), entry("evaluation.CommitmentLapsed")];
    type Fact = Fact;

    fn react(fact: &Fact) -> Vec<Consequence> {
        let (cause, thing, unit, what) = match fact {
            Fact::DeliveryRefuted(DeliveryRefuted { commitment, unit, .. }) => {
                (TariffCause::DeliveryRefuted, commitment, unit, "it was not delivered as reported")
            }
            Fact::CommitmentLapsed(CommitmentLapsed { commitment, unit, .. }) => {
                (TariffCause::CommitmentLapsed, commitment, unit, "its day passed without delivery")
            }
            Fact::DeliveryVerified(verified) if verified.overturns => {
                let DeliveryVerified { commitment, .. } = verified;
                return vec![Consequence::Reversal(Undone {
                    thing: commitment.clone(),
                    which: Which::LastRefutation,
                    reason: format!("{commitment}: it was delivered as reported after all"),
                })];
            }
            Fact::DeliveryVerified(_) => return vec![],
        };
        let (thing, unit, reason) = (thing.clone(), unit.clone(), format!("{thing}: {what}"));
        vec![Consequence::Entry(Caused {
            cause,
            thing,
            unit,
            reason,
            cycle: String::new(),
            once: String::new(),
        })]
    }
}

const fn entry(fact: &'static str) -> Effect {
    let undone_by = &["evaluation.DeliveryVerified"];
    Effect { fact, then: "EntryRecorded", undone_by, undo: "EntryReversed" }
}
