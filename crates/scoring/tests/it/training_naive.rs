//! The figures of training, read off the facts by the definitions alone: slow, and counted from nothing.

use std::collections::{BTreeMap, BTreeSet};

use contract::training::*;
use rust_decimal::Decimal;
use scoring::figures::training::{Fact, Figures, HoursSpread, Scope, Share, Trained};

const CUTOFF: &str = "2024-09-15";
const LEADER_FROM: i32 = 3;

/// The facts, sorted by what they are about; the last one stands.
#[derive(Default)]
pub(crate) struct Naive {
    campaign_unit: String,
    required: Vec<i32>,
    /// Above, speciality, grassroots, in service.
    units: BTreeMap<String, (String, String, bool, bool)>,
    /// First day, unit, level (0: off the roster).
    officers: BTreeMap<String, Vec<(String, String, i32)>>,
    items: BTreeMap<String, ItemDesigned>,
    sessions: BTreeMap<String, SessionHeld>,
    assessments: Vec<AssessmentRecorded>,
    needs: BTreeMap<String, (String, bool)>,
    /// For the units below too, approved.
    plans: BTreeMap<String, (bool, bool)>,
    stalled: BTreeSet<String>,
}

impl Naive {
    pub(crate) fn read(log: &[Fact]) -> Self {
        let mut naive = Self::default();
        log.iter().cloned().for_each(|fact| naive.take(fact));
        naive
    }

    fn take(&mut self, fact: Fact) {
        match fact {
            Fact::UnitRegistered(unit) => {
                self.units.insert(unit.unit, (unit.parent, unit.speciality, unit.grassroots, true));
            }
            Fact::UnitMoved(moved) => self.units.get_mut(&moved.unit).unwrap().0 = moved.parent,
            Fact::UnitRetired(retired) => self.units.get_mut(&retired.unit).unwrap().3 = false,
            Fact::OfficerEnrolled(officer) => {
                let place = (officer.effective_date, officer.unit, officer.post_level);
                self.officers.entry(officer.officer).or_default().push(place);
            }
            Fact::OfficerTransferred(officer) => {
                let places = self.officers.get_mut(&officer.officer).unwrap();
                let level = places.last().unwrap().2;
                places.push((officer.effective_date, officer.unit, level));
            }
            Fact::PostLevelChanged(officer) => {
                let places = self.officers.get_mut(&officer.officer).unwrap();
                let unit = places.last().unwrap().1.clone();
                places.push((officer.effective_date, unit, officer.post_level));
            }
            Fact::OfficerLeft(officer) => {
                let places = self.officers.get_mut(&officer.officer).unwrap();
                places.push((officer.effective_date, String::new(), 0));
            }
            Fact::CampaignLaunched(launched) => self.campaign_unit = launched.unit,
            Fact::AcceptanceMethodIssued(issued) => self.required = issued.required_qualities,
            Fact::CampaignConcluded(_) => {
                self.stalled.clear();
            }
            Fact::PlanFiled(plan) => drop(self.plans.insert(plan.unit, (plan.with_subtree, false))),
            Fact::PlanReturned(_) => {}
            Fact::PlanApproved(plan) => self.plans.get_mut(&plan.unit).unwrap().1 = true,
            Fact::UnitStalled(stalled) => drop(self.stalled.insert(stalled.unit)),
            Fact::UnitResumed(resumed) => drop(self.stalled.remove(&resumed.unit)),
            Fact::ItemDesigned(item) => drop(self.items.insert(item.item.clone(), item)),
            Fact::SessionHeld(held) => drop(self.sessions.insert(held.session.clone(), held)),
            Fact::SessionCorrected(corrected) => {
                let SessionCorrected { session, item, unit, mode, session_date, hours, participants, .. } =
                    corrected;
                let held = SessionHeld { session, item, unit, mode, session_date, hours, participants };
                self.sessions.insert(held.session.clone(), held);
            }
            Fact::SessionVoided(voided) => drop(self.sessions.remove(&voided.session)),
            Fact::AssessmentRecorded(recorded) => self.assessments.push(recorded),
            Fact::AssessmentCorrected(corrected) => {
                let found = self.assessments.iter_mut().find(|one| one.assessment == corrected.assessment);
                let found = found.unwrap();
                (found.assessment_date, found.passed) = (corrected.assessment_date, corrected.passed);
            }
            Fact::NeedIdentified(need) => drop(self.needs.insert(need.need, (need.unit, false))),
            Fact::NeedMet(need) => self.needs.get_mut(&need.need).unwrap().1 = true,
        }
    }

