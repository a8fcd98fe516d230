//! Which rules of a case can be broken.

use contract::accountability::Disposition;
use contract::status::{self, Kind};

use super::{Involvement, Missing};

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
    /// Someone is not on the roster.
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
    /// It was closed without a finding, or went into another one.
    #[error("the case has ended")]
    CaseEnded,
    /// It went into another one, which is to be asked.
    #[error("the case went into {0}")]
    CaseMerged(String),
    /// Nothing was found yet.
    #[error("there is no finding that stands")]
    NoFinding,
    /// The finding does not name them.
    #[error("the finding does not say that {0} is responsible")]
    NotResponsible(String),
    /// An appeal is to be decided first.
    #[error("an appeal suspends the case")]
    Suspended,
    /// Its causes are gone.
    #[error("every cause of the case is gone: the finding waits for a review")]
    NeedsReview,
    /// Whoever is responsible would decide.
    #[error("nobody decides what is done to themselves or closes a case against them or their unit")]
    OwnCase,
    /// It is below the minimum without reason or approver.
    #[error("the scale calls for at least {}: a reason and an approver of higher level are missing", .0.as_str_name())]
    BelowMinimum(Disposition),
    /// There is nothing to give a reason for.
    #[error("the disposition is not below the scale's minimum: there is nothing to approve")]
    NoDeparture,
    /// The approver is involved.
    #[error("whoever is involved approves nothing: {0}")]
    ApproverInvolved(Involvement),
    /// The approver's level is too low.
    #[error("the approver's post level is not above that of who decides, investigated, or is concerned")]
    ApproverNotHigher,
    /// It was carried out.
    #[error("the disposition was carried out already")]
    AlreadyExecuted,
    /// Nothing was decided for them.
    #[error("no disposition was decided for {0}")]
    NotDisposed(String),
    /// A disposition was not carried out.
    #[error("the disposition of {0} was not carried out")]
    NotExecuted(String),
    /// It takes effect before it was decided, or its last day lies before its first.
    #[error("the last day to carry it out lies before the day it is decided on")]
    DueBeforeDecided,
    /// The last day has not passed, or is another one.
    #[error("the last day to carry it out has not passed")]
    NotOverdue,
    /// The id is taken by another appeal.
    #[error("there is another appeal of this id in the case")]
    AppealExists,
    /// They appealed against this finding before.
    #[error("{0} appealed against this finding before")]
    AppealedAlready(String),
    /// Some cause stands.
    #[error("the office reviews a finding of its own motion only where every cause of the case is gone")]
    NoReview,
    /// No such appeal.
    #[error("there is no such appeal in the case")]
    UnknownAppeal,
    /// It was decided otherwise.
    #[error("the appeal was decided already")]
    AppealAlreadyDecided,
    /// Who had to do with the case would decide on it.
    #[error("whoever opened, investigated or decided the case, or is concerned, does not decide an appeal")]
    JudgesOwnWork,
    /// An appeal makes nothing worse.
    #[error("an appeal makes a finding no graver")]
    Aggravates,
    /// The finding would stay as it is, or nobody would be left.
    #[error("varied means: milder, or against fewer, but somebody")]
    VariesNothing,
    /// It is not a text of the case.
    #[error("the case has no text of the key {0}")]
    UnknownText(String),
    /// It was changed since it was read.
    #[error("the case was changed since it was read: it is at \"{0}\"")]
    CaseChanged(u64),
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
            Self::CaseEnded => "accountability.case_ended",
            Self::CaseMerged(_) => "accountability.case_merged",
            Self::NoFinding => "accountability.no_finding",
            Self::NotResponsible(_) => "accountability.not_responsible",
            Self::Suspended => "accountability.suspended",
            Self::NeedsReview => "accountability.needs_review",
            Self::OwnCase => "accountability.own_case",
            Self::BelowMinimum(_) => "accountability.below_minimum",
            Self::NoDeparture => "accountability.no_departure",
            Self::ApproverInvolved(_) => "accountability.approver_involved",
            Self::ApproverNotHigher => "accountability.approver_not_higher",
            Self::AlreadyExecuted => "accountability.already_executed",
            Self::NotDisposed(_) => "accountability.not_disposed",
            Self::NotExecuted(_) => "accountability.not_executed",
            Self::DueBeforeDecided => "accountability.due_before_decided",
            Self::NotOverdue => "accountability.not_overdue",
            Self::AppealExists => "accountability.appeal_exists",
            Self::AppealedAlready(_) => "accountability.appealed_already",
            Self::NoReview => "accountability.no_review",
            Self::UnknownAppeal => "accountability.unknown_appeal",
            Self::AppealAlreadyDecided => "accountability.appeal_already_decided",
            Self::JudgesOwnWork => "accountability.judges_own_work",
            Self::Aggravates => "accountability.aggravates",
            Self::VariesNothing => "accountability.varies_nothing",
            Self::UnknownText(_) => "accountability.unknown_text",
            Self::CaseChanged(_) => "accountability.case_changed",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::CaseExists | Self::EvidenceExists | Self::AppealExists => Kind::Exists,
            Self::UnknownCase | Self::UnknownAppeal | Self::UnknownText(_) => Kind::NotFound,
            Self::CaseChanged(_) => Kind::Changed,
            Self::OwnCase | Self::JudgesOwnWork => Kind::Denied,
            Self::Missing(_)
            | Self::OfficerNotOnRoster(_)
            | Self::InvestigatorInvolved(_)
            | Self::NoInvestigator
            | Self::NoEvidence
            | Self::FindingStands
            | Self::NoCycle
            | Self::CaseEnded
            | Self::CaseMerged(_)
            | Self::NoFinding
            | Self::NotResponsible(_)
            | Self::Suspended
            | Self::NeedsReview
            | Self::BelowMinimum(_)
            | Self::NoDeparture
            | Self::ApproverInvolved(_)
            | Self::ApproverNotHigher
            | Self::AlreadyExecuted
            | Self::NotDisposed(_)
            | Self::NotExecuted(_)
            | Self::DueBeforeDecided
            | Self::NotOverdue
            | Self::AppealedAlready(_)
            | Self::NoReview
            | Self::AppealAlreadyDecided
            | Self::Aggravates
            | Self::VariesNothing => Kind::Rule,
        }
    }
}
