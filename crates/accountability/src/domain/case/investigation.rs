//! From opening to finding: who investigates, evidence, finding.

use contract::accountability::*;

use super::{Actor, Candidate, Decision, Event, Involvement, Missing, Opened, Phase, Rejection, check_known};

impl Opened {
    pub(super) fn assign(
        &self,
        assigned: InvestigatorAssigned,
        candidate: Option<Candidate>,
        expected: Option<u64>,
    ) -> Decision {
        if self.investigator() == Some(&assigned.investigator) {
            return Ok(vec![]);
        }
        self.check_unchanged(expected)?;
        self.check_not_found()?;
        let Some(candidate) = candidate else {
            return Err(Rejection::OfficerNotOnRoster(assigned.investigator));
        };
        match self.involvement(&assigned.investigator, &candidate) {
            Some(involvement) => Err(Rejection::InvestigatorInvolved(involvement)),
            None => Ok(vec![assigned.into()]),
        }
    }

    pub(super) fn recuse(&self, reason: String, expected: Option<u64>) -> Decision {
        if self.phase == Phase::Waiting && self.former.last().is_some_and(|former| former.recused) {
            return Ok(vec![]);
        }
        self.check_unchanged(expected)?;
        let (case, investigator) = (self.terms.case.clone(), self.investigating()?.to_owned());
        Ok(vec![InvestigatorRecused { case, investigator, reason }.into()])
    }

    pub(super) fn add_evidence(&self, added: EvidenceAdded, actor: &Actor) -> Decision {
        if let Some(known) = self.evidence(&added.evidence_id) {
            return if *known == added { Ok(vec![]) } else { Err(Rejection::EvidenceExists) };
        }
        self.investigating()?;
        check_uninvolved(self.against(actor))?;
        Ok(vec![added.into()])
    }

    /// Whoever investigates must be uninvolved to the end: also in what the finding says, and where they serve. So
    /// must whoever makes it.
    pub(super) fn find(
        &self,
        mut finding: FindingMade,
        actor: &Actor,
        investigator_units: &[String],
        missing: Option<Missing>,
        expected: Option<u64>,
    ) -> Decision {
        if finding.cycle.is_empty() {
            finding.cycle.clone_from(&self.terms.cycle);
        }
        if self.finding().is_some_and(|known| is_found(known, &finding)) {
            return Ok(vec![]);
        }
        self.check_unchanged(expected)?;
        let investigator = self.investigating()?.to_owned();
        if self.evidence.is_empty() {
            return Err(Rejection::NoEvidence);
        }
        check_known(missing)?;
        let investigator = Actor { name: investigator, units: investigator_units.to_vec() };
        for someone in [&investigator, actor] {
            check_uninvolved(self.against(someone))?;
            check_uninvolved(super::against(someone, &finding.officers, &finding.units))?;
        }
        let vetoes = vetoes(&finding);
        if finding.cycle.is_empty() && !vetoes.is_empty() {
            return Err(Rejection::NoCycle);
        }
        Ok(std::iter::once(finding.into()).chain(vetoes).collect())
    }

    /// Who investigates; refused if nobody does, or not any more.
    fn investigating(&self) -> Result<&str, Rejection> {
        self.check_not_found()?;
        self.investigator().ok_or(Rejection::NoInvestigator)
    }

    pub(super) fn check_not_found(&self) -> Result<(), Rejection> {
        match &self.phase {
            Phase::Waiting | Phase::Investigation { .. } => Ok(()),
            Phase::Found(_) | Phase::Closed { verdict: Some(_), .. } => Err(Rejection::FindingStands),
            Phase::Closed { verdict: None, .. } => Err(Rejection::CaseEnded),
            Phase::Merged { into } => Err(Rejection::CaseMerged(into.clone())),
        }
    }
}

fn check_uninvolved(involvement: Option<Involvement>) -> Result<(), Rejection> {
    involvement.map_or(Ok(()), |involvement| Err(Rejection::InvestigatorInvolved(involvement)))
}

/// Whether it says the same, whoever made it and whatever scale is in force by now.
fn is_found(known: &FindingMade, finding: &FindingMade) -> bool {
    let FindingMade { scale_version, made_by, .. } = known;
    *known == FindingMade { scale_version: *scale_version, made_by: made_by.clone(), ..finding.clone() }
}

/// A grave finding's vetoes, one against each unit responsible.
fn vetoes(finding: &FindingMade) -> Vec<Event> {
    if finding.gravity() != Gravity::Grave {
        return vec![];
    }
    let FindingMade { case, units, cycle, .. } = finding;
    let veto = |unit: &String| VetoRaised { case: case.clone(), unit: unit.clone(), cycle: cycle.clone() };
    units.iter().map(|unit| veto(unit).into()).collect()
}
