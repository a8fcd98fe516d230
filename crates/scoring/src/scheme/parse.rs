//! From the scheme of the wire to a [`Scheme`]: every field is checked, and every fault is told at once.

use std::collections::BTreeSet;

use contract::{field, words};
use rust_decimal::Decimal;
use words::component::Method as WireMethod;

use super::{
    Component, Direction, ElectorClass, Fault, Index, IndexKind, Indicator, Ledger, Level, Method, Panel,
    Ratio, RatioWeight, Rule, Scheme, Source, Stratum, Survey, Tariff,
};
use crate::indices;

const COMPONENTS_MAX: usize = 50;
const TITLE_LENGTH_MAX: usize = 200;
const PLACES_MAX: usize = 9;
const TARIFF_PLACES_MAX: usize = 2;

impl Scheme {
    /// Parses a scheme, draft or published, or tells everything that is wrong with it.
    pub fn parse(rules: &words::SchemeRules) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        let scheme = faults.scheme(rules);
        if faults.0.is_empty() { Ok(scheme) } else { Err(faults.0) }
    }

    /// As [`Scheme::parse`], and the maxima must sum to exactly 100 (scoring.md §3).
    pub fn parse_for_publication(rules: &words::SchemeRules) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        let scheme = faults.scheme(rules);
        let maxima_known = scheme.components.iter().all(|component| component.max_points > Decimal::ZERO);
        let (sum, wanted) = (scheme.max_points(), Decimal::ONE_HUNDRED);
        // A maximum that is faulty stands as 0, and will be positive.
        let wrong = if maxima_known { sum != wanted } else { sum >= wanted };
        if wrong {
            let message = format!("the maxima must sum to exactly 100, not {sum}");
            faults.add("components".to_owned(), Rule::MaximaSum, message);
        }
        if faults.0.is_empty() { Ok(scheme) } else { Err(faults.0) }
    }
}

/// Where a decimal of a scheme may lie.
#[derive(Clone, Copy)]
enum Range {
    Positive,
    NotNegative,
    UpTo(Decimal),
    BelowOne,
    NotZero,
}

impl Range {
    fn holds(self, value: Decimal) -> bool {
        match self {
            Self::Positive => value > Decimal::ZERO,
            Self::NotNegative => value >= Decimal::ZERO,
            Self::UpTo(max) => (Decimal::ZERO..=max).contains(&value),
            Self::BelowOne => (Decimal::ZERO..Decimal::ONE).contains(&value),
            Self::NotZero => !value.is_zero(),
        }
    }

    fn message(self) -> String {
        match self {
            Self::Positive => "must be positive".to_owned(),
            Self::NotNegative => "must not be negative".to_owned(),
            Self::UpTo(max) => format!("must be in [0, {max}]"),
            Self::BelowOne => "must be in [0, 1)".to_owned(),
            Self::NotZero => "must not be zero".to_owned(),
        }
    }
}

