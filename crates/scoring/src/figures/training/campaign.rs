//! One campaign: what each officer has trained, and counters per unit that every change moves both ways.
//!
//! Whatever changes about an officer, what the officer counted for is taken away before and added after. So
//! counters always are what counting afresh would give.

use std::collections::BTreeMap;

use contract::training::{StallCause, TrainingMode};
use jiff::civil::Date;

use super::names::{Id, Names, Table};
use super::roster::{Place, Roster};

/// How many qualities there are.
pub(super) const QUALITIES: usize = 4;

/// A campaign, from the first fact that names it.
#[derive(Debug, Default)]
pub(super) struct Campaign {
    /// None: not launched.
    pub(super) terms: Option<Terms>,
    /// A bit per quality; 0: the acceptance method is not issued.
    pub(super) required: u8,
    pub(super) concluded: bool,
    pub(super) officers: Table<OfficerTally>,
    pub(super) units: Table<UnitTally>,
    pub(super) item_names: Names,
    pub(super) items: Table<Item>,
    pub(super) session_names: Names,
    pub(super) sessions: Table<Session>,
}

/// What a campaign was launched with, as far as figures need it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) unit: Id,
    pub(super) start: Date,
    pub(super) end: Date,
    pub(super) plan_due: Date,
    pub(super) cutoff: Date,
    pub(super) interval_working_days: u32,
    /// In hundredths of an hour.
    pub(super) centralised_max: u32,
    pub(super) leader_from: u8,
}

/// What an officer has trained. Hours are hundredths of an hour.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct OfficerTally {
    pub(super) sessions: u32,
    pub(super) hours: u32,
    pub(super) centralised: u32,
    /// A bit per quality in which the officer was assessed.
    pub(super) assessed: u8,
    /// A bit per quality in which the assessment that counts is a pass.
    pub(super) passed: u8,
}

/// What a unit's officers amount to, what it held, its plan, its stall.
#[derive(Debug, Default)]
pub(super) struct UnitTally {
    pub(super) roster: RosterTally,
    /// How many officers have so many hundredths of an hour, by hours.
    pub(super) hours: Vec<(u32, u32)>,
    pub(super) held: Vec<Held>,
    /// How many sessions it held on a day.
    pub(super) days: BTreeMap<Date, u32>,
    pub(super) plan: Option<Plan>,
    pub(super) stall: Option<(StallCause, Date)>,
}

/// The roster of a unit at the cutoff, counted.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RosterTally {
    pub(super) officers: u32,
    pub(super) attended: u32,
    pub(super) leaders: u32,
    pub(super) leaders_attended: u32,
    /// In every required quality.
    pub(super) passed: u32,
    pub(super) over_cap: u32,
    /// Centralised hours beyond the cap, in hundredths.
    pub(super) hours_over_cap: u64,
    pub(super) quality_assessed: [u32; QUALITIES],
    pub(super) quality_passed: [u32; QUALITIES],
}

/// Sessions of one item in one mode.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    pub(super) item: Id,
    /// As in `TrainingMode`.
    pub(super) mode: u8,
    pub(super) sessions: u32,
    /// Times participants, in hundredths.
    pub(super) hours: u64,
}

/// A unit's plan, filed at least once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) with_subtree: bool,
    pub(super) approved: bool,
}

/// What an item serves, as in `Basic` and `Quality`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Item {
    pub(super) basic: u8,
    pub(super) quality: u8,
    /// Of the city's specialities.
    pub(super) speciality: Id,
}

/// A session as it stands.
#[derive(Debug, Clone, Default)]
pub(super) struct Session {
    pub(super) item: Id,
    pub(super) unit: Id,
    /// As in `TrainingMode`.
    pub(super) mode: u8,
    pub(super) day: Date,
    /// Per participant, in hundredths.
    pub(super) hours: u32,
    pub(super) voided: bool,
    /// In order, each once.
    pub(super) participants: Box<[Id]>,
}

/// Whether something begins or ends to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Add,
    Take,
}

impl Step {
    fn move_by(self, counter: &mut u32, by: u32) {
        match self {
            Self::Add => *counter += by,
            Self::Take => *counter -= by,
        }
    }

    fn move_long(self, counter: &mut u64, by: u64) {
        match self {
            Self::Add => *counter += by,
            Self::Take => *counter -= by,
        }
    }

    fn move_if(self, counts: bool, counter: &mut u32) {
        self.move_by(counter, u32::from(counts));
    }
}

impl Campaign {
    /// Where an officer counts: in the place at the cutoff; none: nowhere.
    pub(super) fn place(&self, roster: &Roster, officer: Id) -> Option<Place> {
        roster.at(officer, self.terms?.cutoff)
    }

    /// An officer who counted in `before` counts in `after`.
    pub(super) fn repost(&mut self, officer: Id, before: Option<Place>, after: Option<Place>) {
        if before == after {
            return;
        }
        let tally = self.officers.get(officer).copied().unwrap_or_default();
        self.count(before, &tally, Step::Take);
        self.count(after, &tally, Step::Add);
    }

    /// Begins to count against the roster.
    pub(super) fn launch(&mut self, terms: Terms, roster: &Roster) {
        self.terms = Some(terms);
        for officer in roster.names.ids() {
            let place = self.place(roster, officer);
            self.repost(officer, None, place);
        }
    }

    /// Every officer is to pass in these qualities, a bit for each.
    pub(super) fn require(&mut self, required: u8, roster: &Roster) {
        self.required = required;
        self.units.iter_mut().for_each(|unit| unit.roster.passed = 0);
        for officer in roster.names.ids() {
            let passed = self.officers.get(officer).is_some_and(|tally| tally.passes(required));
            if let Some(place) = self.place(roster, officer).filter(|_| passed) {
                self.units.edit(place.unit).roster.passed += 1;
            }
        }
    }

