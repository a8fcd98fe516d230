//! The training drive, read off its events by the definitions of `docs/training.md`.

use std::collections::{BTreeMap, BTreeSet};

use contract::training::*;
use contract::words::RecordedEvent;
use num_traits::Zero as _;

use super::exact::{Q, n, q, text};
use super::past::{Past, decoded, kind};

#[derive(Default)]
pub(crate) struct Drive {
    campaigns: BTreeMap<String, Campaign>,
    /// First day, unit, level (0: off the roster), oldest first.
    officers: BTreeMap<String, Vec<(String, String, i32)>>,
    items: BTreeMap<String, ItemDesigned>,
    /// Those that count.
    sessions: BTreeMap<String, SessionHeld>,
    assessments: Vec<AssessmentRecorded>,
    /// Unit, and whether it is met.
    needs: BTreeMap<String, (String, bool)>,
}

#[derive(Default)]
struct Campaign {
    launched: CampaignLaunched,
    required: Vec<i32>,
    /// By unit: for the units below too; approved.
    plans: BTreeMap<String, (bool, bool)>,
    stalled: BTreeSet<String>,
}

impl Drive {
    pub(crate) fn take(&mut self, event: &RecordedEvent) {
        match kind(event) {
            "OfficerEnrolled" => {
                let it: OfficerEnrolled = decoded(event);
                let place = (it.effective_date, it.unit, it.post_level);
                self.officers.entry(it.officer).or_default().push(place);
            }
            "OfficerTransferred" => {
                let it: OfficerTransferred = decoded(event);
                self.post(&it.officer, |last| (it.effective_date, it.unit, last.2));
            }
            "PostLevelChanged" => {
                let it: PostLevelChanged = decoded(event);
                self.post(&it.officer, |last| (it.effective_date, last.1, it.post_level));
            }
            "OfficerLeft" => {
                let it: OfficerLeft = decoded(event);
                self.post(&it.officer, |last| (it.effective_date, last.1, 0));
            }
            "ItemDesigned" => {
                let it: ItemDesigned = decoded(event);
                self.items.insert(it.item.clone(), it);
            }
            "SessionHeld" => {
                let it: SessionHeld = decoded(event);
                self.sessions.insert(it.session.clone(), it);
            }
            "SessionCorrected" => {
                let it: SessionCorrected = decoded(event);
                self.sessions.entry(it.session).and_modify(|held| {
                    (held.item, held.unit, held.mode) = (it.item, it.unit, it.mode);
                    (held.session_date, held.hours) = (it.session_date, it.hours);
                    held.participants = it.participants;
                });
            }
            "SessionVoided" => drop(self.sessions.remove(&decoded::<SessionVoided>(event).session)),
            "AssessmentRecorded" => self.assessments.push(decoded(event)),
            "AssessmentCorrected" => {
                let it: AssessmentCorrected = decoded(event);
                for found in self.assessments.iter_mut().filter(|found| found.assessment == it.assessment) {
                    (found.assessment_date, found.passed) = (it.assessment_date.clone(), it.passed);
                }
            }
            "NeedIdentified" => {
                let it: NeedIdentified = decoded(event);
                self.needs.insert(it.need, (it.unit, false));
            }
            "NeedMet" => {
                self.needs.entry(decoded::<NeedMet>(event).need).and_modify(|need| need.1 = true);
            }
            _ => self.take_of_campaign(event),
        }
    }

    fn post(&mut self, officer: &str, place: impl FnOnce((String, String, i32)) -> (String, String, i32)) {
        let Some(places) = self.officers.get_mut(officer) else { return };
        let last = places.last().unwrap().clone();
        places.push(place(last));
    }

