//! What lies behind the figures: officers, units, sessions, one by one.

use std::collections::BTreeMap;

use contract::training::{Quality, StallCause, TrainingMode};
use contract::words::PostLevel;
use jiff::civil::Date;
use num_traits::ToPrimitive as _;
use rust_decimal::Decimal;

use super::assessments::Finding;
use super::campaign::{Campaign, QUALITIES, Session};
use super::city::{City, last};
use super::names::{Id, slot};
use super::roster::Place;
use super::sums::{Trained, hours};
use super::{Parts, Scope, Training, parts};

/// Which officers of a jurisdiction are listed.
#[derive(Debug, Clone, Copy, Default)]
pub struct OfficerFilter<'a> {
    /// Resource name of the unit; empty: any.
    pub unit: &'a str,
    /// Whether the units below count too.
    pub with_subtree: bool,
    /// The unit's police speciality; empty: any.
    pub speciality: &'a str,
    /// This level or higher.
    pub post_level_min: PostLevel,
    /// Whether officers who left by then are listed too.
    pub include_left: bool,
}

/// A time of an officer in a unit at a level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficerPlace {
    /// Resource name of the unit.
    pub unit: String,
    /// Level of the post.
    pub post_level: PostLevel,
    /// First day.
    pub start_date: Date,
    /// First day no more; none: it lasts.
    pub until_date: Option<Date>,
}

/// What an officer trained in a campaign.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attendance {
    /// All of it.
    pub trained: Trained,
    /// By mode, each mode with a session.
    pub modes: BTreeMap<TrainingMode, Trained>,
    /// By the item's quality, each quality with a session.
    pub qualities: BTreeMap<Quality, Trained>,
    /// Centralised hours beyond the cap.
    pub hours_over_cap: Decimal,
    /// Resource names of the assessments that count, one per quality assessed, and whether they are a pass.
    pub assessments: Vec<(Quality, String, bool)>,
}

/// A session as far as lists need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionSummary<'a> {
    /// Its id.
    pub session: &'a str,
    /// Id of the item.
    pub item: &'a str,
    /// Id of the unit that held it.
    pub unit: &'a str,
    /// How it trained.
    pub mode: TrainingMode,
    /// The day.
    pub day: Date,
    /// Whether it counts no more.
    pub voided: bool,
}

/// An assessment as far as lists need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssessmentSummary<'a> {
    /// Its id.
    pub assessment: &'a str,
    /// Id of the campaign that it counts for.
    pub campaign: &'a str,
    /// What was assessed.
    pub quality: Quality,
    /// The day.
    pub day: Date,
}

/// A stall that was not lifted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Resource name of the unit.
    pub unit: String,
    /// Why.
    pub cause: StallCause,
    /// The last day on which it could still have moved in time.
    pub due_date: Date,
}

impl Training {
    /// The campaigns of all jurisdictions that take facts, by resource name.
    pub fn running(&self) -> Vec<String> {
        let of = |(jurisdiction, city): (&String, &City)| -> Vec<String> {
            let running = |campaign: &Campaign| campaign.terms.is_some() && !campaign.concluded;
            let ids = city.campaigns.iter().filter(|(_, campaign)| running(campaign));
            ids.map(|(id, _)| city.campaign_names.name(id))
                .map(|campaign| format!("jurisdictions/{jurisdiction}/campaigns/{campaign}"))
                .collect()
        };
        self.cities.iter().flat_map(of).collect()
    }

    /// The units of a campaign that stand still, by name.
    pub fn stalls(&self, campaign: &str) -> Vec<Standing> {
        let Some(found) = self.find(campaign) else { return vec![] };
        let standing = |(unit, (cause, due_date))| Standing { unit: found.unit_name(unit), cause, due_date };
        let stalls = found.campaign.units.iter().filter_map(|(unit, tally)| Some((unit, tally.stall?)));
        let mut stalls: Vec<_> = stalls.map(standing).collect();
        stalls.sort_unstable_by(|one, other| one.unit.cmp(&other.unit));
        stalls
    }

    /// Whether an officer was on the roster at the end of a day.
    pub fn is_on_roster(&self, officer: &str, day: Date) -> bool {
        self.officer(officer).is_some_and(|(city, officer)| city.roster.at(officer, day).is_some())
    }

    /// The units and levels of an officer, oldest first.
    pub fn places(&self, officer: &str) -> Vec<OfficerPlace> {
        let Some(Parts { jurisdiction, .. }) = parts(officer) else { return vec![] };
        let Some((city, officer)) = self.officer(officer) else { return vec![] };
        let place = |(start_date, until_date, place): (Date, Option<Date>, Place)| OfficerPlace {
            unit: format!("jurisdictions/{jurisdiction}/units/{}", city.units.names.name(place.unit)),
            post_level: level(place),
            start_date,
            until_date,
        };
        city.roster.times(officer).into_iter().map(place).collect()
    }

