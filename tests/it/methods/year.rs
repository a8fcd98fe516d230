//! A small year, made by seed: a scheme, units, and facts; the facts as they are entered, and as the arithmetic
//! takes them.

use std::collections::BTreeMap;

use contract::words::{
    AssessorMethod, Component, DailySource, ElectorClass, IndexKind, IndexMethod, Indicator,
    IndicatorDirection, IndicatorMethod, LedgerMethod, PanelMethod, SchemeRules, Stratum, SurveyLevel,
    SurveyMethod, component::Method,
};
use rust_decimal::Decimal;
use scoring::facts::{
    ComponentFacts, CycleFacts, DailyEntry, Forms, IndicatorFacts, LedgerEntry, PanelFacts, SurveyFacts,
    UnitFacts,
};
use scoring::indices::CommitmentFigures;

use super::beside::Beside;
use crate::chance::Chance;

pub(crate) const LEVELS: [(&str, Option<&str>); 4] =
    [("good", Some("1")), ("fair", Some("0.6")), ("poor", Some("0.125")), ("unknown", None)];
const SOURCES: [&str; 2] = ["inspection", "supervision"];

/// A year.
pub(crate) struct Year {
    seed: u64,
    pub(crate) rules: SchemeRules,
    /// What the arithmetic takes; units by resource name.
    pub(crate) facts: CycleFacts,
    pub(crate) ballots: Vec<Ballot>,
    pub(crate) forms: Vec<Form>,
    pub(crate) commitments: Vec<Promise>,
    pub(crate) beside: Beside,
}

/// An elector of a panel; with marks, if the elector votes.
pub(crate) struct Ballot {
    pub(crate) component_id: String,
    pub(crate) class_id: String,
    pub(crate) elector: String,
    pub(crate) marks: Option<Vec<(String, Decimal)>>,
}

/// A form of a survey; with answers, if it comes back.
pub(crate) struct Form {
    pub(crate) component_id: String,
    pub(crate) stratum_id: String,
    pub(crate) answers: Option<Vec<(String, &'static str)>>,
}

/// A commitment that is due in the year.
pub(crate) struct Promise {
    pub(crate) unit: String,
    pub(crate) delivered: bool,
}

impl Year {
    /// The year of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        let mut chance = Chance::seeded(seed);
        let mut year = Self {
            seed,
            rules: rules(&mut chance),
            facts: CycleFacts::default(),
            ballots: vec![],
            forms: vec![],
            commitments: vec![],
            beside: Beside::default(),
        };
        year.add_units(&mut chance);
        for component in year.rules.components.clone() {
            year.add_component(&component, &mut chance);
        }
        year.add_daily(&mut chance);
        year.add_vetoes(&mut chance);
        year
    }

    pub(crate) fn parent(&self) -> String {
        format!("jurisdictions/year-{}", self.seed)
    }

    pub(crate) fn cycle(&self) -> String {
        format!("{}/cycles/year", self.parent())
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.facts.units.keys().cloned().collect()
    }

    fn add_units(&mut self, chance: &mut Chance) {
        let mut names: Vec<String> = Vec::new();
        for number in 0..2 + chance.below(4) {
            let above = chance.below(number + 1);
            let parent = usize::try_from(above).ok().and_then(|above| names.get(above)).cloned();
            let unit = UnitFacts {
                parent: parent.filter(|_| number > 0),
                group: 1 + u32::try_from(chance.below(2)).unwrap(),
                appraisal_target: chance.below(2) == 0,
                ..UnitFacts::default()
            };
            let name = format!("{}/units/unit-{number}", self.parent());
            names.push(name.clone());
            self.facts.units.insert(name, unit);
        }
        self.facts.ranked_groups = if chance.below(3) == 0 { [1].into() } else { [1, 2].into() };
    }

    fn add_component(&mut self, component: &Component, chance: &mut Chance) {
        let (id, max) = (&component.component_id, component.max_points.parse().unwrap());
        match component.method.as_ref().unwrap() {
            Method::Assessor(_) => {
                for unit in self.facts.units.values_mut() {
                    unit.components.insert(id.clone(), ComponentFacts::Mark(points(chance, max)));
                }
            }
            Method::Panel(panel) => self.add_panel(id, panel, max, chance),
            Method::Survey(survey) => self.add_survey(id, survey, chance),
            Method::Ledger(_) => self.add_ledger(id, chance),
            Method::Indicator(method) => {
                for unit in self.facts.units.values_mut() {
                    let figure = |indicator: &Indicator| {
                        let target = Decimal::new(1 + i64::try_from(chance.below(300)).unwrap(), 1);
                        let actual = Decimal::new(i64::try_from(chance.below(400)).unwrap(), 1);
                        let facts = IndicatorFacts { target: Some(target), actual: Some(actual) };
                        (indicator.indicator_id.clone(), facts)
                    };
                    let figures = method.indicators.iter().map(figure).collect();
                    unit.components.insert(id.clone(), ComponentFacts::Actuals(figures));
                }
            }
            Method::Index(index) => self.add_index(index, chance),
        }
    }

