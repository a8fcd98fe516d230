//! A case 追责 against units and officers, up to its finding.
//!
//! - It is against at least one unit, and refers to nothing that its owner has no record of.
//! - An officer on the roster investigates, never someone involved 回避: whom the case is against, or whose
//!   unit; who opened it; who is complained of in its complaint or ever had that in hand; who stepped down.
//! - Evidence comes after the investigator, the finding after evidence. No evidence is ever taken out.
//! - The finding ends the investigation. A grave one raises a veto 一票否决 against each unit responsible, in the
//!   cycle that it counts in.

use contract::accountability::{
    CaseOpened, EvidenceAdded, FindingMade, Gravity, InvestigatorAssigned, InvestigatorRecused, VetoRaised,
};
use contract::status::{self, Kind};
use eventstore::Decider;

eventstore::events! {
    /// What can happen to a case.
    pub enum Event {
        CaseOpened, InvestigatorAssigned, InvestigatorRecused, EvidenceAdded, FindingMade, VetoRaised,
    }
}

/// A case, if it was opened.
#[derive(Debug, Clone, Default)]
pub enum State {
    /// There is none.
    #[default]
    NotOpened,
    /// There is one.
    Opened(Box<Opened>),
}

/// An opened case.
#[derive(Debug, Clone)]
pub struct Opened {
    /// As it was opened.
    pub terms: CaseOpened,
    /// What was gathered, oldest first.
    pub evidence: Vec<EvidenceAdded>,
    /// Those who investigated before.
    pub former: Vec<Former>,
    /// How far it has come.
    pub phase: Phase,
    events: u64,
}

/// Someone who investigated before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Former {
    /// Resource name of the officer.
    pub investigator: String,
    /// Whether they stepped down; otherwise another one took their place.
    pub recused: bool,
}

/// How far a case has come.
#[derive(Debug, Clone, PartialEq)]
pub enum Phase {
    /// It waits for an investigator.
    Waiting,
    /// Evidence is gathered.
    Investigation {
        /// Resource name of the officer.
        investigator: String,
    },
    /// A finding was made.
    Found {
        /// Resource name of the officer who investigated.
        investigator: String,
        /// The finding.
        finding: FindingMade,
    },
}

/// Who is to investigate, as others know them.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Resource name of the unit.
    pub unit: String,
    /// Whether they are complained of in the case's complaint, or ever had it in hand.
    pub in_complaint: bool,
}

/// Something referred to that its owner has no record of, by resource name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as what they are")]
pub enum Missing {
    Unit(String),
    Officer(String),
    Complaint(String),
    Cycle(String),
}

/// How someone is involved in a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Involvement {
    /// It is against them.
    #[error("the case is against them")]
    Accused,
    /// It is against their unit.
    #[error("the case is against their unit")]
    OfAccusedUnit,
    /// They opened it.
    #[error("they opened the case")]
    OpenedIt,
    /// They have to do with its complaint.
    #[error("they are complained of in its complaint, or had it in hand")]
    InComplaint,
    /// They stepped down before.
    #[error("they stepped down before")]
    SteppedDown,
}

/// What can be asked of a case. `missing`: the first thing referred to that its owner has no record of.
/// `expected` is the stream version that the caller read, if the caller edits what it read.
#[derive(Debug, Clone)]
pub enum Command {
    /// Open it.
    Open {
        /// Its terms.
        opened: CaseOpened,
        /// See above.
        missing: Option<Missing>,
    },
    /// Have someone investigate.
    Assign {
        /// Who.
        assigned: InvestigatorAssigned,
        /// The same, as others know them; none: they are not on the roster.
        candidate: Option<Candidate>,
        /// See above.
        expected: Option<u64>,
    },
    /// Have the investigator step down.
    Recuse {
        /// Resource name of the case.
        case: String,
        /// Why.
        reason: String,
        /// See above.
        expected: Option<u64>,
    },
    /// Add a piece of evidence.
    AddEvidence(EvidenceAdded),
    /// Come to a finding; one that says no cycle counts in the case's.
    Find {
        /// The finding.
        finding: FindingMade,
        /// See above.
        missing: Option<Missing>,
        /// See above.
        expected: Option<u64>,
    },
}

/// Which rules can be broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The id is taken.
    #[error("there is another case of this name")]
    CaseExists,
    /// No such case.
    #[error("there is no such case")]
    UnknownCase,
    /// It refers to something that is not there.
    #[error("{0}")]
    Missing(Missing),
    /// The investigator is not on the roster.
    #[error("{0} is not on the roster")]
    OfficerNotOnRoster(String),
    /// The investigator is involved.
    #[error("whoever is involved does not investigate: {0}")]
    InvestigatorInvolved(Involvement),
    /// Nobody investigates.
    #[error("the case has no investigator yet")]
    NoInvestigator,
    /// The id is taken by evidence of other content.
    #[error("there is other evidence of this id in the case")]
    EvidenceExists,
    /// Nothing was gathered.
    #[error("no evidence was gathered yet")]
    NoEvidence,
    /// The investigation is over.
    #[error("the finding was made already")]
    FindingStands,
    /// A veto needs a cycle.
    #[error("a grave finding against a unit counts in a cycle: name it")]
    NoCycle,
    /// It was changed since it was read.
    #[error("the case was changed since it was read: it is at \"{0}\"")]
    CaseChanged(u64),
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unit(name) => write!(f, "{name} is not in the unit register"),
            Self::Officer(name) => write!(f, "{name} was never on the roster"),
            Self::Complaint(name) => write!(f, "{name} was never lodged"),
            Self::Cycle(name) => write!(f, "{name} was never opened"),
        }
    }
}