    /// Ids of the officers of a jurisdiction at the end of a day, in order, `limit` of them after the id `after`.
    pub fn officers(
        &self,
        jurisdiction: &str,
        day: Date,
        filter: &OfficerFilter<'_>,
        after: &str,
        limit: usize,
    ) -> Vec<&str> {
        let Some(city) = self.city(jurisdiction) else { return vec![] };
        let top = city.units.names.find(last(filter.unit));
        let wanted = |officer: Id| {
            let left = || city.roster.last(officer).filter(|_| filter.include_left);
            let Some(place) = city.roster.at(officer, day).or_else(left) else { return false };
            let within =
                |top| place.unit == top || filter.with_subtree && city.units.is_within(place.unit, top);
            (filter.unit.is_empty() || top.is_some_and(within))
                && level(place) >= filter.post_level_min
                && city.units.has_speciality(place.unit, filter.speciality)
        };
        first(city, wanted, after, limit)
    }

    /// Ids of the officers on the roster at the cutoff who attended no session, in order, `limit` of them after
    /// the id `after`; `leaders_only`: only leaders.
    pub fn missing(
        &self,
        campaign: &str,
        scope: &Scope<'_>,
        leaders_only: bool,
        after: &str,
        limit: usize,
    ) -> Vec<&str> {
        let Some(found) = self.find(campaign) else { return vec![] };
        let mut counted = vec![];
        for unit in found.counted(scope) {
            let slot = slot(unit.unit);
            counted.resize(counted.len().max(slot + 1), false);
            counted[slot] = true;
        }
        let wanted = |officer: Id| {
            let attended = found.campaign.officers.get(officer).is_some_and(|tally| tally.sessions > 0);
            let place = if attended { None } else { found.campaign.place(&found.city.roster, officer) };
            place.is_some_and(|place| {
                (!leaders_only || place.level >= found.terms.leader_from)
                    && counted.get(slot(place.unit)).copied().unwrap_or_default()
            })
        };
        first(found.city, wanted, after, limit)
    }

    /// Resource names of the grassroots units in service that held no session, in order.
    pub fn uncovered(&self, campaign: &str, scope: &Scope<'_>) -> Vec<String> {
        let Some(found) = self.find(campaign) else { return vec![] };
        let grassroots =
            |unit| found.city.units.get(unit).is_some_and(|unit| unit.grassroots && unit.in_service);
        let counted = found.counted(scope).into_iter().map(|counted| counted.unit);
        let uncovered = counted.filter(|unit| grassroots(*unit) && !found.is_covered(*unit));
        let mut uncovered: Vec<_> = uncovered.map(|unit| found.unit_name(unit)).collect();
        uncovered.sort_unstable();
        uncovered
    }

    /// The police specialities of the units that a scope counts, in order; empty: units without one.
    pub fn specialities(&self, campaign: &str, scope: &Scope<'_>) -> Vec<String> {
        let Some(found) = self.find(campaign) else { return vec![] };
        let counted = found.counted(scope);
        let mut all: Vec<_> =
            counted.iter().map(|counted| found.city.units.speciality(counted.unit).to_owned()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The sessions of a campaign by day, then id; `officer` (a resource name; empty: any) attended.
    pub fn sessions(&self, campaign: &str, officer: &str) -> Vec<SessionSummary<'_>> {
        let Some(found) = self.find(campaign) else { return vec![] };
        let wanted = found.city.roster.names.find(last(officer));
        let attended =
            |session: &Session| wanted.is_some_and(|id| session.participants.binary_search(&id).is_ok());
        let sessions =
            found.campaign.sessions.iter().filter(|(_, session)| officer.is_empty() || attended(session));
        let mut sessions: Vec<_> = sessions
            .map(|(id, session)| SessionSummary {
                session: found.campaign.session_names.name(id),
                item: found.campaign.item_names.name(session.item),
                unit: found.city.units.names.name(session.unit),
                mode: TrainingMode::try_from(i32::from(session.mode)).unwrap_or_default(),
                day: session.day,
                voided: session.voided,
            })
            .collect();
        sessions.sort_unstable_by_key(|session| (session.day, session.session));
        sessions
    }

    /// The participants (resource names) of a centralised session of so many hours on `day` whose centralised
    /// hours, by then and with it, are over the campaign's cap. Sessions of one day count in the order of their
    /// recording; `session` is its id, and what is on record of it does not count beside it.
    pub fn over_cap(
        &self,
        campaign: &str,
        session: &str,
        day: Date,
        session_hours: Decimal,
        participants: &[String],
    ) -> Vec<String> {
        let Some(found) = self.find(campaign) else { return vec![] };
        let recorded = found.campaign.session_names.find(session);
        let own = (day, recorded.unwrap_or(Id::MAX));
        let own_hours = (session_hours * Decimal::ONE_HUNDRED).to_u32().unwrap_or(u32::MAX);
        let cap = u64::from(found.terms.centralised_max);
        let before = |officer: Id| -> u64 {
            let earlier = |(id, session): &(Id, &Session)| {
                Some(*id) != recorded
                    && session.is_centralised()
                    && (session.day, *id) < own
                    && session.has(officer)
            };
            let earlier = found.campaign.sessions.iter().filter(earlier);
            earlier.map(|(_, session)| u64::from(session.hours)).sum()
        };
        let is_over = |officer: &&String| {
            let Some(id) = found.city.roster.names.find(last(officer)) else {
                return u64::from(own_hours) > cap;
            };
            let all = found.campaign.officers.get(id).map_or(0, |tally| tally.centralised);
            // Most are far from the cap, whichever sessions count.
            u64::from(all) + u64::from(own_hours) > cap && before(id) + u64::from(own_hours) > cap
        };
        participants.iter().filter(is_over).cloned().collect()
    }

    /// What an officer trained in each campaign, by resource name of the campaign.
    pub fn record(&self, officer: &str) -> BTreeMap<String, Attendance> {
        let Some(Parts { jurisdiction, .. }) = parts(officer) else { return BTreeMap::new() };
        let Some((city, officer)) = self.officer(officer) else { return BTreeMap::new() };
        let attendance = |(id, campaign): (Id, &Campaign)| {
            let name = format!("jurisdictions/{jurisdiction}/campaigns/{}", city.campaign_names.name(id));
            Some((name, attendance(city, id, campaign, officer, jurisdiction)?))
        };
        city.campaigns.iter().filter_map(attendance).collect()
    }

    /// The assessments of an officer (a resource name), by day, then id; `latest_only`: only those that count.
    pub fn assessments(&self, officer: &str, latest_only: bool) -> Vec<AssessmentSummary<'_>> {
        let Some((city, officer)) = self.officer(officer) else { return vec![] };
        let mut all = city.assessments.all(officer);
        all.retain(|(id, finding)| {
            let latest = || city.assessments.latest(officer, finding.campaign, finding.quality);
            !latest_only || latest().is_some_and(|(latest, _)| latest == *id)
        });
        all.sort_unstable_by_key(|(id, finding)| (finding.day, *id));
        let summary = |(assessment, finding): (_, Finding)| AssessmentSummary {
            assessment,
            campaign: city.campaign_names.name(finding.campaign),
            quality: quality(finding.quality),
            day: finding.day,
        };
        all.into_iter().map(summary).collect()
    }

