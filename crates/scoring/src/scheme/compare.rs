//! Where two schemes differ, field by field; components, strata and the like are matched by their ids.

use std::collections::BTreeMap;

use contract::words::component::Method;
use contract::words::{
    Component, DailySource, IndexMethod, IndicatorMethod, PanelMethod, SchemeRules, SurveyMethod,
};

/// One difference between two schemes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The field, e.g. `components[open-appraisal].max_points`.
    pub path: String,
    /// In the one; empty: it is not there.
    pub value: String,
    /// In the other; empty: it is not there.
    pub other_value: String,
}

/// Every difference, in the order of the fields; what only the other scheme has comes last. Numbers are
/// compared as numbers: "30" and "30.00" do not differ.
#[must_use]
pub fn differences(one: &SchemeRules, other: &SchemeRules) -> Vec<Difference> {
    let (one, other) = (Fields::of(one).0, Fields::of(other).0);
    let others: BTreeMap<_, _> = other.iter().map(|(path, value)| (path, value)).collect();
    let known: BTreeMap<_, _> = one.iter().map(|(path, value)| (path, value)).collect();
    let difference = |path: &String, value: &str, other_value: &str| Difference {
        path: path.clone(),
        value: value.to_owned(),
        other_value: other_value.to_owned(),
    };
    let changed = one.iter().filter_map(|(path, value)| {
        let other_value = others.get(path).map_or("", |value| value.as_str());
        (number(value) != number(other_value)).then(|| difference(path, value, other_value))
    });
    let added = other.iter().filter(|(path, value)| !known.contains_key(path) && !value.is_empty());
    changed.chain(added.map(|(path, value)| difference(path, "", value))).collect()
}

/// A decimal without needless zeros; any other text as it is.
fn number(text: &str) -> String {
    text.parse::<rust_decimal::Decimal>()
        .map_or_else(|_| text.to_owned(), |value| value.normalize().to_string())
}

