//! Everything computed from the facts of one cycle: once, when it is first read after a change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use contract::name::CycleName;
use contract::scorecard::Scorecard;
use contract::words::SchemeRules;
use rust_decimal::Decimal;
use scoring::facts::CycleFacts;
use scoring::indices::IndexFigures;
use scoring::scheme::Method;
use scoring::{Appraisal, RankInterval, Scheme};

use crate::card::{Certainty, Frame};
use crate::explain::Found;
use crate::fold::accountability::Veto;
use crate::fold::evaluation::SERVICE;
use crate::fold::evaluation::cycle::Cycle;
use crate::fold::facts::Facts;
use crate::fold::names::first;
use crate::fold::record::Record;
use crate::fold::trace::Trace;
use crate::fold::{Folded, Reached};

/// What a cycle's cards are computed from: a copy, so that nothing is locked meanwhile.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    name: CycleName,
    cycle: Cycle,
    rules: SchemeRules,
    record: Record,
    vetoed: BTreeSet<String>,
    vetoes: BTreeMap<String, Vec<Raised>>,
    published_points: Option<BTreeMap<String, BTreeMap<String, Decimal>>>,
    /// The counts behind the indices of published results.
    published_figures: Option<BTreeMap<String, IndexFigures>>,
    answers_until: u64,
    reached: BTreeMap<&'static str, Reached>,
}

/// What raised a veto.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Raised {
    /// Id of the case.
    pub(crate) case: String,
    pub(crate) event: Trace,
}

/// The counts behind the indices, and what they are of: a league of other ones is out of date.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Indices {
    pub(crate) figures: BTreeMap<String, IndexFigures>,
    /// Of the jurisdiction's past.
    pub(crate) version: u64,
    /// Since 1970.
    pub(crate) minute: i64,
}

/// A cycle with all its cards.
#[derive(Debug)]
pub(crate) struct League {
    /// The cycle.
    pub(crate) name: CycleName,
    /// As it was opened.
    pub(crate) cycle: Cycle,
    /// Its scheme.
    pub(crate) scheme: Scheme,
    /// Its facts, live or frozen.
    pub(crate) record: Record,
    /// The same for the arithmetic.
    pub(crate) facts: CycleFacts,
    /// What the scheme makes of them.
    pub(crate) appraisal: Appraisal,
    /// What raised vetoes, by unit.
    pub(crate) vetoes: BTreeMap<String, Vec<Raised>>,
    /// Answers are counted up to this position of evaluation's log.
    pub(crate) answers_until: u64,
    /// How far each log was folded.
    pub(crate) reached: BTreeMap<&'static str, Reached>,
    /// What the indices are of; the figures themselves are among the facts.
    pub(crate) indices: Indices,
    /// The events that the indices count, once they were asked for.
    pub(crate) found: OnceLock<Found>,
    published_points: Option<BTreeMap<String, BTreeMap<String, Decimal>>>,
    cards: BTreeMap<String, Scorecard>,
    order: Vec<(String, String)>,
}

impl Snapshot {
    /// The cycle.
    pub(crate) fn name(&self) -> &CycleName {
        &self.name
    }

    /// As it was opened.
    pub(crate) fn cycle(&self) -> &Cycle {
        &self.cycle
    }

    /// Whether it is of published results.
    pub(crate) fn is_published(&self) -> bool {
        self.published_figures.is_some()
    }

    /// The units entered.
    pub(crate) fn units(&self) -> impl Iterator<Item = &String> {
        self.record.units.keys()
    }
}

impl Folded {
    /// A copy of what a cycle's cards are computed from: of published results, as it was frozen.
    pub(crate) fn snapshot(&self, name: &CycleName) -> Option<Snapshot> {
        let (facts, key) = (&self.facts, name.key());
        let cycle = facts.cycle_named(name)?.clone();
        let (_, rules) = facts.scheme_version(&cycle.scheme, cycle.scheme_version)?;
        let evaluation = self.reached.get(SERVICE);
        let mut snapshot = Snapshot {
            name: name.clone(),
            cycle,
            rules: rules.clone(),
            record: Record::default(),
            vetoed: BTreeSet::new(),
            vetoes: BTreeMap::new(),
            published_points: None,
            published_figures: None,
            answers_until: evaluation.map_or(0, |reached| reached.position),
            reached: self.reached.clone(),
        };
        match facts.publication.get(&key).cloned() {
            None => {
                snapshot.record = Record::of(facts, &key);
                snapshot.vetoes = facts.vetoes(&key, |veto| veto.standing);
                snapshot.vetoed = snapshot.vetoes.keys().cloned().collect();
            }
            Some(published) => {
                snapshot.answers_until = published.published.position;
                snapshot.published_figures = Some(published.figures);
                snapshot.record = published.record;
                // One that was lifted since stood then; which did not yet is told by who was vetoed.
                snapshot.vetoes = facts.vetoes(&key, |_| true);
                snapshot.vetoed = published.vetoed;
                snapshot.published_points = Some(published.points);
            }
        }
        Some(snapshot)
    }