    fn within(&self, unit: &str, above: &str) -> bool {
        unit == above || self.units.get(unit).is_some_and(|(parent, ..)| self.within(parent, above))
    }

    /// Unit and level at the cutoff.
    fn place(&self, officer: &str) -> Option<(&str, i32)> {
        let (_, unit, level) =
            self.officers[officer].iter().rev().find(|(day, ..)| day.as_str() <= CUTOFF)?;
        (*level > 0).then_some((unit.as_str(), *level))
    }

    fn attended(&self, officer: &str) -> Vec<&SessionHeld> {
        self.sessions.values().filter(|held| held.participants.iter().any(|one| one == officer)).collect()
    }

    fn outcome(&self, officer: &str, quality: i32) -> Option<bool> {
        let of = format!("{officer}/");
        let found = self.assessments.iter().filter(|one| one.assessment.starts_with(&of));
        let found = found.filter(|one| one.quality == quality);
        // `max_by_key` gives the last of equals: that recorded last.
        found.max_by_key(|one| one.assessment_date.clone()).map(|one| one.passed)
    }

    fn planned(&self, unit: &str, such: &dyn Fn(bool) -> bool) -> bool {
        self.plans.iter().any(|(above, (with_subtree, approved))| {
            (above == unit || *with_subtree && self.within(unit, above)) && such(*approved)
        })
    }

