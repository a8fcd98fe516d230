//! Points at risk: what a unit will lose, by when and at what price, if nothing is done.

use std::collections::BTreeMap;

use contract::field::{BadField, day_of, to_wire};
use contract::scorecard::{Risk, RiskKind};
use contract::training::StallCause;
use contract::words::TariffCause;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _, tz};
use rust_decimal::Decimal;
use scoring::facts::DailyEntry;

use crate::card::text;
use crate::current::Current;
use crate::figures::{Standing, unit_name};
use crate::fold::evaluation::commitment::Delivery;
use crate::league::League;

const DAYS: u32 = 30;
const DAYS_MAX: u32 = 3660;

/// Within how many days from now.
pub(crate) fn days(days: u32) -> Result<u32, BadField> {
    match days {
        0 => Ok(DAYS),
        1..=DAYS_MAX => Ok(days),
        _ => Err(BadField::new("days", format!("must be at most {DAYS_MAX}"))),
    }
}

/// What is at risk within so many days, each by what it sorts by: what is due first, then what is due on no day.
/// Of published results nothing is.
pub(crate) fn risks(current: &Current, unit: &str, days: u32) -> Vec<(String, Risk)> {
    let league = &current.league;
    if league.cycle.phase.is_frozen() {
        return Vec::new();
    }
    let prices = Prices { league, unit };
    let mut risks = prices.pending();
    risks.extend(prices.contested());
    current.standing(|standing, _| {
        let last = day_of(standing.now).saturating_add(i64::from(days).days());
        let last = standing.days.map_or(last, |(_, end)| last.min(end));
        risks.extend(prices.complaints(&standing, last));
        risks.extend(prices.commitments(&standing, last));
        risks.extend(prices.standing_still(&standing, last));
    });
    let mut keyed: Vec<_> = risks.into_iter().map(|risk| (key(&risk), risk)).collect();
    keyed.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    keyed
}

fn key(risk: &Risk) -> String {
    let due = risk.due_time.map_or(i64::MAX, |due| due.seconds.max(0));
    format!("{due:020}/{}/{}", risk.kind, risk.source)
}

/// What the scheme makes a unit pay.
struct Prices<'a> {
    league: &'a League,
    unit: &'a str,
}

