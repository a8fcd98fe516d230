//! Random schemes and years, made from a list of numbers that proptest can shrink.

use std::collections::BTreeMap;

use contract::words::{
    AssessorMethod, Component, DailySource, ElectorClass, IndexKind, IndexMethod, Indicator,
    IndicatorDirection, IndicatorMethod, LedgerMethod, PanelMethod, RatioWeight, SchemeRules, Stratum,
    SurveyLevel, SurveyMethod, component::Method,
};
use proptest::prelude::{Strategy, any};
use rust_decimal::Decimal;
use scoring::facts::{
    ComponentFacts, CycleFacts, DailyEntry, Forms, IndicatorFacts, LedgerEntry, PanelFacts, SurveyFacts,
    UnitFacts,
};
use scoring::indices::{CommitmentFigures, IndexFigures, RectificationFigures, TrainingFigures};

/// A scheme as on the wire, and facts to appraise by it.
#[derive(Debug, Clone)]
pub(crate) struct Year {
    pub(crate) rules: SchemeRules,
    pub(crate) facts: CycleFacts,
}

/// Any year.
pub(crate) fn years() -> impl Strategy<Value = Year> {
    proptest::collection::vec(any::<u32>(), 50..2_000).prop_map(|numbers| Dice { numbers, next: 0 }.year())
}

/// Two schemes and a year recorded under the first.
pub(crate) fn changes() -> impl Strategy<Value = (Year, SchemeRules)> {
    proptest::collection::vec(any::<u32>(), 50..2_000).prop_map(|numbers| {
        let mut dice = Dice { numbers, next: 0 };
        let other = dice.rules();
        (dice.year(), other)
    })
}

const RATIOS: [(IndexKind, &[&str]); 3] = [
    (IndexKind::Training, &["participation", "leader_participation", "pass_rate", "grassroots_coverage"]),
    (IndexKind::Rectification, &["on_time", "satisfaction", "not_reopened"]),
    (IndexKind::Commitments, &["delivered"]),
];

/// Numbers used up one after the other, then from the start again.
struct Dice {
    numbers: Vec<u32>,
    next: usize,
}

impl Dice {
    fn below(&mut self, limit: u32) -> u32 {
        let number = self.numbers[self.next % self.numbers.len()];
        self.next += 1;
        number % limit
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let number = self.below(u32::MAX);
        from[usize::try_from(number).expect("small") % from.len()]
    }

    fn some(&mut self) -> bool {
        self.below(4) > 0
    }

    /// In `[0, max]`, in halves of a cent so that ties are common, or with nine places.
    fn points(&mut self, max: Decimal) -> Decimal {
        match self.below(4) {
            0 => max,
            1 => (Decimal::new(i64::from(self.below(u32::MAX)), 9) * max).min(max).trunc_with_scale(9),
            _ => (Decimal::new(i64::from(self.below(1_001)), 3) * max).round_dp(2) / Decimal::TWO,
        }
    }

    fn weight(&mut self) -> String {
        let weight = 1 + self.below(12);
        if self.some() { format!("0.{weight}") } else { weight.to_string() }
    }

    fn rules(&mut self) -> SchemeRules {
        let components = 1 + self.below(4);
        let components = (0..components).map(|at| self.component(at)).collect();
        let sources = self.below(4);
        SchemeRules {
            title: "A year's scheme".to_owned(),
            components,
            daily_sources: (0..sources).map(|at| self.source(at)).collect(),
            rollup_share: self.pick(&["", "0", "0.1", "0.333333333", "0.999"]).to_owned(),
            veto_cap: self.some().then(|| format!("{}", 10 + self.below(60))),
            excellent_quota: self.below(12),
            accountability_threshold: None,
        }
    }

    fn component(&mut self, at: u32) -> Component {
        let max_points = self.pick(&["30", "40", "20.5", "33.333333333", "1"]).to_owned();
        let method = match self.below(6) {
            0 => Method::Assessor(AssessorMethod {}),
            1 => Method::Panel(self.panel()),
            2 => Method::Survey(self.survey()),
            3 => {
                let start_points = self.points(max_points.parse().expect("a decimal"));
                Method::Ledger(LedgerMethod { start_points: start_points.to_string() })
            }
            4 => Method::Indicator(self.indicators()),
            _ => Method::Index(self.index()),
        };
        let component_id = format!("component-{at}");
        Component { title: component_id.clone(), component_id, max_points, method: Some(method) }
    }

