//! What is done to those responsible: decided by the scale, carried out in time.

use contract::accountability::*;
use jiff::civil::Date;

use super::{Candidate, Decision, Involvement, Opened, Rejection, Subject};

/// A disposition that is to be decided, with what others know of those who matter.
#[derive(Debug, Clone)]
pub struct Deciding {
    /// Whom it is done to.
    pub subject: Subject,
    /// What is to be decided, but for minimum and approver's level.
    pub decided: DispositionDecided,
    /// The minimum for nature and gravity in the finding's scale; none: there is none.
    pub minimum: Option<Disposition>,
    /// The day of the decision.
    pub day: Date,
    /// Highest post level of who decides, who investigated and whom it is done to, as far as they are known.
    pub level: i32,
    /// The approver; none: they are not on the roster.
    pub approver: Option<Person>,
    /// Stream version that the caller read, if the caller edits what it read.
    pub expected: Option<u64>,
}

/// An officer on the roster.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// Level of the post, as in `PostLevel`.
    pub post_level: i32,
    /// What ties them to the case.
    pub ties: Candidate,
}

impl Opened {
    pub(super) fn decide_disposition(&self, deciding: Deciding) -> Decision {
        let Deciding { subject, mut decided, minimum, day, level, approver, expected } = deciding;
        decided.minimum = minimum.map_or(0, Into::into);
        let is_below = minimum.is_some_and(|minimum| decided.disposition < i32::from(minimum));
        if is_below && let Some(person) = &approver {
            decided.approver_post_level = person.post_level;
        }
        let verdict = self.standing()?;
        let measure =
            verdict.measure(&subject).ok_or_else(|| Rejection::NotResponsible(subject.name().to_owned()))?;
        if measure.decided.as_ref().is_some_and(|known| is_decided(known, &decided)) {
            return Ok(vec![]);
        }
        self.check_unchanged(expected)?;
        self.enforceable()?;
        if measure.is_executed() {
            return Err(Rejection::AlreadyExecuted);
        }
        if super::names(&verdict.finding.officers, &decided.decided_by) {
            return Err(Rejection::OwnCase);
        }
        if decided.due_date < day.to_string() {
            return Err(Rejection::DueBeforeDecided);
        }
        match minimum.filter(|_| is_below) {
            Some(minimum) => self.check_departure(&decided, minimum, level, approver)?,
            None if decided.departure_reason.is_empty() && decided.approver.is_empty() => {}
            None => return Err(Rejection::NoDeparture),
        }
        Ok(vec![decided.into()])
    }

    fn check_departure(
        &self,
        decided: &DispositionDecided,
        minimum: Disposition,
        level: i32,
        approver: Option<Person>,
    ) -> Result<(), Rejection> {
        if decided.departure_reason.is_empty() || decided.approver.is_empty() {
            return Err(Rejection::BelowMinimum(minimum));
        }
        let Some(person) = approver else {
            return Err(Rejection::OfficerNotOnRoster(decided.approver.clone()));
        };
        if let Some(involvement) = self.ties(&decided.approver, &person.ties) {
            return Err(Rejection::ApproverInvolved(involvement));
        }
        if person.post_level > level { Ok(()) } else { Err(Rejection::ApproverNotHigher) }
    }

    pub(super) fn execute(
        &self,
        subject: Subject,
        execution_date: String,
        expected: Option<u64>,
    ) -> Decision {
        let verdict = self.standing()?;
        let name = || subject.name().to_owned();
        let measure = verdict.measure(&subject).ok_or_else(|| Rejection::NotResponsible(name()))?;
        if measure.is_executed() {
            let same = measure.execution_date == execution_date;
            return if same { Ok(vec![]) } else { Err(Rejection::AlreadyExecuted) };
        }
        self.check_unchanged(expected)?;
        self.enforceable()?;
        if measure.decided.is_none() {
            return Err(Rejection::NotDisposed(name()));
        }
        let (case, subject) = (self.terms.case.clone(), Some(subject.into()));
        Ok(vec![DispositionExecuted { case, subject, execution_date }.into()])
    }

    pub(super) fn raise_overdue(&self, subject: Subject, due: Date, day: Date) -> Decision {
        let verdict = self.enforceable()?;
        let name = || subject.name().to_owned();
        let measure = verdict.measure(&subject).ok_or_else(|| Rejection::NotResponsible(name()))?;
        if measure.overdue {
            return Ok(vec![]);
        }
        if measure.is_executed() || measure.due != Some(due) || due >= day {
            return Err(Rejection::NotOverdue);
        }
        let (case, subject) = (self.terms.case.clone(), Some(subject.into()));
        Ok(vec![ExecutionOverdue { case, subject, due_date: due.to_string() }.into()])
    }

    /// The dispositions that wait to be carried out and were not raised as overdue.
    pub fn pending(&self) -> impl Iterator<Item = (Date, &Subject)> {
        let verdict = self.enforceable().ok();
        let measures = verdict.into_iter().flat_map(|verdict| &verdict.measures);
        let waiting = measures.filter(|measure| !measure.is_executed() && !measure.overdue);
        waiting.filter_map(|measure| Some((measure.due?, &measure.subject)))
    }

    /// How an officer is involved who neither investigates nor is to.
    fn ties(&self, officer: &String, candidate: &Candidate) -> Option<Involvement> {
        let verdict = self.verdict()?;
        let ties = [
            (verdict.finding.officers.contains(officer), Involvement::Accused),
            (super::any_of(&verdict.finding.units, &candidate.units), Involvement::OfAccusedUnit),
            (verdict.investigator == *officer, Involvement::Investigates),
        ];
        let found = ties.into_iter().find_map(|(holds, how)| holds.then_some(how));
        found.or_else(|| self.involvement(officer, candidate))
    }
}

/// Whether it says the same, whoever decided it; without a day of its own it keeps the one it has.
fn is_decided(known: &DispositionDecided, decided: &DispositionDecided) -> bool {
    *known == DispositionDecided { decided_by: known.decided_by.clone(), ..decided.clone() }
}
