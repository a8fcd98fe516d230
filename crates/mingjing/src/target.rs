//! What a process serves.

use clap::ValueEnum;

/// The projection's name.
pub const SCORECARD: &str = "scorecard";

/// A service that owns facts: it has a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
#[expect(missing_docs, reason = "each is the service of that name")]
pub enum Owner {
    Training,
    Complaints,
    Evaluation,
    Accountability,
}

impl Owner {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Training, Self::Complaints, Self::Evaluation, Self::Accountability];

    /// Its name in the log, in subjects and in settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Training => "training",
            Self::Complaints => "complaints",
            Self::Evaluation => "evaluation",
            Self::Accountability => "accountability",
        }
    }
}

/// Which services run in a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Target {
    /// Officers, campaigns, sessions, assessments.
    Training,
    /// Complaints and their handling.
    Complaints,
    /// Units, schemes, cycles and all that gives points.
    Evaluation,
    /// Cases.
    Accountability,
    /// The projection.
    Scorecard,
    /// All five, in one process.
    All,
}

impl Target {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Training => "training",
            Self::Complaints => "complaints",
            Self::Evaluation => "evaluation",
            Self::Accountability => "accountability",
            Self::Scorecard => SCORECARD,
            Self::All => "all",
        }
    }

    /// Whether a service that owns facts is served.
    pub fn owns(self, owner: Owner) -> bool {
        match self {
            Self::All => true,
            Self::Training => owner == Owner::Training,
            Self::Complaints => owner == Owner::Complaints,
            Self::Evaluation => owner == Owner::Evaluation,
            Self::Accountability => owner == Owner::Accountability,
            Self::Scorecard => false,
        }
    }

    /// Whether the projection is served.
    pub fn projects(self) -> bool {
        matches!(self, Self::Scorecard | Self::All)
    }
}
