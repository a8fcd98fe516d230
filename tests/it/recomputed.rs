//! A second reading of scoring.md: every figure of a cycle's scorecards, computed from the raw events alone, by
//! code that shares nothing with the project's arithmetic, and held against what the API serves.
//!
//! | what | file |
//! |---|---|
//! | events → what stands of each thing | `past`, `complaints`, `cases`, `drive` |
//! | §2 methods · §5 indices | `methods`, `indices` |
//! | §3 and §4: finals, ranks, §6: lines | `finals` |
//! | §2 and §7: intervals, bounds | `doubt` |
//! | a scorecard, field by field; how two differ | `card`, `differences` |
//! | published results, as they were when they were published | `results` |

use std::collections::{BTreeMap, BTreeSet, HashMap};

use contract::evaluation::FormAnswered;
use contract::scorecard::*;
use contract::token::SERVICES;
use contract::words::RecordedEvent;
use jiff::Timestamp;
use num_traits::Signed as _;
use tonic::Code;

use self::card::{card, intervals};
use self::complaints::instant;
use self::differences::differences;
use self::exact::{Q, q};
use self::finals::{Score, Year, maximum, scores};
use self::past::{Cycle, Facts, Past};
use crate::harness::Server;

mod card;
mod cases;
mod complaints;
mod differences;
mod doubt;
mod drive;
mod exact;
mod finals;
mod indices;
mod methods;
mod past;
mod results;

/// A line may be off by so much: it is cut into decimals of six places.
const LINE_TOLERANCE: &str = "0.000002";

/// The events of a jurisdiction, each log in its order.
#[derive(Default)]
pub(crate) struct City {
    events: Vec<RecordedEvent>,
    /// Where each is among them, by log and position.
    places: HashMap<(String, u64), usize>,
}

/// Only what had happened, and was recorded, by then counts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cut {
    pub(crate) occurred: Option<Timestamp>,
    pub(crate) recorded: Option<Timestamp>,
}

/// Which scorecards are asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) cycle: &'a str,
    pub(crate) cut: Cut,
    pub(crate) now: Timestamp,
    /// One in so many is explained.
    pub(crate) explained: usize,
}

/// What was compared.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub(crate) scorecards: usize,
    /// In a line each.
    pub(crate) differences: Vec<String>,
}

impl Cut {
    fn counts(&self, event: &RecordedEvent) -> bool {
        let by = |cut: Option<Timestamp>, at| cut.is_none_or(|cut| instant(at).unwrap() <= cut);
        by(self.occurred, event.occurred_at) && by(self.recorded, event.recorded_at)
    }

    fn instant(&self, now: Timestamp) -> Timestamp {
        [self.occurred, self.recorded].into_iter().flatten().fold(now, Timestamp::min)
    }
}

/// All events of every jurisdiction.
pub(crate) async fn cities(server: &Server) -> BTreeMap<String, City> {
    let mut cities: BTreeMap<String, City> = BTreeMap::new();
    for service in SERVICES {
        for event in server.log(service).await {
            cities.entry(event.jurisdiction.clone()).or_default().push(event);
        }
    }
    cities
}

impl City {
    fn push(&mut self, event: RecordedEvent) {
        self.places.insert((event.service.clone(), event.position), self.events.len());
        self.events.push(event);
    }

    pub(crate) fn events(&self) -> &[RecordedEvent] {
        &self.events
    }

    /// The same without the last form that was answered in a cycle.
    pub(crate) fn without_last_form(&self, cycle: &str) -> Self {
        let answered = |event: &RecordedEvent| {
            past::kind(event) == "FormAnswered" && past::decoded::<FormAnswered>(event).cycle == cycle
        };
        let last = self.events.iter().rposition(answered).unwrap();
        let mut city = Self::default();
        let others = self.events.iter().enumerate().filter(|(at, _)| *at != last);
        others.for_each(|(_, event)| city.push(event.clone()));
        city
    }

    /// The names of its cycles.
    pub(crate) fn cycles(&self) -> BTreeSet<String> {
        Past::read(self.events.iter()).cycles.into_keys().collect()
    }

