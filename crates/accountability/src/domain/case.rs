//! A case 追责 against units and officers, from opening to close. Nothing of it is ever taken out.
//!
//! - It is against at least one unit, and refers to nothing that its owner has no record of.
//! - An officer on the roster investigates, never someone involved 回避: whom the case is against, or whose
//!   unit, or one above theirs; who opened it; who is complained of in its complaint or ever had that in hand; who
//!   stepped down. Whom the case or its finding is against, or whose unit, adds no evidence, makes no finding and
//!   closes nothing either.
//! - Evidence comes after the investigator, the finding after evidence. The finding ends the investigation. A
//!   grave one raises a veto 一票否决 against each unit responsible, in the cycle that it counts in.
//! - A disposition is decided for each of those responsible, with a last day to carry it out; never by
//!   themselves. Below the minimum of the scale that was in force at the finding it is refused, unless a reason
//!   and an approver of higher level are on record 决不姑息迁就. One whose last day passes is raised, once.
//! - An appeal suspends all that, last days too. It is decided by someone who had nothing to do with the case:
//!   neither opened, investigated, decided or approved anything of it, nor is responsible, or of a unit that is. It
//!   makes nothing worse. Overturned, the finding falls with its vetoes and dispositions; varied, in part.
//! - A case is closed when every disposition was carried out, or when nobody is responsible.
//! - When all its causes are undone, a case that opened by itself is withdrawn 撤案 if nothing was found yet; if
//!   there is a finding, that waits for a review, and nothing is carried out before.
//! - Two cases without a finding can become one; whoever investigates must not be involved in the other one.

use contract::accountability::*;
use eventstore::Decider;
use jiff::civil::Date;

mod appeal;
mod ending;
mod investigation;
mod rejection;
mod sanction;
mod verdict;

pub use rejection::Rejection;
pub use sanction::{Deciding, Person};
pub use verdict::{Appealed, Measure, Subject, Verdict};

eventstore::events! {
    /// What can happen to a case.
    pub enum Event {
        CaseOpened, CaseMerged, CauseFallen, InvestigatorAssigned, InvestigatorRecused, EvidenceAdded,
        FindingMade, DispositionDecided, DispositionExecuted, ExecutionOverdue, AppealLodged, AppealDecided,
        VetoRaised, VetoLifted, CaseClosed, CaseTextsRevealed,
    }
}

type Decision = Result<Vec<Event>, Rejection>;

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
    /// What it comes from, with what merged cases came from.
    pub grounds: Grounds,
    /// How causes of it went, oldest first.
    pub fallen: Vec<CauseFallen>,
    /// Resource names of the cases that went into it.
    pub merged: Vec<String>,
    /// What was gathered, oldest first.
    pub evidence: Vec<EvidenceAdded>,
    /// Those who investigated before.
    pub former: Vec<Former>,
    /// How far it has come.
    pub phase: Phase,
    /// Whether an appeal was decided since its last cause fell.
    reviewed: bool,
    events: u64,
}

/// What a case comes from and whom it is against.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "fields are named as in the contract")]
pub struct Grounds {
    pub units: Vec<String>,
    pub officers: Vec<String>,
    pub causes: Vec<Cause>,
    pub complaints: Vec<String>,
    pub opened_by: Vec<String>,
    pub by_hand: bool,
}

/// Someone who investigated before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Former {
    /// Resource name of the officer.
    pub investigator: String,
    /// Whether they stepped down; otherwise another one took their place, or the case ended.
    pub recused: bool,
}

/// How far a case has come.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "fields are named as in the contract")]
pub enum Phase {
    /// It waits for an investigator.
    Waiting,
    /// Evidence is gathered.
    Investigation { investigator: String },
    /// A finding was made.
    Found(Box<Verdict>),
    /// It is closed; without a verdict it was withdrawn.
    Closed { outcome: CaseOutcome, verdict: Option<Box<Verdict>> },
    /// It went into another one.
    Merged { into: String },
}