impl status::Rejection for Rejection {
    fn rule(&self) -> &'static str {
        match self {
            Self::CaseExists => "accountability.case_exists",
            Self::UnknownCase => "accountability.unknown_case",
            Self::Missing(Missing::Unit(_)) => "accountability.unknown_unit",
            Self::Missing(Missing::Officer(_)) => "accountability.unknown_officer",
            Self::Missing(Missing::Complaint(_)) => "accountability.unknown_complaint",
            Self::Missing(Missing::Cycle(_)) => "accountability.unknown_cycle",
            Self::OfficerNotOnRoster(_) => "accountability.officer_not_on_roster",
            Self::InvestigatorInvolved(_) => "accountability.investigator_involved",
            Self::NoInvestigator => "accountability.no_investigator",
            Self::EvidenceExists => "accountability.evidence_exists",
            Self::NoEvidence => "accountability.no_evidence",
            Self::FindingStands => "accountability.finding_stands",
            Self::NoCycle => "accountability.no_cycle",
            Self::CaseChanged(_) => "accountability.case_changed",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::CaseExists | Self::EvidenceExists => Kind::Exists,
            Self::UnknownCase => Kind::NotFound,
            Self::CaseChanged(_) => Kind::Changed,
            Self::Missing(_)
            | Self::OfficerNotOnRoster(_)
            | Self::InvestigatorInvolved(_)
            | Self::NoInvestigator
            | Self::NoEvidence
            | Self::FindingStands
            | Self::NoCycle => Kind::Rule,
        }
    }
}

/// An accountability case.
#[derive(Debug)]
pub struct Case;

impl Decider for Case {
    const CATEGORY: &'static str = "case";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Rejection> {
        if let Command::Open { opened, missing } = command {
            return state.open(opened, missing);
        }
        let State::Opened(case) = state else { return Err(Rejection::UnknownCase) };
        match command {
            Command::Open { .. } => Ok(vec![]),
            Command::Assign { assigned, candidate, expected } => case.assign(assigned, candidate, expected),
            Command::Recuse { case: name, reason, expected } => case.recuse(name, reason, expected),
            Command::AddEvidence(added) => case.add_evidence(added),
            Command::Find { finding, missing, expected } => case.find(finding, missing, expected),
        }
    }

    fn evolve(mut state: State, event: &Event) -> State {
        if let Event::CaseOpened(terms) = event {
            return State::Opened(Box::new(Opened::of(terms)));
        }
        if let State::Opened(case) = &mut state {
            case.evolve(event);
        }
        state
    }

    fn unit(state: &State, event: &Event) -> String {
        if let Event::VetoRaised(VetoRaised { unit, .. }) = event {
            return super::last_id(unit);
        }
        let first = state.opened().and_then(|opened| opened.terms.units.first());
        first.map(|unit| super::last_id(unit)).unwrap_or_default()
    }

    fn thing(event: &Event) -> std::borrow::Cow<'_, str> {
        match event {
            Event::EvidenceAdded(EvidenceAdded { evidence_id, .. }) => {
                Opened::evidence_thing(evidence_id).into()
            }
            Event::FindingMade(_) => Opened::FINDING_THING.into(),
            Event::CaseOpened(_)
            | Event::InvestigatorAssigned(_)
            | Event::InvestigatorRecused(_)
            | Event::VetoRaised(_) => "".into(),
        }
    }
}

impl State {
    /// The case, if it was opened.
    pub fn opened(&self) -> Option<&Opened> {
        match self {
            Self::NotOpened => None,
            Self::Opened(opened) => Some(opened),
        }
    }

    fn open(&self, opened: CaseOpened, missing: Option<Missing>) -> Result<Vec<Event>, Rejection> {
        if let Self::Opened(case) = self {
            return if case.terms == opened { Ok(vec![]) } else { Err(Rejection::CaseExists) };
        }
        check_known(missing)?;
        Ok(vec![opened.into()])
    }
}

impl Opened {
    /// The thing of the stream that the finding is.
    pub const FINDING_THING: &'static str = "finding";

    /// The thing of the stream that a piece of evidence is.
    pub fn evidence_thing(evidence_id: &str) -> String {
        format!("evidence/{evidence_id}")
    }

    /// A piece of evidence by its id.
    pub fn evidence(&self, evidence_id: &str) -> Option<&EvidenceAdded> {
        self.evidence.iter().find(|added| added.evidence_id == evidence_id)
    }

