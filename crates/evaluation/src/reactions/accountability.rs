//! Accountability: a finding against units, which falls for those that an appeal clears: all of them when it
//! overturns the finding, some when it varies it.

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
                    once: String::new(),
                };
                units.iter().map(caused).map(Consequence::Entry).collect()
            }
            Fact::AppealDecided(decided) => cleared(decided).into_iter().collect(),
        }
    }
}

/// What falls for the units that are no longer responsible; none: all of them still are.
fn cleared(decided: &AppealDecided) -> Option<Consequence> {
    let AppealDecided { case, finding_event_id, units_cleared, .. } = decided;
    let (which, what) = match decided.outcome() {
        AppealOutcome::Unspecified | AppealOutcome::Dismissed => return None,
        AppealOutcome::Overturned => (Which::By(&[TariffCause::FindingMade]), "the finding was overturned"),
        AppealOutcome::Varied => {
            let (event_id, units) = (finding_event_id.clone(), units_cleared.clone());
            (Which::From { event_id, units }, "the unit was cleared of the finding")
        }
    };
    let reason = format!("{case}: {what} on appeal");
    Some(Consequence::Reversal(Undone { thing: case.clone(), which, reason }))
}
