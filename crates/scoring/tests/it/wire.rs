//! Schemes as on the wire, in few words.

use contract::words::{
    AssessorMethod, Component, DailySource, ElectorClass, LedgerMethod, PanelMethod, SchemeRules, Stratum,
    SurveyLevel, SurveyMethod, component::Method,
};
use rust_decimal::Decimal;

/// The decimal that a text says.
pub(crate) fn decimal(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

/// A scheme of these components and nothing else.
pub(crate) fn rules(components: impl Into<Vec<Component>>) -> SchemeRules {
    SchemeRules { title: "A scheme".to_owned(), components: components.into(), ..SchemeRules::default() }
}

/// A component.
pub(crate) fn component(id: &str, max_points: &str, method: Method) -> Component {
    let (component_id, title) = (id.to_owned(), id.to_owned());
    Component { component_id, title, max_points: max_points.to_owned(), method: Some(method) }
}

/// One assessor.
pub(crate) fn assessor() -> Method {
    Method::Assessor(AssessorMethod {})
}

/// A ledger.
pub(crate) fn ledger(start_points: &str) -> Method {
    Method::Ledger(LedgerMethod { start_points: start_points.to_owned() })
}

/// A panel without trimming or quorum.
pub(crate) fn panel(classes: &[(&str, &str)]) -> Method {
    let class = |(id, weight): &(&str, &str)| ElectorClass {
        class_id: (*id).to_owned(),
        title: String::new(),
        weight: (*weight).to_owned(),
    };
    let classes = classes.iter().map(class).collect();
    Method::Panel(PanelMethod { classes, trim_from: 0, trim: 0, quorum: "0".to_owned() })
}

/// A survey with the levels good 1, fair 0.6, bad 0 and "don't know".
pub(crate) fn survey(min_valid: u32, strata: &[(&str, &str)]) -> Method {
    let level = |(id, value): (&str, Option<&str>)| SurveyLevel {
        level_id: id.to_owned(),
        title: String::new(),
        value: value.map(str::to_owned),
    };
    let levels = [("good", Some("1")), ("fair", Some("0.6")), ("bad", Some("0")), ("unknown", None)];
    let stratum = |(id, weight): &(&str, &str)| Stratum {
        stratum_id: (*id).to_owned(),
        title: String::new(),
        weight: (*weight).to_owned(),
    };
    let strata = strata.iter().map(stratum).collect();
    Method::Survey(SurveyMethod { levels: levels.map(level).into(), strata, min_valid })
}

/// A source of the daily assessment.
pub(crate) fn source(id: &str, cap: &str, bonus_cap: &str) -> DailySource {
    DailySource {
        source_id: id.to_owned(),
        cap: cap.to_owned(),
        bonus_cap: bonus_cap.to_owned(),
        ..DailySource::default()
    }
}
