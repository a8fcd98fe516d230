//! Points at risk: what a unit will lose, by when and at what price, if nothing is done.

use std::collections::BTreeMap;

use contract::field::{BadField, day_of, to_wire};
use contract::scorecard::{Risk, RiskKind};
use contract::training::StallCause;
use contract::words::TariffCause;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _, tz};
use rust_decimal::Decimal;
use scoring::facts::{ComponentFacts, CycleFacts, DailyEntry};
use scoring::scheme::{IndexKind, Method};

use crate::card::text;
use crate::current::Current;
use crate::figures::{Standing, unit_name};
use crate::fold::evaluation::commitment::Delivery;
use crate::fold::evaluation::cycle::Phase;
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
    let now = to_wire(current.instant());
    for risk in &mut risks {
        risk.overdue = risk.due_time.is_some_and(|due| (due.seconds, due.nanos) <= (now.seconds, now.nanos));
    }
    let mut keyed: Vec<_> = risks.into_iter().map(|risk| (key(&risk), risk)).collect();
    keyed.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    keyed
}

fn key(risk: &Risk) -> String {
    let due = risk.due_time.map_or(i64::MAX, |due| due.seconds.max(0));
    format!("{due:020}/{}/{}/{}", risk.kind, risk.source, risk.description)
}

/// What the scheme makes a unit pay: for itself, and for every unit below it that is not entered nor has one between
/// them that is.
struct Prices<'a> {
    league: &'a League,
    unit: &'a str,
}

/// What happens if nothing is done.
#[derive(Default)]
struct Missed<'a> {
    /// What is entered then; none: it was entered, or nothing ever is.
    cause: Option<TariffCause>,
    /// What an index counts then, and for which units.
    counted: Option<(Counted, Vec<&'a str>)>,
}