/// Who is to investigate or to approve, as others know them.
#[derive(Debug, Clone, Default)]
pub struct Candidate {
    /// Resource names of their unit and of those above it, short of the top one: everyone is of that.
    pub units: Vec<String>,
    /// Whether they are complained of in a complaint of the case, or ever had it in hand.
    pub in_complaint: bool,
}

/// Who acts, as others know them.
#[derive(Debug, Clone, Default)]
pub struct Actor {
    /// Resource name or id of an officer, or whatever an account is called.
    pub name: String,
    /// As a candidate's; none: they serve in no unit.
    pub units: Vec<String>,
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
    /// They investigate it.
    #[error("they investigate the case")]
    Investigates,
}

/// What can be asked of a case. `missing`: the first thing referred to that its owner has no record of.
/// `expected` is the stream version that the caller read, if the caller edits what it read.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "fields are named as in the contract; see above")]
pub enum Command {
    /// Open it.
    Open { opened: CaseOpened, missing: Option<Missing> },
    /// Put another case into it. `other`: that case, if it is there; `investigator`: whoever investigates this
    /// one, as others know them in the light of the other one's complaints.
    Merge { merged: String, reason: String, other: State, investigator: Candidate, expected: Option<u64> },
    /// Causes are gone.
    FallCauses { causes: Vec<Cause>, fallen_by: Cause },
    /// Have someone investigate; no candidate: they are not on the roster.
    Assign { assigned: InvestigatorAssigned, candidate: Option<Candidate>, expected: Option<u64> },
    /// Have the investigator step down.
    Recuse { reason: String, expected: Option<u64> },
    /// Add a piece of evidence.
    AddEvidence { added: EvidenceAdded, actor: Actor },
    /// Come to a finding; one that says no cycle counts in the case's. `investigator_units`: where whoever
    /// investigates serves now.
    Find {
        finding: FindingMade,
        actor: Actor,
        investigator_units: Vec<String>,
        missing: Option<Missing>,
        expected: Option<u64>,
    },
    /// Decide what is done to one of those responsible.
    DecideDisposition(Deciding),
    /// It was carried out.
    Execute { subject: Subject, execution_date: String, expected: Option<u64> },
    /// The last day to carry it out passed; `day` is today.
    RaiseOverdue { subject: Subject, due: Date, day: Date },
    /// Appeal, or review.
    LodgeAppeal(AppealLodged),
    /// Decide an appeal; where it is varied, those cleared are named. `day` is today.
    DecideAppeal { decided: AppealDecided, actor: Actor, day: Date, expected: Option<u64> },
    /// Close it.
    Close { actor: Actor, expected: Option<u64> },
    /// Read texts of it.
    RevealTexts { vault_keys: Vec<String>, purpose: String },
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

