//! Everything that is known: one table for each kind of fact, and what is counted from them per unit.

use contract::name::CycleName;
use contract::words::component::Method;

use super::accountability::{Case, Veto};
use super::complaints::{Calendar, Complaint};
use super::evaluation::commitment::Commitment;
use super::evaluation::cycle::{Cycle, Entered};
use super::evaluation::entry::Entry;
use super::evaluation::mark::{Indicator, Mark};
use super::evaluation::panel::{Ballots, Panel};
use super::evaluation::publication::Publication;
use super::evaluation::register::{SchemeVersion, Unit};
use super::evaluation::survey::{Stratum, Survey};
use super::names;
use super::rows::{Change, Rows};
use super::tally::{Counted as _, Step, Tallies};

macro_rules! facts {
    ($($(#[$doc:meta])* $kind:ident: $value:ty,)+) => {
        /// What the logs say, by kind.
        #[derive(Debug, Default)]
        pub(crate) struct Facts {
            $($(#[$doc])* pub(crate) $kind: Rows<$value>,)+
            /// What is counted from the rows per unit; never written.
            pub(crate) tallies: Tallies,
        }

        impl Facts {
            /// Takes the rows that changed since the last time, to be written.
            pub(crate) fn take_changes(&mut self) -> Result<Vec<Change>, serde_json::Error> {
                let mut changes = Vec::new();
                $(self.$kind.take_changes(stringify!($kind), &mut changes)?;)+
                Ok(changes)
            }

            /// Forgets which rows changed: another process writes them.
            pub(crate) fn forget_changes(&mut self) {
                $(self.$kind.forget_changes();)+
            }

            /// Puts back a row as it was written; [`Self::count`] when all are back.
            pub(crate) fn restore(&mut self, kind: &str, key: String, value: &str) -> Result<(), String> {
                let restored = match kind {
                    $(stringify!($kind) => self.$kind.restore(key, value),)+
                    _ => return Err(format!("facts of kind `{kind}` are not known")),
                };
                restored.map_err(|error| error.to_string())
            }
        }
    };
}

facts! {
    /// Units of the register, by `j/unit`.
    unit: Unit,
    /// Versions of schemes, by `j/scheme/version`.
    scheme: SchemeVersion,
    /// Cycles, by `j/cycle`.
    cycle: Cycle,
    /// Units entered in a cycle, by `j/cycle/unit`.
    entered: Entered,
    /// Marks, by `j/cycle/unit/component`.
    mark: Mark,
    /// Targets and actuals, by `j/cycle/unit/component/indicator`.
    indicator: Indicator,
    /// Entries of ledgers and of the daily assessment, by `j/cycle/unit/entry`.
    entry: Entry,
    /// Panels, by `j/cycle/component`.
    panel: Panel,
    /// The ballots of a class, by `j/cycle/component/class`.
    ballots: Ballots,
    /// Surveys, by `j/cycle/component`.
    survey: Survey,
    /// Forms and answers of a stratum, by `j/cycle/component/stratum`.
    stratum: Stratum,
    /// What was published of a cycle, by `j/cycle`.
    publication: Publication,
    /// Commitments that a unit has, by `j/commitment`.
    commitment: Commitment,
    /// Vetoes, by `j/cycle/unit/case`.
    veto: Veto,
    /// Cases, by `j/case`.
    case: Case,
    /// Complaints, by `j/complaint`.
    complaint: Complaint,
    /// Working days, by `j`.
    calendar: Calendar,
}

/// A cycle that an event is about.
pub(crate) struct InCycle<'a> {
    jurisdiction: &'a str,
    /// The cycle's key.
    pub(crate) key: String,
}

impl InCycle<'_> {
    /// Id of a unit of the cycle's jurisdiction.
    pub(crate) fn unit<'b>(&self, name: &'b str) -> Result<&'b str, String> {
        names::id_in(self.jurisdiction, "units", name)
    }

    /// As [`Self::unit`], but an empty name is of nothing.
    pub(crate) fn optional_unit<'b>(&self, name: &'b str) -> Result<Option<&'b str>, String> {
        names::optional_id_in(self.jurisdiction, "units", name)
    }

    /// The key of something below the cycle.
    pub(crate) fn below(&self, ids: &[&str]) -> String {
        let length = ids.iter().fold(self.key.len(), |length, id| length + 1 + id.len());
        let mut key = String::with_capacity(length);
        key.push_str(&self.key);
        for id in ids {
            key.push('/');
            key.push_str(id);
        }
        key
    }
}

impl Facts {
    /// The cycle that an event changes something of; one that was never opened is a contradiction.
    pub(crate) fn in_cycle<'a>(&mut self, name: &'a str) -> Result<InCycle<'a>, String> {
        let (jurisdiction, cycle) = names::ids("cycles", name)?;
        let key = names::key(&[jurisdiction, cycle]);
        if !self.touch_cycle(&key) {
            return Err(format!("the cycle {name} was never opened"));
        }
        Ok(InCycle { jurisdiction, key })
    }

    /// Says that what is computed from a cycle is out of date, unless it is frozen; whether there is one.
    pub(crate) fn touch_cycle(&mut self, key: &str) -> bool {
        let Some(cycle) = self.cycle.touch(key) else { return false };
        if !cycle.phase.is_frozen() {
            cycle.version += 1;
        }
        true
    }

    /// A cycle by its name.
    pub(crate) fn cycle_named(&self, name: &CycleName) -> Option<&Cycle> {
        self.cycle.get(&name.key())
    }

    /// Whether a component of a cycle's scheme is an index: its points come from other logs, too.
    pub(crate) fn has_index(&self, cycle: &Cycle) -> bool {
        let rules = self.scheme_version(&cycle.scheme, cycle.scheme_version);
        rules.is_some_and(|(_, rules)| {
            rules.components.iter().any(|component| matches!(component.method, Some(Method::Index(_))))
        })
    }

    /// Counts anew what is counted, after the rows were put back.
    pub(crate) fn count(&mut self) {
        let mut tallies = Tallies::default();
        self.unit.iter().for_each(|(key, unit)| unit.count(key, &mut tallies, Step::Up));
        self.case.iter().for_each(|(key, case)| case.count(key, &mut tallies, Step::Up));
        self.complaint.iter().for_each(|(key, complaint)| complaint.count(key, &mut tallies, Step::Up));
        self.publication.iter().for_each(|(key, published)| published.count(key, &mut tallies, Step::Up));
        self.tallies = tallies;
    }
}
