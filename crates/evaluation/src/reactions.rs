//! Facts that become entries of the daily assessment, by the scheme's tariff, once each; and facts that undo
//! others, and with them the entries that followed.
//!
//! - An entry counts in every open cycle whose period contains the day on which the fact happened, for the
//!   unit, or for the nearest unit above it that is entered. A fact that has no tariff there costs nothing.
//! - A finding counts in the cycle that it names, if that is open; otherwise as any other fact: in the cycle of
//!   the day on which it was made.
//! - A cycle takes the facts that are recorded after it was opened, for the units that are entered by then, and
//!   each once: a source that is read again from its start changes nothing.
//! - A cycle that is closed takes no entry any more; that is noted in the program's log. What is undone is
//!   reversed in closed cycles, too: the published results stay as they are until they are revised, and
//!   `GetCycle` names the units whose results are due to be.
//!
//! | facts of | file |
//! |---|---|
//! | training | [`training`] |
//! | complaints | [`complaints`] |
//! | accountability | [`accountability`] |
//! | this service: commitments | [`commitments`] |

pub mod accountability;
pub mod commitments;
pub mod complaints;
pub mod training;

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use contract::evaluation::entry_recorded::Target;
use contract::evaluation::{EntryRecorded, EntryReversed};
use contract::field;
use contract::name::{CycleName, EntryName, UnitName};
use contract::status::Failure;
use contract::words::TariffCause;
use eventstore::{EventSet, Loaded, RecordedEvent};
use rust_decimal::Decimal;
use scoring::Scheme;
use shell::reaction::{self, Effect, Reaction};
use uuid::Uuid;

use crate::causes::EntryKey;
use crate::domain::{cycle, daily_assessment};
use crate::read_model::ReadModel;
use crate::service::{Service, entries};

/// How long a reaction waits for the read model, which must hold what is recorded.
const PATIENCE: Duration = Duration::from_secs(10);
/// What remains of a source's id in the id of an entry.
const SOURCE_LETTERS_MAX: usize = 30;

/// The facts of one service that cost or give points.
pub trait Facts: Send + Sync + 'static {
    /// As in [`Reaction`].
    const CONSUMER: &'static str;
    /// As in [`Reaction`].
    const EFFECTS: &'static [Effect];
    /// The facts.
    type Fact: EventSet;

    /// What follows from a fact.
    fn react(fact: &Self::Fact) -> Vec<Consequence>;
}

/// What follows from a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consequence {
    /// An entry, if a cycle admits it and its scheme has a tariff for it.
    Entry(Caused),
    /// Entries fall.
    Reversal(Undone),
}

/// An entry that a fact makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caused {
    /// What happened.
    pub cause: TariffCause,
    /// Resource name of the thing that it happened to.
    pub thing: String,
    /// Resource name of the unit that it is about.
    pub unit: String,
    /// Why, for people.
    pub reason: String,
    /// Resource name of the one cycle that it counts in while that is open; empty: every one of the day.
    pub cycle: String,
    /// What one entry is made of, by however many facts it is said; empty: each fact makes its own.
    pub once: String,
}

/// Entries that a fact undoes: of those that followed from facts before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// Resource name of the thing that they followed from.
    pub thing: String,
    /// By which causes.
    pub which: Which,
    /// Why, for people.
    pub reason: String,
}

/// Which of the entries that followed from a thing fall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// All by these causes.
    By(&'static [TariffCause]),
    /// Those by the refutation of its last report.
    LastRefutation,
    /// Those by deadlines that passed at the moment of the fact, or after it.
    PassedSince,
    /// Those by one fact about some of its units.
    From {
        /// The fact's event id.
        event_id: String,
        /// Resource names of the units.
        units: Vec<String>,
    },
}

/// What a cause costs under `scheme`: points for each source that has a tariff for it.
pub fn prices(cause: TariffCause, scheme: &Scheme) -> Vec<(String, Decimal)> {
    let price = |source: &scoring::scheme::Source| {
        let tariff = source.tariffs.iter().find(|tariff| tariff.cause == cause)?;
        Some((source.source_id.clone(), tariff.points))
    };
    scheme.sources().iter().filter_map(price).collect()
}

/// Records and reverses entries for the facts of one service.
pub struct Consumer<F> {
    service: Arc<Service>,
    facts: PhantomData<F>,
}

impl<F: Facts> Consumer<F> {
    pub(crate) fn new(service: Arc<Service>) -> Self {
        Self { service, facts: PhantomData }
    }

