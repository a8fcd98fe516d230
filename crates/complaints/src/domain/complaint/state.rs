//! What is known of a complaint, and how its events change it.

use std::collections::BTreeMap;

use contract::complaints::*;
use contract::words::{PostLevel, VaultText};
use jiff::Timestamp;

use super::{Event, Move};
use crate::domain::instant;

/// A complaint, if it was lodged.
#[derive(Debug, Clone, Default)]
pub enum State {
    /// There is none.
    #[default]
    NotLodged,
    /// There is one.
    Lodged(Box<Lodged>),
}

/// A lodged complaint.
#[derive(Debug, Clone)]
pub struct Lodged {
    /// As it was lodged.
    pub lodged: ComplaintLodged,
    /// Resource name of the unit that has it; empty: not known yet.
    pub unit: String,
    /// Resource names of the units complained of and of all that ever had it, each once.
    pub units: Vec<String>,
    /// Where it stands.
    pub stage: ComplaintStage,
    /// When the stage's clock is due; none: it has none.
    pub stage_due: Option<Timestamp>,
    /// Which of the alerts of the stage and of the case were raised.
    pub raised: Raised,
    /// To which organ it was referred; otherwise empty.
    pub organ: String,
    /// Why it was rejected or referred; otherwise empty.
    pub reason: String,
    /// Who leads.
    pub leader: Option<Leader>,
    /// Who supervises.
    pub supervisor: Option<String>,
    /// Who is responsible.
    pub responsible: Option<Responsible>,
    /// How often the deadline was extended.
    pub extensions: u32,
    /// How often a rectification was refuted.
    pub refutations: u32,
    /// How often it was reopened.
    pub reopenings: u32,
    /// The complainant's last word.
    pub satisfaction: Satisfaction,
    /// Whose word the last verification was.
    pub source: RatingSource,
    /// What was found.
    pub verdict: Option<Verdict>,
    /// As what it was last closed.
    pub outcome: ClosureOutcome,
    /// What was asked, by question id.
    pub questions: BTreeMap<String, Question>,
    /// What people wrote, oldest first.
    pub texts: Vec<Text>,
    /// Whether who complained was erased.
    pub erased: bool,
    pub(super) events: u64,
}

/// Who leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leader {
    /// Resource name.
    pub officer: String,
    /// Post level when appointed.
    pub post_level: PostLevel,
}

/// Who puts a complaint right, and by when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Responsible {
    /// Resource name of the unit.
    pub unit: String,
    /// Resource name of the officer; none: transferred, and nobody named anew.
    pub officer: Option<String>,
    /// When it must be reported as put right.
    pub deadline: Timestamp,
    /// Whether the deadline passed without a report.
    pub overdue: bool,
    /// When it is escalated next; none: it is not overdue, or there is no higher level.
    pub escalation_due: Option<Timestamp>,
    /// How often it was escalated since the deadline.
    pub escalations: u32,
    /// The level that it is now for; not said: it was not escalated.
    pub escalated_to: PostLevel,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// True, or not.
    pub word: ComplaintVerdict,
    /// Resource name of the unit.
    pub unit: String,
    /// Resource names of the officers at fault.
    pub officers: Vec<String>,
    /// Whether the public was harmed.
    pub harms_public: bool,
    /// What was found.
    pub finding: VaultText,
}

/// A question to the complainant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What was asked.
    pub question: VaultText,
    /// What was answered.
    pub answer: Option<VaultText>,
}

/// Something that somebody wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Where it lies.
    pub reference: VaultText,
    /// Whether they are the complainant's words, or words to them: erased with them.
    pub theirs: bool,
    /// Whether it was erased.
    pub erased: bool,
}

/// Which alerts were raised.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four independent facts")]
pub struct Raised {
    /// The stage's, three working days before it is due.
    pub stage_yellow: bool,
    /// The stage's, once it is due.
    pub stage_red: bool,
    /// The case's, three working days before it is due.
    pub case_yellow: bool,
    /// The case's, once it is due.
    pub case_red: bool,
}