    /// How what is served differs from what the events say.
    pub(crate) async fn check(&self, server: &Server, asked: &Asked<'_>) -> Checked {
        let past = Past::read(self.events.iter().filter(|event| asked.cut.counts(event)));
        let now = asked.cut.instant(asked.now);
        let cards = served(server, asked).await;
        let (Some(cycle), Some(listed)) = (past.cycles.get(asked.cycle), &cards) else {
            let there = past.cycles.contains_key(asked.cycle);
            let same = there == cards.is_some();
            let differences =
                if same { vec![] } else { vec![format!("{}: recomputed there: {there}", asked.cycle)] };
            return Checked { scorecards: 0, differences };
        };
        let year = year(&past, cycle, now);
        let scores = scores(&year);
        let mut found = order(listed);
        let cards: BTreeMap<_, _> = listed.iter().map(|card| (card.unit.clone(), card.clone())).collect();
        for (unit, score) in &scores {
            let Some(shown) = cards.get(unit) else {
                found.push(format!("{unit} has no scorecard"));
                continue;
            };
            let recomputed = card((&past, cycle, &year), unit, score, now);
            compare(unit, shown, &recomputed, &mut found);
        }
        found.extend(
            cards
                .keys()
                .filter(|unit| !scores.contains_key(*unit))
                .map(|unit| format!("{unit}: not entered")),
        );
        if found.is_empty() {
            found.extend(doubt::implausible(&year, &scores, &intervals(&cards)));
        }
        for (unit, score) in scores.iter().step_by(asked.explained) {
            found.extend(self.unexplained(server, asked, &year, (unit, score)).await);
        }
        Checked { scorecards: cards.len(), differences: found }
    }

    /// How the lines that explain a scorecard differ.
    async fn unexplained(
        &self,
        server: &Server,
        asked: &Asked<'_>,
        year: &Year<'_>,
        (unit, score): (&str, &Score),
    ) -> Vec<String> {
        let request = ExplainScorecardRequest {
            name: format!("{}/scorecards/{}", asked.cycle, unit.rsplit('/').next().unwrap()),
            as_of_occurred: asked.cut.occurred.map(contract::field::to_wire),
            as_of_recorded: asked.cut.recorded.map(contract::field::to_wire),
            consistency_token: String::new(),
        };
        let explained = server.scorecards().explain_scorecard(request).await.unwrap().into_inner();
        let mut found = Vec::new();
        let mut lines: BTreeMap<_, (Q, Q)> = BTreeMap::new();
        for line in &score.lines {
            let about =
                (line.component_id.clone(), line.source_id.clone(), i32::from(line.kind), line.item.clone());
            lines.entry(about).or_default().1 += &line.points;
        }
        for line in &explained.lines {
            let about = (line.component_id.clone(), line.source_id.clone(), line.kind, line.item.clone());
            lines.entry(about).or_default().0 += q(&line.points);
            found.extend(line.events.iter().filter_map(|event| self.untraced(unit, event)));
        }
        for (about, (served, recomputed)) in lines {
            if (&served - &recomputed).abs() > q(LINE_TOLERANCE) {
                found.push(format!("{unit}: line {about:?}: served {served}, recomputed {recomputed}"));
            }
        }
        let total = score.final_points.as_ref().map(|points| maximum(year.rules) - points);
        let sum: Q = explained.lines.iter().map(|line| q(&line.points)).sum();
        if explained.total_points.as_deref().map(q) != total || total.is_some_and(|total| total != sum) {
            found.push(format!("{unit}: lines sum to {sum}, told {:?}", explained.total_points));
        }
        found
    }

    /// What is wrong with a reference to an event; none: nothing.
    fn untraced(&self, unit: &str, reference: &EventReference) -> Option<String> {
        let place = self.places.get(&(reference.service.clone(), reference.position));
        let event = place.map(|place| &self.events[*place]);
        let fits = event.is_some_and(|event| {
            event.event_id == reference.event_id
                && past::kind(event) == reference.event_type
                && event.occurred_at == reference.occurred_at
                && event.recorded_at == reference.recorded_at
                && event.actor == reference.actor
        });
        (!fits).then(|| format!("{unit}: {reference:?} is not the event {event:?}"))
    }

