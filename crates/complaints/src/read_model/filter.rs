//! Which rows are asked for, and the shortest way to them.

use std::collections::HashSet;

use contract::complaints::{AlertColour, ComplaintChannel, ComplaintClock, ComplaintStage};
use contract::field::day_of;
use jiff::Timestamp;
use jiff::civil::Date;

use super::city::{City, Postings};
use super::names::Id;
use super::row::Row;

/// So many rows are gathered and sorted; for more, all are looked through.
const GATHERED_ROWS_MAX: usize = 200_000;

/// So few rows are looked at one by one rather than all that are due.
const NARROW_ROWS_MAX: usize = 50_000;

/// Narrows complaints down by names that the city knows; what is empty asks for nothing.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only those that one of these units has.
    pub units: Option<HashSet<Id>>,
    /// Only those of this responsible officer.
    pub officer: Option<Id>,
    /// Only those about this officer.
    pub complained_of: Option<Id>,
    /// Only those of this leader.
    pub leader: Option<Id>,
    /// Only those of this supervisor.
    pub supervisor: Option<Id>,
    /// Only those of this category.
    pub category: Option<Id>,
    /// Only at one of these stages.
    pub stages: Vec<ComplaintStage>,
    /// Only with one of these colours of the stage's clock.
    pub colours: Vec<AlertColour>,
    /// Only by one of these channels.
    pub channels: Vec<ComplaintChannel>,
    /// Only open ones.
    pub open_only: bool,
    /// Lowest and highest age in working days.
    pub ages: Option<(i64, i64)>,
    /// First and last day of lodging.
    pub days: Option<(Date, Date)>,
    /// It names something that no complaint has.
    pub nothing: bool,
}

/// Rows that were found, in their order.
pub type Found<'a> = Box<dyn Iterator<Item = u32> + 'a>;

impl City {
    /// The rows from `from` on that match, in their order.
    pub fn find<'a>(&'a self, filter: &'a Filter, from: u32, now: Timestamp) -> Found<'a> {
        if filter.nothing {
            return Box::new(std::iter::empty());
        }
        let matching = move |number: &u32| self.matches(filter, *number, now);
        Box::new(self.candidates(filter, from).filter(matching))
    }

    /// Whether a row matches.
    pub fn matches(&self, filter: &Filter, number: u32, now: Timestamp) -> bool {
        let Some(row) = self.row(number).filter(|_| !filter.nothing) else { return false };
        let is = |wanted: Option<Id>, found: Id| wanted.is_none_or(|wanted| wanted == found);
        is(filter.officer, row.officer)
            && is(filter.leader, row.leader)
            && is(filter.supervisor, row.supervisor)
            && is(filter.category, row.category)
            && filter.units.as_ref().is_none_or(|units| units.contains(&row.unit))
            && (filter.stages.is_empty() || filter.stages.contains(&row.stage))
            && (filter.channels.is_empty() || filter.channels.contains(&row.channel))
            && (!filter.open_only || row.counted.is_open())
            && filter.complained_of.is_none_or(|officer| self.by_complained_of.has(officer, number))
            && self.colour_matches(filter, row, now)
            && self.age_matches(filter, row, now)
            && filter.days.is_none_or(|(first, last)| {
                let day = day_of(row.counted.lodged_at());
                first <= day && day <= last
            })
    }

    fn colour_matches(&self, filter: &Filter, row: &Row, now: Timestamp) -> bool {
        filter.colours.is_empty() || filter.colours.contains(&self.colour(row, ComplaintClock::Stage, now))
    }

    fn age_matches(&self, filter: &Filter, row: &Row, now: Timestamp) -> bool {
        filter.ages.is_none_or(|(youngest, oldest)| {
            let age = self.working_days.age(row.counted.lodged_at(), now);
            youngest <= age && age <= oldest
        })
    }

    /// Rows among which all are that match, in their order.
    fn candidates<'a>(&'a self, filter: &'a Filter, from: u32) -> Found<'a> {
        let named = self.named(filter).into_iter().filter_map(|(name, postings)| Some((name?, postings)));
        let shortest = named.min_by_key(|(name, postings)| postings.count(*name));
        let of_units = filter.units.as_ref().map_or(usize::MAX, |units| self.of_units(units));
        if let Some((name, postings)) = shortest
            && postings.count(name) <= of_units.min(self.open_if_asked(filter))
        {
            return Box::new(postings.of(name, from));
        }
        if let Some(units) = filter.units.as_ref()
            && of_units <= GATHERED_ROWS_MAX.min(self.open_if_asked(filter))
        {
            let mut rows: Vec<u32> = units.iter().flat_map(|unit| self.by_unit.of(*unit, from)).collect();
            rows.sort_unstable();
            return Box::new(rows.into_iter());
        }
        if self.open_if_asked(filter) < usize::MAX {
            return Box::new(self.open.range(from..).copied());
        }
        Box::new(from..self.len())
    }

    /// Whether only so few rows can match that they are found sooner than by looking through all that are due.
    pub fn is_narrow(&self, filter: &Filter) -> bool {
        let of_names =
            self.named(filter).into_iter().filter_map(|(name, postings)| Some(postings.count(name?)));
        let of_units = filter.units.as_ref().map(|units| self.of_units(units));
        of_names.chain(of_units).min().is_some_and(|rows| rows <= NARROW_ROWS_MAX)
    }

    fn named(&self, filter: &Filter) -> [(Option<Id>, &Postings); 5] {
        [
            (filter.complained_of, &self.by_complained_of),
            (filter.officer, &self.by_officer),
            (filter.leader, &self.by_leader),
            (filter.supervisor, &self.by_supervisor),
            (filter.category, &self.by_category),
        ]
    }

    fn of_units(&self, units: &HashSet<Id>) -> usize {
        units.iter().map(|unit| self.by_unit.count(*unit)).sum()
    }

    /// How many are open, if only open ones can match.
    fn open_if_asked(&self, filter: &Filter) -> usize {
        let open_stage =
            |stage: &ComplaintStage| !matches!(stage, ComplaintStage::Rejected | ComplaintStage::Closed);
        let open = filter.open_only
            || !filter.colours.is_empty()
            || (!filter.stages.is_empty() && filter.stages.iter().all(open_stage));
        if open { self.open.len() } else { usize::MAX }
    }
}
