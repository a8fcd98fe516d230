//! A cycle of 10,000 units as events, written straight into evaluation's log.

use std::path::Path;
use std::sync::Arc;

use contract::evaluation::entry_recorded::Target;
use contract::evaluation::{
    CycleLevel, CycleOpened, EntryRecorded, FormAnswer, FormAnswered, MarkRecorded, SchemeDrafted,
    SchemePublished, StratumPlan, SurveyPlanned, UnitEntered, UnitKind, UnitRegistered,
};
use eventstore::event::prost::{Message, Name};
use eventstore::sqlite::SqliteLog;
use eventstore::store::{Log, Request, StreamWrite};
use eventstore::{Append, EventStore, ExpectedVersion, Metadata, NewEvent, StreamId};
use jiff::Timestamp;
use mingjing::scheme_file;
use shell::Tasks;
use uuid::Uuid;

/// How many units there are, each with a mark.
pub(crate) const UNITS: u32 = 10_000;
/// The cycle.
pub(crate) const CYCLE: &str = "jurisdictions/city/cycles/year";
/// The component that is marked.
pub(crate) const MARKED: &str = "business-work";
/// The component that forms are about.
pub(crate) const SURVEYED: &str = "open-appraisal";
/// The strata of its survey.
pub(crate) const STRATA: [&str; 4] = ["service-recipients", "residents", "enterprises", "deputies"];
/// What a form says of a unit.
const LEVELS: [&str; 5] = ["very-satisfied", "satisfied", "fairly-satisfied", "dissatisfied", "unknown"];
/// How many units forms are about.
const SURVEYED_UNITS: u32 = 100;
const SCHEME: &str = "jurisdictions/city/schemes/first-year";
const EVENTS_PER_APPEND: usize = 2000;

/// A unit's id.
pub(crate) fn unit_id(number: u32) -> String {
    format!("unit-{:05}", number % UNITS)
}

/// A unit's name.
pub(crate) fn unit(number: u32) -> String {
    format!("jurisdictions/city/units/{}", unit_id(number))
}

/// The stream of a unit's mark.
pub(crate) fn mark_stream(number: u32) -> StreamId {
    StreamId::new("mark", &format!("city/year/{}/{MARKED}", unit_id(number)))
}

/// Form `number`'s answers, on ten units.
pub(crate) fn answers(number: u32) -> Vec<FormAnswer> {
    let answer = |place: u32| FormAnswer {
        unit: unit((number * 7 + place) % SURVEYED_UNITS),
        level_id: (*crate::raw::turn(&LEVELS, number + place * place)).to_owned(),
    };
    (0..10).map(answer).collect()
}

/// Opens a service's log.
pub(crate) async fn open(service: &'static str, folder: &Path, tasks: &Tasks) -> anyhow::Result<EventStore> {
    let log = SqliteLog::open(&folder.join(format!("{service}.db"))).await?;
    start(service, Arc::new(log), tasks).await
}

/// Starts a store on a log.
pub(crate) async fn start(
    service: &'static str,
    log: Arc<dyn Log>,
    tasks: &Tasks,
) -> anyhow::Result<EventStore> {
    Ok(EventStore::start(service, log, mingjing::clock(), &tasks.tracker).await?)
}

/// Events to be written, in order.
#[derive(Default)]
pub(crate) struct Year(Vec<(StreamId, NewEvent)>);

impl Year {
    /// The units, the open cycle that all are entered in, and a mark of each.
    pub(crate) fn of_marked_units() -> anyhow::Result<Self> {
        let mut year = Self::default();
        let scheme = StreamId::new("scheme", "city/first-year");
        let rules = scheme_file::parse(include_str!("../../sample/first-year.toml"))?;
        let drafted = SchemeDrafted { scheme: SCHEME.to_owned(), scheme_version: 1, rules: Some(rules) };
        year.push(&scheme, "", &drafted);
        year.push(&scheme, "", &SchemePublished { scheme: SCHEME.to_owned(), scheme_version: 1 });
        let register = StreamId::new("unit_register", "city");
        for number in 0..UNITS {
            let registered = UnitRegistered {
                unit: unit(number),
                title: format!("Unit {number}"),
                kind: UnitKind::Organ.into(),
                ..UnitRegistered::default()
            };
            year.push(&register, &unit_id(number), &registered);
        }
        let cycle = StreamId::new("cycle", "city/year");
        let opened = CycleOpened {
            cycle: CYCLE.to_owned(),
            title: "The year".to_owned(),
            scheme: SCHEME.to_owned(),
            scheme_version: 1,
            start_date: "2024-01-01".to_owned(),
            end_date: "2024-12-31".to_owned(),
            level: CycleLevel::Municipal.into(),
            ranked_groups: vec![1],
            ..CycleOpened::default()
        };
        year.push(&cycle, "", &opened);
        for number in 0..UNITS {
            let entered = UnitEntered {
                cycle: CYCLE.to_owned(),
                unit: unit(number),
                group: 1,
                ..UnitEntered::default()
            };
            year.push(&cycle, &unit_id(number), &entered);
        }
        for number in 0..UNITS {
            year.push(&mark_stream(number), &unit_id(number), &mark(number));
        }
        Ok(year)
    }

