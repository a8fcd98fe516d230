//! The scorecard rebuilt from logs of some 220,000 events on an empty database.

use std::time::{Duration, Instant};

use eventstore::{RecordedEvent, SharedSource, StoreError};
use mingjing::config::Settings;
use mingjing::substrate;
use scorecard::Scorecard;
use shell::{Sources, Tasks};

use crate::measure::{Limit, Table, per_second};
use crate::postgres;
use crate::year::{self, Year};

const FORMS: u32 = 150_000;
const PATIENCE: Duration = Duration::from_mins(2);
const EVALUATION: &str = "evaluation";

/// Writes the log, reads it, folds it, and lets the projection do both and write what comes out.
pub(crate) async fn rebuilt(database: &str, settings: &Settings, table: &mut Table) -> anyhow::Result<()> {
    let tasks = Tasks::default();
    let open = async |service| {
        let log = substrate::open_log(service, settings).await?;
        anyhow::Ok(year::start(service, log, &tasks).await?)
    };
    let store = open(EVALUATION).await?;
    let sources = Sources {
        training: open("training").await?.source(),
        complaints: open("complaints").await?.source(),
        evaluation: store.source(),
        accountability: open("accountability").await?.source(),
    };
    let mut year = Year::of_marked_units()?;
    year.add_forms_and_entries(FORMS);
    let count = year.write(&store).await?;

    let (read, events) = read(&store.source(), count).await?;
    if let Some(url) = substrate::database_url(EVALUATION, settings) {
        let streamed = Limit { what: "one streamed query", rate: postgres::streamed(&url).await? };
        table.row(&format!("the log read, {database}"), read, &[streamed]);
    }

    let began = Instant::now();
    let facts = scorecard::fold(events.iter().map(|event| (EVALUATION, event)));
    let folding = per_second(count, began.elapsed());
    facts.map_err(anyhow::Error::msg)?;
    drop(events);

    let began = Instant::now();
    let place = substrate::projection_place(settings)?;
    let scorecard = Scorecard::start(&sources, &place, mingjing::clock(), &tasks).await?;
    scorecard.catch_up(PATIENCE).await.map_err(tonic::Status::from)?;
    let projected = per_second(count, began.elapsed());
    let limits =
        [Limit { what: "the log read", rate: read }, Limit { what: "the fold, in memory", rate: folding }];
    let what = format!("events projected, {database}, 70 % forms of ten answers");
    table.row(&what, projected, &limits);
    tasks.stop.cancel();
    Ok(())
}

/// Events per second as a consumer is given them, and the events.
pub(crate) async fn read(source: &SharedSource, count: u32) -> anyhow::Result<(f64, Vec<RecordedEvent>)> {
    let (began, mut feed) = (Instant::now(), source.subscribe("bench", 1));
    let mut events: Vec<RecordedEvent> = Vec::new();
    while events.len() < usize::try_from(count)? {
        match feed.next().await {
            Ok(page) => events.extend(page),
            Err(StoreError::Database(_)) => tokio::time::sleep(Duration::from_millis(10)).await,
            Err(error) => return Err(error.into()),
        }
    }
    Ok((per_second(count, began.elapsed()), events))
}