    /// Every scorecard of a cycle, by unit, as the pages of its league table show them but for what is not
    /// of the cycle; none: no such cycle.
    pub fn scorecards(&self, cycle: &CycleName) -> Option<Vec<Scorecard>> {
        let league = League::compute(self.snapshot(cycle)?, Indices::default())?;
        Some(league.cards.into_values().collect())
    }
}

impl Facts {
    /// What raised the vetoes of a cycle, by unit, of those that are wanted.
    fn vetoes(&self, cycle: &str, wanted: impl Fn(&Veto) -> bool) -> BTreeMap<String, Vec<Raised>> {
        let mut vetoes: BTreeMap<String, Vec<Raised>> = BTreeMap::new();
        for (key, veto) in self.veto.below(cycle).filter(|(_, veto)| wanted(veto)) {
            let (unit, case) = first(key);
            let raised = Raised { case: case.to_owned(), event: veto.raised };
            vetoes.entry(unit.to_owned()).or_default().push(raised);
        }
        vetoes
    }
}

impl League {
    /// Computes all of it; none if the scheme cannot be read, which was checked when the cycle was opened.
    pub(crate) fn compute(snapshot: Snapshot, mut indices: Indices) -> Option<Self> {
        let scheme = Scheme::parse(&snapshot.rules).ok()?;
        let mut facts = snapshot.record.cycle_facts(&snapshot.cycle.ranked_groups, &snapshot.vetoed);
        let figures = snapshot.published_figures.unwrap_or_else(|| std::mem::take(&mut indices.figures));
        for (unit, figures) in figures {
            if let Some(unit) = facts.units.get_mut(&unit) {
                unit.figures = figures;
            }
        }
        let appraisal = scoring::appraise(&scheme, &facts);
        let intervals = scoring::rank_intervals(&scheme, &facts, &snapshot.name.cycle);
        let mut league = Self {
            name: snapshot.name,
            cycle: snapshot.cycle,
            scheme,
            record: snapshot.record,
            facts,
            appraisal,
            vetoes: snapshot.vetoes,
            answers_until: snapshot.answers_until,
            reached: snapshot.reached,
            indices,
            found: OnceLock::new(),
            published_points: snapshot.published_points,
            cards: BTreeMap::new(),
            order: Vec::new(),
        };
        league.cards = league.build_cards(&intervals);
        league.order = league.cards.iter().map(|(unit, card)| (place(card, unit), unit.clone())).collect();
        league.order.sort_unstable();
        Some(league)
    }

    /// Whether a component of its scheme is an index: its points come from other logs, too.
    pub(crate) fn has_index(&self) -> bool {
        self.scheme.components().iter().any(|component| matches!(component.method, Method::Index(_)))
    }

    /// A unit's card; what is not of the cycle is not filled in yet.
    pub(crate) fn card(&self, unit: &str) -> Option<&Scorecard> {
        self.cards.get(unit)
    }

    /// The cards in the order of the league table, each with its place in it.
    pub(crate) fn ordered(&self) -> impl Iterator<Item = (&str, &Scorecard)> {
        self.order.iter().filter_map(|(place, unit)| Some((place.as_str(), self.cards.get(unit)?)))
    }

    /// A unit's points in a component: as published, or else as they stand.
    pub(crate) fn points(&self, unit: &str, component_id: &str) -> Option<Decimal> {
        match &self.published_points {
            Some(published) => published.get(unit)?.get(component_id).copied(),
            None => self.appraisal.points(unit, component_id),
        }
    }

    fn build_cards(&self, intervals: &BTreeMap<String, RankInterval>) -> BTreeMap<String, Scorecard> {
        let frame = Frame {
            cycle: &self.name,
            publication: self.cycle.phase.publication(),
            scheme_name: &self.cycle.scheme,
            scheme_version: self.cycle.scheme_version,
            scheme: &self.scheme,
            facts: &self.facts,
            certainty: Certainty::Computed(intervals),
        };
        let units = self.appraisal.units.iter();
        units.map(|(unit, score)| (unit.clone(), frame.card(unit, score))).collect()
    }
}

/// What cards sort by: group, then rank (those without one after), then name.
pub(crate) fn place(card: &Scorecard, unit: &str) -> String {
    let rank = if card.rank == 0 { u32::MAX } else { card.rank };
    format!("{:010}/{rank:010}/{unit}", card.group)
}