    /// A survey's forms, four for each entry of a unit.
    pub(crate) fn add_forms_and_entries(&mut self, forms: u32) {
        let plan = |stratum: &str| StratumPlan { stratum_id: stratum.to_owned(), forms_max: forms };
        let planned = SurveyPlanned {
            cycle: CYCLE.to_owned(),
            component_id: SURVEYED.to_owned(),
            strata: STRATA.map(plan).into(),
        };
        self.push(&StreamId::new("survey", "city/year/open-appraisal"), "", &planned);
        let survey_box = StreamId::new("survey_box", "city/year/open-appraisal");
        for number in 0..forms {
            let answered = FormAnswered {
                cycle: CYCLE.to_owned(),
                component_id: SURVEYED.to_owned(),
                stratum_id: (*crate::raw::turn(&STRATA, number)).to_owned(),
                answers: answers(number),
            };
            self.push(&survey_box, "", &answered);
            if number % 4 == 0 {
                let stream = StreamId::new("daily_assessment", &format!("city/year/{}", unit_id(number)));
                self.push(&stream, &unit_id(number), &entry(number));
            }
        }
    }

    fn push<M: Message + Name>(&mut self, stream: &StreamId, unit: &str, event: &M) {
        let event =
            NewEvent { event_type: M::full_name(), unit: unit.to_owned(), payload: event.encode_to_vec() };
        self.0.push((stream.clone(), event));
    }

    /// Writes it all, and gives how many events that were.
    pub(crate) async fn write(self, store: &EventStore) -> anyhow::Result<u32> {
        let count = u32::try_from(self.0.len())?;
        for events in self.0.chunks(EVENTS_PER_APPEND) {
            let write = |(stream, event): &(StreamId, NewEvent)| StreamWrite {
                stream: stream.clone(),
                expected: ExpectedVersion::Any,
                events: vec![event.clone()],
            };
            let request_id = request_id();
            let append = Append {
                writes: events.iter().map(write).collect(),
                boxes: vec![],
                guards: vec![],
                metadata: metadata(request_id),
                request: Request { request_id, fingerprint: [0; 32], answer: vec![] },
            };
            store.append(append).await?;
        }
        Ok(count)
    }
}

/// A new request's id.
#[expect(clippy::disallowed_methods, reason = "a client makes its request ids")]
pub(crate) fn request_id() -> Uuid {
    Uuid::new_v4()
}

/// What is said of a request's events.
pub(crate) fn metadata(request_id: Uuid) -> Metadata {
    Metadata {
        actor: "clerk".to_owned(),
        jurisdiction: "city".to_owned(),
        occurred_at: Timestamp::UNIX_EPOCH,
        correlation_id: request_id,
        causation_id: request_id,
        traceparent: String::new(),
    }
}

fn mark(number: u32) -> MarkRecorded {
    MarkRecorded {
        cycle: CYCLE.to_owned(),
        unit: unit(number),
        component_id: MARKED.to_owned(),
        points: "20".to_owned(),
    }
}

fn entry(number: u32) -> EntryRecorded {
    EntryRecorded {
        cycle: CYCLE.to_owned(),
        unit: unit(number),
        entry_id: format!("entry-{number}"),
        target: Some(Target::ComponentId("organ-building".to_owned())),
        points: "-0.5".to_owned(),
        reason: "Report filed late".to_owned(),
        entry_date: "2024-06-01".to_owned(),
        recorded_by: "clerk".to_owned(),
        ..EntryRecorded::default()
    }
}
