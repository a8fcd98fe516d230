//! The events that the ratios of an index count, with what was lost: looked up in the history, since they are not kept
//! in memory.

use std::collections::{BTreeMap, BTreeSet};

use contract::complaints::Satisfaction;
use contract::evaluation::{CommitmentAssigned, DeliveryReported, UnitMoved, UnitRegistered};
use contract::field::{date, day_of};
use contract::scorecard::EventReference;
use contract::training::{
    AcceptanceMethodIssued, AssessmentCorrected, AssessmentRecorded, CampaignLaunched, SessionCorrected,
    SessionHeld, SessionVoided,
};
use contract::words::PostLevel;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use prost::Message;
use scoring::figures::complaints::{Change, Complaint, What};
use scoring::figures::training::{OfficerFilter, Training};
use scoring::scheme::{Method, Ratio};

use super::Behind;
use crate::figures::unit_name;
use crate::fold::trace::Trace;
use crate::history::{Corrupt, Occurrence};
use crate::league::League;

/// Looks up the events that a unit's index components count at `now`, among those that the league is of.
pub(crate) fn counted<'a, I>(
    events: impl Fn() -> I,
    league: &League,
    unit: &str,
    now: Timestamp,
) -> Result<Behind, Corrupt>
where
    I: Iterator<Item = Result<Occurrence<'a>, Corrupt>>,
{
    let indices = league.scheme.components().iter().filter_map(|component| match &component.method {
        Method::Index(index) => Some((&component.component_id, index)),
        Method::Assessor
        | Method::Panel(_)
        | Method::Survey(_)
        | Method::Ledger(_)
        | Method::Indicator(_) => None,
    });
    let indices: Vec<_> = indices.collect();
    let (Some(days), false) = (league.cycle.days(), indices.is_empty()) else { return Ok(Behind::new()) };
    let found = if let Some(found) = league.found.get() {
        found
    } else {
        let found = Found::of(events, league)?;
        league.found.get_or_init(|| found)
    };
    let unit = unit_name(&league.name.jurisdiction, unit);
    let asked = Asked { days, now: found.published.unwrap_or(now), below: found.below(&unit), unit };
    let ratios = indices.iter().flat_map(|(component_id, index)| {
        index.weights.iter().map(|weight| {
            let key = ((*component_id).clone(), weight.ratio.name().to_owned());
            (key, found.ratio(weight.ratio, &asked))
        })
    });
    Ok(ratios.collect())
}

/// When the results were published that the league is of.
fn published<'a>(
    events: impl Iterator<Item = Result<Occurrence<'a>, Corrupt>>,
    league: &League,
) -> Result<Option<Timestamp>, Corrupt> {
    for event in events {
        let event = event?;
        if event.service == crate::fold::evaluation::SERVICE && event.position == league.answers_until {
            return Ok(Some(event.recorded_at));
        }
    }
    Ok(None)
}

struct Asked {
    days: (Date, Date),
    now: Timestamp,
    unit: String,
    /// The unit and all below it.
    below: BTreeSet<String>,
}

/// What the events say that a league is of, by resource name.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// When the results were published, of which they are.
    published: Option<Timestamp>,
    parents: BTreeMap<String, String>,
    complaints: BTreeMap<String, Handled>,
    commitments: BTreeMap<String, Promised>,
    campaigns: BTreeMap<String, Launched>,
    sessions: BTreeMap<String, Held>,
    assessments: BTreeMap<String, Vec<EventReference>>,
    training: Training,
}

#[derive(Debug)]
struct Handled {
    unit: String,
    counted: Complaint,
    rejected: bool,
    /// What set the deadline in force, and that it passed.
    due: Vec<EventReference>,
    rated: Option<EventReference>,
    /// Closures, and openings after them.
    closed: Vec<EventReference>,
}

#[derive(Debug, Default)]
struct Promised {
    unit: String,
    due_date: String,
    events: Vec<EventReference>,
}