    /// What the assessments of an officer in a quality come to: passed or not; none: not assessed.
    pub(super) fn assess(&mut self, roster: &Roster, officer: Id, quality: u8, outcome: Option<bool>) {
        let bit = bit(quality);
        self.edit_officer(roster, officer, |tally| {
            tally.assessed = if outcome.is_some() { tally.assessed | bit } else { tally.assessed & !bit };
            tally.passed = if outcome == Some(true) { tally.passed | bit } else { tally.passed & !bit };
        });
    }

    /// What is on record of a session is replaced.
    pub(super) fn put_session(&mut self, roster: &Roster, id: Id, session: Session) {
        let before = std::mem::take(self.sessions.edit(id));
        self.count_session(roster, &before, Step::Take);
        self.count_session(roster, &session, Step::Add);
        *self.sessions.edit(id) = session;
    }

    fn count_session(&mut self, roster: &Roster, session: &Session, step: Step) {
        if session.voided || session.participants.is_empty() {
            return;
        }
        let centralised = if session.is_centralised() { session.hours } else { 0 };
        for officer in &session.participants {
            self.edit_officer(roster, *officer, |tally| {
                step.move_by(&mut tally.sessions, 1);
                step.move_by(&mut tally.hours, session.hours);
                step.move_by(&mut tally.centralised, centralised);
            });
        }
        self.units.edit(session.unit).hold(session, step);
    }

    fn edit_officer(&mut self, roster: &Roster, officer: Id, edit: impl FnOnce(&mut OfficerTally)) {
        let place = self.place(roster, officer);
        let tally = self.officers.edit(officer);
        let before = *tally;
        edit(tally);
        let after = *tally;
        self.count(place, &before, Step::Take);
        self.count(place, &after, Step::Add);
    }

    fn count(&mut self, place: Option<Place>, tally: &OfficerTally, step: Step) {
        let (Some(place), Some(terms)) = (place, self.terms) else { return };
        let unit = self.units.edit(place.unit);
        let (attended, leader) = (tally.sessions > 0, place.level >= terms.leader_from);
        let over_cap = tally.centralised.saturating_sub(terms.centralised_max);
        let roster = &mut unit.roster;
        step.move_by(&mut roster.officers, 1);
        step.move_if(attended, &mut roster.attended);
        step.move_if(leader, &mut roster.leaders);
        step.move_if(leader && attended, &mut roster.leaders_attended);
        step.move_if(tally.passes(self.required), &mut roster.passed);
        step.move_if(over_cap > 0, &mut roster.over_cap);
        step.move_long(&mut roster.hours_over_cap, over_cap.into());
        for (quality, at) in (0..).zip(0..QUALITIES) {
            step.move_if(tally.assessed & bit(quality) != 0, &mut roster.quality_assessed[at]);
            step.move_if(tally.passed & bit(quality) != 0, &mut roster.quality_passed[at]);
        }
        unit.spread(tally.hours, step);
    }

    pub(super) fn bytes(&self) -> usize {
        let participants = |session: &Session| session.participants.len() * size_of::<Id>();
        let of_unit = |unit: &UnitTally| {
            unit.hours.capacity() * size_of::<(u32, u32)>()
                + unit.held.capacity() * size_of::<Held>()
                + unit.days.len() * size_of::<(Date, u32)>()
        };
        self.officers.bytes()
            + self.units.bytes()
            + self.units.iter().map(|(_, unit)| of_unit(unit)).sum::<usize>()
            + self.session_names.bytes()
            + self.sessions.bytes()
            + self.sessions.iter().map(|(_, session)| participants(session)).sum::<usize>()
            + self.item_names.bytes()
            + self.items.bytes()
    }
}

impl OfficerTally {
    /// Whether it is a pass in every required quality; in none while nothing is required.
    fn passes(&self, required: u8) -> bool {
        required != 0 && self.passed & required == required
    }
}

impl Session {
    pub(super) fn is_centralised(&self) -> bool {
        i32::from(self.mode) == i32::from(TrainingMode::Centralised)
    }

    /// Times participants, in hundredths.
    fn total_hours(&self) -> u64 {
        let participants = u64::try_from(self.participants.len()).unwrap_or(u64::MAX);
        u64::from(self.hours).saturating_mul(participants)
    }

    pub(super) fn has(&self, officer: Id) -> bool {
        !self.voided && self.participants.binary_search(&officer).is_ok()
    }
}

impl UnitTally {
    fn hold(&mut self, session: &Session, step: Step) {
        let same = |held: &Held| held.item == session.item && held.mode == session.mode;
        let at = self.held.iter().position(same).unwrap_or_else(|| {
            self.held.push(Held { item: session.item, mode: session.mode, sessions: 0, hours: 0 });
            self.held.len() - 1
        });
        step.move_by(&mut self.held[at].sessions, 1);
        step.move_long(&mut self.held[at].hours, session.total_hours());
        if self.held[at].sessions == 0 {
            self.held.swap_remove(at);
        }
        let count = self.days.entry(session.day).or_default();
        step.move_by(count, 1);
        if *count == 0 {
            self.days.remove(&session.day);
        }
    }

    fn spread(&mut self, hours: u32, step: Step) {
        let at = self.hours.binary_search_by_key(&hours, |(hours, _)| *hours);
        let at = at.unwrap_or_else(|at| {
            self.hours.insert(at, (hours, 0));
            at
        });
        step.move_by(&mut self.hours[at].1, 1);
        if self.hours[at].1 == 0 {
            self.hours.remove(at);
        }
    }
}

/// The bit of a quality, counted from 0.
pub(super) fn bit(quality: u8) -> u8 {
    1 << quality
}
