//! Five million complaints in one jurisdiction: what they take, how long the service takes to start, and to answer.
//!
//! `cargo bench -p complaints --bench scale`; a number after `--` divides all by it. The whole is folded from a log
//! that is generated as it is read, with nothing stored; a tenth of it is written to a log in SQLite, which the
//! service starts from as it does when it runs. Each in a process of its own; the service answers as over gRPC but
//! for the wire.

#![expect(clippy::print_stdout, reason = "a bench says what it measured")]

mod generated;
mod year;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use complaints::Complaints;
use complaints::service::Service;
use contract::complaints::complaint_service_client::ComplaintServiceClient;
use contract::complaints::complaint_service_server::ComplaintServiceServer;
use contract::complaints::*;
use eventstore::sqlite::SqliteLog;
use eventstore::store::Log;
use eventstore::testing::scale::{fill, resident_bytes, timed};
use eventstore::{Clock, EventStore};
use generated::Generated;
use jiff::Timestamp;
use shell::{Sources, Tasks};
use year::{BUREAU, NAME, NOW, Year};

const COMPLAINTS: u64 = 5_000_000;
/// So much of it is written to SQLite.
const WRITTEN_PART: u64 = 10;
const PATIENCE: Duration = Duration::from_mins(30);

type Client = ComplaintServiceClient<ComplaintServiceServer<Service>>;
type Failed = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let divisor = arguments.first().map_or(Ok(1), |argument| argument.parse())?;
    let whole = Year { complaints: COMPLAINTS / divisor };
    let part = Year { complaints: whole.complaints / WRITTEN_PART };
    let [_, step, folder] = arguments.as_slice() else { return all(divisor) };
    let folder = Path::new(folder);
    match step.as_str() {
        "whole" => {
            println!("— the whole, generated as it is read");
            measure(folder, Arc::new(Generated(whole)), whole).await
        }
        "write" => write(folder, part).await,
        _ => measure(folder, Arc::new(SqliteLog::open(&folder.join("complaints")).await?), part).await,
    }
}

fn all(divisor: u64) -> Result<(), Failed> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    for step in ["whole", "write", "part"] {
        let mut process = Command::new(std::env::current_exe()?);
        let done = process.arg(divisor.to_string()).arg(step).arg(folder.path()).status()?;
        assert!(done.success(), "{step} is done");
    }
    Ok(())
}

async fn write(folder: &Path, year: Year) -> Result<(), Failed> {
    println!("— a part, from a log in SQLite");
    let (tasks, start) = (Tasks::default(), Instant::now());
    let log = Arc::new(SqliteLog::open(&folder.join("complaints")).await?);
    let events = (0..year.complaints).flat_map(|number| year.told(number));
    let count = fill(&open("complaints", log, &tasks).await?, now, events).await?;
    println!("{:<46} {:.1?}", format!("written to SQLite, {count} events"), start.elapsed());
    Ok(())
}

async fn measure(folder: &Path, log: Arc<dyn Log>, year: Year) -> Result<(), Failed> {
    let tasks = Tasks::default();
    let other = async |service: &'static str| {
        let log = SqliteLog::open(&folder.join(service)).await?;
        open(service, Arc::new(log), &tasks).await
    };
    let store = open("complaints", log, &tasks).await?;
    let evaluation = other("evaluation").await?;
    if evaluation.reader().head_known() == 0 {
        fill(&evaluation, now, Year::units()).await?;
    }
    let sources = Sources {
        training: other("training").await?.source(),
        complaints: store.source(),
        evaluation: evaluation.source(),
        accountability: other("accountability").await?.source(),
    };
    let (before, start) = (resident_bytes(), Instant::now());
    let running = Complaints::start(store, &sources, clock(), &tasks);
    running.reads().catch_up(PATIENCE).await.map_err(tonic::Status::from)?;
    running.replica().catch_up(PATIENCE).await.map_err(tonic::Status::from)?;
    println!("{:<46} {:.1?}", format!("start-up, {} events", year.events()), start.elapsed());
    let taken = resident_bytes() - before;
    println!("{:<46} {} MB", format!("memory, {} complaints", year.complaints), taken / 1_000_000);
    println!("{:<46} {} bytes", "… per complaint", taken / year.complaints);
    println!("{:<46} {:>11} {:>11}", "answered, page of 100", "median of 9", "longest");
    answers(&ComplaintServiceClient::new(running.server()), year).await;
    tasks.stop.cancel();
    Ok(())
}

async fn answers(client: &Client, year: Year) {
    let (sub, station) = (year::sub_bureau(7), year::station(7));
    let scopes = [("all", ""), ("bureau, 20,201 units", BUREAU), ("sub-bureau", &sub), ("station", &station)];
    for (of, unit) in scopes {
        row(&format!("due list: {of}"), || due(client, unit, 250)).await;
    }
    for (of, unit) in &scopes[..3] {
        row(&format!("due list, overdue alone: {of}"), || due(client, unit, 0)).await;
    }
    for (of, unit) in scopes {
        row(&format!("figures: {of}"), async || {
            let asked = GetComplaintFiguresRequest {
                parent: NAME.to_owned(),
                unit: unit.to_owned(),
                with_subtree: true,
                start_date: "2024-01-01".to_owned(),
                end_date: "2024-12-31".to_owned(),
                ..Default::default()
            };
            let answer = client.clone().get_complaint_figures(asked).await.expect("it answers");
            assert!(
                answer.get_ref().figures.as_ref().is_some_and(|figures| figures.closed > 0),
                "some are closed"
            );
        })
        .await;
    }
    row("open ones by age: all", async || {
        let asked = GetComplaintAgeingRequest { parent: NAME.to_owned(), ..Default::default() };
        client.clone().get_complaint_ageing(asked).await.expect("it answers");
    })
    .await;
    row("one complaint", async || {
        let asked = GetComplaintRequest { name: year::name(year.complaints / 2), ..Default::default() };
        client.clone().get_complaint(asked).await.expect("it answers");
    })
    .await;
}

async fn due(client: &Client, unit: &str, working_days: u32) {
    let filter = ComplaintFilter { unit: unit.to_owned(), with_subtree: true, ..Default::default() };
    let (parent, filter) = (NAME.to_owned(), (!unit.is_empty()).then_some(filter));
    let asked = ListDueComplaintsRequest { parent, filter, working_days, ..Default::default() };
    let answer = client.clone().list_due_complaints(asked).await.expect("it answers");
    assert!(unit.contains("station") || !answer.get_ref().due_complaints.is_empty(), "some are due");
}

async fn row<F: Future<Output = ()>>(what: &str, ask: impl Fn() -> F) {
    let (median, longest) = timed(ask).await;
    println!("{what:<46} {median:>11.1?} {longest:>11.1?}");
}

async fn open(
    service: &'static str,
    log: Arc<dyn Log>,
    tasks: &Tasks,
) -> Result<EventStore, eventstore::StoreError> {
    EventStore::start(service, log, clock(), &tasks.tracker).await
}

fn clock() -> Clock {
    Arc::new(now)
}

fn now() -> Timestamp {
    Timestamp::constant(NOW, 0)
}