    async fn record(&self, event: &RecordedEvent, caused: &Caused) -> Result<(), Failure> {
        let Ok(unit) = UnitName::parse("unit", &caused.unit) else { return Ok(()) };
        let day = field::day_of(event.occurred_at).to_string();
        let places = places(&self.service.reads().now(), event, &unit, caused, &day);
        for Place { cycle, unit, scheme, scheme_version, entry_date, open } in places {
            let scheme = self.service.scheme(&scheme, scheme_version).await?;
            for (source_id, points) in prices(caused.cause, &scheme) {
                let entry = EntryRecorded {
                    cycle: cycle.to_string(),
                    unit: unit.to_string(),
                    entry_id: entry_id(event, &source_id, caused),
                    target: Some(Target::SourceId(source_id)),
                    points: points.to_string(),
                    reason: caused.reason.clone(),
                    cause_event_id: event.event_id.to_string(),
                    entry_date: entry_date.clone(),
                    recorded_by: F::CONSUMER.to_owned(),
                    cause: caused.cause.into(),
                    cause_thing: caused.thing.clone(),
                    cause_unit: caused.unit.clone(),
                };
                if self.service.reads().now().is_recorded(&entry) {
                    continue;
                }
                if open {
                    self.send(event, &cycle, &entry, points).await?;
                } else {
                    let (unit, event_id) = (&entry.unit, &entry.cause_event_id);
                    tracing::warn!(%cycle, unit, event_id, points = entry.points, "too late: the cycle is closed");
                }
            }
        }
        Ok(())
    }

    async fn send(
        &self,
        event: &RecordedEvent,
        cycle: &CycleName,
        entry: &EntryRecorded,
        points: Decimal,
    ) -> Result<(), Failure> {
        let unit = UnitName::parse("unit", &entry.unit)?;
        let name = EntryName {
            jurisdiction: cycle.jurisdiction.clone(),
            cycle: cycle.cycle.clone(),
            unit: unit.unit,
            entry: entry.entry_id.clone(),
        };
        // Without the unit that is charged: that may change with the register.
        let call = reaction::call(event, F::CONSUMER, &format!("{cycle}/{}", entry.entry_id));
        let prepare = async |fresh| entries::prepare(&self.service, cycle, entry, points, fresh).await;
        let sent = self.service.daily_assessments.send(&call, &entries::stream_of(&name), prepare).await;
        noted(event, &name, sent.map(drop))
    }

    async fn reverse(&self, event: &RecordedEvent, undone: &Undone) -> Result<(), Failure> {
        let fallen: Vec<EntryKey> = {
            let model = self.service.reads().now();
            match &undone.which {
                Which::By(causes) => model.followed_from(&undone.thing, causes, event),
                Which::LastRefutation => model.followed_from_refutation(&undone.thing, event),
                Which::PassedSince => model.followed_from_deadline(&undone.thing, event),
                Which::From { event_id, units } => model.followed_from_fact(&undone.thing, event_id, units),
            }
        };
        for (key, entry) in fallen {
            let Some(name) = entry_name(&key, entry) else { continue };
            let (cycle, unit) = entries::owners(&name);
            let reversed = EntryReversed {
                cycle: cycle.to_string(),
                unit: unit.to_string(),
                entry_id: name.entry.clone(),
                reason: undone.reason.clone(),
                cause_event_id: event.event_id.to_string(),
            };
            let call = reaction::call(event, F::CONSUMER, &name.to_string());
            let command = daily_assessment::Command::Reverse(reversed);
            let prepare = |_| std::future::ready(Ok((command.clone(), vec![])));
            let sent = self.service.daily_assessments.send(&call, &entries::stream_of(&name), prepare).await;
            noted(event, &name, sent.map(drop))?;
        }
        Ok(())
    }
}

impl<F: Facts> Reaction for Consumer<F> {
    const CONSUMER: &'static str = F::CONSUMER;
    const EFFECTS: &'static [Effect] = F::EFFECTS;

    async fn act(&self, event: &RecordedEvent) -> Result<(), Failure> {
        let decoded = F::Fact::decode(&event.event_type, &event.payload);
        let Some(fact) = decoded.map_err(|error| {
            tracing::error!(position = event.position, %error, "{} cannot read a fact", F::CONSUMER);
            Failure::Internal
        })?
        else {
            return Ok(());
        };
        let consequences = F::react(&fact);
        if !consequences.is_empty() {
            // Cycles that were opened, and entries that were recorded, before this was looked at count.
            self.service.reads().catch_up(PATIENCE).await?;
        }
        for consequence in consequences {
            match consequence {
                Consequence::Entry(caused) => self.record(event, &caused).await?,
                Consequence::Reversal(undone) => self.reverse(event, &undone).await?,
            }
        }
        Ok(())
    }
}

