//! Random small histories: however they are cut and interleaved, the facts are the same.

use contract::evaluation::entry_recorded::Target;
use eventstore::RecordedEvent;
use proptest::prelude::{ProptestConfig, Strategy, any, proptest};
use proptest::{prop_assert, prop_assert_eq};
use rust_decimal::Decimal;

use super::history::{History, cycle_name};
use crate::explain::{self, Behind};
use crate::fold::Folded;
use crate::fold::rows::Change;
use crate::league::{Indices, League};

const UNITS: [&str; 3] = ["bureau", "traffic", "station"];
const LEVELS: [&str; 4] = ["good", "fair", "bad", "unknown"];

/// A history that its owners could have recorded: one step for each number.
pub(super) fn histories() -> impl Strategy<Value = History> {
    proptest::collection::vec(any::<u32>(), 1..120).prop_map(|steps| {
        let mut told = Telling { history: History::default(), entries: 0, ..Telling::default() };
        told.begin();
        for step in steps {
            let before = told.history.0.len();
            told.step(step);
            // Every fourth is recorded long after it happened.
            if told.history.0.len() > before && step % 4 == 0 {
                let happened = usize::try_from(step / 4).unwrap() % told.history.0.len();
                told.history.happened_at(happened + 1);
            }
        }
        told.history
    })
}

#[derive(Default)]
struct Telling {
    history: History,
    entries: u32,
    standing: Vec<(&'static str, String)>,
    vetoed: Vec<&'static str>,
    complaints: u32,
    enrolled: u32,
    closed: bool,
    published: bool,
}

impl Telling {
    fn begin(&mut self) {
        self.history.open();
        for (id, parent) in UNITS.into_iter().zip(["", "bureau", "bureau"]) {
            self.history.register(id, parent);
            self.history.enter(id, parent, 1);
        }
        self.history.plan_survey();
        self.history.convene_panel();
        self.history.issue("recipients", 50);
        self.history.issue("residents", 50);
        // Enough that no final is pending once all is closed.
        self.history.form("residents", &UNITS.map(|id| (id, "fair")));
        for _ in 0..2 {
            self.history.ballot("members", &UNITS.map(|id| (id, "7.25")));
        }
        for id in UNITS {
            self.history.mark(id, "21.07");
            self.history.indicator(id, "cleared", "7", "6");
            self.history.indicator(id, "accidents", "3", "7");
        }
    }