impl State {
    /// The complaint, if it was lodged.
    pub fn lodged(&self) -> Option<&Lodged> {
        match self {
            Self::NotLodged => None,
            Self::Lodged(lodged) => Some(lodged),
        }
    }
}

impl Lodged {
    pub(super) fn new(lodged: &ComplaintLodged) -> Self {
        let text = lodged.text.clone().unwrap_or_default();
        let mut complaint = Self {
            lodged: lodged.clone(),
            unit: String::new(),
            units: vec![],
            stage: ComplaintStage::Lodged,
            stage_due: Some(instant(lodged.stage_due_time)),
            raised: Raised::default(),
            organ: String::new(),
            reason: String::new(),
            leader: None,
            supervisor: None,
            responsible: None,
            extensions: 0,
            refutations: 0,
            reopenings: 0,
            satisfaction: Satisfaction::Unspecified,
            source: RatingSource::Unspecified,
            verdict: None,
            outcome: ClosureOutcome::Unspecified,
            questions: BTreeMap::new(),
            texts: vec![Text { reference: text, theirs: true, erased: false }],
            erased: false,
            events: 1,
        };
        complaint.be_of(&lodged.unit);
        complaint
    }

    /// Whether it is neither rejected nor closed.
    pub fn is_open(&self) -> bool {
        !matches!(self.stage, ComplaintStage::Rejected | ComplaintStage::Closed)
    }

    /// When it was lodged.
    pub fn lodged_at(&self) -> Timestamp {
        instant(self.lodged.lodge_time)
    }

    /// When the whole case is due, while it is open.
    pub fn case_due(&self) -> Option<Timestamp> {
        self.is_open().then(|| instant(self.lodged.case_due_time))
    }

    /// The level that it is now for; not said: it was not escalated.
    pub fn escalated_to(&self) -> PostLevel {
        self.responsible.as_ref().map_or(PostLevel::Unspecified, |responsible| responsible.escalated_to)
    }

    /// Vault keys that are erased with the complainant and are not yet.
    pub fn erasable(&self) -> Vec<String> {
        let theirs = self.texts.iter().filter(|text| text.theirs && !text.erased);
        let texts = theirs.map(|text| text.reference.vault_key.clone());
        let who = (!self.erased).then(|| self.lodged.complainant_key.clone());
        who.into_iter().chain(texts).filter(|key| !key.is_empty()).collect()
    }

