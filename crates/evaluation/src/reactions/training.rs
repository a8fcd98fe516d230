//! Training: a unit that stands still 按兵不动.
//!
//! That it moves again ends the standstill and does not undo it: the days were lost. Raised again for the same cause
//! and day, as when the session that ended it did not count, it is the same standstill and costs nothing more.

use contract::training::UnitStalled;
use contract::words::TariffCause;
use shell::reaction::Effect;

use super::{Caused, Consequence, Facts};

eventstore::events! {
    /// The facts of the training context that cost points.
    pub enum Fact { UnitStalled }
}

/// The facts of the training context.
#[derive(Debug)]
pub struct Training;

impl Facts for Training {
    const CONSUMER: &'static str = "evaluation-from-training";
    const EFFECTS: &'static [Effect] =
        &[Effect { fact: "training.UnitStalled", then: "EntryRecorded", undone_by: &[], undo: "" }];
    type Fact = Fact;

    fn react(fact: &Fact) -> Vec<Consequence> {
        let Fact::UnitStalled(UnitStalled { campaign, unit, cause, due_date }) = fact;
        vec![Consequence::Entry(Caused {
            cause: TariffCause::UnitStalled,
            thing: campaign.clone(),
            unit: unit.clone(),
            reason: format!("{campaign}: the unit stands still since {due_date}"),
            cycle: String::new(),
            once: format!("{campaign}/{cause}/{due_date}"),
        })]
    }
}
