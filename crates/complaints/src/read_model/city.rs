//! The complaints of one jurisdiction, and what finds them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use contract::complaints::{AlertColour, ComplaintClock, ComplaintLodged};
use contract::field::day_of;
use contract::name::ComplaintName;
use eventstore::{EventSet as _, RecordedEvent};
use jiff::Timestamp;
use jiff::civil::Date;
use scoring::WorkingDays;
use scoring::figures::complaints::{Change, Counts, Figures, Period};

use super::filter::Filter;
use super::names::{Id, NOBODY, Names};
use super::row::Row;
use crate::domain::complaint::Event;

/// The clocks of a complaint.
pub(crate) const CLOCKS: [ComplaintClock; 2] = [ComplaintClock::Stage, ComplaintClock::Case];

/// Complaints of one jurisdiction. Rows are numbered in the order in which they were lodged.
pub struct City {
    /// Its id.
    pub jurisdiction: String,
    /// Names of units, officers and categories.
    pub names: Names,
    rows: Vec<Row>,
    ids: HashMap<Arc<str>, u32>,
    /// Rows of each unit, responsible officer, leader, supervisor, officer complained of, category.
    pub(super) by_unit: Postings,
    pub(super) by_officer: Postings,
    pub(super) by_leader: Postings,
    pub(super) by_supervisor: Postings,
    pub(super) by_complained_of: Postings,
    pub(super) by_category: Postings,
    /// Rows that are neither rejected nor closed.
    pub(super) open: BTreeSet<u32>,
    /// Running clocks, soonest first.
    due: BTreeSet<(Timestamp, u32, u8)>,
    /// When each open row has to be looked at next, and by row.
    wakes: BTreeSet<(Timestamp, u32)>,
    wake_of: HashMap<u32, Timestamp>,
    counts: HashMap<Id, Counts>,
    /// Those of all units together, and of none.
    total: Counts,
    groups: HashMap<u32, Group>,
    /// Groups that were repeated or reopened, most often first.
    ranked: BTreeSet<(Reverse<u32>, u32)>,
    /// Complaints whose complainant was erased, and what of it the vault must not hold.
    pub erased: BTreeMap<u32, Vec<String>>,
    /// The working days in force.
    pub working_days: WorkingDays,
    yellow: HashMap<Date, Timestamp>,
}

/// A complaint and what repeats it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// Those that repeat it, oldest first.
    pub repeats: Vec<u32>,
    /// How often any of them was reopened.
    pub reopenings: u32,
}

/// Which rows have which name.
#[derive(Debug, Default)]
pub(super) struct Postings {
    rows: BTreeSet<(Id, u32)>,
    counts: HashMap<Id, usize>,
}

impl City {
    pub(super) fn new(jurisdiction: String, working_days: WorkingDays) -> Self {
        Self {
            jurisdiction,
            names: Names::default(),
            rows: Vec::new(),
            ids: HashMap::new(),
            by_unit: Postings::default(),
            by_officer: Postings::default(),
            by_leader: Postings::default(),
            by_supervisor: Postings::default(),
            by_complained_of: Postings::default(),
            by_category: Postings::default(),
            open: BTreeSet::new(),
            due: BTreeSet::new(),
            wakes: BTreeSet::new(),
            wake_of: HashMap::new(),
            counts: HashMap::new(),
            total: Counts::default(),
            groups: HashMap::new(),
            ranked: BTreeSet::new(),
            erased: BTreeMap::new(),
            working_days,
            yellow: HashMap::new(),
        }
    }

    /// A complaint by its number.
    pub fn row(&self, number: u32) -> Option<&Row> {
        self.rows.get(usize::try_from(number).ok()?)
    }

