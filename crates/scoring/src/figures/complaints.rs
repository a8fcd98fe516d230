//! What is open, due, on time, put right: figures of complaints (scoring.md §5, rectification).
//!
//! Three pieces, each usable alone: a [`Change`] is what an event of the complaints' log means to the figures;
//! a [`Complaint`] is all that counts of one complaint, in 56 bytes; [`Counts`] are those of one unit, kept up
//! with every change. [`Complaints`] is the whole fold, with the tree of units.
//!
//! - **The unit** of a complaint is the last one that it was given to: complained of, accepted for, transferred
//!   to, made responsible.
//! - **The deadline in force** is the last one that an assignment, an extension or a refutation set. A complaint
//!   that never had one counts as lodged and open, but is never due. What is due at midnight is due with the day
//!   before; a complaint belongs to the period of the day that it is due with.
//! - **Due by now**: the deadline in force lies inside the period and not after now, whatever became of it.
//! - **On time**: due by now, and closed as rectified or unsubstantiated not after the deadline in force.
//! - **Satisfaction**: the mean of the complainants' last words. Not to say one takes none back.
//! - **Closed**, **reopened**: at least once. Satisfaction, closed and reopened count every complaint whose
//!   deadline lies inside the period.
//! - **Open**: neither closed nor rejected, whenever it is due. **Overdue**: open, and `ComplaintOverdue` was
//!   raised for the deadline in force.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::{AddAssign, Bound, SubAssign};

use contract::complaints::{ClosureOutcome, Satisfaction};
use contract::evaluation::{UnitMoved, UnitRegistered};
use contract::field::day_of;
use jiff::civil::Date;
use jiff::{Timestamp, tz};
use prost::{DecodeError, Message as _};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::indices::RectificationFigures;

mod change;
#[cfg(test)]
mod tests;

pub use change::{Change, What};

/// The days whose figures are wanted, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The first day.
    pub start: Date,
    /// The last day.
    pub end: Date,
}

/// The figures of one unit, or of several together, in a period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Lodged inside the period.
    pub lodged: u64,
    /// Due by now.
    pub due: u64,
    /// Of those due: closed as rectified or unsubstantiated by the deadline in force.
    pub on_time: u64,
    /// With a complainant's word.
    pub rated: u64,
    /// The sum of their values, in tenths.
    pub satisfaction_tenths: u64,
    /// Closed at least once.
    pub closed: u64,
    /// Of those closed: reopened at least once.
    pub reopened: u64,
    /// Open now, whenever they are due.
    pub open: u64,
    /// Of those open: the deadline passed without a report.
    pub overdue: u64,
}

impl Figures {
    /// The counts behind the rectification index.
    pub fn rectification(&self) -> RectificationFigures {
        RectificationFigures {
            due: self.due,
            on_time: self.on_time,
            satisfaction_count: self.rated,
            satisfaction_sum: self.satisfaction_total(),
            closed: self.closed,
            reopened: self.reopened,
        }
    }

    /// The sum of the complainants' level values.
    pub fn satisfaction_total(&self) -> Decimal {
        Decimal::from_i128_with_scale(self.satisfaction_tenths.into(), 1)
    }
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        self.lodged += other.lodged;
        self.due += other.due;
        self.on_time += other.on_time;
        self.rated += other.rated;
        self.satisfaction_tenths += other.satisfaction_tenths;
        self.closed += other.closed;
        self.reopened += other.reopened;
        self.open += other.open;
        self.overdue += other.overdue;
    }
}

impl SubAssign for Figures {
    /// Takes away what was part of it.
    fn sub_assign(&mut self, part: Self) {
        self.lodged -= part.lodged;
        self.due -= part.due;
        self.on_time -= part.on_time;
        self.rated -= part.rated;
        self.satisfaction_tenths -= part.satisfaction_tenths;
        self.closed -= part.closed;
        self.reopened -= part.reopened;
        self.open -= part.open;
        self.overdue -= part.overdue;
    }
}

/// All that counts of one complaint, whichever unit has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Complaint {
    lodged_at: Micros,
    /// The one in force, and whether it waits for a report.
    deadline: Option<(Micros, bool)>,
    /// When, and whether as what counts as done; also when reopened since.
    closed: Option<(Micros, bool)>,
    satisfaction_tenths: Option<u8>,
    open: bool,
    reopened: bool,
    overdue: bool,
}

/// Whole microseconds since 1970, as the log keeps them.
type Micros = i64;

impl Complaint {
    /// One that was lodged at `lodged_at`.
    pub fn lodged(lodged_at: Timestamp) -> Self {
        Self {
            lodged_at: lodged_at.as_microsecond(),
            deadline: None,
            closed: None,
            satisfaction_tenths: None,
            open: true,
            reopened: false,
            overdue: false,
        }
    }

    /// Whether it is neither closed nor rejected.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Whether the deadline in force was raised as overdue.
    pub fn is_overdue(&self) -> bool {
        self.overdue
    }