    fn take_of_campaign(&mut self, event: &RecordedEvent) {
        if kind(event) == "CampaignLaunched" {
            let launched: CampaignLaunched = decoded(event);
            let campaign = Campaign { launched, ..Campaign::default() };
            self.campaigns.insert(campaign.launched.campaign.clone(), campaign);
            return;
        }
        let mut change = |name: String, change: &mut dyn FnMut(&mut Campaign)| {
            self.campaigns.entry(name).and_modify(|campaign| change(campaign));
        };
        match kind(event) {
            "AcceptanceMethodIssued" => {
                let it: AcceptanceMethodIssued = decoded(event);
                change(it.campaign, &mut |campaign| campaign.required.clone_from(&it.required_qualities));
            }
            "PlanFiled" => {
                let it: PlanFiled = decoded(event);
                change(it.campaign, &mut |campaign| {
                    campaign.plans.insert(it.unit.clone(), (it.with_subtree, false));
                });
            }
            "PlanApproved" => {
                let it: PlanApproved = decoded(event);
                change(it.campaign, &mut |campaign| {
                    campaign.plans.entry(it.unit.clone()).and_modify(|plan| plan.1 = true);
                });
            }
            "UnitStalled" => {
                let it: UnitStalled = decoded(event);
                change(it.campaign, &mut |campaign| {
                    campaign.stalled.insert(it.unit.clone());
                });
            }
            "UnitResumed" => {
                let it: UnitResumed = decoded(event);
                change(it.campaign, &mut |campaign| {
                    campaign.stalled.remove(&it.unit);
                });
            }
            "CampaignConcluded" => {
                let it: CampaignConcluded = decoded(event);
                change(it.campaign, &mut |campaign| campaign.stalled.clear());
            }
            _ => {}
        }
    }
}

/// The drive as one unit with its subtree sees it.
pub(crate) struct Seen<'a> {
    past: &'a Past,
    campaign: &'a Campaign,
    units: BTreeSet<String>,
    roster: BTreeMap<&'a str, (&'a str, i32)>,
    /// Of the campaign, that count.
    sessions: Vec<&'a SessionHeld>,
    /// By who attended.
    attended: BTreeMap<&'a str, Vec<&'a SessionHeld>>,
    /// By officer and quality: day and outcome of the assessment that counts.
    passed: BTreeMap<(&'a str, i32), (&'a str, bool)>,
}

impl<'a> Seen<'a> {
    /// By a unit in a cycle of these days: in the campaign whose cutoff is one of them and that has the unit
    /// take part; of several in the one with the latest cutoff, then the last by name.
    pub(crate) fn by(past: &'a Past, unit: &str, (first, last): (&str, &str)) -> Option<Self> {
        let cutoff = |campaign: &Campaign| campaign.launched.rules.as_ref().unwrap().cutoff_date.clone();
        let counts = |campaign: &&Campaign| {
            let whole = &campaign.launched.unit;
            let takes_part = past.subtree(whole).contains(unit) || past.subtree(unit).contains(whole);
            takes_part && *cutoff(campaign) >= *first && *cutoff(campaign) <= *last
        };
        let campaigns = past.drive.campaigns.values().filter(counts);
        let campaign = campaigns.max_by_key(|campaign| (cutoff(campaign), &campaign.launched.campaign))?;
        let whole = past.subtree(&campaign.launched.unit);
        let below = past.subtree(unit);
        let units = if whole.contains(unit) { below } else { whole };
        let day = cutoff(campaign);
        let mut roster = BTreeMap::new();
        for (officer, places) in &past.drive.officers {
            let Some((_, unit, level)) = places.iter().rev().find(|(first, ..)| *first <= day) else {
                continue;
            };
            if *level > 0 {
                roster.insert(officer.as_str(), (unit.as_str(), *level));
            }
        }
        let prefix = format!("{}/", campaign.launched.campaign);
        let sessions = past.drive.sessions.values().filter(|held| held.session.starts_with(&prefix));
        let sessions: Vec<_> = sessions.collect();
        let mut attended: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for held in &sessions {
            held.participants
                .iter()
                .for_each(|officer| attended.entry(officer.as_str()).or_default().push(*held));
        }
        let mut passed: BTreeMap<_, (&str, bool)> = BTreeMap::new();
        let assessed = past.drive.assessments.iter();
        for found in assessed.filter(|found| found.campaign == campaign.launched.campaign) {
            let (officer, _) = found.assessment.split_once("/assessments/").unwrap();
            let counts = passed.entry((officer, found.quality)).or_default();
            if found.assessment_date.as_str() >= counts.0 {
                *counts = (&found.assessment_date, found.passed);
            }
        }
        Some(Self { past, campaign, units, roster, sessions, attended, passed })
    }

