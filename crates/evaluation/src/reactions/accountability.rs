//! Accountability: a finding against units, which falls when an appeal overturns it.

use contract::accountability::{AppealDecided, AppealOutcome, FindingMade};
use contract::words::TariffCause;
use shell::reaction::Effect;

use super::{Caused, Consequence, Facts, Undone, Which};

eventstore::events! {
    /// The facts of the accountability context that cost points, or give them back.
    pub enum Fact { FindingMade, AppealDecided }
}

/// The facts of the accountability context.
#[derive(Debug)]
pub struct Accountability;

impl Facts for Accountability {
    const CONSUMER: &'static str = "evaluation-from-accountability";
    const EFFECTS: &'static [Effect] = &[Effect {
        fact: "accountability.FindingMade",
        then: "EntryRecorded",
        undone_by: &["accountability.AppealDecided"],
        undo: "EntryReversed",
    }];
    type Fact = Fact;

    fn react(fact: &Fact) -> Vec<Consequence> {
        match fact {
            Fact::FindingMade(finding) if finding.exonerated => vec![],
            Fact::FindingMade(FindingMade { case, units, cycle, .. }) => {
                let caused = |unit: &String| Caused {
                    cause: TariffCause::FindingMade,
                    thing: case.clone(),
                    unit: unit.clone(),
                    reason: format!("{case}: a finding was made"),
                    cycle: cycle.clone(),
                };
                units.iter().map(caused).map(Consequence::Entry).collect()
            }
            Fact::AppealDecided(decided) if decided.outcome() == AppealOutcome::Overturned => {
                let AppealDecided { case, .. } = decided;
                vec![Consequence::Reversal(Undone {
                    thing: case.clone(),
                    which: Which::By(&[TariffCause::FindingMade]),
                    reason: format!("{case}: the finding was overturned on appeal"),
                })]
            }
            Fact::AppealDecided(_) => vec![],
        }
    }
}