    pub(super) fn evolve(&mut self, event: &Event) {
        self.events += 1;
        match event {
            Event::ComplaintLodged(_) | Event::PersonalDataRevealed(_) => {}
            Event::ComplaintAccepted(accepted) => {
                self.be_of(&accepted.unit);
                (self.organ, self.reason) = (String::new(), String::new());
                self.go(Move::ComplaintAccepted, accepted.stage_due_time);
            }
            Event::ComplaintRejected(ComplaintRejected { reason, .. }) => {
                self.reason.clone_from(reason);
                self.go(Move::ComplaintRejected, None);
            }
            Event::ComplaintReferred(ComplaintReferred { organ, reason, .. }) => {
                (self.organ, self.reason) = (organ.clone(), reason.clone());
                self.go(Move::ComplaintReferred, None);
            }
            Event::ComplaintTransferred(ComplaintTransferred { unit, .. }) => {
                self.be_of(unit);
                if let Some(responsible) = &mut self.responsible {
                    responsible.unit.clone_from(unit);
                    responsible.officer = None;
                }
            }
            Event::LeaderAppointed(appointed) => self.be_led(appointed),
            Event::SupervisorAppointed(SupervisorAppointed { supervisor, .. }) => {
                self.supervisor = Some(supervisor.clone());
            }
            Event::ComplaintAssigned(assigned) => self.be_assigned(assigned),
            Event::DeadlineExtended(DeadlineExtended { deadline, .. }) => {
                self.extensions += 1;
                self.stage_due = Some(instant(*deadline));
                if let Some(responsible) = &mut self.responsible {
                    responsible.deadline = instant(*deadline);
                }
            }
            Event::ProgressReported(progress) => self.keep(progress.progress.as_ref(), false),
            Event::QuestionAsked(asked) => self.be_asked(asked),
            Event::QuestionAnswered(answered) => self.be_answered(answered),
            Event::ComplaintAlerted(alerted) => self.raised.note(alerted.clock(), alerted.colour()),
            Event::ComplaintOverdue(overdue) => self.be_overdue(overdue),
            Event::ComplaintEscalated(escalated) => self.be_escalated(escalated),
            Event::RectificationReported(reported) => {
                self.keep(reported.report.as_ref(), false);
                self.go(Move::RectificationReported, reported.stage_due_time);
            }
            Event::RectificationVerified(verified) => {
                self.be_rated(verified.satisfaction(), verified.source());
                self.go(Move::RectificationVerified, verified.stage_due_time);
            }
            Event::RectificationRefuted(refuted) => self.be_refuted(refuted),
            Event::ComplaintSubstantiated(substantiated) => self.be_substantiated(substantiated),
            Event::ComplaintUnsubstantiated(unsubstantiated) => self.be_unsubstantiated(unsubstantiated),
            Event::ComplaintClosed(closed) => {
                self.outcome = closed.outcome();
                self.go(Move::ComplaintClosed, None);
            }
            Event::ComplaintReopened(reopened) => {
                self.reopenings += 1;
                self.responsible = None;
                // What was found to be untrue is looked into anew; a finding that it is true stands.
                self.verdict.take_if(|verdict| verdict.word == ComplaintVerdict::Unsubstantiated);
                self.keep(reopened.grounds.as_ref(), true);
                self.go(Move::ComplaintReopened, reopened.stage_due_time);
            }
            Event::ComplaintWithdrawn(withdrawn) => {
                self.keep(withdrawn.statement.as_ref(), true);
                self.go(Move::ComplaintWithdrawn, None);
            }
            Event::ComplainantErased(erased) => self.be_erased(erased),
        }
    }

    /// Goes to another stage, whose clock runs until `due`.
    fn go(&mut self, to: Move, due: Option<contract::Timestamp>) {
        self.stage = to.to(self.leader.is_some());
        self.stage_due = due.map(|due| instant(Some(due)));
        (self.raised.stage_yellow, self.raised.stage_red) = (false, false);
    }

    fn be_of(&mut self, unit: &str) {
        unit.clone_into(&mut self.unit);
        if !unit.is_empty() && !self.units.iter().any(|known| known == unit) {
            self.units.push(unit.to_owned());
        }
    }

    fn keep(&mut self, written: Option<&VaultText>, theirs: bool) {
        let known = |written: &VaultText| self.texts.iter().any(|text| text.reference == *written);
        if let Some(written) = written.filter(|written| !known(written)) {
            self.texts.push(Text { reference: written.clone(), theirs, erased: false });
        }
    }

    fn be_led(&mut self, appointed: &LeaderAppointed) {
        let leader = Leader { officer: appointed.leader.clone(), post_level: appointed.post_level() };
        self.leader = Some(leader);
        if self.stage == ComplaintStage::Accepted {
            self.go(Move::LeaderAppointed, appointed.stage_due_time);
        }
    }

    fn be_assigned(&mut self, assigned: &ComplaintAssigned) {
        self.be_of(&assigned.unit);
        if let Some(responsible) = &mut self.responsible {
            responsible.unit.clone_from(&assigned.unit);
            responsible.officer = Some(assigned.officer.clone());
            return;
        }
        self.responsible = Some(Responsible {
            unit: assigned.unit.clone(),
            officer: Some(assigned.officer.clone()),
            deadline: instant(assigned.deadline),
            overdue: false,
            escalation_due: None,
            escalations: 0,
            escalated_to: PostLevel::Unspecified,
        });
        self.go(Move::ComplaintAssigned, assigned.deadline);
    }

    fn be_overdue(&mut self, overdue: &ComplaintOverdue) {
        self.raised.stage_red = true;
        if let Some(responsible) = &mut self.responsible {
            responsible.overdue = true;
            responsible.escalation_due = overdue.escalation_time.map(|due| instant(Some(due)));
        }
    }