    fn officers(&self) -> Vec<&'a str> {
        let counted = self.roster.iter().filter(|(_, (unit, _))| self.units.contains(*unit));
        counted.map(|(officer, _)| *officer).collect()
    }

    fn attended(&self, officer: &str) -> impl Iterator<Item = &&'a SessionHeld> {
        self.attended.get(officer).into_iter().flatten()
    }

    /// Whether the officer's assessment that counts in a quality is a pass; none: there is none.
    fn passed(&self, officer: &str, quality: i32) -> Option<bool> {
        self.passed.get(&(officer, quality)).map(|(_, passed)| *passed)
    }

    /// Whether a unit takes part: in service, with an officer on the roster in it or below it.
    fn takes_part(&self, unit: &str) -> bool {
        let tree = self.past.subtree(unit);
        !self.past.retired.contains(unit) && self.roster.values().any(|(place, _)| tree.contains(*place))
    }

    /// Whether a unit has such a plan, or one above it has one for the units below.
    fn is_planned(&self, unit: &str, such: impl Fn(bool) -> bool) -> bool {
        let mut at = unit;
        loop {
            if let Some((with_subtree, approved)) = self.campaign.plans.get(at)
                && (at == unit || *with_subtree)
                && such(*approved)
            {
                return true;
            }
            match self.past.units.get(at) {
                Some(above) if !above.parent.is_empty() => at = &above.parent,
                _ => return false,
            }
        }
    }

    /// The counts behind the index (§5), in the order of its ratios.
    pub(crate) fn ratios(&self) -> [(&'static str, u64, u64); 4] {
        let of = |count: Option<Count>| count.map_or((0, 0), |count| (count.count.into(), count.of.into()));
        let figures = self.figures("");
        let named = |name, count| {
            let (count, of) = of(count);
            (name, count, of)
        };
        [
            named("participation", figures.participation),
            named("leader_participation", figures.leader_participation),
            named("pass_rate", figures.passed),
            named("grassroots_coverage", figures.grassroots_coverage),
        ]
    }

    pub(crate) fn is_stalled(&self, unit: &str) -> bool {
        self.campaign.stalled.contains(unit)
    }

    /// All of it, as a card shows it.
    pub(crate) fn figures(&self, unit: &str) -> TrainingFigures {
        let rules = self.campaign.launched.rules.as_ref().unwrap();
        let officers = self.officers();
        let has_attended = |officer: &&str| self.attended(officer).next().is_some();
        let leaders: Vec<_> =
            officers.iter().copied().filter(|officer| self.roster[officer].1 >= rules.leader_from).collect();
        let passes = |officer: &&str| {
            let required = &self.campaign.required;
            !required.is_empty()
                && required.iter().all(|quality| self.passed(officer, *quality) == Some(true))
        };
        let to_pass: &[&str] = if self.campaign.required.is_empty() { &[] } else { &officers };
        let grassroots = self.past.units.values().filter(|unit| {
            unit.grassroots && self.units.contains(&unit.unit) && !self.past.retired.contains(&unit.unit)
        });
        let grassroots: Vec<_> = grassroots.map(|unit| unit.unit.as_str()).collect();
        let held = |unit: &&str| self.sessions.iter().any(|session| session.unit == **unit);
        let taking_part: Vec<_> =
            self.units.iter().map(String::as_str).filter(|unit| self.takes_part(unit)).collect();
        let needs = |met: bool| {
            let wanted = |need: &&(String, bool)| need.1 == met && self.units.contains(&need.0);
            small(self.past.drive.needs.values().filter(wanted).count())
        };
        let over = self.over_cap(&officers, &q(&rules.centralised_hours_max));
        TrainingFigures {
            campaign: self.campaign.launched.campaign.clone(),
            unit: unit.to_owned(),
            with_subtree: true,
            speciality: String::new(),
            roster_date: String::new(),
            participation: Some(counted(&officers, has_attended)),
            leader_participation: Some(counted(&leaders, has_attended)),
            passed: Some(counted(to_pass, passes)),
            grassroots_coverage: Some(counted(&grassroots, held)),
            hours: Some(self.spread(&officers)),
            modes: (1..=4).map(|mode| self.mode(mode)).collect(),
            basics: (1..=3).map(|basic| self.basic(basic)).collect(),
            qualities: (1..=4).map(|quality| self.quality(quality, &officers)).collect(),
            specialities: self.specialities(),
            officers_over_cap: small(over.len()),
            centralised_hours_over_cap: hours(&over.into_iter().sum()),
            needs_open: needs(false),
            needs_met: needs(true),
            plans_filed: Some(counted(&taking_part, |unit| self.is_planned(unit, |_| true))),
            plans_approved: Some(counted(&taking_part, |unit| self.is_planned(unit, |approved| approved))),
            units_stalled: small(self.units.intersection(&self.campaign.stalled).count()),
        }
    }

    fn hours_of(&self, officer: &str, counts: impl Fn(&SessionHeld) -> bool) -> Q {
        self.attended(officer).filter(|held| counts(held)).map(|held| q(&held.hours)).sum()
    }

    fn spread(&self, officers: &[&str]) -> HoursSpread {
        let mut spread: Vec<Q> = officers.iter().map(|officer| self.hours_of(officer, |_| true)).collect();
        spread.sort();
        let busiest = officers.len().div_ceil(10);
        let middle = match spread.len() {
            0 => Q::zero(),
            odd if odd % 2 == 1 => spread[odd / 2].clone(),
            even => (&spread[even / 2 - 1] + &spread[even / 2]) / n(2_u32),
        };
        HoursSpread {
            total_hours: hours(&spread.iter().cloned().sum()),
            median_hours: hours(&middle),
            busiest_officers: small(busiest),
            busiest_hours: hours(&spread.iter().rev().take(busiest).cloned().sum()),
        }
    }

    fn over_cap(&self, officers: &[&str], cap: &Q) -> Vec<Q> {
        let centralised = |held: &SessionHeld| held.mode() == TrainingMode::Centralised;
        let over = officers.iter().map(|officer| self.hours_of(officer, centralised) - cap);
        over.filter(|over| *over > Q::zero()).collect()
    }

    /// Sessions that the units held, and hours times participants, of those that count.
    fn held(&self, counts: impl Fn(&SessionHeld) -> bool) -> (u32, String) {
        let held = self.sessions.iter().filter(|held| self.units.contains(&held.unit) && counts(held));
        let held: Vec<_> = held.collect();
        let total = held.iter().map(|held| q(&held.hours) * super::exact::count(&held.participants)).sum();
        (small(held.len()), hours(&total))
    }

    fn of_item(&self, held: &SessionHeld, is: impl Fn(&ItemDesigned) -> bool) -> bool {
        self.past.drive.items.get(&held.item).is_some_and(is)
    }

    fn mode(&self, mode: i32) -> ModeHours {
        let (sessions, hours) = self.held(|held| held.mode == mode);
        ModeHours { mode, sessions, hours }
    }

    fn basic(&self, basic: i32) -> BasicHours {
        let (sessions, hours) = self.held(|held| self.of_item(held, |item| item.basic == basic));
        BasicHours { basic, sessions, hours }
    }

    fn quality(&self, quality: i32, officers: &[&str]) -> QualityFigures {
        let (sessions, hours) = self.held(|held| self.of_item(held, |item| item.quality == quality));
        let assessed: Vec<_> = officers.iter().filter_map(|officer| self.passed(officer, quality)).collect();
        QualityFigures { quality, sessions, hours, passed: Some(counted(&assessed, |passed| *passed)) }
    }

    fn specialities(&self) -> Vec<SpecialityHours> {
        let held = self.sessions.iter().filter(|held| self.units.contains(&held.unit));
        let items = held.filter_map(|held| self.past.drive.items.get(&held.item));
        let named: BTreeSet<_> = items.map(|item| item.speciality.clone()).collect();
        let row = |speciality: String| {
            let (sessions, hours) =
                self.held(|held| self.of_item(held, |item| item.speciality == speciality));
            SpecialityHours { speciality, sessions, hours }
        };
        named.into_iter().map(row).collect()
    }
}

fn counted<T>(of: &[T], counts: impl Fn(&T) -> bool) -> Count {
    let count = small(of.iter().filter(|one| counts(one)).count());
    Count { count, of: small(of.len()) }
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap()
}

fn hours(hours: &Q) -> String {
    text(hours, 3)
}