    /// Whether it can become overdue by its deadline in force: nothing was reported, and it was not opened again since.
    pub fn awaits_report(&self) -> bool {
        self.open && self.deadline.is_some_and(|(_, waits)| waits)
    }

    /// The deadline in force.
    pub fn deadline(&self) -> Option<Timestamp> {
        Timestamp::from_microsecond(self.deadline?.0).ok()
    }

    /// When it was lodged.
    pub fn lodged_at(&self) -> Timestamp {
        Timestamp::from_microsecond(self.lodged_at).unwrap_or_default()
    }

    /// What it alone adds to the figures of a period, as they stand at `now`.
    pub fn figures(&self, period: Period, now: Timestamp) -> Figures {
        let mut alone = Counts::default();
        alone.add(self);
        alone.figures(period, now)
    }

    /// What happened to it at `occurred_at`.
    pub fn apply(&mut self, what: What, occurred_at: Timestamp) {
        match what {
            What::Lodged { at } => *self = Self::lodged(at),
            What::Given => {}
            What::Rejected => self.open = false,
            What::Due { deadline } => self.be_due(deadline),
            What::Overdue => self.overdue = true,
            What::Reported => self.wait_no_more(),
            What::Rated { satisfaction } => self.be_rated(satisfaction),
            What::Refuted { satisfaction, deadline } => {
                self.be_rated(satisfaction);
                self.be_due(deadline);
            }
            What::Closed { outcome } => {
                self.open = false;
                self.closed = Some((occurred_at.as_microsecond(), counts_as_done(outcome)));
            }
            What::Reopened => {
                self.open = true;
                self.reopened = true;
                self.wait_no_more();
            }
        }
    }

    fn be_due(&mut self, deadline: Timestamp) {
        let deadline = deadline.as_microsecond();
        // Another person, the same deadline: what was raised of it stands.
        self.overdue &= self.deadline.is_some_and(|(before, _)| before == deadline);
        self.deadline = Some((deadline, true));
    }

    fn wait_no_more(&mut self) {
        self.deadline = self.deadline.map(|(deadline, _)| (deadline, false));
    }

    fn be_rated(&mut self, satisfaction: Satisfaction) {
        self.satisfaction_tenths = tenths(satisfaction).or(self.satisfaction_tenths);
    }

    fn on_time(&self) -> bool {
        let (Some((deadline, _)), Some((at, done)), false) = (self.deadline, self.closed, self.open) else {
            return false;
        };
        done && at <= deadline
    }

    fn overdue_now(&self) -> bool {
        self.open && self.overdue
    }
}

/// The counts of one unit without those below it, or of whatever else complaints are gathered by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    open: u64,
    overdue: u64,
    lodged: BTreeMap<Date, u64>,
    /// Of those with this deadline; those `due` are all of them.
    by_deadline: BTreeMap<Micros, Figures>,
}

impl Counts {
    /// Counts a complaint, too.
    pub fn add(&mut self, complaint: &Complaint) {
        self.open += u64::from(complaint.open);
        self.overdue += u64::from(complaint.overdue_now());
        *self.lodged.entry(day_of(complaint.lodged_at())).or_default() += 1;
        if let Some((deadline, _)) = complaint.deadline {
            *self.by_deadline.entry(deadline).or_default() += counted(complaint);
        }
    }

    /// Counts a complaint no longer, as it was when it was counted.
    pub fn remove(&mut self, complaint: &Complaint) {
        self.open = self.open.saturating_sub(u64::from(complaint.open));
        self.overdue = self.overdue.saturating_sub(u64::from(complaint.overdue_now()));
        let day = day_of(complaint.lodged_at());
        if let Entry::Occupied(mut lodged) = self.lodged.entry(day) {
            *lodged.get_mut() -= 1;
            if *lodged.get() == 0 {
                lodged.remove();
            }
        }
        let Some((deadline, _)) = complaint.deadline else { return };
        if let Entry::Occupied(mut bucket) = self.by_deadline.entry(deadline) {
            take(bucket.get_mut(), &counted(complaint));
            if bucket.get().due == 0 {
                bucket.remove();
            }
        }
    }

    /// The figures in a period, as they stand at `now`.
    pub fn figures(&self, period: Period, now: Timestamp) -> Figures {
        let mut figures = Figures { open: self.open, overdue: self.overdue, ..Figures::default() };
        if period.end < period.start {
            return figures;
        }
        figures.lodged = self.lodged.range(period.start..=period.end).map(|(_, lodged)| lodged).sum();
        // Due at midnight is due with the day before.
        let first = midnight(period.start).as_microsecond();
        let last = midnight(period.end.tomorrow().unwrap_or(Date::MAX)).as_microsecond();
        let within = (Bound::Excluded(first), Bound::Included(last));
        for (deadline, bucket) in self.by_deadline.range(within) {
            let due = *deadline <= now.as_microsecond();
            let by_now = if due { (bucket.due, bucket.on_time) } else { (0, 0) };
            figures += Figures { due: by_now.0, on_time: by_now.1, ..*bucket };
        }
        figures
    }
}

