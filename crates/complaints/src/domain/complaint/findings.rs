//! What is found, and how it ends: verdict, closing, reopening, withdrawal.

use contract::complaints::*;
use contract::field::to_wire;
use contract::words::VaultText;
use jiff::Timestamp;

use super::steps::Decision;
use super::{Act, Lodged, Move, Rejection, Verdict};

impl Lodged {
    pub(super) fn substantiate(
        &self,
        act: &Act,
        (unit, officers): (String, Vec<String>),
        harms_public: bool,
        finding: VaultText,
    ) -> Decision {
        let unit = if unit.is_empty() { self.unit.clone() } else { unit };
        let word = ComplaintVerdict::Substantiated;
        let verdict = Verdict { word, unit, officers, harms_public, finding };
        if self.verdict.as_ref() == Some(&verdict) {
            return Ok(vec![]);
        }
        self.check(act)?;
        Self::check_apart(act)?;
        self.check_accepted()?;
        let Verdict { unit, officers, harms_public, finding, .. } = verdict;
        let (complaint, finding) = (self.name(), Some(finding));
        Ok(vec![ComplaintSubstantiated { complaint, unit, officers, harms_public, finding }.into()])
    }

    pub(super) fn unsubstantiate(&self, act: &Act, finding: VaultText) -> Decision {
        let verdict = self.verdict.as_ref();
        let so_already = verdict.filter(|verdict| verdict.word == ComplaintVerdict::Unsubstantiated);
        if so_already.is_some_and(|verdict| verdict.finding == finding) {
            return Ok(vec![]);
        }
        let overturned = verdict.filter(|verdict| verdict.word == ComplaintVerdict::Substantiated);
        // A finding that it is true can be overturned also when all is done.
        if overturned.is_some() && self.stage == ComplaintStage::Closed {
            self.check_fresh(act)?;
            self.check_not_complained_of(&act.by)?;
        } else {
            self.check(act)?;
            self.check_accepted()?;
        }
        self.check_judge(act)?;
        let unit = overturned.map_or_else(|| self.unit.clone(), |verdict| verdict.unit.clone());
        let (complaint, finding) = (self.name(), Some(finding));
        Ok(vec![ComplaintUnsubstantiated { complaint, unit, finding }.into()])
    }

    pub(super) fn close(&self, act: &Act, outcome: ClosureOutcome) -> Decision {
        if self.stage == ComplaintStage::Closed && self.outcome == outcome {
            return Ok(vec![]);
        }
        self.check(act)?;
        self.check_judge(act)?;
        if !self.may(Move::ComplaintClosed) || !self.bears(outcome) {
            return Err(Rejection::OutcomeUnfounded);
        }
        let (complaint, unit) = (self.name(), self.unit.clone());
        Ok(vec![ComplaintClosed { complaint, unit, outcome: outcome.into() }.into()])
    }

    /// Whether what is on record bears an outcome.
    fn bears(&self, outcome: ClosureOutcome) -> bool {
        let withdrawn = self.stage == ComplaintStage::Withdrawn;
        match outcome {
            ClosureOutcome::Rectified => self.stage == ComplaintStage::Verified,
            ClosureOutcome::Withdrawn => withdrawn,
            ClosureOutcome::Unsubstantiated => {
                let verdict = self.verdict.as_ref();
                !withdrawn && verdict.is_some_and(|it| it.word == ComplaintVerdict::Unsubstantiated)
            }
            ClosureOutcome::Unspecified => false,
        }
    }

    pub(super) fn reopen(
        &self,
        act: &Act,
        grounds: VaultText,
        led_due: Timestamp,
        accepted_due: Timestamp,
    ) -> Decision {
        if self.is_open() && self.reopenings > 0 {
            return Ok(vec![]);
        }
        self.check_fresh(act)?;
        self.check_not_complained_of(&act.by)?;
        Self::check_apart(act)?;
        if !self.may(Move::ComplaintReopened) {
            return Err(Rejection::NotClosed);
        }
        let leader = self.leader.as_ref().map(|leader| leader.officer.clone());
        let due = if leader.is_some() { led_due } else { accepted_due };
        let reopened = ComplaintReopened {
            complaint: self.name(),
            unit: self.unit.clone(),
            leader: leader.unwrap_or_default(),
            grounds: Some(grounds),
            stage_due_time: Some(to_wire(due)),
        };
        Ok(vec![reopened.into()])
    }

    pub(super) fn withdraw(&self, act: &Act, statement: Option<VaultText>) -> Decision {
        if self.stage == ComplaintStage::Withdrawn {
            return Ok(vec![]);
        }
        self.check(act)?;
        Ok(vec![ComplaintWithdrawn { complaint: self.name(), statement }.into()])
    }
}
