//! Targets and actuals 指标 of one unit on one component.
//!
//! - They are about the component's indicators.
//! - A target is not zero, an actual is not negative.
//! - Both may be recorded anew while the cycle is open; the last ones stand (scoring.md §2).

use std::borrow::Cow;
use std::collections::BTreeMap;

use contract::evaluation::{IndicatorReported, IndicatorTargetSet};
use contract::status;
use eventstore::Decider;
use rust_decimal::Decimal;

eventstore::events! {
    /// What can happen to a unit's indicators.
    pub enum Event { IndicatorTargetSet, IndicatorReported }
}

/// Each indicator of which something is on record.
#[derive(Debug, Clone, Default)]
pub struct State(pub BTreeMap<String, Figure>);

/// Target and actual of an indicator, as written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figure {
    /// What has to be reached.
    pub target: Option<String>,
    /// What was reached.
    pub actual: Option<String>,
}

/// What can be asked. `value` lies in the event too, as written; `offered`: whether the component has the
/// indicator.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "see above")]
pub enum Command {
    SetTarget { set: IndicatorTargetSet, value: Decimal, offered: bool },
    Report { reported: IndicatorReported, value: Decimal, offered: bool },
}

/// Which rules can be broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The component has no such indicator.
    #[error("the component has no indicator \"{0}\"")]
    UnknownIndicator(String),
    /// Nothing can be measured against zero.
    #[error("a target must not be zero")]
    TargetZero,
    /// Less than nothing was reached.
    #[error("an actual must not be negative")]
    ActualNegative,
}

impl status::Rejection for Rejection {
    fn rule(&self) -> &'static str {
        match self {
            Self::UnknownIndicator(_) => "evaluation.unknown_indicator",
            Self::TargetZero => "evaluation.target_zero",
            Self::ActualNegative => "evaluation.actual_negative",
        }
    }
}

/// A unit's indicators.
#[derive(Debug)]
pub struct Indicator;

impl Decider for Indicator {
    const CATEGORY: &'static str = "indicator";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Rejection> {
        match command {
            Command::SetTarget { set, value, offered } => state.set_target(set, value, offered),
            Command::Report { reported, value, offered } => state.report(reported, value, offered),
        }
    }

    fn evolve(mut state: State, event: &Event) -> State {
        match event {
            Event::IndicatorTargetSet(IndicatorTargetSet { indicator_id, target, .. }) => {
                state.0.entry(indicator_id.clone()).or_default().target = Some(target.clone());
            }
            Event::IndicatorReported(IndicatorReported { indicator_id, actual, .. }) => {
                state.0.entry(indicator_id.clone()).or_default().actual = Some(actual.clone());
            }
        }
        state
    }

    fn unit(_state: &State, event: &Event) -> String {
        let (Event::IndicatorTargetSet(IndicatorTargetSet { unit, .. })
        | Event::IndicatorReported(IndicatorReported { unit, .. })) = event;
        super::last_id(unit)
    }

    fn thing(event: &Event) -> Cow<'_, str> {
        let (Event::IndicatorTargetSet(IndicatorTargetSet { indicator_id, .. })
        | Event::IndicatorReported(IndicatorReported { indicator_id, .. })) = event;
        indicator_id.into()
    }
}

impl State {
    fn set_target(
        &self,
        set: IndicatorTargetSet,
        value: Decimal,
        offered: bool,
    ) -> Result<Vec<Event>, Rejection> {
        let known = self.0.get(&set.indicator_id).and_then(|figure| figure.target.as_ref());
        if known == Some(&set.target) {
            return Ok(vec![]);
        }
        if !offered {
            return Err(Rejection::UnknownIndicator(set.indicator_id));
        }
        if value.is_zero() { Err(Rejection::TargetZero) } else { Ok(vec![set.into()]) }
    }

    fn report(
        &self,
        reported: IndicatorReported,
        value: Decimal,
        offered: bool,
    ) -> Result<Vec<Event>, Rejection> {
        let known = self.0.get(&reported.indicator_id).and_then(|figure| figure.actual.as_ref());
        if known == Some(&reported.actual) {
            return Ok(vec![]);
        }
        if !offered {
            return Err(Rejection::UnknownIndicator(reported.indicator_id));
        }
        if value < Decimal::ZERO { Err(Rejection::ActualNegative) } else { Ok(vec![reported.into()]) }
    }
}

#[cfg(test)]
mod tests {
    use eventstore::testing::given;

    use super::*;

    fn set(target: &str) -> IndicatorTargetSet {
        let (indicator_id, target) = ("solved".to_owned(), target.to_owned());
        IndicatorTargetSet { indicator_id, target, ..IndicatorTargetSet::default() }
    }

    fn reported(actual: &str) -> IndicatorReported {
        let (indicator_id, actual) = ("solved".to_owned(), actual.to_owned());
        IndicatorReported { indicator_id, actual, ..IndicatorReported::default() }
    }

    fn set_target(target: &str) -> Command {
        Command::SetTarget { set: set(target), value: target.parse().unwrap(), offered: true }
    }

    fn report(actual: &str) -> Command {
        Command::Report { reported: reported(actual), value: actual.parse().unwrap(), offered: true }
    }

    #[test]
    fn targets_and_actuals_come_in_any_order() {
        given::<Indicator>([]).when(set_target("80")).then([set("80").into()]);
        given::<Indicator>([]).when(report("75")).then([reported("75").into()]);
        given::<Indicator>([set("80").into()]).when(report("75")).then([reported("75").into()]);
    }

    #[test]
    fn the_last_ones_stand() {
        given::<Indicator>([set("80").into()]).when(set_target("80")).then_nothing();
        given::<Indicator>([set("80").into()]).when(set_target("85")).then([set("85").into()]);
        given::<Indicator>([reported("75").into()]).when(report("75")).then_nothing();
        given::<Indicator>([reported("75").into()]).when(report("76")).then([reported("76").into()]);
    }

    #[test]
    fn nothing_is_measured_against_zero() {
        given::<Indicator>([]).when(set_target("0")).then_rejected(Rejection::TargetZero);
        given::<Indicator>([]).when(set_target("-1")).then([set("-1").into()]);
    }

    #[test]
    fn an_actual_is_not_negative() {
        given::<Indicator>([]).when(report("0")).then([reported("0").into()]);
        given::<Indicator>([]).when(report("-1")).then_rejected(Rejection::ActualNegative);
    }

    #[test]
    fn only_the_components_indicators_have_figures() {
        let unknown = || Rejection::UnknownIndicator("solved".to_owned());
        let target = Command::SetTarget { set: set("80"), value: 80.into(), offered: false };
        given::<Indicator>([]).when(target).then_rejected(unknown());
        let actual = Command::Report { reported: reported("75"), value: 75.into(), offered: false };
        given::<Indicator>([]).when(actual).then_rejected(unknown());
    }
}
