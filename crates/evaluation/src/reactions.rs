//! Others' facts that become entries of the daily assessment, by the scheme's tariff, once each.
//!
//! A complaint whose deadline passed takes the tariff's points from the responsible unit in every open cycle
//! that it is entered in and whose period contains the day.

use std::sync::Arc;

use contract::complaints::ComplaintOverdue;
use contract::evaluation::EntryRecorded;
use contract::evaluation::entry_recorded::Target;
use contract::field;
use contract::name::{CycleName, EntryName, UnitName};
use contract::status::Failure;
use contract::words::TariffCause;
use eventstore::{EventSet as _, RecordedEvent};
use rust_decimal::Decimal;
use scoring::Scheme;
use shell::reaction::{self, Effect, Reaction};

use crate::read_model::ReadModel;
use crate::service::{Service, entries};

eventstore::events! {
    /// The facts of the complaints context that cost or give points.
    pub enum Fact { ComplaintOverdue }
}

/// An entry that a fact makes, if the cycle admits it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Priced {
    /// The source that it counts under.
    pub source_id: String,
    /// Its points.
    pub points: Decimal,
    /// Why, for people.
    pub reason: String,
    /// Resource name of the unit that it is about.
    pub unit: String,
}

/// What `fact` costs under `scheme`: one entry per source that has a tariff for it.
pub fn react(fact: &Fact, scheme: &Scheme) -> Vec<Priced> {
    let Fact::ComplaintOverdue(ComplaintOverdue { complaint, unit, .. }) = fact;
    let reason = format!("{complaint}: its deadline passed without a report");
    let price = |source: &scoring::scheme::Source| {
        let tariff = source.tariffs.iter().find(|tariff| tariff.cause == TariffCause::ComplaintOverdue)?;
        Some(Priced {
            source_id: source.source_id.clone(),
            points: tariff.points,
            reason: reason.clone(),
            unit: unit.clone(),
        })
    };
    scheme.sources().iter().filter_map(price).collect()
}

/// Records entries for the facts of the complaints context.
pub struct FromComplaints {
    service: Arc<Service>,
}

impl FromComplaints {
    pub(crate) fn new(service: Arc<Service>) -> Self {
        Self { service }
    }

    async fn record(
        &self,
        event: &RecordedEvent,
        cycle: &CycleName,
        day: &str,
        priced: Priced,
    ) -> Result<(), Failure> {
        let unit = UnitName::parse("unit", &priced.unit)?;
        let entry = EntryRecorded {
            cycle: cycle.to_string(),
            unit: priced.unit,
            entry_id: format!("{}-{}", priced.source_id, event.event_id.simple()),
            target: Some(Target::SourceId(priced.source_id)),
            points: priced.points.to_string(),
            reason: priced.reason,
            cause_event_id: event.event_id.to_string(),
            entry_date: day.to_owned(),
            recorded_by: Self::CONSUMER.to_owned(),
            ..EntryRecorded::default()
        };
        let name = EntryName {
            jurisdiction: cycle.jurisdiction.clone(),
            cycle: cycle.cycle.clone(),
            unit: unit.unit,
            entry: entry.entry_id.clone(),
        };
        let call = reaction::call(event, Self::CONSUMER, &name.to_string());
        let prepare =
            async |fresh| entries::prepare(&self.service, cycle, &entry, priced.points, fresh).await;
        let sent = self.service.daily_assessments.send(&call, &entries::stream_of(&name), prepare).await;
        match sent {
            // The cycle closed, or the unit left it, in the meantime: this fact costs nothing there.
            Err(Failure::Refused { rule, message, .. }) => {
                tracing::info!(position = event.position, rule, "no entry {name}: {message}");
                Ok(())
            }
            sent => sent.map(drop),
        }
    }
}

impl Reaction for FromComplaints {
    const CONSUMER: &'static str = "evaluation-from-complaints";
    const EFFECTS: &'static [Effect] = &[];

    async fn act(&self, event: &RecordedEvent) -> Result<(), Failure> {
        let decoded = Fact::decode(&event.event_type, &event.payload);
        let Some(fact) = decoded.map_err(|error| {
            tracing::error!(position = event.position, %error, "a fact of complaints cannot be read");
            Failure::Internal
        })?
        else {
            return Ok(());
        };
        let day = field::day_of(event.occurred_at).to_string();
        // Cycles that were opened before this was looked at count.
        self.service.reads().catch_up(std::time::Duration::from_secs(10)).await?;
        let cycles = running(&self.service.reads().now(), &event.jurisdiction, &event.unit, &day);
        for (cycle, scheme, scheme_version) in cycles {
            let scheme = self.service.scheme(&scheme, scheme_version).await?;
            for priced in react(&fact, &scheme) {
                self.record(event, &cycle, &day, priced).await?;
            }
        }
        Ok(())
    }
}

/// The open cycles of a jurisdiction that a unit is entered in and whose period contains `day`, each with its
/// scheme and version.
fn running(model: &ReadModel, jurisdiction: &str, unit: &str, day: &str) -> Vec<(CycleName, String, u32)> {
    let unit = UnitName { jurisdiction: jurisdiction.to_owned(), unit: unit.to_owned() }.to_string();
    let prefix = format!("{jurisdiction}/");
    let opened = model.cycles.with_prefix(&prefix).filter_map(|(_, loaded)| loaded.state.opened());
    let running = opened.filter(|opened| {
        let period = opened.terms.start_date.as_str()..=opened.terms.end_date.as_str();
        opened.phase == crate::domain::cycle::Phase::Open
            && period.contains(&day)
            && opened.units.contains_key(&unit)
    });
    running
        .filter_map(|opened| {
            let cycle = CycleName::parse("cycle", &opened.terms.cycle).ok()?;
            Some((cycle, opened.terms.scheme.clone(), opened.terms.scheme_version))
        })
        .collect()
}