    fn add_panel(&mut self, id: &str, panel: &PanelMethod, max: Decimal, chance: &mut Chance) {
        let units = self.names();
        let mut marks: BTreeMap<String, BTreeMap<String, Vec<Decimal>>> = BTreeMap::new();
        let mut facts = PanelFacts { closed: true, ..PanelFacts::default() };
        for class in &panel.classes {
            for number in 0..=chance.below(6) {
                let votes = chance.below(5) > 0;
                let mut cast = Vec::new();
                for unit in units.iter().filter(|_| votes) {
                    if chance.below(6) > 0 {
                        cast.push((unit.clone(), points(chance, max)));
                    }
                }
                for (unit, points) in &cast {
                    let classes = marks.entry(unit.clone()).or_default();
                    classes.entry(class.class_id.clone()).or_default().push(*points);
                }
                facts.electors += 1;
                facts.ballots_cast += u64::from(votes);
                self.ballots.push(Ballot {
                    component_id: id.to_owned(),
                    class_id: class.class_id.clone(),
                    elector: format!("{}-{number}", class.class_id),
                    marks: votes.then_some(cast),
                });
            }
        }
        self.facts.panels.insert(id.to_owned(), facts);
        for (unit, marks) in marks {
            let unit = self.facts.units.get_mut(&unit).unwrap();
            unit.components.insert(id.to_owned(), ComponentFacts::Ballots(marks));
        }
    }

    fn add_survey(&mut self, id: &str, survey: &SurveyMethod, chance: &mut Chance) {
        let units = self.names();
        let mut facts = SurveyFacts { closed: true, ..SurveyFacts::default() };
        for stratum in &survey.strata {
            let mut forms = Forms { issued: 1 + chance.below(9), returned: 0 };
            for _ in 0..forms.issued {
                let mut answers = Vec::new();
                for unit in &units {
                    if chance.below(5) > 0 {
                        let level = LEVELS[usize::try_from(chance.below(4)).unwrap()].0;
                        answers.push((unit.clone(), level));
                    }
                }
                for (unit, level) in &answers {
                    let unit = self.facts.units.get_mut(unit).unwrap();
                    let tally = unit.components.entry(id.to_owned());
                    let ComponentFacts::Answers(strata) =
                        tally.or_insert_with(|| ComponentFacts::Answers(BTreeMap::new()))
                    else {
                        panic!("a survey has answers");
                    };
                    let levels = strata.entry(stratum.stratum_id.clone()).or_default();
                    *levels.entry((*level).to_owned()).or_default() += 1;
                }
                forms.returned += u64::from(!answers.is_empty());
                self.forms.push(Form {
                    component_id: id.to_owned(),
                    stratum_id: stratum.stratum_id.clone(),
                    answers: (!answers.is_empty()).then_some(answers),
                });
            }
            facts.forms.insert(stratum.stratum_id.clone(), forms);
        }
        self.facts.surveys.insert(id.to_owned(), facts);
    }

    fn add_ledger(&mut self, id: &str, chance: &mut Chance) {
        for unit in self.facts.units.values_mut() {
            let entry = |number| LedgerEntry {
                entry_id: format!("{id}-{number}"),
                points: signed(chance, 2000),
                standing: chance.below(4) > 0,
            };
            let entries: Vec<_> = (0..3).map(entry).collect();
            unit.components.insert(id.to_owned(), ComponentFacts::Entries(entries));
        }
    }

    /// What an index counts.
    fn add_index(&mut self, index: &IndexMethod, chance: &mut Chance) {
        self.add_beside(index.kind(), chance);
        if index.kind() != IndexKind::Commitments || !self.commitments.is_empty() {
            return;
        }
        let names = self.names();
        for name in &names {
            self.facts.units.get_mut(name).unwrap().figures.commitments = Some(CommitmentFigures::default());
            for _ in 0..chance.below(4) {
                let promise = Promise { unit: name.clone(), delivered: chance.below(3) > 0 };
                self.commitments.push(promise);
            }
        }
        for Promise { unit, delivered } in &self.commitments {
            let mut counted = Some(unit.clone());
            while let Some(unit) = counted.as_ref().and_then(|unit| self.facts.units.get_mut(unit)) {
                let figures = unit.figures.commitments.get_or_insert_default();
                figures.due += 1;
                figures.delivered += u64::from(*delivered);
                counted = unit.parent.clone();
            }
        }
    }