#[derive(Debug, Default)]
struct Launched {
    cutoff: Option<Date>,
    leader_from: PostLevel,
    launch: Vec<EventReference>,
    method: Vec<EventReference>,
}

#[derive(Debug, Default)]
struct Held {
    unit: String,
    participants: Vec<String>,
    events: Vec<EventReference>,
}

impl Found {
    /// Reads the events that a league is of.
    fn of<'a, I>(events: impl Fn() -> I, league: &League) -> Result<Self, Corrupt>
    where
        I: Iterator<Item = Result<Occurrence<'a>, Corrupt>>,
    {
        // Of published results: what was known then.
        let published = if league.cycle.phase.is_frozen() { published(events(), league)? } else { None };
        let mut found = Self { published, ..Self::default() };
        for event in events() {
            let event = event?;
            let reached = league.reached.get(event.service).is_some_and(|to| event.position <= to.position);
            let known = reached && published.is_none_or(|published| event.recorded_at <= published);
            if known && found.apply(&event).is_err() {
                // The card tells it.
                tracing::debug!(event.event_type, event.position, "cannot be read");
            }
        }
        Ok(found)
    }

    fn apply(&mut self, event: &Occurrence<'_>) -> Result<(), Corrupt> {
        match event.service {
            "complaints" => self.complaint(event),
            "evaluation" => self.evaluation(event),
            "training" => self.training(event),
            _ => Ok(()),
        }
    }

    fn complaint(&mut self, event: &Occurrence<'_>) -> Result<(), Corrupt> {
        let change = Change::decode(event.event_type, event.payload).map_err(|_| Corrupt)?;
        let Some(Change { complaint, unit, what }) = change else { return Ok(()) };
        let handled = self.complaints.entry(complaint).or_insert_with(|| Handled {
            unit: String::new(),
            counted: Complaint::lodged(event.occurred_at),
            rejected: false,
            due: Vec::new(),
            rated: None,
            closed: Vec::new(),
        });
        handled.counted.apply(what, event.occurred_at);
        handled.unit = unit.unwrap_or_else(|| std::mem::take(&mut handled.unit));
        let reference = reference(event);
        match what {
            What::Lodged { .. } | What::Given | What::Reported => {}
            What::Rejected => handled.rejected = true,
            What::Due { .. } => handled.due = vec![reference],
            What::Overdue => handled.due.push(reference),
            What::Rated { satisfaction } => handled.rate(satisfaction, reference),
            What::Refuted { satisfaction, .. } => {
                handled.due = vec![reference.clone()];
                handled.rate(satisfaction, reference);
            }
            What::Closed { .. } | What::Reopened => handled.closed.push(reference),
        }
        Ok(())
    }

    fn evaluation(&mut self, event: &Occurrence<'_>) -> Result<(), Corrupt> {
        match event.kind() {
            "UnitRegistered" => {
                let UnitRegistered { unit, parent, .. } = decoded(event)?;
                self.parents.insert(unit, parent);
            }
            "UnitMoved" => {
                let UnitMoved { unit, parent, .. } = decoded(event)?;
                self.parents.insert(unit, parent);
            }
            "CommitmentAssigned" => {
                let CommitmentAssigned { commitment, unit, due_date } = decoded(event)?;
                let events = vec![reference(event)];
                self.commitments.insert(commitment, Promised { unit, due_date, events });
            }
            "DeliveryReported" | "DeliveryVerified" | "DeliveryRefuted" | "CommitmentLapsed" => {
                // All of them name the commitment first.
                let DeliveryReported { commitment, .. } = decoded(event)?;
                self.commitments.entry(commitment).or_default().events.push(reference(event));
            }
            _ => {}
        }
        self.train(event);
        Ok(())
    }