/// A rule that refuses is an outcome: the cycle closed in the meantime, the unit left it.
fn noted(event: &RecordedEvent, name: &EntryName, sent: Result<(), Failure>) -> Result<(), Failure> {
    let Err(Failure::Refused { rule, message, .. }) = sent else { return sent };
    tracing::info!(position = event.position, rule, "no change of {name}: {message}");
    Ok(())
}

/// A cycle that a fact counts in, or would if it were still open, and the unit that it counts for there.
struct Place {
    cycle: CycleName,
    unit: UnitName,
    scheme: String,
    scheme_version: u32,
    entry_date: String,
    open: bool,
}

/// Where a fact about `unit` counts that happened on `day`: in cycles that were opened before it was recorded.
fn places(
    model: &ReadModel,
    event: &RecordedEvent,
    unit: &UnitName,
    caused: &Caused,
    day: &str,
) -> Vec<Place> {
    let prefix = format!("{}/", unit.jurisdiction);
    let known = model.cycles.with_prefix(&prefix).filter(|(_, loaded)| was_there(loaded, "", event));
    let known: Vec<_> = known.filter_map(|(_, loaded)| Some((loaded, loaded.state.opened()?))).collect();
    let is_named = |opened: &cycle::Opened| opened.terms.cycle == caused.cycle;
    let is_open = |opened: &cycle::Opened| opened.phase == cycle::Phase::Open;
    // It is named also if it took the fact before it was closed.
    let took = |opened: &cycle::Opened| model.took(&opened.terms.cycle, &caused.thing, event);
    let named = known.iter().any(|(_, opened)| is_named(opened) && (is_open(opened) || took(opened)));
    let place = |(loaded, opened): &(&Loaded<cycle::Cycle>, &cycle::Opened)| {
        let terms = &opened.terms;
        let period = &*terms.start_date..=&*terms.end_date;
        let counts = if named { is_named(opened) } else { period.contains(&day) };
        // A cycle that is named takes what happened after its period on its last day.
        let entry_date = day.clamp(&*terms.start_date, &*terms.end_date);
        Some(Place {
            cycle: CycleName::parse("cycle", &terms.cycle).ok().filter(|_| counts)?,
            unit: charged(model, event, unit, loaded)?,
            scheme: terms.scheme.clone(),
            scheme_version: terms.scheme_version,
            entry_date: entry_date.to_owned(),
            open: is_open(opened),
        })
    };
    known.iter().filter_map(place).collect()
}

/// The nearest unit, from `unit` upwards, that was entered in a cycle.
fn charged(
    model: &ReadModel,
    event: &RecordedEvent,
    unit: &UnitName,
    cycle: &Loaded<cycle::Cycle>,
) -> Option<UnitName> {
    let register = model.registers.get(&unit.jurisdiction);
    let above = |unit: &String| {
        let parent = &register?.state.unit(unit)?.registered.parent;
        Some(parent.clone()).filter(|parent| !parent.is_empty())
    };
    let mut lineage = std::iter::successors(Some(unit.to_string()), above);
    let units = &cycle.state.opened()?.units;
    let charged = lineage.find(|unit| units.contains_key(unit) && was_there(cycle, unit, event))?;
    UnitName::parse("unit", &charged).ok()
}

/// Whether a cycle, or a unit in it, was there when a fact was recorded. So a source that is read again from its
/// start finds what it found the first time.
fn was_there(cycle: &Loaded<cycle::Cycle>, thing: &str, event: &RecordedEvent) -> bool {
    cycle.stamp(thing).created_at.is_some_and(|at| at <= event.recorded_at)
}

/// An entry of its own for each source, and for each unit that the fact is about, also where several count for one
/// above them.
fn entry_id(event: &RecordedEvent, source_id: &str, caused: &Caused) -> String {
    let letters = source_id.len().min(SOURCE_LETTERS_MAX);
    let made_of = match caused.once.as_str() {
        "" => event.event_id,
        once => Uuid::new_v5(&Uuid::NAMESPACE_OID, once.as_bytes()),
    };
    let id = Uuid::new_v5(&made_of, format!("{source_id}/{}", caused.unit).as_bytes());
    format!("{}-{}", &source_id[..letters], id.simple())
}

fn entry_name(key: &str, entry: String) -> Option<EntryName> {
    let mut ids = key.split('/').map(str::to_owned);
    let (jurisdiction, cycle, unit) = (ids.next()?, ids.next()?, ids.next()?);
    Some(EntryName { jurisdiction, cycle, unit, entry })
}