/// Something that is due then and not done.
#[derive(Clone, Copy)]
enum Counted {
    Complaint,
    Commitment,
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
                due_time: self.league.cycle.days().map(|(_, last)| to_wire(end_of(last))),
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
                final_points: self
                    .effect(|facts| reverse(facts, self.unit, entry_id))
                    .map(|lost| text(Decimal::ZERO - lost)),
                ..Risk::default()
            })
            .collect()
    }

    fn complaints(&self, standing: &Standing<'_>, last: Date) -> Vec<Risk> {
        let jurisdiction = &self.league.name.jurisdiction;
        let mut risks = Vec::new();
        for (id, complaint) in standing.facts.complaint.below(jurisdiction) {
            let found = &complaint.counted;
            let due = found.deadline().filter(|_| found.is_open());
            let (Some(due), Some(unit)) = (due, complaint.unit.as_deref()) else { continue };
            // Due at midnight is due with the day before.
            let day = day_of(due.saturating_sub(1.microsecond()).unwrap_or(due));
            if day > last || !self.pays_for(standing, unit) {
                continue;
            }
            let description = if found.awaits_report() {
                "an open complaint, whose deadline is not met without a report"
            } else {
                "a reported complaint, which is on time if it is closed by its deadline"
            };
            let entered = found.awaits_report() && !found.is_overdue();
            let counts = self.counts(standing, IndexKind::Rectification, day) && due > standing.now;
            let missed = Missed {
                cause: entered.then_some(TariffCause::ComplaintOverdue),
                counted: counts
                    .then(|| (Counted::Complaint, standing.facts.lineage(jurisdiction, unit).collect())),
            };
            if !found.awaits_report() && !counts {
                continue;
            }
            let source = format!("jurisdictions/{jurisdiction}/complaints/{id}");
            risks.push(self.risk(RiskKind::Complaint, source, description.to_owned(), due, &missed));
        }
        risks
    }

    fn commitments(&self, standing: &Standing<'_>, last: Date) -> Vec<Risk> {
        let jurisdiction = &self.league.name.jurisdiction;
        let mut risks = Vec::new();
        for (id, commitment) in standing.facts.commitment.below(jurisdiction) {
            let due = commitment.due_date().filter(|day| *day <= last);
            let (Some(day), Some(unit)) = (due, commitment.unit.as_deref()) else { continue };
            let reported = commitment.delivery == Delivery::Reported;
            let counts = self.counts(standing, IndexKind::Commitments, day) && day >= day_of(standing.now);
            let idle = commitment.delivery == Delivery::Verified || reported && !counts;
            if idle || !self.pays_for(standing, unit) {
                continue;
            }
            let missed = Missed {
                cause: (!reported && !commitment.lapsed).then_some(TariffCause::CommitmentLapsed),
                counted: counts
                    .then(|| (Counted::Commitment, standing.facts.lineage(jurisdiction, unit).collect())),
            };
            let source = format!("jurisdictions/{jurisdiction}/commitments/{id}");
            risks.push(self.risk(
                RiskKind::Commitment,
                source,
                commitment.title.clone(),
                end_of(day),
                &missed,
            ));
        }
        risks
    }

    fn standing_still(&self, standing: &Standing<'_>, last: Date) -> Vec<Risk> {
        let jurisdiction = &self.league.name.jurisdiction;
        let name = unit_name(jurisdiction, self.unit);
        let campaign =
            standing.days.and_then(|(first, last)| standing.training.campaign_of(&name, first, last));
        let Some(campaign) = campaign else { return Vec::new() };
        let calendar = standing.facts.working_days(jurisdiction);
        let stalls = standing.training.stalls(&campaign);
        let before = last.tomorrow().unwrap_or(last);
        let mut risks = Vec::new();
        for duty in standing.training.duties(&campaign, &calendar, before) {
            let unit = duty.unit.rsplit_once('/').map_or("", |(_, unit)| unit);
            if !self.pays_for(standing, unit) {
                continue;
            }
            let duty_is = match duty.cause {
                StallCause::PlanNotFiled => "the unit's training plan is to be filed",
                StallCause::NoSession | StallCause::Unspecified => "a training session is to be held",
            };
            let description = if unit == self.unit {
                duty_is.to_owned()
            } else {
                format!("{}: {duty_is}", standing.facts.title(jurisdiction, unit))
            };
            let stalled = stalls.iter().any(|stall| stall.unit == duty.unit);
            let missed =
                Missed { cause: (!stalled).then_some(TariffCause::UnitStalled), ..Missed::default() };
            let (kind, due) = (RiskKind::StandingStill, end_of(duty.due_date));
            risks.push(self.risk(kind, campaign.clone(), description, due, &missed));
        }
        risks
    }

    /// Whether a fact about `unit` is charged to this one: the nearest that is entered, from there upwards.
    fn pays_for(&self, standing: &Standing<'_>, unit: &str) -> bool {
        let entered = &self.league.record.units;
        let mut lineage = standing.facts.lineage(&self.league.name.jurisdiction, unit);
        lineage.find(|unit| entered.contains_key(*unit)) == Some(self.unit)
    }

    /// Whether what is due on `day` counts in an index of the scheme.
    fn counts(&self, standing: &Standing<'_>, kind: IndexKind, day: Date) -> bool {
        let in_period = standing.days.is_some_and(|(first, last)| (first..=last).contains(&day));
        let is = |method: &Method| matches!(method, Method::Index(index) if index.kind == kind);
        in_period && self.league.scheme.components().iter().any(|component| is(&component.method))
    }

    fn risk(
        &self,
        kind: RiskKind,
        source: String,
        description: String,
        due: Timestamp,
        missed: &Missed<'_>,
    ) -> Risk {
        let price = missed.cause.map(|cause| self.price(cause)).unwrap_or_default();
        let points: Decimal = price.values().copied().sum();
        Risk {
            kind: kind.into(),
            source,
            description,
            due_time: Some(to_wire(due)),
            points: text(Decimal::ZERO - points.min(Decimal::ZERO)),
            final_points: self.effect(|facts| happen(facts, self.unit, &price, missed)).map(text),
            ..Risk::default()
        }
    }

    /// What a fact costs, by source. A cycle that is closed takes no entry any more.
    fn price(&self, cause: TariffCause) -> BTreeMap<String, Decimal> {
        let mut price = BTreeMap::new();
        if self.league.cycle.phase != Phase::Open {
            return price;
        }
        for source in self.league.scheme.sources() {
            let tariffs = source.tariffs.iter().filter(|tariff| tariff.cause == cause);
            let points: Decimal = tariffs.map(|tariff| tariff.points).sum();
            if !points.is_zero() {
                price.insert(source.source_id.clone(), points);
            }
        }
        price
    }

    /// What the final would lose by a change of the facts; none: it is pending.
    fn effect(&self, change: impl FnOnce(&mut CycleFacts)) -> Option<Decimal> {
        let before = self.league.appraisal.units.get(self.unit)?.final_points?;
        let mut facts = self.league.facts.clone();
        change(&mut facts);
        let after = scoring::appraise(&self.league.scheme, &facts);
        Some(before - after.units.get(self.unit)?.final_points?)
    }
}

/// What was to be averted happens: `unit` pays the price, and what is due and not done is counted.
fn happen(facts: &mut CycleFacts, unit: &str, price: &BTreeMap<String, Decimal>, missed: &Missed<'_>) {
    if let Some(unit) = facts.units.get_mut(unit) {
        unit.daily.extend(price.iter().map(|(source_id, points)| DailyEntry {
            entry_id: "at-risk".to_owned(),
            source_id: source_id.clone(),
            points: *points,
            standing: true,
        }));
    }
    let Some((counted, units)) = &missed.counted else { return };
    for unit in units {
        let Some(unit) = facts.units.get_mut(*unit) else { continue };
        match counted {
            Counted::Complaint => unit.figures.rectification.get_or_insert_default().due += 1,
            Counted::Commitment => unit.figures.commitments.get_or_insert_default().due += 1,
        }
    }
}

/// An appeal against an entry is granted.
fn reverse(facts: &mut CycleFacts, unit: &str, entry_id: &str) {
    let Some(unit) = facts.units.get_mut(unit) else { return };
    unit.daily.retain(|entry| entry.entry_id != entry_id);
    for component in unit.components.values_mut() {
        if let ComponentFacts::Entries(entries) = component {
            entries.retain(|entry| entry.entry_id != entry_id);
        }
    }
}

/// The instant at which a day is over.
fn end_of(day: Date) -> Timestamp {
    let next = day.tomorrow().unwrap_or(day);
    tz::offset(8).to_timestamp(next.at(0, 0, 0, 0)).unwrap_or(Timestamp::MAX)
}
