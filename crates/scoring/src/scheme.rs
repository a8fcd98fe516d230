//! A scheme: what is scored, out of how much, by which method (scoring.md §1 to §5), parsed once.
//!
//! A [`Scheme`] is only made by [`Scheme::parse`] and [`Scheme::parse_for_publication`], so the arithmetic
//! relies on what they checked: positive weights, unique ids, decimals of at most 9 places and 12 digits
//! before the point. With those bounds every sum of points of a scheme fits a decimal of 28 digits.

use rust_decimal::Decimal;

mod compare;
mod fault;
mod parse;

pub use compare::{Difference, differences};
pub use contract::words::TariffCause;
pub use fault::{Fault, Rule};

/// A parsed scheme (scoring.md §1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheme {
    title: String,
    components: Vec<Component>,
    sources: Vec<Source>,
    rollup_share: Decimal,
    veto_cap: Option<Decimal>,
    excellent_quota: u32,
    accountability_threshold: Option<Decimal>,
}

impl Scheme {
    /// The title, for people.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The components in the order of the scheme.
    #[must_use]
    pub fn components(&self) -> &[Component] {
        &self.components
    }

    /// The component of that id.
    #[must_use]
    pub fn component(&self, component_id: &str) -> Option<&Component> {
        self.components.iter().find(|component| component.component_id == component_id)
    }

    /// The sources of the daily assessment that count, in the order of the scheme (scoring.md §3).
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The source of that id.
    #[must_use]
    pub fn source(&self, source_id: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.source_id == source_id)
    }

    /// The scheme maximum: the sum of the components' maxima (scoring.md §3).
    #[must_use]
    pub fn max_points(&self) -> Decimal {
        self.components.iter().map(|component| component.max_points).sum()
    }

    /// The share `r` of a parent's final that comes from its appraised children; 0: none (scoring.md §3).
    #[must_use]
    pub fn rollup_share(&self) -> Decimal {
        self.rollup_share
    }

    /// The most that a vetoed unit's final can be, if the scheme says so (scoring.md §3).
    #[must_use]
    pub fn veto_cap(&self) -> Option<Decimal> {
        self.veto_cap
    }

    /// How many excellent places the ranked groups share (scoring.md §4).
    #[must_use]
    pub fn excellent_quota(&self) -> u32 {
        self.excellent_quota
    }

    /// Points lost through fault beyond which an accountability case opens by itself.
    #[must_use]
    pub fn accountability_threshold(&self) -> Option<Decimal> {
        self.accountability_threshold
    }
}

/// One part of a scheme with points of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Component {
    /// Unique in the scheme.
    pub component_id: String,
    /// For people.
    pub title: String,
    /// The most points that it yields; positive.
    pub max_points: Decimal,
    /// How its points come about.
    pub method: Method,
}

/// How a component's points come about (scoring.md §2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// The last recorded mark stands.
    Assessor,
    /// Many electors mark.
    Panel(Panel),
    /// The public appraises on forms.
    Survey(Survey),
    /// Entries add to and take from starting points.
    Ledger(Ledger),
    /// Actuals are held against targets.
    Indicator(Vec<Indicator>),
    /// One of the indices of scoring.md §5.
    Index(Index),
}

impl Method {
    /// The kind of method, as the scheme's field names it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Assessor => "assessor",
            Self::Panel(_) => "panel",
            Self::Survey(_) => "survey",
            Self::Ledger(_) => "ledger",
            Self::Indicator(_) => "indicator",
            Self::Index(_) => "index",
        }
    }
}

/// A panel's parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Panel {
    /// Classes of electors, each with a weight.
    pub classes: Vec<ElectorClass>,
    /// A class with at least this many marks is trimmed; 0: never.
    pub trim_from: u32,
    /// How many of the highest, and of the lowest, marks a trimmed class loses.
    pub trim: u32,
    /// The least share of the roll that must have voted.
    pub quorum: Decimal,
}

/// Electors whose mean counts with one weight.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ElectorClass {
    /// Unique in the panel.
    pub class_id: String,
    /// For people.
    pub title: String,
    /// Positive.
    pub weight: Decimal,
}