    fn panel(&mut self) -> PanelMethod {
        let classes = 1 + self.below(3);
        let class = |at| ElectorClass {
            class_id: format!("class-{at}"),
            title: String::new(),
            weight: self.weight(),
        };
        let classes = (0..classes).map(class).collect();
        let quorum = self.pick(&["0", "0.5", "0.333333333", "0.333333334", "1"]).to_owned();
        PanelMethod { classes, trim_from: self.below(6), trim: self.below(3), quorum }
    }

    fn survey(&mut self) -> SurveyMethod {
        let mut levels: Vec<_> = [("good", "1"), ("fair", "0.65"), ("bad", "0.123456789")]
            .map(|(id, value)| (id, Some(value.to_owned())))
            .into();
        levels.push(("unknown", None));
        let level = |(id, value): (&str, Option<String>)| SurveyLevel {
            level_id: id.to_owned(),
            title: String::new(),
            value,
        };
        let strata = 1 + self.below(3);
        let stratum =
            |at| Stratum { stratum_id: format!("stratum-{at}"), title: String::new(), weight: self.weight() };
        let strata = (0..strata).map(stratum).collect();
        SurveyMethod { levels: levels.into_iter().map(level).collect(), strata, min_valid: 1 + self.below(4) }
    }

    fn indicators(&mut self) -> IndicatorMethod {
        let indicators = 1 + self.below(3);
        let indicator = |at| Indicator {
            indicator_id: format!("indicator-{at}"),
            title: String::new(),
            weight: self.weight(),
            direction: if self.some() {
                IndicatorDirection::HigherIsBetter.into()
            } else {
                IndicatorDirection::LowerIsBetter.into()
            },
        };
        IndicatorMethod { indicators: (0..indicators).map(indicator).collect() }
    }

    fn index(&mut self) -> IndexMethod {
        let (kind, ratios) = self.pick(&RATIOS);
        let mut weights = Vec::new();
        for ratio in ratios {
            if self.below(3) == 0 {
                weights.push(RatioWeight { ratio: (*ratio).to_owned(), weight: self.weight() });
            }
        }
        IndexMethod { kind: kind.into(), weights }
    }

    fn source(&mut self, at: u32) -> DailySource {
        DailySource {
            source_id: format!("source-{at}"),
            title: String::new(),
            cap: self.pick(&["0", "3", "2.5", "100", "1.000000001"]).to_owned(),
            bonus_cap: self.pick(&["0", "1", "0.75", "100"]).to_owned(),
            tariffs: Vec::new(),
        }
    }

    fn year(&mut self) -> Year {
        let rules = self.rules();
        let mut facts = CycleFacts { ranked_groups: [1, 2].into(), ..CycleFacts::default() };
        for component in &rules.components {
            self.cycle_facts(component, &mut facts);
        }
        let units = 1 + self.below(9);
        for at in 0..units {
            let unit = self.unit(&rules, at);
            facts.units.insert(format!("unit-{at}"), unit);
        }
        Year { rules, facts }
    }

    fn cycle_facts(&mut self, component: &Component, facts: &mut CycleFacts) {
        let id = component.component_id.clone();
        match component.method.as_ref().expect("a method") {
            Method::Panel(_) => {
                let electors = 1 + u64::from(self.below(9));
                let ballots_cast = u64::from(self.below(10)).min(electors);
                let closed = self.below(8) > 0;
                facts.panels.insert(id, PanelFacts { closed, ballots_cast, electors });
            }
            Method::Survey(survey) => {
                let mut forms = BTreeMap::new();
                for stratum in &survey.strata {
                    let returned = u64::from(self.below(30));
                    let issued = returned + u64::from(self.below(20));
                    forms.insert(stratum.stratum_id.clone(), Forms { issued, returned });
                }
                facts.surveys.insert(id, SurveyFacts { closed: self.below(8) > 0, forms });
            }
            Method::Assessor(_) | Method::Ledger(_) | Method::Indicator(_) | Method::Index(_) => {}
        }
    }