/// Reads on after a fault; what it returns for a faulty field stands in until the faults are handed out.
#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn add(&mut self, path: String, rule: Rule, message: impl Into<String>) {
        self.0.push(Fault { path, rule, message: message.into() });
    }

    fn scheme(&mut self, rules: &words::SchemeRules) -> Scheme {
        let title = self.title("title", &rules.title);
        self.count("components", rules.components.len(), COMPONENTS_MAX);
        let mut seen = BTreeSet::new();
        let components =
            each(&rules.components, |at, wire| self.component(&format!("components[{at}]"), wire, &mut seen));
        let mut seen = BTreeSet::new();
        let sources = each(&rules.daily_sources, |at, wire| {
            self.source(&format!("daily_sources[{at}]"), wire, &mut seen)
        });
        let rollup_share = match rules.rollup_share.as_str() {
            "" => Decimal::ZERO,
            share => self.decimal("rollup_share", share, Range::BelowOne),
        };
        let veto_cap = self.optional_decimal("veto_cap", rules.veto_cap.as_deref(), Range::NotNegative);
        let threshold = rules.accountability_threshold.as_deref();
        let accountability_threshold =
            self.optional_decimal("accountability_threshold", threshold, Range::NotNegative);
        let excellent_quota = rules.excellent_quota;
        Scheme {
            title,
            components,
            sources,
            rollup_share,
            veto_cap,
            excellent_quota,
            accountability_threshold,
        }
    }

    fn component(&mut self, path: &str, wire: &words::Component, seen: &mut BTreeSet<String>) -> Component {
        let component_id = self.id(&format!("{path}.component_id"), &wire.component_id, seen);
        let title = self.title(&format!("{path}.title"), &wire.title);
        let max_points = self.decimal(&format!("{path}.max_points"), &wire.max_points, Range::Positive);
        let path = format!("{path}.method");
        let method = match &wire.method {
            None => {
                self.add(path, Rule::Required, "exactly one method must be set");
                Method::Assessor
            }
            Some(WireMethod::Assessor(_)) => Method::Assessor,
            Some(WireMethod::Panel(panel)) => Method::Panel(self.panel(&format!("{path}.panel"), panel)),
            Some(WireMethod::Survey(survey)) => {
                Method::Survey(self.survey(&format!("{path}.survey"), survey))
            }
            Some(WireMethod::Ledger(ledger)) => {
                let path = format!("{path}.ledger.start_points");
                let start_points = self.decimal(&path, &ledger.start_points, Range::UpTo(max_points));
                Method::Ledger(Ledger { start_points })
            }
            Some(WireMethod::Indicator(method)) => {
                let path = format!("{path}.indicator.indicators");
                self.at_least_one(&path, method.indicators.len());
                let mut seen = BTreeSet::new();
                Method::Indicator(each(&method.indicators, |at, wire| {
                    self.indicator(&format!("{path}[{at}]"), wire, &mut seen)
                }))
            }
            Some(WireMethod::Index(index)) => Method::Index(self.index(&format!("{path}.index"), index)),
        };
        Component { component_id, title, max_points, method }
    }

    fn panel(&mut self, path: &str, wire: &words::PanelMethod) -> Panel {
        self.at_least_one(&format!("{path}.classes"), wire.classes.len());
        let mut seen = BTreeSet::new();
        let classes = each(&wire.classes, |at, class| {
            let path = format!("{path}.classes[{at}]");
            ElectorClass {
                class_id: self.id(&format!("{path}.class_id"), &class.class_id, &mut seen),
                title: self.optional_title(&format!("{path}.title"), &class.title),
                weight: self.decimal(&format!("{path}.weight"), &class.weight, Range::Positive),
            }
        });
        let quorum = self.decimal(&format!("{path}.quorum"), &wire.quorum, Range::UpTo(Decimal::ONE));
        Panel { classes, trim_from: wire.trim_from, trim: wire.trim, quorum }
    }

    fn survey(&mut self, path: &str, wire: &words::SurveyMethod) -> Survey {
        let mut seen = BTreeSet::new();
        let levels = each(&wire.levels, |at, level| {
            let path = format!("{path}.levels[{at}]");
            let range = Range::UpTo(Decimal::ONE);
            Level {
                level_id: self.id(&format!("{path}.level_id"), &level.level_id, &mut seen),
                title: self.optional_title(&format!("{path}.title"), &level.title),
                value: self.optional_decimal(&format!("{path}.value"), level.value.as_deref(), range),
            }
        });
        if wire.levels.iter().all(|level| level.value.is_none()) {
            self.add(format!("{path}.levels"), Rule::Count, "at least one level must have a value");
        }
        self.at_least_one(&format!("{path}.strata"), wire.strata.len());
        let mut seen = BTreeSet::new();
        let strata = each(&wire.strata, |at, stratum| {
            let path = format!("{path}.strata[{at}]");
            Stratum {
                stratum_id: self.id(&format!("{path}.stratum_id"), &stratum.stratum_id, &mut seen),
                title: self.optional_title(&format!("{path}.title"), &stratum.title),
                weight: self.decimal(&format!("{path}.weight"), &stratum.weight, Range::Positive),
            }
        });
        if wire.min_valid == 0 {
            self.add(format!("{path}.min_valid"), Rule::Range, "must be at least 1");
        }
        Survey { levels, strata, min_valid: wire.min_valid }
    }

    fn indicator(&mut self, path: &str, wire: &words::Indicator, seen: &mut BTreeSet<String>) -> Indicator {
        let direction = match wire.direction() {
            words::IndicatorDirection::HigherIsBetter => Direction::HigherIsBetter,
            words::IndicatorDirection::LowerIsBetter => Direction::LowerIsBetter,
            words::IndicatorDirection::Unspecified => {
                self.add(format!("{path}.direction"), Rule::Required, "must say which way is better");
                Direction::HigherIsBetter
            }
        };
        Indicator {
            indicator_id: self.id(&format!("{path}.indicator_id"), &wire.indicator_id, seen),
            title: self.optional_title(&format!("{path}.title"), &wire.title),
            weight: self.decimal(&format!("{path}.weight"), &wire.weight, Range::Positive),
            direction,
        }
    }

    fn index(&mut self, path: &str, wire: &words::IndexMethod) -> Index {
        let (kind, defaults) = match wire.kind() {
            words::IndexKind::Training => of_kind(IndexKind::Training),
            words::IndexKind::Rectification => of_kind(IndexKind::Rectification),
            words::IndexKind::Commitments => of_kind(IndexKind::Commitments),
            words::IndexKind::Unspecified => {
                self.add(format!("{path}.kind"), Rule::Required, "must name an index");
                let kinds = [IndexKind::Training, IndexKind::Rectification, IndexKind::Commitments];
                (IndexKind::Commitments, kinds.into_iter().flat_map(indices::default_weights).collect())
            }
        };
        if wire.weights.is_empty() {
            return Index { kind, weights: defaults };
        }
        let mut seen = BTreeSet::new();
        let mut weights = Vec::new();
        for (at, wire) in wire.weights.iter().enumerate() {
            let path = format!("{path}.weights[{at}]");
            let weight = self.decimal(&format!("{path}.weight"), &wire.weight, Range::Positive);
            let ratio = self.ratio(&format!("{path}.ratio"), &wire.ratio, &defaults);
            if !seen.insert(wire.ratio.as_str()) {
                self.add(format!("{path}.ratio"), Rule::Unique, "appears twice");
            }
            weights.extend(ratio.map(|ratio| RatioWeight { ratio, weight }));
        }
        Index { kind, weights }
    }

    fn ratio(&mut self, path: &str, name: &str, of_index: &[RatioWeight]) -> Option<Ratio> {
        let found = of_index.iter().map(|weight| weight.ratio).find(|ratio| ratio.name() == name);
        if found.is_none() {
            let names: Vec<_> = of_index.iter().map(|weight| weight.ratio.name()).collect();
            self.add(path.to_owned(), Rule::Ratio, format!("must be one of {}", names.join(", ")));
        }
        found
    }

    fn source(&mut self, path: &str, wire: &words::DailySource, seen: &mut BTreeSet<String>) -> Source {
        let mut causes = BTreeSet::new();
        let tariffs = each(&wire.tariffs, |at, wire| {
            let path = format!("{path}.tariffs[{at}]");
            if wire.cause() == words::TariffCause::Unspecified {
                self.add(format!("{path}.cause"), Rule::Required, "must name a cause");
            } else if !causes.insert(wire.cause) {
                self.add(format!("{path}.cause"), Rule::Unique, "appears twice");
            }
            let path = format!("{path}.points");
            let points = self.decimal_of(&path, &wire.points, Range::NotZero, TARIFF_PLACES_MAX);
            Tariff { cause: wire.cause(), points }
        });
        Source {
            source_id: self.id(&format!("{path}.source_id"), &wire.source_id, seen),
            title: self.optional_title(&format!("{path}.title"), &wire.title),
            cap: self.decimal(&format!("{path}.cap"), &wire.cap, Range::NotNegative),
            bonus_cap: self.decimal(&format!("{path}.bonus_cap"), &wire.bonus_cap, Range::NotNegative),
            tariffs,
        }
    }

    fn id(&mut self, path: &str, value: &str, seen: &mut BTreeSet<String>) -> String {
        if let Err(bad) = field::id("id", value) {
            self.add(path.to_owned(), Rule::Id, bad.message());
        } else if !seen.insert(value.to_owned()) {
            self.add(path.to_owned(), Rule::Unique, "appears twice");
        }
        value.to_owned()
    }

    fn title(&mut self, path: &str, value: &str) -> String {
        if value.trim().is_empty() {
            self.add(path.to_owned(), Rule::Required, "must not be empty");
        }
        self.optional_title(path, value)
    }

    fn optional_title(&mut self, path: &str, value: &str) -> String {
        if let Err(bad) = field::optional_text("title", value, TITLE_LENGTH_MAX) {
            self.add(path.to_owned(), Rule::Title, bad.message());
        }
        value.to_owned()
    }

    fn decimal(&mut self, path: &str, text: &str, range: Range) -> Decimal {
        self.decimal_of(path, text, range, PLACES_MAX)
    }

    fn optional_decimal(&mut self, path: &str, text: Option<&str>, range: Range) -> Option<Decimal> {
        text.map(|text| self.decimal(path, text, range))
    }

    fn decimal_of(&mut self, path: &str, text: &str, range: Range, places_max: usize) -> Decimal {
        match field::decimal("decimal", text, places_max) {
            Ok(value) if range.holds(value) => return value,
            Ok(_) => self.add(path.to_owned(), Rule::Range, range.message()),
            Err(bad) => self.add(path.to_owned(), Rule::Decimal, bad.message()),
        }
        Decimal::ZERO
    }

    fn at_least_one(&mut self, path: &str, count: usize) {
        self.count(path, count, usize::MAX);
    }

    fn count(&mut self, path: &str, count: usize, count_max: usize) {
        if count == 0 {
            self.add(path.to_owned(), Rule::Count, "must have at least one");
        } else if count > count_max {
            self.add(path.to_owned(), Rule::Count, format!("must have at most {count_max}"));
        }
    }
}

fn of_kind(kind: IndexKind) -> (IndexKind, Vec<RatioWeight>) {
    (kind, indices::default_weights(kind))
}

fn each<W, P>(wire: &[W], mut parse: impl FnMut(usize, &W) -> P) -> Vec<P> {
    wire.iter().enumerate().map(|(at, wire)| parse(at, wire)).collect()
}
