//! The scorecard rebuilt from logs of some 220,000 events on an empty database.

use std::path::Path;
use std::time::{Duration, Instant};

use eventstore::RecordedEvent;
use eventstore::store::PAGE_EVENTS_MAX;
use scorecard::Scorecard;
use shell::{Sources, Tasks};

use crate::measure::{Limit, Table, per_second};
use crate::year::{self, Year};

const FORMS: u32 = 150_000;
const PATIENCE: Duration = Duration::from_mins(2);
const EVALUATION: &str = "evaluation";

/// Writes the log, reads it, folds it, and lets the projection do both and write what comes out.
pub(crate) async fn rebuilt(folder: &Path, table: &mut Table) -> anyhow::Result<()> {
    let data_dir = folder.join("projection");
    std::fs::create_dir(&data_dir)?;
    let tasks = Tasks::default();
    let store = year::open(EVALUATION, &data_dir, &tasks).await?;
    let sources = Sources {
        training: year::open("training", &data_dir, &tasks).await?.source(),
        complaints: year::open("complaints", &data_dir, &tasks).await?.source(),
        evaluation: store.source(),
        accountability: year::open("accountability", &data_dir, &tasks).await?.source(),
    };
    let mut year = Year::of_marked_units()?;
    year.add_forms_and_entries(FORMS);
    let count = year.write(&store).await?;

    let began = Instant::now();
    let mut events: Vec<RecordedEvent> = Vec::new();
    loop {
        let from = events.last().map_or(1, |event| event.position + 1);
        let page = store.reader().read_all(from, PAGE_EVENTS_MAX).await?;
        if page.is_empty() {
            break;
        }
        events.extend(page);
    }
    let read = per_second(count, began.elapsed());

    let began = Instant::now();
    let facts = scorecard::fold(events.iter().map(|event| (EVALUATION, event)));
    let folding = per_second(count, began.elapsed());
    facts.map_err(anyhow::Error::msg)?;
    drop(events);

    let began = Instant::now();
    let place = scorecard::Place::File(data_dir.join("scorecard.db"));
    let scorecard = Scorecard::start(&sources, &place, mingjing::clock(), &tasks).await?;
    scorecard.catch_up(PATIENCE).await.map_err(tonic::Status::from)?;
    let projected = per_second(count, began.elapsed());
    let limits = [
        Limit { what: "the log read, in pages of 1000", rate: read },
        Limit { what: "the fold, in memory", rate: folding },
    ];
    table.row("events projected, 70 % forms of ten answers", projected, &limits);
    tasks.stop.cancel();
    Ok(())
}