    pub(crate) fn figures(&self, scope: &Scope<'_>) -> Figures {
        let counted = |unit: &str| {
            let (_, speciality, ..) = &self.units[unit];
            let in_scope = unit == scope.unit || scope.with_subtree && self.within(unit, scope.unit);
            in_scope
                && self.within(unit, &self.campaign_unit)
                && (scope.speciality.is_empty() || scope.speciality == speciality)
        };
        let roster: Vec<_> = self
            .officers
            .keys()
            .filter_map(|officer| Some((officer, self.place(officer)?)))
            .filter(|(_, (unit, _))| counted(unit))
            .map(|(officer, (_, level))| (officer, level))
            .collect();
        let share = |of: &[(&String, i32)], counts: &dyn Fn(&str) -> bool| Share {
            count: number(of.iter().filter(|(officer, _)| counts(officer)).count()),
            of: number(of.len()),
        };
        let leaders: Vec<_> = roster.iter().copied().filter(|(_, level)| *level >= LEADER_FROM).collect();
        let to_pass = if self.required.is_empty() { &roster[..0] } else { &roster[..] };
        let attended = |officer: &str| !self.attended(officer).is_empty();
        let passes =
            |officer: &str| self.required.iter().all(|quality| self.outcome(officer, *quality) == Some(true));
        let over: Vec<Decimal> = roster
            .iter()
            .map(|(officer, _)| {
                let centralised = self.attended(officer).into_iter().filter(|held| held.mode == 4);
                (total(centralised) - Decimal::from(6)).max(Decimal::ZERO)
            })
            .collect();
        let held: Vec<_> = self.sessions.values().filter(|held| counted(&held.unit)).collect();
        let held = held.into_iter().filter(|held| !held.participants.is_empty()).collect::<Vec<_>>();
        let item = |held: &SessionHeld| &self.items[&held.item];
        let by = |such: &dyn Fn(&SessionHeld) -> bool| {
            let such: Vec<_> = held.iter().filter(|held| such(held)).collect();
            let hours = such.iter().map(|held| hours(held) * Decimal::from(held.participants.len())).sum();
            Trained { sessions: number(such.len()), hours }
        };
        let grassroots: Vec<_> = self
            .units
            .iter()
            .filter(|(unit, (_, _, grassroots, active))| *grassroots && *active && counted(unit))
            .collect();
        let owing: Vec<_> = self
            .units
            .iter()
            .filter(|(unit, (.., active))| *active && counted(unit))
            .filter(|(unit, _)| {
                self.officers.keys().any(|one| self.place(one).is_some_and(|(of, _)| self.within(of, unit)))
            })
            .collect();
        let covered = |unit: &str| held.iter().any(|held| held.unit == unit);
        let needs =
            |met: bool| number(self.needs.values().filter(|(unit, is)| *is == met && counted(unit)).count());
        let specialities: BTreeSet<_> = held.iter().map(|held| item(held).speciality.clone()).collect();
        Figures {
            participation: share(&roster, &attended),
            leaders: share(&leaders, &attended),
            passed: share(to_pass, &passes),
            coverage: Share {
                count: number(grassroots.iter().filter(|(unit, _)| covered(unit)).count()),
                of: number(grassroots.len()),
            },
            hours: spread(
                roster.iter().map(|(officer, _)| total(self.attended(officer).into_iter())).collect(),
            ),
            modes: (1..=4)
                .map(|mode| (TrainingMode::try_from(mode).unwrap(), by(&|held| held.mode == mode)))
                .collect(),
            basics: (1..=3)
                .map(|basic| (Basic::try_from(basic).unwrap(), by(&|held| item(held).basic == basic)))
                .collect(),
            qualities: (1..=4)
                .map(|quality| {
                    let assessed: Vec<_> = roster
                        .iter()
                        .copied()
                        .filter(|(officer, _)| self.outcome(officer, quality).is_some())
                        .collect();
                    let passed = share(&assessed, &|officer| self.outcome(officer, quality) == Some(true));
                    (Quality::try_from(quality).unwrap(), by(&|held| item(held).quality == quality), passed)
                })
                .collect(),
            specialities: specialities
                .into_iter()
                .map(|speciality| (speciality.clone(), by(&|held| item(held).speciality == speciality)))
                .collect(),
            officers_over_cap: number(over.iter().filter(|over| !over.is_zero()).count()),
            hours_over_cap: over.iter().sum(),
            needs_open: needs(false),
            needs_met: needs(true),
            plans_filed: Share {
                count: number(owing.iter().filter(|(unit, _)| self.planned(unit, &|_| true)).count()),
                of: number(owing.len()),
            },
            plans_approved: Share {
                count: number(
                    owing.iter().filter(|(unit, _)| self.planned(unit, &|approved| approved)).count(),
                ),
                of: number(owing.len()),
            },
            units_stalled: number(self.stalled.iter().filter(|unit| counted(unit)).count()),
        }
    }
}

fn spread(mut of: Vec<Decimal>) -> HoursSpread {
    of.sort_unstable();
    let busiest = of.len().div_ceil(10);
    let median = match of.len() {
        0 => Decimal::ZERO,
        odd if odd % 2 == 1 => of[odd / 2],
        even => (of[even / 2 - 1] + of[even / 2]) / Decimal::TWO,
    };
    HoursSpread {
        total: of.iter().sum(),
        median,
        busiest_officers: number(busiest),
        busiest: of[of.len() - busiest..].iter().sum(),
    }
}

fn hours(held: &SessionHeld) -> Decimal {
    held.hours.parse().unwrap()
}

fn total<'a>(held: impl Iterator<Item = &'a SessionHeld>) -> Decimal {
    held.map(hours).sum()
}

fn number(count: usize) -> u64 {
    count.try_into().unwrap()
}
