//! A nation's scorecards: 3,000 jurisdictions, 50,000 units, a year of events.
//!
//! `cargo bench -p scorecard --bench scale`; a number after `--` says how many events the fold takes (10⁸), a second
//! one how many the running projection does (10⁸). Each part in a process of its own:
//!
//! | part | what |
//! |---|---|
//! | `fold` | the pure fold over generated events, by decade; memory |
//! | `nation` | the running projection with its database on generated logs; reads |
//! | `sqlite`, `postgres` | a tenth of the nation with all its events, on logs in that database |

#![expect(clippy::print_stdout, reason = "a bench says what it measured")]
#![expect(clippy::float_arithmetic, reason = "rates are for people to look at")]

mod nation;
mod reads;
mod source;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use eventstore::postgres::PostgresLog;
use eventstore::sqlite::SqliteLog;
use eventstore::store::{Log, PAGE_EVENTS_MAX};
use eventstore::testing::postgres::PostgresHere;
use eventstore::testing::scale::{fill, process_ran, resident_bytes, thread_ran};
use eventstore::{Clock, EventStore};
use jiff::Timestamp;
use mimalloc::MiMalloc;
use nation::{JURISDICTIONS, Nation, ROUNDS, instant};
use scorecard::{Place, Scorecard};
use shell::{Sources, Tasks};
use source::{Pages, sources};

/// As in the program.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const EVENTS: u64 = 100_000_000;
/// The nation is this many times its part in databases, which has as many events in each jurisdiction.
const PARTS: u64 = 10;
const PATIENCE: Duration = Duration::from_hours(1);

pub(crate) type Failed = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let number = |place: usize| arguments.get(place).map_or(Ok(EVENTS), |argument| argument.parse());
    let (in_fold, in_projection) = (number(0)?, number(1)?);
    let [_, _, part, folder] = arguments.as_slice() else { return all([in_fold, in_projection]) };
    let folder = Path::new(folder);
    match part.as_str() {
        "fold" => fold(Nation::of(JURISDICTIONS, in_fold))?,
        "nation" => {
            let nation = Nation::of(JURISDICTIONS, in_projection);
            println!("— the running projection on generated logs, {JURISDICTIONS} jurisdictions");
            drained(nation);
            project(&sources(nation), nation, &Place::File(folder.join("scorecard.db"))).await?;
        }
        "sqlite" => part_in("SQLite", in_projection, &Databases::Sqlite(folder)).await?,
        "postgres" => {
            part_in("PostgreSQL", in_projection, &Databases::Postgres(PostgresHere::run(&[])?)).await?;
        }
        _ => return Err(format!("there is no part {part}").into()),
    }
    Ok(())
}

fn all(events: [u64; 2]) -> Result<(), Failed> {
    for part in ["fold", "nation", "sqlite", "postgres"] {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let mut process = Command::new(std::env::current_exe()?);
        let process = process.args(events.map(|events| events.to_string())).arg(part).arg(folder.path());
        assert!(process.status()?.success(), "{part} is done");
    }
    Ok(())
}

/// The pure fold by decade: the time that it ran, without what generating takes and what else runs here.
fn fold(nation: Nation) -> Result<(), Failed> {
    println!("— the fold in memory, {} jurisdictions, {} units", nation.jurisdictions, nation.units());
    let mut folded = scorecard::Folded::default();
    let mut logs: Vec<_> =
        ROUNDS.iter().map(|(service, share)| (*service, *share, Pages::of(nation, service, 1))).collect();
    let before = resident_bytes();
    let (mut took, mut count, mut decade) = (Duration::ZERO, 0_u64, 10_000_u64);
    let mut take =
        |service: &'static str, page: Vec<eventstore::RecordedEvent>| -> Result<Duration, String> {
            let before = thread_ran();
            page.iter().try_for_each(|event| folded.take(service, event).map(drop))?;
            Ok(thread_ran().saturating_sub(before))
        };
    for (service, _, pages) in &mut logs {
        while !pages.in_year() {
            take(service, pages.page(1))?;
        }
    }
    println!("{:<34} {:>10} {:>12} {:>10}", "events after the set-up", "ns/event", "events/s", "MB");
    while count < nation.year {
        for (service, share, pages) in &mut logs {
            let page = pages.page(usize::try_from(*share * 20)?);
            count += u64::try_from(page.len())?;
            took += take(service, page)?;
        }
        if count >= decade.min(nation.year) {
            let each = took.as_nanos() / u128::from(count);
            let memory = (resident_bytes() - before) / 1_000_000;
            println!("{:<34} {each:>10} {:>12.0} {memory:>10}", count, per_second(count, took));
            decade *= 10;
        }
    }
    println!("{:<34} {} bytes", "memory per unit", (resident_bytes() - before) / nation.units());
    Ok(())
}