    fn officer(&self, officer: &str) -> Option<(&City, Id)> {
        let Parts { jurisdiction, id } = parts(officer)?;
        let city = self.city(jurisdiction)?;
        Some((city, city.roster.names.find(id)?))
    }
}

fn attendance(
    city: &City,
    id: Id,
    campaign: &Campaign,
    officer: Id,
    jurisdiction: &str,
) -> Option<Attendance> {
    let tally = campaign.officers.get(officer).filter(|tally| tally.sessions > 0 || tally.assessed > 0)?;
    let trained = Trained { sessions: tally.sessions.into(), hours: hours(tally.hours.into()) };
    let cap = campaign.terms.map_or(u32::MAX, |terms| terms.centralised_max);
    let hours_over_cap = hours(tally.centralised.saturating_sub(cap).into());
    let mut attendance = Attendance { trained, hours_over_cap, ..Attendance::default() };
    for (_, session) in campaign.sessions.iter().filter(|(_, session)| session.has(officer)) {
        let mode = TrainingMode::try_from(i32::from(session.mode)).unwrap_or_default();
        let item = campaign.items.get(session.item).copied().unwrap_or_default();
        let by_mode = attendance.modes.entry(mode).or_default();
        let by_quality = attendance.qualities.entry(quality(item.quality)).or_default();
        for trained in [by_mode, by_quality] {
            trained.sessions += 1;
            trained.hours += hours(session.hours.into());
        }
    }
    for at in (0..).take(QUALITIES) {
        if let Some((assessment, finding)) = city.assessments.latest(officer, id, at) {
            let officer = city.roster.names.name(officer);
            let name = format!("jurisdictions/{jurisdiction}/officers/{officer}/assessments/{assessment}");
            attendance.assessments.push((quality(at), name, finding.passed));
        }
    }
    Some(attendance)
}

/// Ids of the first officers after one by id that are wanted. Of millions, few are kept at a time.
fn first<'a>(city: &'a City, wanted: impl Fn(Id) -> bool, after: &str, limit: usize) -> Vec<&'a str> {
    let names = &city.roster.names;
    let (mut found, mut last): (Vec<&str>, Option<&str>) = (vec![], None);
    for id in names.ids().filter(|id| wanted(*id)) {
        if last.is_some_and(|last| names.is_after(id, last)) || !names.is_after(id, after) {
            continue;
        }
        found.push(names.name(id));
        if found.len() > limit.saturating_mul(2) {
            last = Some(*found.select_nth_unstable(limit).1);
            found.truncate(limit);
        }
    }
    found.sort_unstable();
    found.truncate(limit);
    found
}

fn level(place: Place) -> PostLevel {
    PostLevel::try_from(i32::from(place.level)).unwrap_or_default()
}

/// The quality in a place, from 0.
fn quality(at: u8) -> Quality {
    Quality::try_from(i32::from(at) + 1).unwrap_or_default()
}