impl Prices<'_> {
    fn pending(&self) -> Vec<Risk> {
        let Some(card) = self.league.card(self.unit) else { return Vec::new() };
        let pending = card.components.iter().filter(|component| component.points.is_none());
        pending
            .map(|component| Risk {
                kind: RiskKind::Pending.into(),
                source: component.component_id.clone(),
                description: format!("{}: {}", component.title, component.pending_reason),
                points: component.max_points.clone(),
                ..Risk::default()
            })
            .collect()
    }

    fn contested(&self) -> Vec<Risk> {
        let entries = self.league.record.entries_of(self.unit);
        let contested = entries.filter(|(_, entry)| entry.contested && entry.standing);
        contested
            .map(|(entry_id, entry)| Risk {
                kind: RiskKind::Contested.into(),
                source: entry_id.to_owned(),
                description: entry.reason.clone(),
                points: text(entry.points.abs()),
                ..Risk::default()
            })
            .collect()
    }

    fn complaints(&self, standing: &Standing<'_>, last: Date) -> Vec<Risk> {
        let jurisdiction = &self.league.name.jurisdiction;
        let mut risks = Vec::new();
        for (id, complaint) in standing.facts.complaint.below(jurisdiction) {
            let counted = &complaint.counted;
            let due = counted.deadline().filter(|_| counted.is_open());
            let Some(due) = due.filter(|_| complaint.unit.as_deref() == Some(self.unit)) else { continue };
            // Due at midnight is due with the day before.
            if day_of(due.saturating_sub(1.microsecond()).unwrap_or(due)) > last {
                continue;
            }
            let cause = (!counted.is_overdue()).then_some(TariffCause::ComplaintOverdue);
            let source = format!("jurisdictions/{jurisdiction}/complaints/{id}");
            let description = "an open complaint, whose deadline is not met without a report".to_owned();
            risks.push(self.risk(RiskKind::Complaint, source, description, (due, standing.now), cause));
        }
        risks
    }

    fn commitments(&self, standing: &Standing<'_>, last: Date) -> Vec<Risk> {
        let jurisdiction = &self.league.name.jurisdiction;
        let mut risks = Vec::new();
        for (id, commitment) in standing.facts.commitments(jurisdiction, self.unit) {
            let Some(day) = commitment.due_date().filter(|day| *day <= last) else { continue };
            if commitment.delivery == Delivery::Verified {
                continue;
            }
            let cause = (!commitment.lapsed).then_some(TariffCause::CommitmentLapsed);
            let source = format!("jurisdictions/{jurisdiction}/commitments/{id}");
            let due = (end_of(day), standing.now);
            risks.push(self.risk(RiskKind::Commitment, source, commitment.title.clone(), due, cause));
        }
        risks
    }

    fn standing_still(&self, standing: &Standing<'_>, last: Date) -> Vec<Risk> {
        let name = unit_name(&self.league.name.jurisdiction, self.unit);
        let campaign =
            standing.days.and_then(|(first, last)| standing.training.campaign_of(&name, first, last));
        let Some(campaign) = campaign else { return Vec::new() };
        let calendar = standing.facts.working_days(&self.league.name.jurisdiction);
        let stalled = standing.training.stalls(&campaign).iter().any(|stall| stall.unit == name);
        let before = last.tomorrow().unwrap_or(last);
        let mut risks = Vec::new();
        for duty in standing.training.duties(&campaign, &calendar, before) {
            if duty.unit != name {
                continue;
            }
            let description = match duty.cause {
                StallCause::PlanNotFiled => "the unit's training plan is to be filed",
                StallCause::NoSession | StallCause::Unspecified => "a training session is to be held",
            };
            let cause = (!stalled).then_some(TariffCause::UnitStalled);
            let due = (end_of(duty.due_date), standing.now);
            let description = description.to_owned();
            risks.push(self.risk(RiskKind::StandingStill, campaign.clone(), description, due, cause));
        }
        risks
    }

    /// `cause`: what it will be entered as; none: it was entered.
    fn risk(
        &self,
        kind: RiskKind,
        source: String,
        description: String,
        (due, now): (Timestamp, Timestamp),
        cause: Option<TariffCause>,
    ) -> Risk {
        let price = cause.map(|cause| self.price(cause)).unwrap_or_default();
        let points: Decimal = price.values().copied().sum();
        Risk {
            kind: kind.into(),
            source,
            description,
            due_time: Some(to_wire(due)),
            overdue: due <= now,
            points: text(-points.min(Decimal::ZERO)),
            final_points: self.effect(&price).map(text),
        }
    }

    /// What a fact costs, by source.
    fn price(&self, cause: TariffCause) -> BTreeMap<String, Decimal> {
        let mut price = BTreeMap::new();
        for source in self.league.scheme.sources() {
            let tariffs = source.tariffs.iter().filter(|tariff| tariff.cause == cause);
            let points: Decimal = tariffs.map(|tariff| tariff.points).sum();
            if !points.is_zero() {
                price.insert(source.source_id.clone(), points);
            }
        }
        price
    }

    /// What the final would lose by entries of this price; none: it is pending.
    fn effect(&self, price: &BTreeMap<String, Decimal>) -> Option<Decimal> {
        let before = self.league.appraisal.units.get(self.unit)?.final_points?;
        if price.is_empty() {
            return Some(Decimal::ZERO);
        }
        let mut facts = self.league.facts.clone();
        let unit = facts.units.get_mut(self.unit)?;
        unit.daily.extend(price.iter().map(|(source_id, points)| DailyEntry {
            entry_id: "at-risk".to_owned(),
            source_id: source_id.clone(),
            points: *points,
            standing: true,
        }));
        let after = scoring::appraise(&self.league.scheme, &facts);
        Some(before - after.units.get(self.unit)?.final_points?)
    }
}

/// The instant at which a day is over.
fn end_of(day: Date) -> Timestamp {
    let next = day.tomorrow().unwrap_or(day);
    tz::offset(8).to_timestamp(next.at(0, 0, 0, 0)).unwrap_or(Timestamp::MAX)
}
