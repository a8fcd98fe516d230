//! Shows the scorecards to other tools, in the projection's own database: looks twice a second which jurisdictions
//! moved, computes their cycles, and replaces the rows of the cards that changed, a cycle in a transaction. Under load
//! it rests longer than it works: what is shown may be late, but a cycle is never shown by half.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use contract::name::CycleName;
use contract::scorecard::{Freshness, Scorecard};
use contract::status::Failure;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::current::Current;
use crate::explain::{self, Answered};
use crate::fold::names::first;
use crate::freshness;
use crate::generation::Generation;
use crate::origins;
use crate::projection::Projection;
use crate::shown::{self, Row};
use crate::store::{Error, Shown};

const LOOK_EVERY: Duration = Duration::from_millis(500);
/// It rests so many times as long as it worked.
const REST: u32 = 3;
/// What is due by now is looked at again after this long, though nothing was recorded.
const LOOK_AGAIN: Duration = Duration::from_hours(1);

/// Why something is not shown now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotShown {
    #[error(transparent)]
    Database(#[from] Error),
    #[error("{0:?}")]
    NotComputed(Failure),
}

/// Shows one generation.
pub(crate) struct Show {
    projection: Arc<Projection>,
    generation: Arc<Generation>,
    /// The version of each jurisdiction that is shown.
    shown: BTreeMap<String, u64>,
    since: Instant,
    freshness: Vec<Freshness>,
}

impl Show {
    pub(crate) fn new(projection: Arc<Projection>, generation: Arc<Generation>) -> Self {
        let (shown, since, freshness) = (BTreeMap::new(), Instant::now(), Vec::new());
        Self { projection, generation, shown, since, freshness }
    }

    /// Shows what moves, as long as it is not stopped.
    pub(crate) async fn keep_showing(mut self) {
        loop {
            if let Err(error) = self.round(REST).await {
                tracing::warn!(%error, "what other tools read of the scorecard is late; trying again");
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Shows all that moved since the last time; after each jurisdiction it rests so many times as long as it worked.
    pub(crate) async fn round(&mut self, rest: u32) -> Result<(), NotShown> {
        if self.since.elapsed() >= LOOK_AGAIN {
            (self.shown, self.since) = (BTreeMap::new(), Instant::now());
        }
        let reached = self.generation.read(|folded| folded.reached.clone());
        for (jurisdiction, cycles) in self.moved() {
            let began = Instant::now();
            let version = self.generation.tail.lock().version(&jurisdiction);
            for cycle in cycles {
                let name = CycleName { jurisdiction: jurisdiction.clone(), cycle };
                match self.cycle(&name).await {
                    Err(NotShown::NotComputed(failure)) => tracing::warn!(?failure, "{name} is not shown"),
                    outcome => outcome?,
                }
            }
            self.shown.insert(jurisdiction, version);
            sleep(began.elapsed() * rest).await;
        }
        let differences = self.generation.read(|folded| folded.facts.differences());
        let heads = self.projection.heads().known();
        let fresh = freshness::freshness(&reached, &heads, &(differences, String::new()));
        if fresh != self.freshness {
            let now = self.projection.now().to_string();
            let rows: Vec<_> = fresh.iter().map(|fresh| freshness_row(fresh, &now)).collect();
            self.generation.store().show_freshness(self.generation.number(), &rows).await?;
            self.freshness = fresh;
        }
        Ok(())
    }

    /// The cycles of the jurisdictions that moved.
    fn moved(&self) -> BTreeMap<String, Vec<String>> {
        let tail = self.generation.tail.lock();
        let moved = |jurisdiction: &str| self.shown.get(jurisdiction) != Some(&tail.version(jurisdiction));
        let mut cycles: BTreeMap<String, Vec<String>> = BTreeMap::new();
        self.generation.read(|folded| {
            for (key, _) in folded.facts.cycle.iter() {
                let (jurisdiction, cycle) = first(key);
                if moved(jurisdiction) {
                    cycles.entry(jurisdiction.to_owned()).or_default().push(cycle.to_owned());
                }
            }
        });
        cycles
    }

    async fn cycle(&self, name: &CycleName) -> Result<(), NotShown> {
        let current = self.projection.cycle_of(self.generation.clone(), name).await;
        let current = current.map_err(NotShown::NotComputed)?;
        let number = self.generation.number();
        let mut known = self.generation.store().digests(number, &name.jurisdiction, &name.cycle).await?;
        let (mut units, mut rows) = (Vec::new(), vec![]);
        let mut past = None;
        for (unit, card) in cards(&self.projection, &current) {
            let (mut lines, total) =
                explain::lines(&current.league, &unit, &Answered::new()).unwrap_or_default();
            let mut of_card = shown::card(&current.league, &unit, &card, total.as_deref());
            let undated = shown::lines(&current.league, &unit, &lines);
            let digest = shown::digest(&[of_card.as_slice(), undated.as_slice()].concat());
            if known.remove(&unit) == Some(digest) {
                continue;
            }
            let past = match &mut past {
                Some(past) => past,
                None => past.insert(current.past().await?),
            };
            origins::tell(&mut lines, &current.league.scheme, past).map_err(Error::from)?;
            if let Some((_, Value::Object(row))) = of_card.first_mut() {
                row.insert("digest".to_owned(), json!(digest));
            }
            rows.extend(of_card);
            rows.extend(shown::lines(&current.league, &unit, &lines));
            units.push(unit);
        }
        units.extend(known.into_keys());
        rows.push(("cycle", shown::cycle(&current, self.projection.now())));
        let shown = Shown {
            jurisdiction: name.jurisdiction.clone(),
            cycle: name.cycle.clone(),
            units,
            rows: by_table(rows),
        };
        Ok(self.generation.store().show(number, &shown).await?)
    }
}

fn cards(projection: &Projection, current: &Current) -> Vec<(String, Scorecard)> {
    let cards = current.league.ordered().map(|(_, card)| card);
    let card = |card: &Scorecard| {
        let unit = crate::queries::unit_of(card).to_owned();
        let shown = projection.finish(current, &unit, card.clone());
        (unit, shown)
    };
    cards.map(card).collect()
}

fn by_table(rows: Vec<Row>) -> BTreeMap<&'static str, Vec<Value>> {
    let mut tables: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (table, row) in rows {
        tables.entry(table).or_default().push(row);
    }
    tables
}

fn freshness_row(fresh: &Freshness, now: &str) -> Value {
    json!({
        "service": fresh.service,
        "position": fresh.position,
        "recorded_at": fresh.recorded_at.map(shown::instant),
        "head_position": fresh.head_position,
        "alarm": (!fresh.alarm.is_empty()).then_some(&fresh.alarm),
        "written_at": now,
    })
}