    /// The finding, if it was made.
    pub fn finding(&self) -> Option<&FindingMade> {
        match &self.phase {
            Phase::Waiting | Phase::Investigation { .. } => None,
            Phase::Found { finding, .. } => Some(finding),
        }
    }

    /// Who investigates or investigated last; `None`: it waits for someone.
    pub fn investigator(&self) -> Option<&str> {
        match &self.phase {
            Phase::Waiting => None,
            Phase::Investigation { investigator } | Phase::Found { investigator, .. } => Some(investigator),
        }
    }

    fn of(terms: &CaseOpened) -> Self {
        Self { terms: terms.clone(), evidence: vec![], former: vec![], phase: Phase::Waiting, events: 1 }
    }

    fn evolve(&mut self, event: &Event) {
        self.events += 1;
        match event {
            Event::CaseOpened(_) | Event::VetoRaised(_) => {}
            Event::InvestigatorAssigned(InvestigatorAssigned { investigator, .. }) => {
                self.dismiss(false);
                self.phase = Phase::Investigation { investigator: investigator.clone() };
            }
            Event::InvestigatorRecused(_) => self.dismiss(true),
            Event::EvidenceAdded(added) => self.evidence.push(added.clone()),
            Event::FindingMade(finding) => {
                let investigator = self.investigator().unwrap_or_default().to_owned();
                self.phase = Phase::Found { investigator, finding: finding.clone() };
            }
        }
    }

    fn assign(
        &self,
        assigned: InvestigatorAssigned,
        candidate: Option<Candidate>,
        expected: Option<u64>,
    ) -> Result<Vec<Event>, Rejection> {
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

    fn recuse(&self, case: String, reason: String, expected: Option<u64>) -> Result<Vec<Event>, Rejection> {
        if self.phase == Phase::Waiting && self.former.last().is_some_and(|former| former.recused) {
            return Ok(vec![]);
        }
        self.check_unchanged(expected)?;
        let investigator = self.investigating()?.to_owned();
        Ok(vec![InvestigatorRecused { case, investigator, reason }.into()])
    }

    fn add_evidence(&self, added: EvidenceAdded) -> Result<Vec<Event>, Rejection> {
        if let Some(known) = self.evidence(&added.evidence_id) {
            return if *known == added { Ok(vec![]) } else { Err(Rejection::EvidenceExists) };
        }
        self.investigating()?;
        Ok(vec![added.into()])
    }

    fn find(
        &self,
        mut finding: FindingMade,
        missing: Option<Missing>,
        expected: Option<u64>,
    ) -> Result<Vec<Event>, Rejection> {
        if finding.cycle.is_empty() {
            finding.cycle.clone_from(&self.terms.cycle);
        }
        if self.finding() == Some(&finding) {
            return Ok(vec![]);
        }
        self.check_unchanged(expected)?;
        self.investigating()?;
        if self.evidence.is_empty() {
            return Err(Rejection::NoEvidence);
        }
        check_known(missing)?;
        let vetoes = vetoes(&finding);
        if finding.cycle.is_empty() && !vetoes.is_empty() {
            return Err(Rejection::NoCycle);
        }
        Ok(std::iter::once(finding.into()).chain(vetoes).collect())
    }

    fn involvement(&self, investigator: &String, candidate: &Candidate) -> Option<Involvement> {
        let stepped_down = |former: &Former| former.recused && former.investigator == *investigator;
        let involvements = [
            (self.terms.officers.contains(investigator), Involvement::Accused),
            (self.terms.units.contains(&candidate.unit), Involvement::OfAccusedUnit),
            (self.terms.opened_by == *investigator, Involvement::OpenedIt),
            (candidate.in_complaint, Involvement::InComplaint),
            (self.former.iter().any(stepped_down), Involvement::SteppedDown),
        ];
        involvements.into_iter().find_map(|(involved, how)| involved.then_some(how))
    }

    /// Who investigates; refused if nobody does, or not any more.
    fn investigating(&self) -> Result<&str, Rejection> {
        self.check_not_found()?;
        self.investigator().ok_or(Rejection::NoInvestigator)
    }

    fn check_not_found(&self) -> Result<(), Rejection> {
        if self.finding().is_none() { Ok(()) } else { Err(Rejection::FindingStands) }
    }

    fn check_unchanged(&self, expected: Option<u64>) -> Result<(), Rejection> {
        let unchanged = expected.is_none_or(|expected| expected == self.events);
        if unchanged { Ok(()) } else { Err(Rejection::CaseChanged(self.events)) }
    }

    /// Whoever investigates investigates no longer.
    fn dismiss(&mut self, recused: bool) {
        if let Some(investigator) = self.investigator() {
            let former = Former { investigator: investigator.to_owned(), recused };
            self.former.push(former);
        }
        self.phase = Phase::Waiting;
    }
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

fn check_known(missing: Option<Missing>) -> Result<(), Rejection> {
    missing.map_or(Ok(()), |missing| Err(Rejection::Missing(missing)))
}

#[cfg(test)]
mod tests;
