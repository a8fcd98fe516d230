//! What lies in the boxes of surveys and panels, added up. Nothing here says whose it was.

use std::collections::BTreeMap;

use contract::evaluation::{BallotCast, FormAnswered};
use eventstore::{EventSet as _, RecordedEvent};
use rust_decimal::Decimal;

use super::exact;
use crate::domain::{panel, survey};

/// How many answers about a unit chose each level: by unit, stratum, level.
type Tally = BTreeMap<String, BTreeMap<String, BTreeMap<String, u64>>>;

/// The marks of a unit: by unit and class.
type Marks = BTreeMap<String, BTreeMap<String, Vec<Decimal>>>;

eventstore::events! {
    enum InTheBox { FormAnswered, BallotCast }
}

/// The answers of every survey and the ballots of every panel; by jurisdiction, cycle and component.
#[derive(Debug, Default)]
pub struct Boxes {
    surveys: BTreeMap<String, Answers>,
    panels: BTreeMap<String, Ballots>,
}

/// The answers of one survey, counted.
#[derive(Debug, Default)]
pub struct Answers {
    /// By unit, stratum, level.
    pub tally: Tally,
    /// How many forms are filled in alike: by stratum, how many units they mark, and a hash of what they say.
    patterns: BTreeMap<String, BTreeMap<(u64, u64), u64>>,
}

/// The ballots of one panel.
#[derive(Debug, Default)]
pub struct Ballots {
    /// How many.
    pub cast: u64,
    /// By unit and class.
    pub marks: Marks,
}

impl Boxes {
    /// Adds `event` up if it lies in a box; whether it does.
    pub fn apply(&mut self, event: &RecordedEvent) -> Result<bool, String> {
        if ![survey::BOX_CATEGORY, panel::BOX_CATEGORY].contains(&event.stream.category()) {
            return Ok(false);
        }
        let decoded =
            InTheBox::decode(&event.event_type, &event.payload).map_err(|error| error.to_string())?;
        let key = event.stream.key().to_owned();
        match decoded {
            Some(InTheBox::FormAnswered(form)) => self.surveys.entry(key).or_default().add(form),
            Some(InTheBox::BallotCast(ballot)) => self.panels.entry(key).or_default().add(ballot),
            None => return Err(format!("`{}` does not belong in a box", event.event_type)),
        }
        Ok(true)
    }

    /// The answers of a survey, if there are any.
    pub fn survey(&self, key: &str) -> Option<&Answers> {
        self.surveys.get(key)
    }

    /// The ballots of a panel, if there are any.
    pub fn panel(&self, key: &str) -> Option<&Ballots> {
        self.panels.get(key)
    }
}

impl Answers {
    fn add(&mut self, form: FormAnswered) {
        use std::hash::{Hash as _, Hasher as _};
        let mut said = std::hash::DefaultHasher::new();
        let units = u64::try_from(form.answers.len()).unwrap_or(u64::MAX);
        for answer in form.answers {
            (&answer.unit, &answer.level_id).hash(&mut said);
            let strata = self.tally.entry(answer.unit).or_default();
            *strata.entry(form.stratum_id.clone()).or_default().entry(answer.level_id).or_default() += 1;
        }
        let patterns = self.patterns.entry(form.stratum_id).or_default();
        *patterns.entry((units, said.finish())).or_default() += 1;
    }

    /// Of a stratum's forms that mark at least `units_min` units: how many are filled in alike at most, and how
    /// many there are.
    pub fn alike(&self, stratum_id: &str, units_min: u64) -> (u64, u64) {
        let patterns = self.patterns.get(stratum_id);
        let forms =
            || patterns.into_iter().flat_map(|patterns| patterns.range((units_min, 0)..)).map(|(_, n)| *n);
        (forms().max().unwrap_or(0), forms().sum())
    }
}

impl Ballots {
    fn add(&mut self, ballot: BallotCast) {
        self.cast += 1;
        for mark in ballot.marks {
            let classes = self.marks.entry(mark.unit).or_default();
            classes.entry(ballot.class_id.clone()).or_default().push(exact(&mark.points));
        }
    }
}
