//! Shows the scorecards to other tools, in the projection's own database: looks twice a second which jurisdictions
//! moved, computes their cycles, and replaces the rows of the cards that changed, a cycle in a transaction. Under load
//! it rests longer than it works: what is shown may be late, but a cycle is never shown by half.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use contract::name::CycleName;
use contract::scorecard::{Freshness, LossLine, Scorecard};
use contract::status::Failure;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::current::Current;
use crate::explain::{self, Behind};
use crate::fold::names::first;
use crate::freshness;
use crate::generation::Generation;
use crate::history::{Corrupt, Past};
use crate::origins;
use crate::projection::Projection;
use crate::shown::{self, Row};
use crate::store::{Error, Shown};

const LOOK_EVERY: Duration = Duration::from_millis(500);
/// After each jurisdiction it rests so many times as long as it worked: who asks the service comes first.
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
            if let Err(error) = self.round().await {
                tracing::warn!(%error, "what other tools read of the scorecard is late; trying again");
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Shows all that moved since the last time.
    pub(crate) async fn round(&mut self) -> Result<(), NotShown> {
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
            sleep(began.elapsed() * REST).await;
        }
        let differences = self.generation.read(|folded| folded.facts.differences());
        let heads = self.projection.heads().known();
        let fresh = freshness::freshness(&reached, &heads, &(differences, self.generation.drill_alarm()));
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

    /// Shows a cycle. What is computed holds up no other call.
    async fn cycle(&self, name: &CycleName) -> Result<(), NotShown> {
        let current = self.projection.cycle_of(self.generation.clone(), name).await;
        let current = Arc::new(current.map_err(NotShown::NotComputed)?);
        let number = self.generation.number();
        let known = self.generation.store().digests(number, &name.jurisdiction, &name.cycle).await?;
        let (projection, of) = (self.projection.clone(), current.clone());
        let changed = self.projection.aside(move || Changed::of(&projection, &of, known)).await;
        let mut changed = changed.map_err(NotShown::NotComputed)?;
        if changed.has_lines() {
            let (past, of) = (current.past().await?, current.clone());
            let told = self.projection.aside(move || changed.tell(&of, &past).map(|()| changed)).await;
            changed = told.map_err(NotShown::NotComputed)?.map_err(Error::from)?;
        }
        let now = self.projection.now();
        let shown = self.projection.aside(move || changed.shown(&current, now)).await;
        Ok(self.generation.store().show(number, &shown.map_err(NotShown::NotComputed)?).await?)
    }
}

/// What of a cycle is shown otherwise than it is.
struct Changed {
    cards: Vec<ChangedCard>,
    /// Units that have no card any more.
    gone: Vec<String>,
}

struct ChangedCard {
    unit: String,
    rows: Vec<Row>,
    lines: Vec<LossLine>,
}

impl Changed {
    /// Compares with the digests of the cards that are shown.
    fn of(projection: &Projection, current: &Current, mut known: BTreeMap<String, i64>) -> Self {
        let mut changed = Vec::new();
        for (unit, card) in cards(projection, current) {
            let (lines, total) = explain::lines(&current.league, &unit, &Behind::new()).unwrap_or_default();
            let mut rows = shown::card(&current.league, &unit, &card, total.as_deref());
            let digest = shown::digest(&current.league, &unit, &rows, &lines);
            if known.remove(&unit) == Some(digest) {
                continue;
            }
            if let Some((_, Value::Object(row))) = rows.first_mut() {
                row.insert("digest".to_owned(), json!(digest));
            }
            changed.push(ChangedCard { unit, rows, lines });
        }
        Self { cards: changed, gone: known.into_keys().collect() }
    }

    fn has_lines(&self) -> bool {
        self.cards.iter().any(|card| !card.lines.is_empty())
    }

    /// Completes the lines by what the past says of their events, all at once.
    fn tell(&mut self, current: &Current, past: &Past) -> Result<(), Corrupt> {
        let lines = self.cards.iter_mut().flat_map(|card| &mut card.lines);
        origins::tell(lines, &current.league.scheme, past)
    }

    fn shown(self, current: &Current, now: Timestamp) -> Shown {
        let (mut units, mut rows) = (self.gone, vec![("cycle", shown::cycle(current, now))]);
        for card in self.cards {
            rows.extend(card.rows);
            rows.extend(shown::lines(&current.league, &card.unit, &card.lines));
            units.push(card.unit);
        }
        let CycleName { jurisdiction, cycle } = current.league.name.clone();
        Shown { jurisdiction, cycle, units, rows: by_table(rows) }
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
