//! The facts of one cycle, taken out: as they stand, or as they were when its results were published.

use std::collections::{BTreeMap, BTreeSet};

use scoring::facts::{
    ComponentFacts, CycleFacts, DailyEntry, Forms, IndicatorFacts, LedgerEntry, PanelFacts, SurveyFacts,
    UnitFacts,
};
use serde::{Deserialize, Serialize};

use super::evaluation::cycle::Entered;
use super::evaluation::entry::{CountsIn, Entry};
use super::evaluation::mark::{Indicator, Mark};
use super::evaluation::panel::{Ballots, Panel};
use super::evaluation::survey::{Stratum, Survey};
use super::facts::Facts;
use super::names::first;
use super::rows::Rows;

/// What evaluation has on record of a cycle, each table by what follows the cycle in the key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) units: BTreeMap<String, Entered>,
    pub(crate) marks: BTreeMap<String, Mark>,
    pub(crate) indicators: BTreeMap<String, Indicator>,
    pub(crate) entries: BTreeMap<String, Entry>,
    pub(crate) panels: BTreeMap<String, Panel>,
    pub(crate) ballots: BTreeMap<String, Ballots>,
    pub(crate) surveys: BTreeMap<String, Survey>,
    pub(crate) strata: BTreeMap<String, Stratum>,
}

impl Record {
    /// The facts of the cycle of `key` as they stand.
    pub(crate) fn of(facts: &Facts, key: &str) -> Self {
        Self {
            units: copy(&facts.entered, key),
            marks: copy(&facts.mark, key),
            indicators: copy(&facts.indicator, key),
            entries: copy(&facts.entry, key),
            panels: copy(&facts.panel, key),
            ballots: copy(&facts.ballots, key),
            surveys: copy(&facts.survey, key),
            strata: copy(&facts.stratum, key),
        }
    }

    /// The same for the arithmetic.
    pub(crate) fn cycle_facts(&self, ranked_groups: &BTreeSet<u32>, vetoed: &BTreeSet<String>) -> CycleFacts {
        let unit = |(id, entered): (&String, &Entered)| {
            let facts = UnitFacts {
                parent: entered.parent.clone(),
                group: entered.group,
                appraisal_target: entered.appraisal_target,
                vetoed: vetoed.contains(id),
                ..UnitFacts::default()
            };
            (id.clone(), facts)
        };
        let mut facts = CycleFacts {
            units: self.units.iter().map(unit).collect(),
            ranked_groups: ranked_groups.clone(),
            panels: self.panels.iter().map(|(id, panel)| (id.clone(), panel_facts(panel))).collect(),
            surveys: self
                .surveys
                .iter()
                .map(|(id, survey)| (id.clone(), self.survey_facts(id, *survey)))
                .collect(),
        };
        self.add_marks(&mut facts);
        self.add_indicators(&mut facts);
        self.add_entries(&mut facts);
        self.add_ballots(&mut facts);
        self.add_answers(&mut facts);
        facts
    }

    /// The entries of a unit in the order in which they were recorded.
    pub(crate) fn entries_of<'a>(&'a self, unit: &str) -> impl Iterator<Item = (&'a str, &'a Entry)> {
        let from = format!("{unit}/");
        let (length, to) = (from.len(), format!("{unit}0"));
        let mut entries: Vec<_> =
            self.entries.range(from..to).map(|(key, entry)| (&key[length..], entry)).collect();
        entries.sort_unstable_by_key(|(_, entry)| entry.recorded.position);
        entries.into_iter()
    }

    fn survey_facts(&self, component_id: &str, survey: Survey) -> SurveyFacts {
        let strata = self.strata.iter().filter_map(|(key, stratum)| {
            let (component, stratum_id) = first(key);
            let forms = Forms { issued: stratum.issued, returned: stratum.returned };
            (component == component_id).then(|| (stratum_id.to_owned(), forms))
        });
        SurveyFacts { closed: survey.closed, forms: strata.collect() }
    }

    fn add_marks(&self, facts: &mut CycleFacts) {
        for (key, mark) in &self.marks {
            let (unit, component) = first(key);
            let Some(unit) = facts.units.get_mut(unit) else { continue };
            unit.components.insert(component.to_owned(), ComponentFacts::Mark(mark.points));
        }
    }

    fn add_indicators(&self, facts: &mut CycleFacts) {
        for (key, indicator) in &self.indicators {
            let (unit, rest) = first(key);
            let (component, indicator_id) = first(rest);
            let Some(unit) = facts.units.get_mut(unit) else { continue };
            let known = unit.components.entry(component.to_owned());
            let known = known.or_insert_with(|| ComponentFacts::Actuals(BTreeMap::new()));
            let ComponentFacts::Actuals(actuals) = known else { continue };
            let target = indicator.target.as_ref().map(|target| target.value);
            let actual = indicator.actual.as_ref().map(|actual| actual.value);
            actuals.insert(indicator_id.to_owned(), IndicatorFacts { target, actual });
        }
    }

    fn add_entries(&self, facts: &mut CycleFacts) {
        for (unit_id, unit) in &mut facts.units {
            for (entry_id, entry) in self.entries_of(unit_id) {
                let (entry_id, points, standing) = (entry_id.to_owned(), entry.points, entry.standing);
                match &entry.counts_in {
                    CountsIn::Source(source_id) => {
                        let source_id = source_id.clone();
                        unit.daily.push(DailyEntry { entry_id, source_id, points, standing });
                    }
                    CountsIn::Component(component_id) => {
                        let known = unit.components.entry(component_id.clone());
                        let known = known.or_insert_with(|| ComponentFacts::Entries(Vec::new()));
                        if let ComponentFacts::Entries(entries) = known {
                            entries.push(LedgerEntry { entry_id, points, standing });
                        }
                    }
                }
            }
        }
    }

    fn add_ballots(&self, facts: &mut CycleFacts) {
        for (key, ballots) in &self.ballots {
            let (component, class) = first(key);
            for (unit, marks) in &ballots.0 {
                let Some(unit) = facts.units.get_mut(unit) else { continue };
                let known = unit.components.entry(component.to_owned());
                let known = known.or_insert_with(|| ComponentFacts::Ballots(BTreeMap::new()));
                let ComponentFacts::Ballots(classes) = known else { continue };
                classes.insert(class.to_owned(), marks.clone());
            }
        }
    }

    fn add_answers(&self, facts: &mut CycleFacts) {
        for (key, stratum) in &self.strata {
            let (component, stratum_id) = first(key);
            for (unit, levels) in &stratum.answers {
                let Some(unit) = facts.units.get_mut(unit) else { continue };
                let known = unit.components.entry(component.to_owned());
                let known = known.or_insert_with(|| ComponentFacts::Answers(BTreeMap::new()));
                let ComponentFacts::Answers(strata) = known else { continue };
                strata.insert(stratum_id.to_owned(), levels.clone());
            }
        }
    }
}

fn panel_facts(panel: &Panel) -> PanelFacts {
    PanelFacts { closed: panel.closed.is_some(), ballots_cast: panel.ballots, electors: panel.electors }
}

fn copy<V: Clone>(rows: &Rows<V>, key: &str) -> BTreeMap<String, V> {
    rows.below(key).map(|(rest, value)| (rest.to_owned(), value.clone())).collect()
}