/// Every complaint and the tree of units: the whole fold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Complaints {
    known: HashMap<String, (Complaint, String)>,
    counts: HashMap<String, Counts>,
    parents: HashMap<String, String>,
    below: HashMap<String, BTreeSet<String>>,
}

impl Complaints {
    /// Folds an event of the complaints' log, or of evaluation's as far as it is about the tree of units; others
    /// change nothing. The two logs may come in any order between them. The error says why it cannot be folded.
    pub fn apply(&mut self, event_type: &str, payload: &[u8], occurred_at: Timestamp) -> Result<(), String> {
        let unreadable = |error: DecodeError| error.to_string();
        if let Some(change) = Change::decode(event_type, payload).map_err(unreadable)? {
            self.change(change, occurred_at);
        } else if let Some((unit, parent)) = placed(event_type, payload).map_err(unreadable)? {
            self.put_below(unit, parent);
        }
        Ok(())
    }

    /// The figures of a unit without those below it.
    pub fn alone(&self, unit: &str, period: Period, now: Timestamp) -> Figures {
        self.counts.get(unit).map(|counts| counts.figures(period, now)).unwrap_or_default()
    }

    /// The figures of a unit and all those below it.
    pub fn with_subtree(&self, unit: &str, period: Period, now: Timestamp) -> Figures {
        let mut figures = Figures::default();
        let (mut waiting, mut seen) = (vec![unit], HashSet::new());
        while let Some(unit) = waiting.pop() {
            if seen.insert(unit) {
                figures += self.alone(unit, period, now);
                waiting.extend(self.below.get(unit).into_iter().flatten().map(String::as_str));
            }
        }
        figures
    }

    fn change(&mut self, Change { complaint, unit, what }: Change, occurred_at: Timestamp) {
        let (mut counted, mut whose) = match self.known.remove(&complaint) {
            Some((before, whose)) => {
                self.counts.entry(whose.clone()).or_default().remove(&before);
                (before, whose)
            }
            None => (Complaint::lodged(occurred_at), String::new()),
        };
        counted.apply(what, occurred_at);
        if let Some(unit) = unit {
            whose = unit;
        }
        self.counts.entry(whose.clone()).or_default().add(&counted);
        self.known.insert(complaint, (counted, whose));
    }

    fn put_below(&mut self, unit: String, parent: String) {
        if let Some(before) = self.parents.get(&unit) {
            self.below.entry(before.clone()).or_default().remove(&unit);
        }
        self.below.entry(parent.clone()).or_default().insert(unit.clone());
        self.parents.insert(unit, parent);
    }
}

/// Which unit an event of evaluation's log puts below which; `None`: it is not about that.
fn placed(event_type: &str, payload: &[u8]) -> Result<Option<(String, String)>, DecodeError> {
    Ok(match event_type.strip_prefix("mingjing.evaluation.v1.") {
        Some("UnitRegistered") => {
            let UnitRegistered { unit, parent, .. } = UnitRegistered::decode(payload)?;
            Some((unit, parent))
        }
        Some("UnitMoved") => {
            let UnitMoved { unit, parent } = UnitMoved::decode(payload)?;
            Some((unit, parent))
        }
        _ => None,
    })
}

/// What a complaint with a deadline adds to those of the same deadline.
fn counted(complaint: &Complaint) -> Figures {
    Figures {
        due: 1,
        on_time: complaint.on_time().into(),
        rated: complaint.satisfaction_tenths.is_some().into(),
        satisfaction_tenths: complaint.satisfaction_tenths.unwrap_or_default().into(),
        closed: complaint.closed.is_some().into(),
        reopened: complaint.reopened.into(),
        ..Figures::default()
    }
}

fn take(from: &mut Figures, counted: &Figures) {
    from.due = from.due.saturating_sub(counted.due);
    from.on_time = from.on_time.saturating_sub(counted.on_time);
    from.rated = from.rated.saturating_sub(counted.rated);
    from.satisfaction_tenths = from.satisfaction_tenths.saturating_sub(counted.satisfaction_tenths);
    from.closed = from.closed.saturating_sub(counted.closed);
    from.reopened = from.reopened.saturating_sub(counted.reopened);
}

/// The value of a level of satisfaction, in tenths; `None`: not said.
fn tenths(satisfaction: Satisfaction) -> Option<u8> {
    match satisfaction {
        Satisfaction::Unspecified => None,
        Satisfaction::VerySatisfied => Some(10),
        Satisfaction::Satisfied => Some(8),
        Satisfaction::BasicallySatisfied => Some(6),
        Satisfaction::Dissatisfied => Some(0),
    }
}

fn counts_as_done(outcome: ClosureOutcome) -> bool {
    match outcome {
        ClosureOutcome::Rectified | ClosureOutcome::Unsubstantiated => true,
        ClosureOutcome::Unspecified | ClosureOutcome::Withdrawn => false,
    }
}

/// The instant at which a day begins, in China's one time.
fn midnight(day: Date) -> Timestamp {
    tz::offset(8).to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(Timestamp::MAX)
}