    fn decide(state: &State, command: Command) -> Decision {
        if let Command::Open { opened, missing } = command {
            return state.open(opened, missing);
        }
        let State::Opened(case) = state else { return Err(Rejection::UnknownCase) };
        match command {
            Command::Open { .. } => Ok(vec![]),
            Command::Merge { merged, reason, other, investigator, expected } => {
                case.merge(merged, reason, &other, &investigator, expected)
            }
            Command::FallCauses { causes, fallen_by } => case.fall(causes, fallen_by),
            Command::Assign { assigned, candidate, expected } => case.assign(assigned, candidate, expected),
            Command::Recuse { reason, expected } => case.recuse(reason, expected),
            Command::AddEvidence { added, actor } => case.add_evidence(added, &actor),
            Command::Find { finding, actor, investigator_units, missing, expected } => {
                case.find(finding, &actor, &investigator_units, missing, expected)
            }
            Command::DecideDisposition(deciding) => case.decide_disposition(deciding),
            Command::Execute { subject, execution_date, expected } => {
                case.execute(subject, execution_date, expected)
            }
            Command::RaiseOverdue { subject, due, day } => case.raise_overdue(subject, due, day),
            Command::LodgeAppeal(lodged) => case.lodge_appeal(lodged),
            Command::DecideAppeal { decided, actor, day, expected } => {
                case.decide_appeal(decided, &actor, day, expected)
            }
            Command::Close { actor, expected } => case.close(&actor, expected),
            Command::RevealTexts { vault_keys, purpose } => case.reveal(vault_keys, purpose),
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
        if let Event::VetoRaised(VetoRaised { unit, .. }) | Event::VetoLifted(VetoLifted { unit, .. }) = event
        {
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
            Event::AppealLodged(AppealLodged { appeal_id, .. })
            | Event::AppealDecided(AppealDecided { appeal_id, .. }) => Opened::appeal_thing(appeal_id).into(),
            Event::FindingMade(_) => Opened::FINDING_THING.into(),
            Event::CaseClosed(_) => Opened::END_THING.into(),
            Event::CaseOpened(_)
            | Event::CaseMerged(_)
            | Event::CauseFallen(_)
            | Event::InvestigatorAssigned(_)
            | Event::InvestigatorRecused(_)
            | Event::DispositionDecided(_)
            | Event::DispositionExecuted(_)
            | Event::ExecutionOverdue(_)
            | Event::VetoRaised(_)
            | Event::VetoLifted(_) => "".into(),
            Event::CaseTextsRevealed(_) => Opened::TEXTS_THING.into(),
        }
    }

    fn also_in(event: &Event) -> Option<String> {
        let Event::CaseMerged(merged) = event else { return None };
        contract::name::CaseName::parse("merged_case", &merged.merged_case).ok().map(|name| name.key())
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

    fn open(&self, opened: CaseOpened, missing: Option<Missing>) -> Decision {
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
    /// The thing of the stream that its close is.
    pub const END_THING: &'static str = "end";
    /// The thing of the stream that the reading of its texts is.
    pub const TEXTS_THING: &'static str = "texts";

    /// The thing of the stream that a piece of evidence is.
    pub fn evidence_thing(evidence_id: &str) -> String {
        format!("evidence/{evidence_id}")
    }

    /// The thing of the stream that an appeal is.
    pub fn appeal_thing(appeal_id: &str) -> String {
        format!("appeal/{appeal_id}")
    }

    /// Where it stands.
    pub fn stage(&self) -> CaseStage {
        match &self.phase {
            Phase::Waiting => CaseStage::Opened,
            Phase::Investigation { .. } => CaseStage::Investigation,
            Phase::Found(verdict) | Phase::Closed { verdict: Some(verdict), .. }
                if verdict.is_suspended() =>
            {
                CaseStage::Appealed
            }
            Phase::Found(verdict) if !verdict.stands() => CaseStage::Exonerated,
            Phase::Found(verdict) if verdict.measures.iter().all(Measure::is_executed) => CaseStage::Executed,
            Phase::Found(verdict) if verdict.measures.iter().all(|measure| measure.decided.is_some()) => {
                CaseStage::Decided
            }
            Phase::Found(_) => CaseStage::Found,
            Phase::Closed { .. } => CaseStage::Closed,
            Phase::Merged { .. } => CaseStage::Merged,
        }
    }

    /// A piece of evidence by its id.
    pub fn evidence(&self, evidence_id: &str) -> Option<&EvidenceAdded> {
        self.evidence.iter().find(|added| added.evidence_id == evidence_id)
    }

    /// The finding and what followed from it, if it was made; also after it was overturned.
    pub fn verdict(&self) -> Option<&Verdict> {
        match &self.phase {
            Phase::Waiting | Phase::Investigation { .. } | Phase::Merged { .. } => None,
            Phase::Found(verdict) => Some(verdict),
            Phase::Closed { verdict, .. } => verdict.as_deref(),
        }
    }

    /// The finding that stands, if it was made.
    pub fn finding(&self) -> Option<&FindingMade> {
        self.verdict().filter(|verdict| !verdict.overturned).map(|verdict| &verdict.finding)
    }

    /// An appeal by its id.
    pub fn appeal(&self, appeal_id: &str) -> Option<&Appealed> {
        self.verdict()?.appeals.iter().find(|appeal| appeal.lodged.appeal_id == appeal_id)
    }

    /// Who investigates or investigated last; `None`: it waits for someone, or needs nobody any more.
    pub fn investigator(&self) -> Option<&str> {
        match &self.phase {
            Phase::Investigation { investigator } => Some(investigator),
            Phase::Waiting | Phase::Merged { .. } => None,
            Phase::Found(_) | Phase::Closed { .. } => self.verdict().map(|verdict| &*verdict.investigator),
        }
    }

    /// Whether the finding waits for a review, as every cause of the case is gone.
    pub fn needs_review(&self) -> bool {
        !self.reviewed && self.is_groundless() && self.verdict().is_some_and(Verdict::stands)
    }

    /// Those of its causes that are gone.
    pub fn fallen_causes(&self) -> impl Iterator<Item = &Cause> {
        self.fallen.iter().flat_map(|fallen| &fallen.causes)
    }

    /// Whether a cause is gone.
    pub fn is_gone(&self, cause: &Cause) -> bool {
        self.fallen_causes().any(|fallen| same(fallen, cause))
    }

    fn of(terms: &CaseOpened) -> Self {
        Self {
            terms: terms.clone(),
            grounds: Grounds::of(terms),
            fallen: vec![],
            merged: vec![],
            evidence: vec![],
            former: vec![],
            phase: Phase::Waiting,
            reviewed: false,
            events: 1,
        }
    }

    fn evolve(&mut self, event: &Event) {
        self.events += 1;
        match event {
            Event::CaseOpened(_)
            | Event::VetoRaised(_)
            | Event::VetoLifted(_)
            | Event::CaseTextsRevealed(_) => {}
            Event::CaseMerged(merged) if merged.merged_case == self.terms.case => {
                self.dismiss(false);
                self.phase = Phase::Merged { into: merged.case.clone() };
            }
            Event::CaseMerged(merged) => {
                self.grounds.absorb(merged);
                self.merged.push(merged.merged_case.clone());
            }
            Event::CauseFallen(fallen) => {
                self.fallen.push(fallen.clone());
                self.reviewed = false;
            }
            Event::InvestigatorAssigned(InvestigatorAssigned { investigator, .. }) => {
                self.dismiss(false);
                self.phase = Phase::Investigation { investigator: investigator.clone() };
            }
            Event::InvestigatorRecused(_) => self.dismiss(true),
            Event::EvidenceAdded(added) => self.evidence.push(added.clone()),
            Event::FindingMade(finding) => {
                let investigator = self.investigator().unwrap_or_default().to_owned();
                self.phase = Phase::Found(Box::new(Verdict::of(investigator, finding.clone())));
            }
            Event::DispositionDecided(decided) => self.change(|verdict| verdict.decided(decided)),
            Event::DispositionExecuted(executed) => self.change(|verdict| verdict.executed(executed)),
            Event::ExecutionOverdue(overdue) => self.change(|verdict| verdict.overdue(overdue)),
            Event::AppealLodged(lodged) => self.change(|verdict| verdict.appealed(lodged)),
            Event::AppealDecided(decided) => self.settle(decided),
            Event::CaseClosed(closed) => self.end(closed.outcome()),
        }
    }

    /// A varied finding is open again, whatever was closed.
    fn settle(&mut self, decided: &AppealDecided) {
        self.reviewed = true;
        self.change(|verdict| verdict.settle(decided));
        if decided.outcome() == AppealOutcome::Varied
            && let Phase::Closed { verdict: Some(verdict), .. } = &self.phase
        {
            self.phase = Phase::Found(verdict.clone());
        }
    }

    fn end(&mut self, outcome: CaseOutcome) {
        let verdict = self.verdict().cloned().map(Box::new);
        if verdict.is_none() {
            self.dismiss(false);
        }
        self.phase = Phase::Closed { outcome, verdict };
    }

    fn change(&mut self, change: impl FnOnce(&mut Verdict)) {
        match &mut self.phase {
            Phase::Found(verdict) | Phase::Closed { verdict: Some(verdict), .. } => change(verdict),
            Phase::Waiting | Phase::Investigation { .. } | Phase::Closed { .. } | Phase::Merged { .. } => {}
        }
    }

    /// Whoever investigates investigates no longer.
    fn dismiss(&mut self, recused: bool) {
        if let Some(investigator) = self.investigator() {
            let former = Former { investigator: investigator.to_owned(), recused };
            self.former.push(former);
        }
        self.phase = Phase::Waiting;
    }

    /// Whether it opened by itself, and every cause is gone.
    fn is_groundless(&self) -> bool {
        !self.grounds.by_hand && self.grounds.causes.iter().all(|cause| self.is_gone(cause))
    }

    fn involvement(&self, officer: &String, candidate: &Candidate) -> Option<Involvement> {
        let stepped_down = |former: &Former| former.recused && former.investigator == *officer;
        let Grounds { units, officers, opened_by, .. } = &self.grounds;
        let involvements = [
            (officers.contains(officer), Involvement::Accused),
            (any_of(units, &candidate.units), Involvement::OfAccusedUnit),
            (names(opened_by, officer), Involvement::OpenedIt),
            (candidate.in_complaint, Involvement::InComplaint),
            (self.former.iter().any(stepped_down), Involvement::SteppedDown),
        ];
        involvements.into_iter().find_map(|(involved, how)| involved.then_some(how))
    }

    /// How the case, or what was found in it, is against someone who acts.
    fn against(&self, actor: &Actor) -> Option<Involvement> {
        let found = self.verdict().map(|verdict| &verdict.finding);
        let officers = found.into_iter().flat_map(|finding| &finding.officers).chain(&self.grounds.officers);
        let units = found.into_iter().flat_map(|finding| &finding.units).chain(&self.grounds.units);
        against(actor, officers, units)
    }

    /// The verdict, if somebody is responsible by it.
    fn standing(&self) -> Result<&Verdict, Rejection> {
        if let Phase::Merged { into } = &self.phase {
            return Err(Rejection::CaseMerged(into.clone()));
        }
        self.verdict().filter(|verdict| verdict.stands()).ok_or(Rejection::NoFinding)
    }

    /// The verdict, if it can be carried out.
    fn enforceable(&self) -> Result<&Verdict, Rejection> {
        let verdict = self.standing()?;
        if verdict.is_suspended() {
            return Err(Rejection::Suspended);
        }
        if matches!(self.phase, Phase::Closed { .. }) {
            return Err(Rejection::CaseEnded);
        }
        if self.needs_review() { Err(Rejection::NeedsReview) } else { Ok(verdict) }
    }

    fn check_unchanged(&self, expected: Option<u64>) -> Result<(), Rejection> {
        let unchanged = expected.is_none_or(|expected| expected == self.events);
        if unchanged { Ok(()) } else { Err(Rejection::CaseChanged(self.events)) }
    }
}

/// Whether two causes are the same fact.
fn same(one: &Cause, other: &Cause) -> bool {
    (&one.service, one.position) == (&other.service, other.position)
}

/// How a case against these officers and units is against someone who acts.
fn against<'a>(
    actor: &Actor,
    officers: impl IntoIterator<Item = &'a String>,
    units: impl IntoIterator<Item = &'a String>,
) -> Option<Involvement> {
    if names(officers, &actor.name) {
        return Some(Involvement::Accused);
    }
    any_of(units, &actor.units).then_some(Involvement::OfAccusedUnit)
}

/// Whether someone is among `known`. Who acts may be called by the resource name of the officer or by its id.
fn names<'a>(known: impl IntoIterator<Item = &'a String>, someone: &str) -> bool {
    let same = |known: &str| {
        let by_id = !known.contains('/') || !someone.contains('/');
        known == someone || by_id && known.rsplit('/').next() == someone.rsplit('/').next()
    };
    known.into_iter().any(|known| same(known))
}

fn any_of<'a>(units: impl IntoIterator<Item = &'a String>, wanted: &[String]) -> bool {
    units.into_iter().any(|unit| wanted.contains(unit))
}

fn check_known(missing: Option<Missing>) -> Result<(), Rejection> {
    missing.map_or(Ok(()), |missing| Err(Rejection::Missing(missing)))
}

#[cfg(test)]
mod tests;
