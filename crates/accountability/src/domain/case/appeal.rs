//! Appeals and reviews: what suspends a case, and what may undo its finding.

use contract::accountability::*;
use jiff::civil::Date;

use super::{Actor, Appealed, Decision, Event, Opened, Phase, Rejection, Subject, Verdict};

impl Opened {
    pub(super) fn lodge_appeal(&self, lodged: AppealLodged) -> Decision {
        if let Some(known) = self.appeal(&lodged.appeal_id) {
            return if is_lodged(&known.lodged, &lodged) { Ok(vec![]) } else { Err(Rejection::AppealExists) };
        }
        let verdict = self.standing()?;
        match lodged.appellant.clone().map(Subject::from) {
            None if !self.needs_review() => return Err(Rejection::NoReview),
            None => {}
            Some(subject) => check_may_appeal(verdict, &subject)?,
        }
        Ok(vec![lodged.into()])
    }

    pub(super) fn decide_appeal(
        &self,
        decided: AppealDecided,
        actor: &Actor,
        day: Date,
        expected: Option<u64>,
    ) -> Decision {
        let appeal = self.appeal(&decided.appeal_id).ok_or(Rejection::UnknownAppeal)?;
        if let Some(known) = &appeal.decided {
            let same = known.outcome == decided.outcome && known.reason == decided.reason;
            return if same { Ok(vec![]) } else { Err(Rejection::AppealAlreadyDecided) };
        }
        self.check_unchanged(expected)?;
        let verdict = self.standing()?;
        self.check_apart(verdict, appeal, actor)?;
        let decided = verdict.outcome(decided, day)?;
        let mut after = verdict.clone();
        after.settle(&decided);
        let lifted = verdict.vetoed().iter().filter(|unit| !after.vetoed().contains(unit));
        let lifted: Vec<Event> = lifted.map(|unit| veto_lifted(&decided, unit).into()).collect();
        let closed = self.closed_anew(&after);
        Ok(std::iter::once(decided.into()).chain(lifted).chain(closed).collect())
    }

    /// A closed case whose finding falls is closed as exonerated.
    fn closed_anew(&self, after: &Verdict) -> Option<Event> {
        let closed = matches!(self.phase, Phase::Closed { .. }) && after.overturned;
        let (case, outcome) = (self.terms.case.clone(), CaseOutcome::Exonerated.into());
        closed.then(|| CaseClosed { case, outcome }.into())
    }

    /// Whoever decides had nothing to do with the case.
    fn check_apart(&self, verdict: &Verdict, appeal: &Appealed, judge: &Actor) -> Result<(), Rejection> {
        let former = self.former.iter().map(|former| &former.investigator);
        let worked = former.chain([&verdict.investigator, &verdict.finding.made_by]);
        let worked = worked.chain(&verdict.deciders).chain(&self.grounds.opened_by);
        let appellant = appeal.lodged.appellant.clone().map(Subject::from);
        let involved = super::names(worked, &judge.name)
            || self.against(judge).is_some()
            || appellant.is_some_and(|appellant| appellant.name() == judge.name);
        if involved { Err(Rejection::JudgesOwnWork) } else { Ok(()) }
    }
}

impl Verdict {
    /// The decision with all that it means for the finding.
    fn outcome(&self, decided: AppealDecided, day: Date) -> Result<AppealDecided, Rejection> {
        let decided = AppealDecided { cycle: self.finding.cycle.clone(), ..decided };
        Ok(match decided.outcome() {
            AppealOutcome::Unspecified | AppealOutcome::Dismissed => AppealDecided {
                gravity: self.finding.gravity,
                units_cleared: vec![],
                officers_cleared: vec![],
                suspended_days: self.suspended_days(day),
                ..decided
            },
            AppealOutcome::Overturned => AppealDecided {
                gravity: Gravity::Unspecified.into(),
                units_cleared: self.finding.units.clone(),
                officers_cleared: self.finding.officers.clone(),
                ..decided
            },
            AppealOutcome::Varied => self.varied(decided)?,
        })
    }

    fn varied(&self, mut decided: AppealDecided) -> Result<AppealDecided, Rejection> {
        let FindingMade { units, officers, gravity, .. } = &self.finding;
        if decided.gravity == 0 {
            decided.gravity = *gravity;
        }
        if decided.gravity > *gravity {
            return Err(Rejection::Aggravates);
        }
        let unknown =
            |cleared: &[String], found: &[String]| cleared.iter().find(|name| !found.contains(name)).cloned();
        let stranger =
            unknown(&decided.units_cleared, units).or_else(|| unknown(&decided.officers_cleared, officers));
        if let Some(stranger) = stranger {
            return Err(Rejection::NotResponsible(stranger));
        }
        let cleared = decided.units_cleared.len() + decided.officers_cleared.len();
        let changes_nothing = cleared == 0 && decided.gravity == *gravity;
        if changes_nothing || cleared == units.len() + officers.len() {
            return Err(Rejection::VariesNothing);
        }
        Ok(decided)
    }

    /// Days of a suspension that ends on `day`; none while another appeal waits.
    fn suspended_days(&self, day: Date) -> u32 {
        let waiting = self.appeals.iter().filter(|appeal| appeal.decided.is_none()).count();
        let since = self.suspended_since().filter(|_| waiting == 1);
        since.map_or(0, |since| u32::try_from((day - since).get_days()).unwrap_or(0))
    }
}

fn check_may_appeal(verdict: &Verdict, subject: &Subject) -> Result<(), Rejection> {
    let name = || subject.name().to_owned();
    if verdict.measure(subject).is_none() {
        return Err(Rejection::NotResponsible(name()));
    }
    let before = |appeal: &Appealed| {
        let appellant = appeal.lodged.appellant.clone().map(Subject::from);
        appeal.variation == verdict.variations && appellant.as_ref() == Some(subject)
    };
    if verdict.appeals.iter().any(before) { Err(Rejection::AppealedAlready(name())) } else { Ok(()) }
}

/// Whether it says the same, whenever it was lodged.
fn is_lodged(known: &AppealLodged, lodged: &AppealLodged) -> bool {
    *known == AppealLodged { lodged_date: known.lodged_date.clone(), ..lodged.clone() }
}

fn veto_lifted(decided: &AppealDecided, unit: &str) -> VetoLifted {
    let AppealDecided { case, cycle, reason, .. } = decided.clone();
    VetoLifted { case, unit: unit.to_owned(), cycle, reason }
}