/// What the generation alone allows.
fn drained(nation: Nation) {
    let part = Nation::of(nation.jurisdictions, nation.year.min(1_000_000));
    let start = Instant::now();
    let mut count = 0;
    for (service, _) in ROUNDS {
        let mut pages = Pages::of(part, service, 1);
        while let page @ [_, ..] = std::hint::black_box(pages.page(PAGE_EVENTS_MAX)).as_slice() {
            count += u64::try_from(page.len()).unwrap_or_default();
        }
    }
    row("the logs generated, nothing done", &format!("{:.0} /s", per_second(count, start.elapsed())));
}

/// The projection from nothing; then reads.
async fn project(sources: &Sources, nation: Nation, place: &Place) -> Result<(), Failed> {
    let tasks = Tasks::default();
    let (before, ran, start) = (resident_bytes(), process_ran(), Instant::now());
    let scorecard = Scorecard::start(sources, place, clock(), &tasks).await?;
    scorecard.catch_up(PATIENCE).await.map_err(tonic::Status::from)?;
    row(&format!("projected, {} events", nation.events()), &rate(nation, start));
    let ran = process_ran().saturating_sub(ran).as_nanos() / u128::from(nation.events());
    row("… threads ran, logs and database and all", &format!("{ran} ns an event"));
    let taken = resident_bytes() - before;
    row("memory per unit", &format!("{} bytes of {} MB", taken / nation.units(), taken / 1_000_000));
    if let Place::File(file) = place {
        row("its database", &format!("{} MB", std::fs::metadata(file)?.len() / 1_000_000));
    }
    reads::measure(&scorecard, nation).await?;
    tasks.stop.cancel();
    tasks.tracker.close();
    tasks.tracker.wait().await;
    Ok(())
}

/// Where logs and projection lie.
enum Databases<'a> {
    Sqlite(&'a Path),
    Postgres(PostgresHere),
}

impl Databases<'_> {
    async fn log(&self, service: &str) -> Result<Arc<dyn Log>, Failed> {
        Ok(match self {
            Self::Sqlite(folder) => Arc::new(SqliteLog::open(&folder.join(service)).await?),
            Self::Postgres(server) => Arc::new(PostgresLog::open(&server.database().await?).await?),
        })
    }

    async fn place(&self) -> Result<Place, Failed> {
        Ok(match self {
            Self::Sqlite(folder) => Place::File(folder.join("scorecard.db")),
            Self::Postgres(server) => Place::Url(server.database().await?),
        })
    }
}

/// A part of the nation on logs in a database: read alone, then projected, then the projection started again.
async fn part_in(name: &str, events: u64, databases: &Databases<'_>) -> Result<(), Failed> {
    let nation = Nation::of(JURISDICTIONS / PARTS, events / PARTS);
    println!("— a part of it on logs in {name}, {} jurisdictions", nation.jurisdictions);
    let tasks = Tasks::default();
    // An event is recorded, and has happened, about when it is in a log that is generated.
    let passed = Arc::new(AtomicU64::default());
    let year: Clock = Arc::new({
        let passed = passed.clone();
        move || instant(passed.load(Ordering::Relaxed))
    });
    let open = async |service: &'static str| -> Result<EventStore, Failed> {
        Ok(EventStore::start(service, databases.log(service).await?, year.clone(), &tasks.tracker).await?)
    };
    let (training, complaints, evaluation) =
        (open("training").await?, open("complaints").await?, open("evaluation").await?);
    let start = Instant::now();
    for store in [&training, &complaints, &evaluation] {
        passed.store(0, Ordering::Relaxed);
        let events = nation.in_blocks(store.reader().service()).inspect(|_| {
            passed.fetch_add(1, Ordering::Relaxed);
        });
        fill(store, &*year, events).await?;
    }
    row(&format!("written, {} events", nation.events()), &rate(nation, start));
    let start = Instant::now();
    for store in [&training, &complaints, &evaluation] {
        let mut from = 1;
        while let Some(last) = store.reader().read_all(from, PAGE_EVENTS_MAX).await?.last() {
            from = last.position + 1;
        }
    }
    row("the logs read, nothing done", &rate(nation, start));
    let sources = Sources {
        training: training.source(),
        complaints: complaints.source(),
        evaluation: evaluation.source(),
        accountability: open("accountability").await?.source(),
    };
    let place = databases.place().await?;
    project(&sources, nation, &place).await?;
    let start = Instant::now();
    let scorecard = Scorecard::start(&sources, &place, clock(), &Tasks::default()).await?;
    scorecard.catch_up(PATIENCE).await.map_err(tonic::Status::from)?;
    row("started again where it was", &format!("{:.2?}", start.elapsed()));
    Ok(())
}

fn rate(nation: Nation, start: Instant) -> String {
    format!("{:.0} /s", per_second(nation.events(), start.elapsed()))
}

fn row(what: &str, figure: &str) {
    println!("{what:<52} {figure:>24}");
}

fn per_second(count: u64, took: Duration) -> f64 {
    let count = u32::try_from(count / 1000).unwrap_or(u32::MAX);
    f64::from(count) * 1000.0 / took.as_secs_f64()
}

fn clock() -> Clock {
    Arc::new(now)
}

/// It is always the end of the year.
fn now() -> Timestamp {
    Timestamp::constant(1_735_500_000, 0)
}
