//! From counters to figures: sums over units.

use contract::training::{Basic, Quality, TrainingMode};
use hashbrown::HashMap;
use rust_decimal::Decimal;

use super::campaign::{Plan, QUALITIES, RosterTally, UnitTally};
use super::names::Id;
use super::{Counted, Found};
use crate::indices::TrainingFigures;

/// Some out of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    /// How many.
    pub count: u64,
    /// Out of how many.
    pub of: u64,
}

impl Share {
    fn add(&mut self, counts: bool) {
        self.count += u64::from(counts);
        self.of += 1;
    }
}

/// What was trained of something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Trained {
    /// Sessions held.
    pub sessions: u64,
    /// Hours times participants.
    pub hours: Decimal,
}

/// How hours are spread over the roster: star performers don't carry a unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HoursSpread {
    /// Hours of all officers.
    pub total: Decimal,
    /// Hours of the middle officer; of an even roster the mean of the two in the middle.
    pub median: Decimal,
    /// A tenth of the roster, rounded up.
    pub busiest_officers: u64,
    /// Hours of so many officers with the most hours.
    pub busiest: Decimal,
}

/// How a unit trains in a campaign: each figure by its definition in `docs/training.md`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Officers with at least one attended session, of the roster.
    pub participation: Share,
    /// The same over leaders.
    pub leaders: Share,
    /// Officers whose assessment that counts is a pass in every required quality, of the roster; of 0 until the
    /// acceptance method is issued.
    pub passed: Share,
    /// Grassroots units in service that held a session, of those in service.
    pub coverage: Share,
    /// How hours are spread.
    pub hours: HoursSpread,
    /// What the units held by mode, each mode once.
    pub modes: Vec<(TrainingMode, Trained)>,
    /// The same by basic.
    pub basics: Vec<(Basic, Trained)>,
    /// The same by quality, and officers whose assessment that counts is a pass, of those assessed.
    pub qualities: Vec<(Quality, Trained, Share)>,
    /// The same by the item's police speciality, by name; empty: for all.
    pub specialities: Vec<(String, Trained)>,
    /// Officers whose centralised hours are over the cap.
    pub officers_over_cap: u64,
    /// Centralised hours beyond the cap, over all officers.
    pub hours_over_cap: Decimal,
    /// Needs of the units that are not met.
    pub needs_open: u64,
    /// Needs of the units that are met.
    pub needs_met: u64,
    /// Units with a plan filed, their own or one of a unit above, of those that owe one.
    pub plans_filed: Share,
    /// The same with a plan approved.
    pub plans_approved: Share,
    /// Units that stand still.
    pub units_stalled: u64,
}

impl Figures {
    /// The counts behind the index.
    pub fn index(&self) -> TrainingFigures {
        TrainingFigures {
            officers: self.participation.of,
            officers_attended: self.participation.count,
            officers_to_pass: self.passed.of,
            officers_passed: self.passed.count,
            leaders: self.leaders.of,
            leaders_attended: self.leaders.count,
            grassroots_units: self.coverage.of,
            grassroots_units_covered: self.coverage.count,
        }
    }
}

/// In hundredths of an hour.
#[derive(Clone, Copy, Default)]
struct Sum {
    sessions: u64,
    hours: u64,
}

/// Counters of several units together.
#[derive(Default)]
struct Sums {
    roster: [u64; 6],
    hours_over_cap: u64,
    qualities: [Share; QUALITIES],
    hours: HashMap<u32, u64>,
    /// By item and mode.
    held: HashMap<(Id, u8), Sum>,
    stalled: u64,
}