    /// How many complaints there are.
    pub fn len(&self) -> u32 {
        u32::try_from(self.rows.len()).unwrap_or(u32::MAX)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The number of a complaint.
    pub fn number(&self, id: &str) -> Option<u32> {
        self.ids.get(id).copied()
    }

    /// The name of a complaint.
    pub fn name(&self, row: &Row) -> ComplaintName {
        ComplaintName { jurisdiction: self.jurisdiction.clone(), complaint: row.id.to_string() }
    }

    /// Running clocks after `after`, soonest first.
    pub fn due(&self, after: Option<(Timestamp, u32, u8)>) -> impl Iterator<Item = (Timestamp, u32, u8)> {
        let from = after.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
        self.due.range((from, std::ops::Bound::Unbounded)).copied()
    }

    /// The same of the rows that match a filter, which are few.
    pub fn due_of(
        &self,
        filter: &Filter,
        after: Option<(Timestamp, u32, u8)>,
        now: Timestamp,
    ) -> impl Iterator<Item = (Timestamp, u32, u8)> {
        let rows = self.find(filter, 0, now).filter_map(|number| Some((number, self.row(number)?)));
        let clocks = rows.flat_map(|(number, row)| {
            let due = move |(clock, mark)| Some((row.due(clock)?, number, mark));
            CLOCKS.into_iter().zip(0..).filter_map(due)
        });
        let mut due: Vec<_> = clocks.filter(|place| Some(*place) > after).collect();
        due.sort_unstable();
        due.into_iter()
    }

    /// Rows that have to be looked at by `now`, soonest first.
    pub fn wakes(&self, now: Timestamp) -> impl Iterator<Item = &Row> {
        let due = self.wakes.iter().take_while(move |(wake, _)| *wake <= now);
        due.filter_map(|(_, number)| self.row(*number))
    }

    /// Running stage clocks that are yellow or red, soonest first.
    pub fn coloured(&self, now: Timestamp) -> impl Iterator<Item = (&Row, AlertColour)> {
        let colour = move |due| if due <= now { AlertColour::Red } else { AlertColour::Yellow };
        let coloured =
            self.due(None).take_while(move |(due, ..)| *due <= now || self.yellow_from(*due) <= now);
        let of_stage = coloured.filter(|(.., mark)| *mark == 0);
        of_stage.filter_map(move |(due, number, _)| Some((self.row(number)?, colour(due))))
    }

    /// The figures of units, or of all complaints. Most of the units are all without the others.
    pub fn figures(&self, units: Option<&HashSet<Id>>, period: Period, now: Timestamp) -> Figures {
        let Some(units) = units else { return self.total.figures(period, now) };
        if units.len() <= self.counts.len() / 2 {
            let mut sum = Figures::default();
            let counts = units.iter().filter_map(|unit| self.counts.get(unit));
            counts.for_each(|counts| sum += counts.figures(period, now));
            return sum;
        }
        let mut rest = self.total.figures(period, now);
        let others = self.counts.iter().filter(|(unit, _)| !units.contains(unit));
        others.for_each(|(_, counts)| rest -= counts.figures(period, now));
        rest
    }

    /// Groups that were repeated or reopened, most often first.
    pub fn groups(&self) -> impl Iterator<Item = (u32, &Group)> {
        self.ranked.iter().filter_map(|(_, first)| Some((*first, self.groups.get(first)?)))
    }

    /// From when on a clock that is due at `due` is yellow.
    pub fn yellow_from(&self, due: Timestamp) -> Timestamp {
        let known = self.yellow.get(&due_day(due)).copied();
        known.unwrap_or_else(|| self.working_days.yellow_from(due))
    }

    /// The colour of a row's clock.
    pub fn colour(&self, row: &Row, clock: ComplaintClock, now: Timestamp) -> AlertColour {
        let Some(due) = row.due(clock) else { return AlertColour::Unspecified };
        if due <= now {
            AlertColour::Red
        } else if self.yellow_from(due) <= now {
            AlertColour::Yellow
        } else {
            AlertColour::Green
        }
    }

    pub(super) fn set_working_days(&mut self, working_days: WorkingDays) {
        self.working_days = working_days;
        self.yellow.clear();
        let open: Vec<u32> = self.open.iter().copied().collect();
        for number in open {
            self.wake(number);
        }
    }

    /// Folds an event of the complaint of `id`; its number.
    pub(super) fn apply(&mut self, id: &str, recorded: &RecordedEvent, event: &Event) -> Result<u32, String> {
        if let Event::ComplaintLodged(lodged) = event {
            return Ok(self.lodge(id, lodged));
        }
        let number = self.number(id).ok_or_else(|| format!("{} was never lodged", recorded.stream))?;
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        let before = self.rows[at].clone();
        let mut after = before.clone();
        after.apply(recorded, event, &mut self.names);
        let change =
            Change::decode(&event.event_type(), &recorded.payload).map_err(|error| error.to_string())?;
        if let Some(change) = change {
            after.counted.apply(change.what, recorded.occurred_at);
        }
        if let Event::ComplainantErased(erased) = event {
            self.erased.entry(number).or_default().extend(erased.vault_keys.iter().cloned());
        }
        self.reindex(number, &before, &after);
        self.rows[at] = after;
        self.wake(number);
        Ok(number)
    }

    fn lodge(&mut self, id: &str, lodged: &ComplaintLodged) -> u32 {
        let number = self.len();
        let mut row = Row::new(id, lodged, &mut self.names);
        let earlier = lodged.repeats.rsplit('/').next().unwrap_or_default();
        row.repeats = self.number(earlier).filter(|_| !lodged.repeats.is_empty());
        for officer in &lodged.complained_of {
            let officer = self.names.give(officer);
            self.by_complained_of.put(officer, number);
        }
        self.ids.insert(row.id.clone(), number);
        self.by_unit.put(row.unit, number);
        self.by_category.put(row.category, number);
        self.open.insert(number);
        self.counts.entry(row.unit).or_default().add(&row.counted);
        self.total.add(&row.counted);
        self.run(number, &row);
        if let Some(earlier) = row.repeats {
            let first = self.first_of(earlier);
            self.regroup(first, |group| group.repeats.push(number));
        }
        self.rows.push(row);
        self.wake(number);
        number
    }

    /// The complaint that a chain of repeats began with.
    pub fn first_of(&self, number: u32) -> u32 {
        let (mut at, mut seen) = (number, HashSet::new());
        while let Some(earlier) = self.row(at).and_then(|row| row.repeats).filter(|_| seen.insert(at)) {
            at = earlier;
        }
        at
    }

    fn regroup(&mut self, first: u32, change: impl FnOnce(&mut Group)) {
        let group = self.groups.entry(first).or_default();
        self.ranked.remove(&(Reverse(group.times()), first));
        change(group);
        self.ranked.insert((Reverse(group.times()), first));
    }

    fn reindex(&mut self, number: u32, before: &Row, after: &Row) {
        self.by_unit.replace(before.unit, after.unit, number);
        self.by_officer.replace(before.officer, after.officer, number);
        self.by_leader.replace(before.leader, after.leader, number);
        self.by_supervisor.replace(before.supervisor, after.supervisor, number);
        if (before.unit, before.counted) != (after.unit, after.counted) {
            self.counts.entry(before.unit).or_default().remove(&before.counted);
            self.counts.entry(after.unit).or_default().add(&after.counted);
        }
        if before.counted != after.counted {
            self.total.remove(&before.counted);
            self.total.add(&after.counted);
        }
        if after.counted.is_open() {
            self.open.insert(number);
        } else {
            self.open.remove(&number);
        }
        for (clock, mark) in CLOCKS.into_iter().zip(0..) {
            if before.due(clock) != after.due(clock)
                && let Some(due) = before.due(clock)
            {
                self.due.remove(&(due, number, mark));
            }
        }
        self.run(number, after);
        if after.reopenings > before.reopenings {
            let first = self.first_of(number);
            self.regroup(first, |group| group.reopenings += 1);
        }
    }

    fn run(&mut self, number: u32, row: &Row) {
        for (clock, mark) in CLOCKS.into_iter().zip(0..) {
            if let Some(due) = row.due(clock) {
                self.due.insert((due, number, mark));
            }
        }
    }

    /// Says anew when a row has to be looked at.
    fn wake(&mut self, number: u32) {
        let Some(row) = self.row(number) else { return };
        let (clocks, escalation) = (CLOCKS.map(|clock| (clock, row.due(clock))), row.escalation_due());
        let raised =
            CLOCKS.map(|clock| (row.raised(clock, AlertColour::Yellow), row.raised(clock, AlertColour::Red)));
        let mut next = escalation;
        for ((_, due), (yellow, red)) in clocks.into_iter().zip(raised) {
            let Some(due) = due else { continue };
            let yellow = (!yellow).then(|| self.remember_yellow(due));
            next = [next, yellow, (!red).then_some(due)].into_iter().flatten().min();
        }
        let known = match next {
            Some(next) => self.wake_of.insert(number, next),
            None => self.wake_of.remove(&number),
        };
        if known != next {
            known.map(|known| self.wakes.remove(&(known, number)));
            next.map(|next| self.wakes.insert((next, number)));
        }
    }

    fn remember_yellow(&mut self, due: Timestamp) -> Timestamp {
        *self.yellow.entry(due_day(due)).or_insert_with(|| self.working_days.yellow_from(due))
    }
}

impl Group {
    fn times(&self) -> u32 {
        u32::try_from(self.repeats.len()).unwrap_or(u32::MAX).saturating_add(self.reopenings)
    }
}

impl Postings {
    fn put(&mut self, name: Id, row: u32) {
        if name != NOBODY && self.rows.insert((name, row)) {
            *self.counts.entry(name).or_default() += 1;
        }
    }

    fn replace(&mut self, before: Id, after: Id, row: u32) {
        if before != after {
            if self.rows.remove(&(before, row))
                && let Some(count) = self.counts.get_mut(&before)
            {
                *count -= 1;
            }
            self.put(after, row);
        }
    }

    /// How many rows have a name.
    pub(super) fn count(&self, name: Id) -> usize {
        self.counts.get(&name).copied().unwrap_or_default()
    }

    /// The rows that have a name, from `from` on, in order.
    pub(super) fn of(&self, name: Id, from: u32) -> impl Iterator<Item = u32> {
        self.rows.range((name, from)..=(name, u32::MAX)).map(|(_, row)| *row)
    }

    /// Whether a row has a name.
    pub(super) fn has(&self, name: Id, row: u32) -> bool {
        self.rows.contains(&(name, row))
    }
}

/// The day that a clock is due with: midnight belongs to the day before.
fn due_day(due: Timestamp) -> Date {
    day_of(due.checked_sub(jiff::SignedDuration::from_nanos(1)).unwrap_or(due))
}