    fn be_escalated(&mut self, escalated: &ComplaintEscalated) {
        if let Some(responsible) = &mut self.responsible {
            responsible.escalations = escalated.escalation;
            responsible.escalated_to = escalated.post_level();
            responsible.escalation_due = escalated.escalation_time.map(|due| instant(Some(due)));
        }
    }

    fn be_rated(&mut self, satisfaction: Satisfaction, source: RatingSource) {
        // An inspection has none, and takes none back.
        if satisfaction != Satisfaction::Unspecified {
            self.satisfaction = satisfaction;
        }
        self.source = source;
    }

    fn be_refuted(&mut self, refuted: &RectificationRefuted) {
        self.refutations += 1;
        self.be_rated(refuted.satisfaction(), refuted.source());
        self.keep(refuted.statement.as_ref(), true);
        if let Some(responsible) = &mut self.responsible {
            *responsible = Responsible {
                unit: std::mem::take(&mut responsible.unit),
                officer: responsible.officer.take(),
                deadline: instant(refuted.deadline),
                overdue: false,
                escalation_due: None,
                escalations: 0,
                escalated_to: PostLevel::Unspecified,
            };
        }
        self.go(Move::RectificationRefuted, refuted.deadline);
    }

    fn be_asked(&mut self, asked: &QuestionAsked) {
        self.keep(asked.question.as_ref(), true);
        let question = Question { question: asked.question.clone().unwrap_or_default(), answer: None };
        self.questions.insert(asked.question_id.clone(), question);
    }

    fn be_answered(&mut self, answered: &QuestionAnswered) {
        self.keep(answered.answer.as_ref(), true);
        if let Some(question) = self.questions.get_mut(&answered.question_id) {
            question.answer.clone_from(&answered.answer);
        }
    }

    fn be_substantiated(&mut self, substantiated: &ComplaintSubstantiated) {
        self.keep(substantiated.finding.as_ref(), false);
        self.verdict = Some(Verdict {
            word: ComplaintVerdict::Substantiated,
            unit: substantiated.unit.clone(),
            officers: substantiated.officers.clone(),
            harms_public: substantiated.harms_public,
            finding: substantiated.finding.clone().unwrap_or_default(),
        });
    }

    fn be_unsubstantiated(&mut self, unsubstantiated: &ComplaintUnsubstantiated) {
        self.keep(unsubstantiated.finding.as_ref(), false);
        self.verdict = Some(Verdict {
            word: ComplaintVerdict::Unsubstantiated,
            unit: unsubstantiated.unit.clone(),
            officers: vec![],
            harms_public: false,
            finding: unsubstantiated.finding.clone().unwrap_or_default(),
        });
    }

    fn be_erased(&mut self, erased: &ComplainantErased) {
        self.erased = true;
        for text in &mut self.texts {
            text.erased |= erased.vault_keys.contains(&text.reference.vault_key);
        }
    }
}

impl Raised {
    /// Whether the alert of a clock and a colour was raised.
    pub fn has(self, clock: ComplaintClock, colour: AlertColour) -> bool {
        match (clock, colour) {
            (ComplaintClock::Stage, AlertColour::Yellow) => self.stage_yellow,
            (ComplaintClock::Stage, AlertColour::Red) => self.stage_red,
            (ComplaintClock::Case, AlertColour::Yellow) => self.case_yellow,
            (ComplaintClock::Case, AlertColour::Red) => self.case_red,
            (ComplaintClock::Unspecified, _) | (_, AlertColour::Unspecified | AlertColour::Green) => true,
        }
    }

    fn note(&mut self, clock: ComplaintClock, colour: AlertColour) {
        match (clock, colour) {
            (ComplaintClock::Stage, AlertColour::Yellow) => self.stage_yellow = true,
            (ComplaintClock::Stage, AlertColour::Red) => self.stage_red = true,
            (ComplaintClock::Case, AlertColour::Yellow) => self.case_yellow = true,
            (ComplaintClock::Case, AlertColour::Red) => self.case_red = true,
            (ComplaintClock::Unspecified, _) | (_, AlertColour::Unspecified | AlertColour::Green) => {}
        }
    }
}
