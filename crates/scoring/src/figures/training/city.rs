//! Everything of one jurisdiction, folded fact by fact.

use contract::evaluation::UnitRegistered;
use contract::training::{
    AcceptanceMethodIssued, AssessmentCorrected, AssessmentRecorded, CampaignLaunched, ItemDesigned, Quality,
    SessionCorrected, SessionHeld,
};
use jiff::civil::Date;
use num_traits::ToPrimitive as _;
use rust_decimal::Decimal;

use super::Fact;
use super::assessments::{Assessments, Finding};
use super::campaign::{Campaign, Item, Plan, QUALITIES, Session, Terms, UnitTally, bit};
use super::names::{Id, Names, Table};
use super::roster::{Place, Roster};
use super::units::Units;

/// A jurisdiction.
#[derive(Debug, Default)]
pub(super) struct City {
    pub(super) units: Units,
    pub(super) roster: Roster,
    pub(super) assessments: Assessments,
    pub(super) campaign_names: Names,
    pub(super) campaigns: Table<Campaign>,
    need_names: Names,
    needs: Table<Id>,
}

impl City {
    /// Folds a fact of this jurisdiction, whose thing has the id `id`.
    pub(super) fn fold(&mut self, id: &str, fact: &Fact) -> Result<(), String> {
        match fact {
            Fact::UnitRegistered(registered) => self.register(id, registered),
            Fact::UnitMoved(moved) => self.place_unit(id, &moved.parent),
            Fact::UnitRetired(_) => self.retire(id),
            Fact::OfficerEnrolled(enrolled) => {
                let place = Place { unit: self.unit(&enrolled.unit), level: small(enrolled.post_level)? };
                let day = day(&enrolled.effective_date)?;
                self.post(id, |roster, officer| roster.enrol(officer, day, place));
            }
            Fact::OfficerTransferred(transferred) => {
                let (unit, day) = (self.unit(&transferred.unit), day(&transferred.effective_date)?);
                self.post(id, |roster, officer| roster.transfer(officer, day, unit));
            }
            Fact::PostLevelChanged(changed) => {
                let (level, day) = (small(changed.post_level)?, day(&changed.effective_date)?);
                self.post(id, |roster, officer| roster.change_level(officer, day, level));
            }
            Fact::OfficerLeft(left) => {
                let day = day(&left.effective_date)?;
                self.post(id, |roster, officer| roster.leave(officer, day));
            }
            Fact::CampaignLaunched(launched) => return self.launch(id, launched),
            Fact::AcceptanceMethodIssued(issued) => return self.require(id, issued),
            Fact::CampaignConcluded(_) => self.conclude(id),
            Fact::PlanFiled(filed) => {
                let plan = Plan { with_subtree: filed.with_subtree, approved: false };
                self.campaign_unit(id, &filed.unit).plan = Some(plan);
            }
            // It was filed all the same.
            Fact::PlanReturned(_) => {}
            Fact::PlanApproved(approved) => {
                if let Some(plan) = &mut self.campaign_unit(id, &approved.unit).plan {
                    plan.approved = true;
                }
            }
            Fact::UnitStalled(stalled) => {
                let stall = (stalled.cause(), day(&stalled.due_date)?);
                self.campaign_unit(id, &stalled.unit).stall = Some(stall);
            }
            Fact::UnitResumed(resumed) => self.campaign_unit(id, &resumed.unit).stall = None,
            Fact::ItemDesigned(designed) => return self.design(id, designed),
            Fact::SessionHeld(held) => return self.hold(id, held),
            Fact::SessionCorrected(corrected) => return self.correct_session(id, corrected),
            Fact::SessionVoided(_) => return self.void(id),
            Fact::AssessmentRecorded(recorded) => return self.record(id, recorded),
            Fact::AssessmentCorrected(corrected) => return self.correct(id, corrected),
            Fact::NeedIdentified(identified) => self.identify(id, &identified.unit),
            Fact::NeedMet(_) => return self.meet(id),
        }
        Ok(())
    }

    fn unit(&mut self, name: &str) -> Id {
        self.units.names.intern(last(name))
    }

    fn register(&mut self, id: &str, registered: &UnitRegistered) {
        let unit = self.units.names.intern(id);
        self.units.register(unit, &registered.speciality, registered.grassroots);
        self.place_unit(id, &registered.parent);
    }