    fn training(&mut self, event: &Occurrence<'_>) -> Result<(), Corrupt> {
        let reference = reference(event);
        match event.kind() {
            "CampaignLaunched" => {
                let CampaignLaunched { campaign, rules, .. } = decoded(event)?;
                let rules = rules.unwrap_or_default();
                let campaign = self.campaigns.entry(campaign).or_default();
                campaign.cutoff = date("cutoff_date", &rules.cutoff_date).ok();
                campaign.leader_from = rules.leader_from();
                campaign.launch = vec![reference];
            }
            "AcceptanceMethodIssued" => {
                let AcceptanceMethodIssued { campaign, .. } = decoded(event)?;
                self.campaigns.entry(campaign).or_default().method = vec![reference];
            }
            "SessionHeld" => {
                let SessionHeld { session, unit, participants, .. } = decoded(event)?;
                self.sessions.insert(session, Held { unit, participants, events: vec![reference] });
            }
            "SessionCorrected" => {
                let SessionCorrected { session, unit, participants, .. } = decoded(event)?;
                let held = self.sessions.entry(session).or_default();
                (held.unit, held.participants) = (unit, participants);
                held.events.push(reference);
            }
            "SessionVoided" => {
                let SessionVoided { session, .. } = decoded(event)?;
                self.sessions.remove(&session);
            }
            "AssessmentRecorded" => {
                let AssessmentRecorded { assessment, .. } = decoded(event)?;
                self.assessments.insert(assessment, vec![reference]);
            }
            "AssessmentCorrected" => {
                let AssessmentCorrected { assessment, .. } = decoded(event)?;
                self.assessments.entry(assessment).or_default().push(reference);
            }
            _ => {}
        }
        self.train(event);
        Ok(())
    }

    /// Folds what the roster and the campaigns are known by. What contradicts what came before, as a correction does
    /// that happened before what it corrects, changes nothing, as in the figures.
    fn train(&mut self, event: &Occurrence<'_>) {
        if let Err(what) = self.training.apply(event.event_type, event.payload) {
            tracing::debug!(event.event_type, event.position, what, "not counted");
        }
    }

    /// A unit and all below it.
    fn below(&self, unit: &str) -> BTreeSet<String> {
        let within = |below: &&String| {
            let above = |unit: &&String| self.parents.get(*unit);
            // Deeper is no tree.
            std::iter::successors(Some(*below), above).take(self.parents.len()).any(|above| above == unit)
        };
        let mut below: BTreeSet<_> = self.parents.keys().filter(within).cloned().collect();
        below.insert(unit.to_owned());
        below
    }

    fn ratio(&self, ratio: Ratio, asked: &Asked) -> Vec<EventReference> {
        match ratio {
            Ratio::OnTime => self.handled(asked, |handled| {
                let deadline = handled.counted.deadline();
                let due = deadline.is_some_and(|deadline| deadline <= asked.now);
                let events = handled.due.iter().chain(handled.closed.last());
                if due { events.cloned().collect() } else { Vec::new() }
            }),
            Ratio::Satisfaction => self.handled(asked, |handled| handled.rated.iter().cloned().collect()),
            Ratio::NotReopened => self.handled(asked, |handled| handled.closed.clone()),
            Ratio::Delivered => self.promised(asked),
            Ratio::Participation
            | Ratio::LeaderParticipation
            | Ratio::PassRate
            | Ratio::GrassrootsCoverage => self.trained(ratio, asked),
        }
    }

    /// Of the complaints that belong to the period.
    fn handled(
        &self,
        asked: &Asked,
        events: impl Fn(&Handled) -> Vec<EventReference>,
    ) -> Vec<EventReference> {
        let counts = |handled: &&Handled| {
            // Due at midnight is due with the day before.
            let last =
                handled.counted.deadline().map(|due| due.saturating_sub(1.microsecond()).unwrap_or(due));
            let in_period = last.is_some_and(|last| asked.has(day_of(last)));
            in_period && !handled.rejected && asked.below.contains(&handled.unit)
        };
        self.complaints.values().filter(counts).flat_map(events).collect()
    }