    fn step(&mut self, number: u32) {
        let pick = |from: &[&'static str], number: u32| from[usize::try_from(number).unwrap() % from.len()];
        let (unit, rest) = (pick(&UNITS, number / 16), number / 64);
        let points = format!("{}.{:02}", rest % 10, rest / 10 % 100);
        match number % 16 {
            0..=3 => {
                let answers =
                    [(unit, pick(&LEVELS, rest)), (pick(&UNITS, number / 16 + 1), pick(&LEVELS, rest / 4))];
                self.history.form(pick(&["recipients", "residents"], rest / 16), &answers);
            }
            4..=6 => self.enter_entry(unit, rest, &points),
            7 => self.reverse(rest),
            8 => self.history.revise_mark(unit, &points),
            9 => self.history.indicator(unit, pick(&["cleared", "accidents"], rest), "5", &points),
            10 => self.history.ballot(pick(&["mayor", "members"], rest), &[(unit, points.as_str())]),
            11 => self.veto(unit),
            12 => {
                self.complaints += 1;
                self.history.lodge(&format!("c{}", self.complaints), unit);
            }
            13 => {
                self.enrolled += 1;
                self.history.enrol(&format!("o{}", self.enrolled), unit);
            }
            14 if self.complaints > 0 => self.history.transfer(&format!("c{}", self.complaints), unit),
            _ => self.close_or_publish(),
        }
    }

    fn enter_entry(&mut self, unit: &'static str, rest: u32, points: &str) {
        self.entries += 1;
        let target = match rest % 3 {
            0 => Target::ComponentId("conduct".to_owned()),
            1 => Target::SourceId("inspection".to_owned()),
            _ => Target::SourceId("complaint".to_owned()),
        };
        let entry_id = format!("e{}", self.entries);
        self.history.entry(unit, &entry_id, target, &format!("-{points}"));
        self.standing.push((unit, entry_id));
    }

    fn reverse(&mut self, rest: u32) {
        if self.standing.is_empty() {
            return;
        }
        let (unit, entry_id) = self.standing.remove(usize::try_from(rest).unwrap() % self.standing.len());
        self.history.reverse(unit, &entry_id);
    }

    fn veto(&mut self, unit: &'static str) {
        if let Some(place) = self.vetoed.iter().position(|vetoed| *vetoed == unit) {
            self.vetoed.remove(place);
            self.history.lift_veto(unit);
        } else {
            self.vetoed.push(unit);
            self.history.raise_veto(unit);
        }
    }

    fn close_or_publish(&mut self) {
        if !self.closed {
            self.closed = true;
            self.history.close_survey();
            self.history.close_panel();
            self.history.close();
        } else if self.published {
            let results = self.unfrozen().results();
            self.history.revise_results(results);
        } else {
            self.published = true;
            let results = self.history.results();
            self.history.publish(results);
        }
    }

    /// The same facts, as if nothing had been published: what evaluation computes a revision from.
    fn unfrozen(&self) -> History {
        let results = |told: &super::history::Told| told.event_type.contains(".Results");
        History(self.history.0.iter().filter(|told| !results(told)).cloned().collect())
    }
}

fn all_rows(folded: &mut Folded) -> Vec<Change> {
    let mut rows = folded.facts.take_changes().unwrap();
    rows.sort();
    rows.dedup();
    rows
}

/// Folds with the facts written and put back every `every` events.
fn folded_with_restarts(recorded: &[(&'static str, RecordedEvent)], every: usize) -> (Folded, Vec<Change>) {
    let mut written = std::collections::BTreeMap::new();
    let mut folded = Folded::default();
    for page in recorded.chunks(every) {
        for (service, event) in page {
            folded.take(service, event).unwrap();
        }
        for change in folded.facts.take_changes().unwrap() {
            match change.value {
                Some(value) => written.insert((change.kind, change.key), value),
                None => written.remove(&(change.kind, change.key)),
            };
        }
        let mut restarted = Folded { reached: folded.reached.clone(), ..Folded::default() };
        for ((kind, key), value) in &written {
            restarted.facts.restore(kind, key.clone(), value).unwrap();
        }
        restarted.facts.count();
        folded = restarted;
    }
    let change = |((kind, key), value): (_, _)| Change { kind, key, value: Some(value) };
    (folded, written.into_iter().map(change).collect())
}

/// A quarter of the usual cases: each computes whole cycles, rank intervals and all.
pub(super) fn fewer_cases() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: usual.cases.div_ceil(4), ..usual }
}

proptest! {
    #![proptest_config(fewer_cases())]

    #[test]
    fn restarts_anywhere_change_nothing(history in histories(), every in 1_usize..40) {
        let recorded = history.recorded();
        let (restarted, rows) = folded_with_restarts(&recorded, every);
        let mut straight = history.folded();
        prop_assert_eq!(restarted.scorecards(&cycle_name()), straight.scorecards(&cycle_name()));
        prop_assert_eq!(restarted.facts.tallies.counted(), straight.facts.tallies.counted());
        prop_assert_eq!(rows, all_rows(&mut straight));
    }

    #[test]
    fn logs_may_come_in_any_order_between_them(history in histories(), late in 0_usize..4) {
        let mut recorded = history.recorded();
        let last = contract::token::SERVICES[late];
        recorded.sort_by_key(|(service, _)| *service == last);
        let mut other = crate::fold(recorded.iter().map(|(service, event)| (*service, event))).unwrap();
        let mut straight = history.folded();
        prop_assert_eq!(other.scorecards(&cycle_name()), straight.scorecards(&cycle_name()));
        prop_assert_eq!(all_rows(&mut other), all_rows(&mut straight));
    }

    #[test]
    fn losses_sum_to_the_cent_and_published_results_are_ours(history in histories()) {
        let folded = history.folded();
        prop_assert_eq!(folded.facts.differences(), "");
        let league = League::compute(folded.snapshot(&cycle_name()).unwrap(), Indices::default()).unwrap();
        for unit in UNITS {
            let (lines, total) = explain::lines(&league, unit, &Behind::new()).unwrap();
            let sum: Decimal = lines.iter().map(|line| line.points.parse::<Decimal>().unwrap()).sum();
            let final_points = league.card(unit).unwrap().final_points.clone();
            prop_assert!(total.is_some() == final_points.is_some());
            let Some(final_points) = final_points else { continue };
            prop_assert_eq!(sum, Decimal::ONE_HUNDRED - final_points.parse::<Decimal>().unwrap());
        }
    }
}
