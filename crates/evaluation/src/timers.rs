//! Time that becomes commands: a commitment whose day passes without delivery lapses, once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use contract::field;
use contract::name::CommitmentName;
use contract::status::Failure;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _, tz};
use shell::timer::{self, Timer};

use crate::domain::commitment;
use crate::service::{Service, commitments};

/// How often the timer looks.
pub(crate) const EVERY: Duration = Duration::from_secs(1);
/// How long it waits for the read model, which must hold what is recorded.
const PATIENCE: Duration = Duration::from_secs(10);

/// The commitments that wait for a report, soonest first: the last day, written YYYY-MM-DD, and the key.
#[derive(Debug, Default)]
pub struct Awaited {
    days: BTreeSet<(String, String)>,
}

impl Awaited {
    /// The last day of the commitment of `key` changes from `before` to `after`; `None`: it waits for none.
    pub fn move_to(&mut self, key: &str, before: Option<String>, after: Option<String>) {
        if before == after {
            return;
        }
        if let Some(before) = before {
            self.days.remove(&(before, key.to_owned()));
        }
        if let Some(after) = after {
            self.days.insert((after, key.to_owned()));
        }
    }
}

/// The commitments whose last day has passed by `today`, soonest first, each with that day.
pub fn due(awaited: &Awaited, today: Date) -> Vec<(CommitmentName, Date)> {
    let today = today.to_string();
    let passed = awaited.days.iter().take_while(|(day, _)| *day < today);
    passed
        .filter_map(|(day, key)| {
            let (jurisdiction, commitment) = key.split_once('/')?;
            let name =
                CommitmentName { jurisdiction: jurisdiction.to_owned(), commitment: commitment.to_owned() };
            Some((name, day.parse().ok()?))
        })
        .collect()
}

/// The last moment of a day: what happened on it belongs to the cycle that the day belongs to.
fn last_moment(day: Date) -> Option<Timestamp> {
    let midnight = day.tomorrow().ok()?.at(0, 0, 0, 0);
    tz::offset(8).to_timestamp(midnight).ok()?.checked_sub(1.microsecond()).ok()
}

/// Lapses what was not delivered.
pub(crate) struct Lapses {
    service: Arc<Service>,
}

impl Lapses {
    pub(crate) fn new(service: Arc<Service>) -> Self {
        Self { service }
    }

    async fn lapse(&self, name: &CommitmentName, day: Date, today: Date) -> Result<(), Failure> {
        let Some(passed_at) = last_moment(day) else { return Ok(()) };
        let call = timer::call(Self::NAME, &name.jurisdiction, &name.to_string(), passed_at);
        let command = commitment::Command::Lapse { commitment: name.to_string(), today: today.to_string() };
        let prepare = |_| std::future::ready(Ok((command.clone(), vec![])));
        match self.service.commitments.send(&call, &commitments::stream_of(name), prepare).await {
            Err(Failure::Refused { rule, message, .. }) => {
                tracing::info!(commitment.id = %name, rule, "{name} has not lapsed: {message}");
                Ok(())
            }
            sent => sent.map(drop),
        }
    }
}

impl Timer for Lapses {
    const NAME: &'static str = "evaluation-commitments";

    async fn tick(&self, now: Timestamp) -> Result<(), Failure> {
        // A model half filled would lapse again what was settled long ago.
        self.service.reads().catch_up(PATIENCE).await?;
        let today = field::day_of(now);
        let due = due(&self.service.reads().now().awaited, today);
        let mut outcome = Ok(());
        for (name, day) in due {
            // One that fails does not keep the others waiting.
            if let Err(failure) = self.lapse(&name, day, today).await {
                outcome = Err(failure);
            }
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due_on(awaited: &Awaited, today: &str) -> Vec<String> {
        due(awaited, today.parse().unwrap()).into_iter().map(|(name, _)| name.key()).collect()
    }

    #[test]
    fn a_day_has_passed_once_it_is_over() {
        let mut awaited = Awaited::default();
        awaited.move_to("city/a", None, Some("2025-06-30".to_owned()));
        awaited.move_to("town/b", None, Some("2025-05-31".to_owned()));
        assert_eq!(due_on(&awaited, "2025-06-30"), ["town/b"]);
        assert_eq!(due_on(&awaited, "2025-07-01"), ["town/b", "city/a"]);
        awaited.move_to("town/b", Some("2025-05-31".to_owned()), None);
        assert_eq!(due_on(&awaited, "2025-07-01"), ["city/a"]);
    }

    #[test]
    fn it_lapses_in_the_last_moment_of_its_day() {
        let day: Date = "2025-06-30".parse().unwrap();
        let moment = last_moment(day).unwrap();
        assert_eq!(moment.to_string(), "2025-06-30T15:59:59.999999Z");
        assert_eq!(field::day_of(moment), day);
    }
}