    fn promised(&self, asked: &Asked) -> Vec<EventReference> {
        let due = |promised: &&Promised| {
            let day = date("due_date", &promised.due_date).ok();
            let over = day.is_some_and(|day| asked.has(day) && day < day_of(asked.now));
            over && asked.below.contains(&promised.unit)
        };
        self.commitments.values().filter(due).flat_map(|promised| promised.events.clone()).collect()
    }

    fn trained(&self, ratio: Ratio, asked: &Asked) -> Vec<EventReference> {
        let name = self.training.campaign_of(&asked.unit, asked.days.0, asked.days.1);
        let Some((name, campaign)) = name.and_then(|name| Some((name.clone(), self.campaigns.get(&name)?)))
        else {
            return Vec::new();
        };
        let within = format!("{name}/");
        let sessions = || self.sessions.iter().filter(|(session, _)| session.starts_with(&within));
        let held = |counts: &dyn Fn(&Held) -> bool| -> Vec<EventReference> {
            let counted = sessions().map(|(_, held)| held).filter(|held| counts(held));
            counted.flat_map(|held| held.events.clone()).collect()
        };
        let attended = |leaders: bool| {
            let roster = self.roster(asked, campaign, leaders);
            held(&|held| held.participants.iter().any(|officer| roster.contains(officer)))
        };
        let counted = match ratio {
            Ratio::Participation => attended(false),
            Ratio::LeaderParticipation => attended(true),
            Ratio::GrassrootsCoverage => held(&|held| asked.below.contains(&held.unit)),
            Ratio::PassRate => {
                let roster = self.roster(asked, campaign, false);
                let passed = roster.iter().flat_map(|officer| self.assessed(officer, &name));
                campaign.method.iter().cloned().chain(passed).collect()
            }
            Ratio::OnTime | Ratio::Satisfaction | Ratio::NotReopened | Ratio::Delivered => Vec::new(),
        };
        campaign.launch.iter().cloned().chain(counted).collect()
    }

    /// The officers who count: at the campaign's cutoff.
    fn roster(&self, asked: &Asked, campaign: &Launched, leaders: bool) -> BTreeSet<String> {
        let Some((jurisdiction, _)) = asked.unit.split_once("/units/") else { return BTreeSet::new() };
        let filter = OfficerFilter {
            unit: &asked.unit,
            with_subtree: true,
            post_level_min: if leaders { campaign.leader_from } else { PostLevel::Unspecified },
            ..OfficerFilter::default()
        };
        let (Some(id), Some(cutoff)) = (jurisdiction.strip_prefix("jurisdictions/"), campaign.cutoff) else {
            return BTreeSet::new();
        };
        let officers = self.training.officers(id, cutoff, &filter, "", usize::MAX);
        officers.into_iter().map(|officer| format!("{jurisdiction}/officers/{officer}")).collect()
    }

    /// The assessments of an officer that count in a campaign.
    fn assessed(&self, officer: &str, campaign: &str) -> Vec<EventReference> {
        let latest = self.training.assessments(officer, true);
        let of_campaign = latest
            .iter()
            .filter(|found| campaign.rsplit_once('/').is_some_and(|(_, id)| id == found.campaign));
        let names = of_campaign.map(|found| format!("{officer}/assessments/{}", found.assessment));
        names.filter_map(|name| self.assessments.get(&name)).flatten().cloned().collect()
    }
}

impl Asked {
    fn has(&self, day: Date) -> bool {
        (self.days.0..=self.days.1).contains(&day)
    }
}

impl Handled {
    fn rate(&mut self, satisfaction: Satisfaction, reference: EventReference) {
        if satisfaction != Satisfaction::Unspecified {
            self.rated = Some(reference);
        }
    }
}

fn reference(event: &Occurrence<'_>) -> EventReference {
    Trace::of(event).reference(event.service, event.kind())
}

fn decoded<M: Message + Default>(event: &Occurrence<'_>) -> Result<M, Corrupt> {
    M::decode(event.payload).map_err(|_| Corrupt)
}