    fn place_unit(&mut self, id: &str, parent: &str) {
        let above = (!parent.is_empty()).then(|| self.unit(parent));
        let unit = self.units.names.intern(id);
        self.units.place(unit, above);
    }

    fn retire(&mut self, id: &str) {
        let unit = self.units.names.intern(id);
        self.units.edit(unit).in_service = false;
    }

    /// Changes where an officer belongs, and counts the officer there in every campaign.
    fn post(&mut self, id: &str, change: impl FnOnce(&mut Roster, Id)) {
        let officer = self.roster.names.intern(id);
        let before: Vec<_> =
            self.campaigns.iter().map(|(_, campaign)| campaign.place(&self.roster, officer)).collect();
        change(&mut self.roster, officer);
        for (campaign, before) in self.campaigns.iter_mut().zip(before) {
            let after = campaign.place(&self.roster, officer);
            campaign.repost(officer, before, after);
        }
    }

    fn launch(&mut self, id: &str, launched: &CampaignLaunched) -> Result<(), String> {
        let rules = launched.rules.clone().unwrap_or_default();
        let terms = Terms {
            unit: self.unit(&launched.unit),
            start: day(&launched.start_date)?,
            end: day(&launched.end_date)?,
            plan_due: day(&rules.plan_due_date)?,
            cutoff: day(&rules.cutoff_date)?,
            interval_working_days: rules.session_interval_working_days,
            centralised_max: hundredths(&rules.centralised_hours_max)?,
            leader_from: small(rules.leader_from)?,
        };
        let id = self.campaign_names.intern(id);
        self.campaigns.edit(id).launch(terms, &self.roster);
        Ok(())
    }

    fn require(&mut self, id: &str, issued: &AcceptanceMethodIssued) -> Result<(), String> {
        let mut required = 0;
        for quality in &issued.required_qualities {
            required |= quality_at(*quality).map(bit)?;
        }
        let id = self.campaign_names.intern(id);
        self.campaigns.edit(id).require(required, &self.roster);
        Ok(())
    }

    fn conclude(&mut self, id: &str) {
        let id = self.campaign_names.intern(id);
        let campaign = self.campaigns.edit(id);
        campaign.concluded = true;
        campaign.units.iter_mut().for_each(|unit| unit.stall = None);
    }

    fn campaign_unit(&mut self, campaign: &str, unit: &str) -> &mut UnitTally {
        let (campaign, unit) = (self.campaign_names.intern(campaign), self.unit(unit));
        self.campaigns.edit(campaign).units.edit(unit)
    }

    fn design(&mut self, id: &str, designed: &ItemDesigned) -> Result<(), String> {
        let (campaign, id) = nested(id)?;
        let item = Item {
            basic: small(designed.basic)?,
            quality: quality_at(designed.quality)?,
            speciality: self.units.specialities.intern(&designed.speciality),
        };
        let campaign = self.campaign_names.intern(campaign);
        let campaign = self.campaigns.edit(campaign);
        let id = campaign.item_names.intern(id);
        *campaign.items.edit(id) = item;
        Ok(())
    }

    fn hold(&mut self, id: &str, held: &SessionHeld) -> Result<(), String> {
        let (campaign, id) = nested(id)?;
        let campaign = self.campaign_names.intern(campaign);
        let session = Session {
            item: self.campaigns.edit(campaign).item_names.intern(last(&held.item)),
            unit: self.unit(&held.unit),
            mode: small(held.mode)?,
            day: day(&held.session_date)?,
            hours: hundredths(&held.hours)?,
            voided: false,
            participants: self.participants(&held.participants),
        };
        let campaign = self.campaigns.edit(campaign);
        let id = campaign.session_names.intern(id);
        campaign.put_session(&self.roster, id, session);
        Ok(())
    }

    fn participants(&mut self, names: &[String]) -> Box<[Id]> {
        let officers = names.iter().map(|name| self.roster.names.intern(last(name)));
        let mut officers: Vec<_> = officers.collect();
        officers.sort_unstable();
        officers.dedup();
        officers.into()
    }

    fn correct_session(&mut self, id: &str, corrected: &SessionCorrected) -> Result<(), String> {
        self.held(id)?;
        self.hold(id, &as_held(corrected))
    }