    /// How published results differ from what the events before them say.
    pub(crate) fn misprints(&self) -> Vec<String> {
        results::misprints(&self.events)
    }
}

/// A cycle as the arithmetic takes it: as it was published, or as it stands.
fn year<'a>(past: &'a Past, cycle: &'a Cycle, now: Timestamp) -> Year<'a> {
    let Some(published) = &cycle.published else { return live(past, cycle, now) };
    let vetoed = published.results.iter().filter(|result| result.vetoed).map(|result| result.unit.clone());
    let figures = |unit: &String| {
        let result = published.results.iter().find(|result| result.unit == *unit);
        (unit.clone(), indices::published(result.and_then(|result| result.figures.as_ref())))
    };
    let indices = published.facts.units.keys().map(figures).collect();
    of(past, cycle, &published.facts, (vetoed.collect(), indices))
}

/// A cycle as it stands, published or not.
fn live<'a>(past: &'a Past, cycle: &'a Cycle, now: Timestamp) -> Year<'a> {
    let name = &cycle.opened.cycle;
    let vetoed =
        past.cases.vetoes.iter().filter(|(cycle, ..)| cycle == name).map(|(_, unit, _)| unit.clone());
    let days = (cycle.opened.start_date.as_str(), cycle.opened.end_date.as_str());
    let standing = |unit: &String| (unit.clone(), indices::standing(past, unit, days, now));
    let indices = cycle.facts.units.keys().map(standing).collect();
    of(past, cycle, &cycle.facts, (vetoed.collect(), indices))
}

fn of<'a>(
    past: &'a Past,
    cycle: &'a Cycle,
    facts: &'a Facts,
    (vetoed, indices): (BTreeSet<String>, BTreeMap<String, methods::Indices>),
) -> Year<'a> {
    let rules = &past.schemes[&(cycle.opened.scheme.clone(), cycle.opened.scheme_version)];
    Year { rules, facts, ranked_groups: &cycle.opened.ranked_groups, vetoed, indices }
}

/// All scorecards of a cycle, in the order of its league table; none: there is no such cycle.
async fn served(server: &Server, asked: &Asked<'_>) -> Option<Vec<Scorecard>> {
    let mut request = ListScorecardsRequest {
        parent: asked.cycle.to_owned(),
        page_size: 1000,
        as_of_occurred: asked.cut.occurred.map(contract::field::to_wire),
        as_of_recorded: asked.cut.recorded.map(contract::field::to_wire),
        ..Default::default()
    };
    let mut cards = Vec::new();
    loop {
        let page = match server.scorecards().list_scorecards(request.clone()).await {
            Ok(page) => page.into_inner(),
            Err(status) if status.code() == Code::NotFound => return None,
            Err(status) => panic!("{asked:?}: {status}"),
        };
        cards.extend(page.scorecards);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return Some(cards);
        }
    }
}

/// By group, then rank, those without one after, then name.
fn order(cards: &[Scorecard]) -> Vec<String> {
    let place = |card: &Scorecard| (card.group, card.rank.wrapping_sub(1), card.unit.clone());
    let sorted = cards.is_sorted_by_key(place);
    if sorted { vec![] } else { vec!["the table is out of order".to_owned()] }
}

fn compare(unit: &str, served: &Scorecard, recomputed: &Scorecard, found: &mut Vec<String>) {
    let alarms = served.freshness.iter().filter(|fresh| !fresh.alarm.is_empty());
    found.extend(alarms.map(|fresh| format!("{unit}: {}: {}", fresh.service, fresh.alarm)));
    let mut served = Scorecard { freshness: vec![], rank_interval: None, ..served.clone() };
    for component in served.components.iter_mut().filter(|component| !component.pending_reason.is_empty()) {
        // Its words are for people.
        "pending".clone_into(&mut component.pending_reason);
    }
    let [served, recomputed] = [&served, recomputed].map(mingjing::json::message);
    differences(unit.rsplit('/').next().unwrap(), &served, &recomputed, found);
}