/// A survey's parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Survey {
    /// The answers that a form offers; at least one has a value.
    pub levels: Vec<Level>,
    /// The parts of the public that are asked, each with a weight.
    pub strata: Vec<Stratum>,
    /// A stratum with fewer valid answers about a unit is left out; at least 1.
    pub min_valid: u32,
}

/// One answer that a form offers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Level {
    /// Unique in the survey.
    pub level_id: String,
    /// For people.
    pub title: String,
    /// In `[0, 1]`; none: returned, never scored (不了解).
    pub value: Option<Decimal>,
}

/// A part of the public that is asked with a weight of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stratum {
    /// Unique in the survey.
    pub stratum_id: String,
    /// For people.
    pub title: String,
    /// Positive.
    pub weight: Decimal,
}

/// A ledger's parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ledger {
    /// What a unit has before any entry; in `[0, max_points]`.
    pub start_points: Decimal,
}

/// One figure that a unit has to reach.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Indicator {
    /// Unique in the component.
    pub indicator_id: String,
    /// For people.
    pub title: String,
    /// Positive.
    pub weight: Decimal,
    /// Which way is better.
    pub direction: Direction,
}

/// Which way an indicator is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The more the better.
    HigherIsBetter,
    /// The less the better.
    LowerIsBetter,
}

impl Direction {
    /// Whether an actual is as good as its target.
    #[must_use]
    pub fn reached(self, actual: Decimal, target: Decimal) -> bool {
        match self {
            Self::HigherIsBetter => actual >= target,
            Self::LowerIsBetter => actual <= target,
        }
    }
}

/// Which index of scoring.md §5 a component takes, and how its ratios weigh.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Index {
    /// Which index.
    pub kind: IndexKind,
    /// The ratios that count, each with a positive weight; the defaults of §5 if the scheme names none.
    pub weights: Vec<RatioWeight>,
}

/// An index of scoring.md §5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexKind {
    /// What the training drive reached.
    Training,
    /// How complaints were put right.
    Rectification,
    /// How promises were kept.
    Commitments,
}

/// One ratio of an index (scoring.md §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ratio {
    /// Training: officers who attended ÷ officers on the roster.
    Participation,
    /// Training: leaders who attended ÷ leaders on the roster.
    LeaderParticipation,
    /// Training: officers who pass in every required quality ÷ officers on the roster.
    PassRate,
    /// Training: grassroots units with a session ÷ grassroots units.
    GrassrootsCoverage,
    /// Rectification: closed by the deadline in force ÷ due by now.
    OnTime,
    /// Rectification: mean of the complainants' level values.
    Satisfaction,
    /// Rectification: 1 − reopened ÷ closed.
    NotReopened,
    /// Commitments: verified as delivered ÷ due by now.
    Delivered,
}

impl Ratio {
    /// The name by which a scheme, a loss line and a scorecard call the ratio.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Participation => "participation",
            Self::LeaderParticipation => "leader_participation",
            Self::PassRate => "pass_rate",
            Self::GrassrootsCoverage => "grassroots_coverage",
            Self::OnTime => "on_time",
            Self::Satisfaction => "satisfaction",
            Self::NotReopened => "not_reopened",
            Self::Delivered => "delivered",
        }
    }
}

/// How much a ratio counts in its index.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RatioWeight {
    /// Which ratio.
    pub ratio: Ratio,
    /// Positive.
    pub weight: Decimal,
}

/// A source of daily-assessment entries that counts (scoring.md §3).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Source {
    /// Unique in the scheme.
    pub source_id: String,
    /// For people.
    pub title: String,
    /// The source's sum goes no lower than minus this.
    pub cap: Decimal,
    /// The source's sum goes no higher than this.
    pub bonus_cap: Decimal,
    /// What facts of other services cost under this source.
    pub tariffs: Vec<Tariff>,
}

/// The price of one kind of fact.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tariff {
    /// What happened.
    pub cause: TariffCause,
    /// Signed, at most two places, not zero; negative takes points away.
    pub points: Decimal,
}
