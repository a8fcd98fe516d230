//! How a case ends: merged, withdrawn, closed; and who read its texts.

use contract::accountability::*;
use contract::words::VaultText;

use super::{Actor, Candidate, Decision, Event, Grounds, Opened, Phase, Rejection, State, same};

impl Opened {
    pub(super) fn merge(
        &self,
        merged: String,
        reason: String,
        other: &State,
        investigator: &Candidate,
        expected: Option<u64>,
    ) -> Decision {
        if self.merged.contains(&merged) {
            return Ok(vec![]);
        }
        self.check_unchanged(expected)?;
        self.check_not_found()?;
        let State::Opened(other) = other else { return Err(Rejection::UnknownCase) };
        other.check_not_found()?;
        if let Some(name) = self.investigator()
            && let Some(involvement) = other.involvement(&name.to_owned(), investigator)
        {
            return Err(Rejection::InvestigatorInvolved(involvement));
        }
        let Grounds { units, officers, causes, complaints, opened_by, by_hand } = other.grounds.clone();
        let case = self.terms.case.clone();
        let merged = CaseMerged {
            case,
            merged_case: merged,
            units,
            officers,
            causes,
            reason,
            complaints,
            opened_by,
            by_hand,
        };
        Ok(vec![merged.into()])
    }

    /// What is gone already is not gone again. Without a finding and any other ground, the case is withdrawn.
    pub(super) fn fall(&self, causes: Vec<Cause>, fallen_by: Cause) -> Decision {
        let is_known = |cause: &Cause| self.grounds.causes.iter().any(|known| same(known, cause));
        let causes: Vec<_> =
            causes.into_iter().filter(|cause| is_known(cause) && !self.is_gone(cause)).collect();
        if causes.is_empty() {
            return Ok(vec![]);
        }
        if let Phase::Merged { into } = &self.phase {
            return Err(Rejection::CaseMerged(into.clone()));
        }
        let mut after = self.clone();
        let fallen =
            Event::from(CauseFallen { case: self.terms.case.clone(), causes, fallen_by: Some(fallen_by) });
        after.evolve(&fallen);
        let withdrawn = after.is_groundless() && after.check_not_found().is_ok();
        let closed = withdrawn.then(|| self.closed(CaseOutcome::Withdrawn));
        Ok(std::iter::once(fallen).chain(closed).collect())
    }

    pub(super) fn close(&self, actor: &Actor, expected: Option<u64>) -> Decision {
        if matches!(self.phase, Phase::Closed { .. }) {
            return Ok(vec![]);
        }
        self.check_unchanged(expected)?;
        if self.against(actor).is_some() {
            return Err(Rejection::OwnCase);
        }
        if self.verdict().is_some_and(|verdict| !verdict.stands()) {
            return Ok(vec![self.closed(CaseOutcome::Exonerated)]);
        }
        let verdict = self.enforceable()?;
        for measure in &verdict.measures {
            let name = || measure.subject.name().to_owned();
            if measure.decided.is_none() {
                return Err(Rejection::NotDisposed(name()));
            }
            if !measure.is_executed() {
                return Err(Rejection::NotExecuted(name()));
            }
        }
        Ok(vec![self.closed(CaseOutcome::Disposed)])
    }

    /// Every reading is on record, so none was done already.
    pub(super) fn reveal(&self, vault_keys: Vec<String>, purpose: String) -> Decision {
        if let Some(unknown) = vault_keys.iter().find(|key| self.text(key).is_none()) {
            return Err(Rejection::UnknownText(unknown.clone()));
        }
        Ok(vec![CaseTextsRevealed { case: self.terms.case.clone(), vault_keys, purpose }.into()])
    }

    /// A text that someone wrote in the case, by its key.
    pub fn text(&self, vault_key: &str) -> Option<&VaultText> {
        let evidence = self.evidence.iter().map(|added| &added.text);
        let facts = self.verdict().map(|verdict| &verdict.finding.facts);
        let appeals = self.verdict().into_iter().flat_map(|verdict| &verdict.appeals);
        let grounds = appeals.map(|appeal| &appeal.lodged.grounds);
        let texts = std::iter::once(&self.terms.grounds).chain(evidence).chain(facts).chain(grounds);
        texts.flatten().find(|text| text.vault_key == vault_key)
    }

    fn closed(&self, outcome: CaseOutcome) -> Event {
        CaseClosed { case: self.terms.case.clone(), outcome: outcome.into() }.into()
    }
}