    fn void(&mut self, id: &str) -> Result<(), String> {
        let (campaign, id) = self.held(id)?;
        let campaign = self.campaigns.edit(campaign);
        let session = Session { voided: true, ..campaign.sessions.edit(id).clone() };
        campaign.put_session(&self.roster, id, session);
        Ok(())
    }

    /// The campaign and the number of a session that was held.
    fn held(&mut self, id: &str) -> Result<(Id, Id), String> {
        let (campaign, session) = nested(id)?;
        let campaign = self.campaign_names.intern(campaign);
        let found = self.campaigns.edit(campaign).session_names.find(session);
        found.map(|session| (campaign, session)).ok_or_else(|| format!("session `{id}` was never held"))
    }

    fn record(&mut self, id: &str, recorded: &AssessmentRecorded) -> Result<(), String> {
        let (officer, id) = nested(id)?;
        let officer = self.roster.names.intern(officer);
        let finding = Finding {
            campaign: self.campaign_names.intern(last(&recorded.campaign)),
            quality: quality_at(recorded.quality)?,
            day: day(&recorded.assessment_date)?,
            passed: recorded.passed,
        };
        self.assessments.record(officer, id, finding);
        self.assess(officer, finding);
        Ok(())
    }

    fn correct(&mut self, id: &str, corrected: &AssessmentCorrected) -> Result<(), String> {
        let (officer, id) = nested(id)?;
        let officer = self.roster.names.intern(officer);
        let day = day(&corrected.assessment_date)?;
        let finding = self.assessments.correct(officer, id, day, corrected.passed);
        let finding = finding.ok_or_else(|| format!("assessment `{id}` was never recorded"))?;
        self.assess(officer, finding);
        Ok(())
    }

    /// Something was found of an officer: what counts of it may be another now.
    fn assess(&mut self, officer: Id, Finding { campaign, quality, .. }: Finding) {
        let latest = self.assessments.latest(officer, campaign, quality).map(|(_, finding)| finding.passed);
        self.campaigns.edit(campaign).assess(&self.roster, officer, quality, latest);
    }

    fn identify(&mut self, id: &str, unit: &str) {
        let (need, unit) = (self.need_names.intern(id), self.unit(unit));
        *self.needs.edit(need) = unit;
        self.units.edit(unit).needs_open += 1;
    }

    fn meet(&mut self, id: &str) -> Result<(), String> {
        let need = self.need_names.find(id).ok_or_else(|| format!("need `{id}` was never identified"))?;
        let unit = *self.needs.edit(need);
        let unit = self.units.edit(unit);
        unit.needs_open -= 1;
        unit.needs_met += 1;
        Ok(())
    }

    pub(super) fn bytes(&self) -> usize {
        self.roster.bytes()
            + self.assessments.bytes()
            + self.campaigns.iter().map(|(_, campaign)| campaign.bytes()).sum::<usize>()
    }
}

/// The id at the end of a resource name.
pub(super) fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// The two ids of `{a}/{collection}/{b}`.
fn nested(id: &str) -> Result<(&str, &str), String> {
    let parts = id.split_once('/').and_then(|(outer, rest)| Some((outer, rest.split_once('/')?.1)));
    parts.ok_or_else(|| format!("`{id}` names nothing within another"))
}

/// What stands after a correction.
fn as_held(corrected: &SessionCorrected) -> SessionHeld {
    let SessionCorrected { session, item, unit, mode, session_date, hours, participants, .. } =
        corrected.clone();
    SessionHeld { session, item, unit, mode, session_date, hours, participants }
}

fn day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| format!("`{text}` is no day"))
}

/// Hundredths of an hour.
fn hundredths(hours: &str) -> Result<u32, String> {
    let hours: Decimal = hours.parse().map_err(|_| format!("`{hours}` is no number of hours"))?;
    let hundredths = hours * Decimal::ONE_HUNDRED;
    hundredths.to_u32().ok_or_else(|| format!("{hours} hours are too many"))
}

/// A number of an enum.
fn small(number: i32) -> Result<u8, String> {
    u8::try_from(number).map_err(|_| format!("{number} is no number of an enum"))
}

/// The place of a quality, from 0.
fn quality_at(quality: i32) -> Result<u8, String> {
    let known = Quality::try_from(quality).is_ok_and(|quality| quality != Quality::Unspecified);
    let at = small(quality - 1);
    if known && usize::from(at.clone()?) < QUALITIES { at } else { Err(format!("{quality} is no quality")) }
}
