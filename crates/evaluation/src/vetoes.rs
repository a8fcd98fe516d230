//! Which vetoes 一票否决 stand: what is kept of the facts of the accountability context.

use std::collections::{BTreeMap, BTreeSet};

use contract::accountability::{VetoLifted, VetoRaised};
use eventstore::{EventSet as _, RecordedEvent};
use shell::Model;

eventstore::events! {
    enum Fact { VetoRaised, VetoLifted }
}

/// The vetoes that stand, by cycle and unit; each with the cases that raised it.
#[derive(Debug, Default)]
pub struct Vetoes {
    standing: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
}

impl Model for Vetoes {
    fn apply(&mut self, _service: &'static str, event: &RecordedEvent) -> Result<(), String> {
        let fact = Fact::decode(&event.event_type, &event.payload).map_err(|error| error.to_string())?;
        if let Some(fact) = fact {
            self.fold(fact);
        }
        Ok(())
    }
}

impl Vetoes {
    fn fold(&mut self, fact: Fact) {
        match fact {
            Fact::VetoRaised(VetoRaised { case, unit, cycle }) => {
                self.standing.entry(cycle).or_default().entry(unit).or_default().insert(case);
            }
            Fact::VetoLifted(VetoLifted { case, unit, cycle, .. }) => {
                if let Some(cases) = self.standing.get_mut(&cycle).and_then(|units| units.get_mut(&unit)) {
                    cases.remove(&case);
                }
            }
        }
    }

    /// The units of a cycle against which a veto stands, by resource name.
    pub fn against(&self, cycle: &str) -> BTreeSet<String> {
        let units = self.standing.get(cycle).into_iter().flatten();
        units.filter(|(_, cases)| !cases.is_empty()).map(|(unit, _)| unit.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raised(case: &str) -> Fact {
        VetoRaised { case: case.to_owned(), unit: "u".to_owned(), cycle: "c".to_owned() }.into()
    }

    fn lifted(case: &str) -> Fact {
        let (case, unit, cycle) = (case.to_owned(), "u".to_owned(), "c".to_owned());
        VetoLifted { case, unit, cycle, ..VetoLifted::default() }.into()
    }

    fn vetoed(facts: impl IntoIterator<Item = Fact>) -> bool {
        let mut vetoes = Vetoes::default();
        facts.into_iter().for_each(|fact| vetoes.fold(fact));
        assert!(vetoes.against("another").is_empty());
        vetoes.against("c").contains("u")
    }

    #[test]
    fn a_veto_stands_until_every_case_that_raised_it_lifts_it() {
        assert!(vetoed([raised("k1")]));
        assert!(!vetoed([raised("k1"), lifted("k1")]));
        assert!(vetoed([raised("k1"), raised("k2"), lifted("k1")]));
        assert!(!vetoed([raised("k1"), raised("k2"), lifted("k1"), lifted("k2")]));
    }
}
