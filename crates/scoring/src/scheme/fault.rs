//! What is wrong with a scheme, field by field.

/// One thing that is wrong with a scheme.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct Fault {
    /// Where, e.g. `components[2].method.panel.classes[0].weight`.
    pub path: String,
    /// Which rule it breaks.
    pub rule: Rule,
    /// What would be right, for people.
    pub message: String,
}

/// The rules that a scheme has to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// A field that must be set is not.
    Required,
    /// A title is too long or has control characters.
    Title,
    /// An id is not lower-case letters, digits and hyphens, 1 to 63.
    Id,
    /// An id, a ratio or a cause appears twice.
    Unique,
    /// A text is not a decimal as a scheme writes them.
    Decimal,
    /// A number is outside its range.
    Range,
    /// A list has too few or too many members.
    Count,
    /// A ratio does not belong to its index.
    Ratio,
    /// The maxima of a scheme to be published do not sum to 100.
    MaximaSum,
}

impl Rule {
    /// The rule's stable dotted name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Required => "scheme.required",
            Self::Title => "scheme.title",
            Self::Id => "scheme.id",
            Self::Unique => "scheme.unique",
            Self::Decimal => "scheme.decimal",
            Self::Range => "scheme.range",
            Self::Count => "scheme.count",
            Self::Ratio => "scheme.ratio",
            Self::MaximaSum => "scheme.maxima_sum",
        }
    }
}