impl Found<'_> {
    pub(super) fn figures(&self, units: &[Counted]) -> Figures {
        let mut sums = Sums::default();
        let tallies = units.iter().filter_map(|counted| self.campaign.units.get(counted.unit));
        tallies.for_each(|tally| sums.add(tally));
        let [officers, attended, leaders, leaders_attended, passed, over_cap] = sums.roster;
        let to_pass = if self.campaign.required == 0 { 0 } else { officers };
        let mut figures = Figures {
            participation: Share { count: attended, of: officers },
            leaders: Share { count: leaders_attended, of: leaders },
            passed: Share { count: passed, of: to_pass },
            hours: spread(&sums.hours, officers),
            officers_over_cap: over_cap,
            hours_over_cap: hours(sums.hours_over_cap),
            units_stalled: sums.stalled,
            ..Figures::default()
        };
        self.count_units(units, &mut figures);
        self.count_held(&sums, &mut figures);
        figures
    }

    fn count_units(&self, units: &[Counted], figures: &mut Figures) {
        for Counted { unit: id, takes_part } in units {
            let Some(unit) = self.city.units.get(*id) else { continue };
            figures.needs_open += u64::from(unit.needs_open);
            figures.needs_met += u64::from(unit.needs_met);
            if unit.grassroots && unit.in_service {
                figures.coverage.add(self.is_covered(*id));
            }
            if *takes_part {
                figures.plans_filed.add(self.is_planned(*id, |_| true));
                figures.plans_approved.add(self.is_planned(*id, |plan| plan.approved));
            }
        }
    }

    /// Whether a unit itself held a session.
    pub(super) fn is_covered(&self, unit: Id) -> bool {
        self.campaign.units.get(unit).is_some_and(|tally| !tally.days.is_empty())
    }

    /// Whether a unit has such a plan, or one above it has one that is for the units below, too.
    pub(super) fn is_planned(&self, unit: Id, such: impl Fn(Plan) -> bool) -> bool {
        self.city.units.lineage(unit).any(|above| {
            let plan = self.campaign.units.get(above).and_then(|tally| tally.plan);
            plan.is_some_and(|plan| (above == unit || plan.with_subtree) && such(plan))
        })
    }

    fn count_held(&self, sums: &Sums, figures: &mut Figures) {
        let by = |counts: &dyn Fn(Id, u8) -> bool| {
            let held = sums.held.iter().filter(|((item, mode), _)| counts(*item, *mode));
            let sum = held.fold(Sum::default(), |sum, (_, held)| Sum {
                sessions: sum.sessions + held.sessions,
                hours: sum.hours + held.hours,
            });
            Trained { sessions: sum.sessions, hours: hours(sum.hours) }
        };
        let item = |id: Id| self.campaign.items.get(id).copied().unwrap_or_default();
        let modes = [
            TrainingMode::SelfStudy,
            TrainingMode::Mutual,
            TrainingMode::OnTheJob,
            TrainingMode::Centralised,
        ];
        figures.modes = modes.map(|mode| (mode, by(&|_, held| i32::from(held) == i32::from(mode)))).to_vec();
        figures.basics = [Basic::Grassroots, Basic::Foundation, Basic::Skills]
            .map(|basic| (basic, by(&|id, _| i32::from(item(id).basic) == i32::from(basic))))
            .to_vec();
        let qualities = [Quality::Political, Quality::Professional, Quality::Physical, Quality::Combat];
        figures.qualities = (0..)
            .zip(qualities)
            .zip(sums.qualities)
            .map(|((at, quality), passed)| (quality, by(&|id, _| item(id).quality == at), passed))
            .collect();
        let mut specialities: Vec<Id> = sums.held.keys().map(|(id, _)| item(*id).speciality).collect();
        specialities.sort_unstable();
        specialities.dedup();
        let named = |id: Id| self.city.units.specialities.name(id).to_owned();
        figures.specialities = specialities
            .into_iter()
            .map(|speciality| (named(speciality), by(&|id, _| item(id).speciality == speciality)))
            .collect();
        figures.specialities.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    }
}

impl Sums {
    fn add(&mut self, tally: &UnitTally) {
        let RosterTally { officers, attended, leaders, leaders_attended, passed, over_cap, .. } =
            tally.roster;
        let counts = [officers, attended, leaders, leaders_attended, passed, over_cap];
        self.roster.iter_mut().zip(counts).for_each(|(sum, count)| *sum += u64::from(count));
        self.hours_over_cap += tally.roster.hours_over_cap;
        let qualities = tally.roster.quality_passed.iter().zip(tally.roster.quality_assessed);
        for (sum, (passed, assessed)) in self.qualities.iter_mut().zip(qualities) {
            sum.count += u64::from(*passed);
            sum.of += u64::from(assessed);
        }
        for (hours, officers) in &tally.hours {
            *self.hours.entry(*hours).or_default() += u64::from(*officers);
        }
        for held in &tally.held {
            let sum = self.held.entry((held.item, held.mode)).or_default();
            sum.sessions += u64::from(held.sessions);
            sum.hours += held.hours;
        }
        self.stalled += u64::from(tally.stall.is_some());
    }
}

/// How the hours of `officers` are spread, of which so many have so many hundredths.
fn spread(by_hours: &HashMap<u32, u64>, officers: u64) -> HoursSpread {
    let mut by_hours: Vec<_> = by_hours.iter().map(|(hours, officers)| (*hours, *officers)).collect();
    by_hours.sort_unstable();
    let busiest_officers = officers.div_ceil(10);
    let (mut wanted, mut busiest) = (busiest_officers, 0);
    for (hours, officers) in by_hours.iter().rev() {
        let taken = wanted.min(*officers);
        busiest += u64::from(*hours) * taken;
        wanted -= taken;
    }
    // Of an odd roster the two in the middle are one.
    let middle = [officers.div_ceil(2), officers / 2 + 1].map(|place| nth(&by_hours, place));
    HoursSpread {
        total: hours(by_hours.iter().map(|(hours, officers)| u64::from(*hours) * officers).sum()),
        median: hours(middle.iter().sum()) / Decimal::TWO,
        busiest_officers,
        busiest: hours(busiest),
    }
}

/// Hours of the officer in a place, from 1, of those with the fewest first.
fn nth(by_hours: &[(u32, u64)], place: u64) -> u64 {
    let mut counted = 0;
    let reached = by_hours.iter().find(|(_, officers)| {
        counted += officers;
        counted >= place
    });
    reached.map_or(0, |(hours, _)| u64::from(*hours))
}

/// Hours of so many hundredths.
pub(super) fn hours(hundredths: u64) -> Decimal {
    (Decimal::from(hundredths) / Decimal::ONE_HUNDRED).normalize()
}