    fn unit(&mut self, rules: &SchemeRules, at: u32) -> UnitFacts {
        let parent = (at > 0 && self.some()).then(|| format!("unit-{}", self.below(at)));
        let mut components = BTreeMap::new();
        for component in &rules.components {
            if self.below(12) > 0 {
                let facts = self.component_facts(component);
                components.extend(facts.map(|facts| (component.component_id.clone(), facts)));
            }
        }
        let entries = self.below(7);
        UnitFacts {
            parent,
            group: 1 + self.below(3),
            appraisal_target: self.some(),
            vetoed: self.below(6) == 0,
            components,
            daily: (0..entries).map(|at| self.daily_entry(at)).collect(),
            figures: self.figures(),
        }
    }

    fn component_facts(&mut self, component: &Component) -> Option<ComponentFacts> {
        let max: Decimal = component.max_points.parse().expect("a decimal");
        Some(match component.method.as_ref().expect("a method") {
            Method::Assessor(_) => ComponentFacts::Mark(self.points(max)),
            Method::Panel(panel) => {
                let mut ballots = BTreeMap::new();
                for class in &panel.classes {
                    let marks = self.below(7);
                    let marks = (0..marks).map(|_| self.points(max)).collect();
                    ballots.insert(class.class_id.clone(), marks);
                }
                ComponentFacts::Ballots(ballots)
            }
            Method::Survey(survey) => {
                let mut answers = BTreeMap::new();
                for stratum in &survey.strata {
                    let count = |level: &SurveyLevel| (level.level_id.clone(), u64::from(self.below(6)));
                    let counts = survey.levels.iter().map(count).collect();
                    answers.insert(stratum.stratum_id.clone(), counts);
                }
                ComponentFacts::Answers(answers)
            }
            Method::Ledger(_) => {
                let entries = self.below(5);
                let entry = |at| LedgerEntry {
                    entry_id: format!("ledger-{at}"),
                    points: self.signed(),
                    standing: self.some(),
                };
                ComponentFacts::Entries((0..entries).map(entry).collect())
            }
            Method::Indicator(indicators) => {
                let mut actuals = BTreeMap::new();
                for indicator in &indicators.indicators {
                    let target = Some(Decimal::from(1 + self.below(20)));
                    let actual = (self.below(10) > 0).then(|| Decimal::new(i64::from(self.below(300)), 1));
                    actuals.insert(indicator.indicator_id.clone(), IndicatorFacts { target, actual });
                }
                ComponentFacts::Actuals(actuals)
            }
            Method::Index(_) => return None,
        })
    }

    fn daily_entry(&mut self, at: u32) -> DailyEntry {
        DailyEntry {
            entry_id: format!("entry-{at}"),
            source_id: format!("source-{}", self.below(4)),
            points: self.signed(),
            standing: self.some(),
        }
    }

    fn signed(&mut self) -> Decimal {
        Decimal::new(i64::from(self.below(1_200)) - 800, 2)
    }

    fn figures(&mut self) -> IndexFigures {
        let mut part_of = |of: u64| u64::from(self.below(40)).min(of);
        let (officers, leaders, grassroots_units) = (part_of(30), part_of(5), part_of(3));
        let (due, closed, satisfaction_count) = (part_of(4), part_of(5), part_of(3));
        let promised = part_of(3);
        let training = TrainingFigures {
            officers,
            officers_attended: part_of(officers),
            officers_to_pass: officers,
            officers_passed: part_of(officers),
            leaders,
            leaders_attended: part_of(leaders),
            grassroots_units,
            grassroots_units_covered: part_of(grassroots_units),
        };
        let satisfaction_sum = Decimal::from(satisfaction_count) * Decimal::new(65, 2);
        let rectification = RectificationFigures {
            due,
            on_time: part_of(due),
            satisfaction_count,
            satisfaction_sum,
            closed,
            reopened: part_of(closed),
        };
        let commitments = CommitmentFigures { due: promised, delivered: part_of(promised) };
        IndexFigures {
            training: self.some().then_some(training),
            rectification: self.some().then_some(rectification),
            commitments: self.some().then_some(commitments),
        }
    }
}