    fn add_daily(&mut self, chance: &mut Chance) {
        let sources: Vec<_> =
            self.rules.daily_sources.iter().map(|source| source.source_id.clone()).collect();
        for unit in self.facts.units.values_mut() {
            for (source_id, number) in sources.iter().flat_map(|source| (0..2).map(move |n| (source, n))) {
                unit.daily.push(DailyEntry {
                    entry_id: format!("{source_id}-{number}"),
                    source_id: source_id.clone(),
                    points: signed(chance, 400),
                    standing: chance.below(4) > 0,
                });
            }
        }
    }
}

pub(crate) fn rules(chance: &mut Chance) -> SchemeRules {
    let maxima: &[&str] = match chance.below(5) {
        0 => &["100"],
        1 => &["60", "40"],
        2 => &["30", "30", "40"],
        3 => &["33.333333333", "33.333333333", "33.333333334"],
        _ => &["20.5", "29.5", "10", "40"],
    };
    let component = |(number, max_points): (usize, &&str)| Component {
        component_id: format!("component-{number}"),
        title: format!("Component {number}"),
        max_points: (*max_points).to_owned(),
        method: Some(method(chance)),
    };
    let components = maxima.iter().enumerate().map(component).collect();
    let source = |source_id: &&str| DailySource {
        source_id: (*source_id).to_owned(),
        cap: chance.below(6).to_string(),
        bonus_cap: format!("{}.5", chance.below(3)),
        ..DailySource::default()
    };
    SchemeRules {
        title: "A small year".to_owned(),
        components,
        daily_sources: SOURCES.iter().map(source).collect(),
        rollup_share: ["", "0.1", "0.333333333"][usize::try_from(chance.below(3)).unwrap()].to_owned(),
        excellent_quota: u32::try_from(chance.below(5)).unwrap(),
        veto_cap: (chance.below(2) == 0).then(|| chance.below(70).to_string()),
        ..SchemeRules::default()
    }
}

fn method(chance: &mut Chance) -> Method {
    match chance.below(7) {
        0 => Method::Assessor(AssessorMethod {}),
        1 | 2 => {
            let class = |number| ElectorClass {
                class_id: format!("class-{number}"),
                weight: weight(chance),
                ..ElectorClass::default()
            };
            let classes = (0..2).map(class).collect();
            let (trim_from, trim) =
                (u32::try_from(chance.below(5)).unwrap(), u32::try_from(chance.below(2)).unwrap());
            let quorum = ["0", "0.5", "0.666666667"][usize::try_from(chance.below(3)).unwrap()].to_owned();
            Method::Panel(PanelMethod { classes, trim_from, trim, quorum })
        }
        3 => {
            let level = |(level_id, value): (&str, Option<&str>)| SurveyLevel {
                level_id: level_id.to_owned(),
                value: value.map(str::to_owned),
                ..SurveyLevel::default()
            };
            let stratum = |number| Stratum {
                stratum_id: format!("stratum-{number}"),
                weight: weight(chance),
                ..Stratum::default()
            };
            let strata = (0..2).map(stratum).collect();
            let min_valid = 1 + u32::try_from(chance.below(3)).unwrap();
            Method::Survey(SurveyMethod { levels: LEVELS.map(level).into(), strata, min_valid })
        }
        4 => Method::Ledger(LedgerMethod { start_points: chance.below(11).to_string() }),
        5 => {
            let indicator = |number: u64| Indicator {
                indicator_id: format!("indicator-{number}"),
                weight: weight(chance),
                direction: if number == 0 {
                    IndicatorDirection::HigherIsBetter.into()
                } else {
                    IndicatorDirection::LowerIsBetter.into()
                },
                ..Indicator::default()
            };
            Method::Indicator(IndicatorMethod { indicators: (0..2).map(indicator).collect() })
        }
        _ => {
            let kinds = [IndexKind::Training, IndexKind::Rectification, IndexKind::Commitments];
            let kind = kinds[usize::try_from(chance.below(3)).unwrap()];
            Method::Index(IndexMethod { kind: kind.into(), weights: vec![] })
        }
    }
}

fn weight(chance: &mut Chance) -> String {
    format!("{}.{}", chance.below(3), 1 + chance.below(9))
}

/// In `[0, max]`, in thousandths.
fn points(chance: &mut Chance, max: Decimal) -> Decimal {
    let share = Decimal::new(i64::try_from(chance.below(1001)).unwrap(), 3);
    (share * max).trunc_with_scale(3).normalize()
}

/// In hundredths, not zero.
fn signed(chance: &mut Chance, hundredths_max: u64) -> Decimal {
    let hundredths = 1 + i64::try_from(chance.below(hundredths_max)).unwrap();
    Decimal::new(if chance.below(3) == 0 { hundredths } else { -hundredths }, 2)
}