/// Every field of a scheme with its value, in order.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn of(rules: &SchemeRules) -> Self {
        let mut fields = Self(Vec::new());
        fields.put("", "title", &rules.title);
        for component in &rules.components {
            fields.component(component);
        }
        for source in &rules.daily_sources {
            fields.source(source);
        }
        let share = if rules.rollup_share.is_empty() { "0" } else { &rules.rollup_share };
        fields.put("", "rollup_share", share);
        fields.put("", "veto_cap", rules.veto_cap.as_deref().unwrap_or_default());
        fields.put("", "excellent_quota", &rules.excellent_quota.to_string());
        let threshold = rules.accountability_threshold.as_deref().unwrap_or_default();
        fields.put("", "accountability_threshold", threshold);
        fields
    }

    fn put(&mut self, path: &str, field: &str, value: &str) {
        let dot = if path.is_empty() { "" } else { "." };
        self.0.push((format!("{path}{dot}{field}"), value.to_owned()));
    }

    fn component(&mut self, component: &Component) {
        let path = format!("components[{}]", component.component_id);
        self.put(&path, "title", &component.title);
        self.put(&path, "max_points", &component.max_points);
        match &component.method {
            None => self.put(&path, "method", ""),
            Some(Method::Assessor(_)) => self.put(&path, "method", "assessor"),
            Some(Method::Panel(panel)) => self.panel(&path, panel),
            Some(Method::Survey(survey)) => self.survey(&path, survey),
            Some(Method::Ledger(ledger)) => {
                self.put(&path, "method", "ledger");
                self.put(&path, "ledger.start_points", &ledger.start_points);
            }
            Some(Method::Indicator(method)) => self.indicators(&path, method),
            Some(Method::Index(index)) => self.index(&path, index),
        }
    }

    fn panel(&mut self, path: &str, panel: &PanelMethod) {
        self.put(path, "method", "panel");
        let path = format!("{path}.panel");
        for class in &panel.classes {
            let path = format!("{path}.classes[{}]", class.class_id);
            self.put(&path, "title", &class.title);
            self.put(&path, "weight", &class.weight);
        }
        self.put(&path, "trim_from", &panel.trim_from.to_string());
        self.put(&path, "trim", &panel.trim.to_string());
        self.put(&path, "quorum", &panel.quorum);
    }

    fn survey(&mut self, path: &str, survey: &SurveyMethod) {
        self.put(path, "method", "survey");
        let path = format!("{path}.survey");
        for level in &survey.levels {
            let path = format!("{path}.levels[{}]", level.level_id);
            self.put(&path, "title", &level.title);
            self.put(&path, "value", level.value.as_deref().unwrap_or("not scored"));
        }
        for stratum in &survey.strata {
            let path = format!("{path}.strata[{}]", stratum.stratum_id);
            self.put(&path, "title", &stratum.title);
            self.put(&path, "weight", &stratum.weight);
        }
        self.put(&path, "min_valid", &survey.min_valid.to_string());
    }

    fn indicators(&mut self, path: &str, method: &IndicatorMethod) {
        self.put(path, "method", "indicator");
        for indicator in &method.indicators {
            let path = format!("{path}.indicator.indicators[{}]", indicator.indicator_id);
            self.put(&path, "title", &indicator.title);
            self.put(&path, "weight", &indicator.weight);
            self.put(&path, "direction", indicator.direction().as_str_name());
        }
    }

    fn index(&mut self, path: &str, index: &IndexMethod) {
        self.put(path, "method", "index");
        self.put(path, "index.kind", index.kind().as_str_name());
        for weight in &index.weights {
            self.put(path, &format!("index.weights[{}]", weight.ratio), &weight.weight);
        }
    }

    fn source(&mut self, source: &DailySource) {
        let path = format!("daily_sources[{}]", source.source_id);
        self.put(&path, "title", &source.title);
        self.put(&path, "cap", &source.cap);
        self.put(&path, "bonus_cap", &source.bonus_cap);
        for tariff in &source.tariffs {
            self.put(&path, &format!("tariffs[{}]", tariff.cause().as_str_name()), &tariff.points);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::words::{AssessorMethod, LedgerMethod};

    fn component(id: &str, max_points: &str, method: Method) -> Component {
        Component {
            component_id: id.to_owned(),
            title: id.to_owned(),
            max_points: max_points.to_owned(),
            method: Some(method),
        }
    }

    fn rules(components: Vec<Component>) -> SchemeRules {
        SchemeRules { title: "A".to_owned(), components, ..SchemeRules::default() }
    }

    fn shown(one: &SchemeRules, other: &SchemeRules) -> Vec<String> {
        let shown = differences(one, other);
        shown.iter().map(|it| format!("{}: {} → {}", it.path, it.value, it.other_value)).collect()
    }

    #[test]
    fn a_scheme_does_not_differ_from_itself() {
        let one = rules(vec![component("work", "30", Method::Assessor(AssessorMethod {}))]);
        let other = rules(vec![component("work", "30.00", Method::Assessor(AssessorMethod {}))]);
        assert_eq!(differences(&one, &other), []);
    }

    #[test]
    fn differences_are_told_by_id_whatever_the_order() {
        let ledger = |start: &str| Method::Ledger(LedgerMethod { start_points: start.to_owned() });
        let work = || component("work", "30", Method::Assessor(AssessorMethod {}));
        let one = rules(vec![work(), component("conduct", "30", ledger("30"))]);
        let mut other = rules(vec![component("conduct", "20", ledger("20")), work()]);
        other.veto_cap = Some("59".to_owned());
        assert_eq!(
            shown(&one, &other),
            [
                "components[conduct].max_points: 30 → 20",
                "components[conduct].ledger.start_points: 30 → 20",
                "veto_cap:  → 59",
            ]
        );
    }

    #[test]
    fn another_method_is_a_difference_with_its_parameters() {
        let one = rules(vec![component("work", "30", Method::Assessor(AssessorMethod {}))]);
        let panel = PanelMethod { quorum: "0.5".to_owned(), ..PanelMethod::default() };
        let other = rules(vec![component("work", "30", Method::Panel(panel))]);
        assert_eq!(
            shown(&one, &other),
            [
                "components[work].method: assessor → panel",
                "components[work].panel.trim_from:  → 0",
                "components[work].panel.trim:  → 0",
                "components[work].panel.quorum:  → 0.5",
            ]
        );
    }
}
