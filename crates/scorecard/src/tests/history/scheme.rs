//! The scheme of the year.

use contract::words::component::Method;
use contract::words::{
    AssessorMethod, Component, DailySource, ElectorClass, Indicator, IndicatorDirection, IndicatorMethod,
    LedgerMethod, PanelMethod, SchemeRules, Stratum, SurveyLevel, SurveyMethod,
};

/// Work 30 by an assessor, leadership 10 by a panel, public 40 by a survey, conduct 10 by a ledger, duties 10
/// by indicators; two daily sources, a roll-up of 10 %, a veto's cap of 60, two excellent places.
pub(in crate::tests) fn rules() -> SchemeRules {
    let component = |id: &str, max_points: &str, method| Component {
        component_id: id.to_owned(),
        title: id.to_uppercase(),
        max_points: max_points.to_owned(),
        method: Some(method),
    };
    let class = |(id, weight): (&str, &str)| ElectorClass {
        class_id: id.to_owned(),
        title: String::new(),
        weight: weight.to_owned(),
    };
    let level = |(id, value): (&str, Option<&str>)| SurveyLevel {
        level_id: id.to_owned(),
        title: String::new(),
        value: value.map(str::to_owned),
    };
    let stratum = |(id, weight): (&str, &str)| Stratum {
        stratum_id: id.to_owned(),
        title: id.to_uppercase(),
        weight: weight.to_owned(),
    };
    let indicator = |(id, direction): (&str, IndicatorDirection)| Indicator {
        indicator_id: id.to_owned(),
        title: String::new(),
        weight: "1".to_owned(),
        direction: direction.into(),
    };
    let source = |(id, cap, bonus_cap): (&str, &str, &str)| DailySource {
        source_id: id.to_owned(),
        title: id.to_uppercase(),
        cap: cap.to_owned(),
        bonus_cap: bonus_cap.to_owned(),
        tariffs: Vec::new(),
    };
    let panel = PanelMethod {
        classes: [("mayor", "1"), ("members", "3")].map(class).into(),
        trim_from: 0,
        trim: 0,
        quorum: "0.5".to_owned(),
    };
    let survey = SurveyMethod {
        levels: [("good", Some("1")), ("fair", Some("0.6")), ("bad", Some("0")), ("unknown", None)]
            .map(level)
            .into(),
        strata: [("recipients", "0.6"), ("residents", "0.4")].map(stratum).into(),
        min_valid: 1,
    };
    let indicators =
        [("cleared", IndicatorDirection::HigherIsBetter), ("accidents", IndicatorDirection::LowerIsBetter)];
    SchemeRules {
        title: "The first year's".to_owned(),
        components: vec![
            component("work", "30", Method::Assessor(AssessorMethod {})),
            component("leadership", "10", Method::Panel(panel)),
            component("public", "40", Method::Survey(survey)),
            component("conduct", "10", Method::Ledger(LedgerMethod { start_points: "9".to_owned() })),
            component(
                "duties",
                "10",
                Method::Indicator(IndicatorMethod { indicators: indicators.map(indicator).into() }),
            ),
        ],
        daily_sources: [("inspection", "3", "1"), ("complaint", "5", "0")].map(source).into(),
        rollup_share: "0.1".to_owned(),
        veto_cap: Some("60".to_owned()),
        excellent_quota: 2,
        accountability_threshold: None,
    }
}
