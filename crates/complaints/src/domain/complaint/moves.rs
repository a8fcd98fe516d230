//! How a complaint goes from stage to stage: the one table that decisions, folds and the diagram in the
//! documentation are made of.

use contract::complaints::ComplaintStage::{self, *};

/// What takes a complaint to another stage, named after its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the contract")]
pub enum Move {
    ComplaintAccepted,
    ComplaintRejected,
    ComplaintReferred,
    LeaderAppointed,
    ComplaintAssigned,
    RectificationReported,
    RectificationVerified,
    RectificationRefuted,
    ComplaintWithdrawn,
    ComplaintClosed,
    ComplaintReopened,
}

impl Move {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::ComplaintAccepted,
        Self::ComplaintRejected,
        Self::ComplaintReferred,
        Self::LeaderAppointed,
        Self::ComplaintAssigned,
        Self::RectificationReported,
        Self::RectificationVerified,
        Self::RectificationRefuted,
        Self::ComplaintWithdrawn,
        Self::ComplaintClosed,
        Self::ComplaintReopened,
    ];

    /// The stages that it starts from.
    pub fn from(self) -> &'static [ComplaintStage] {
        match self {
            Self::ComplaintAccepted | Self::ComplaintRejected => &[Lodged, Referred],
            Self::ComplaintReferred => &[Lodged],
            Self::LeaderAppointed => &[Accepted],
            Self::ComplaintAssigned => &[Led],
            Self::RectificationReported => &[Assigned],
            Self::RectificationVerified | Self::RectificationRefuted => &[Reported],
            Self::ComplaintWithdrawn => &[Lodged, Referred, Accepted, Led, Assigned, Reported, Verified],
            Self::ComplaintClosed => &[Accepted, Led, Assigned, Reported, Verified, Withdrawn],
            Self::ComplaintReopened => &[Closed],
        }
    }

    /// The stage that it ends at; `led`: whether a leader has it.
    pub fn to(self, led: bool) -> ComplaintStage {
        match self {
            Self::ComplaintAccepted => Accepted,
            Self::ComplaintRejected => Rejected,
            Self::ComplaintReferred => Referred,
            Self::LeaderAppointed => Led,
            Self::ComplaintAssigned | Self::RectificationRefuted => Assigned,
            Self::RectificationReported => Reported,
            Self::RectificationVerified => Verified,
            Self::ComplaintWithdrawn => Withdrawn,
            Self::ComplaintClosed => Closed,
            // Back to the same leader.
            Self::ComplaintReopened => {
                if led {
                    Led
                } else {
                    Accepted
                }
            }
        }
    }
}
