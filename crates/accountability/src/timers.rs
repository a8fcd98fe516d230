//! Time that becomes commands: a disposition that is not carried out by its last day is raised, once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use contract::field::day_of;
use contract::name::CaseName;
use contract::status::Failure;
use jiff::Timestamp;
use jiff::civil::Date;
use shell::timer::{self, Timer};

use crate::domain::case::{self, Subject};
use crate::service::{Service, stream_of};

/// How often the timer looks.
pub(crate) const EVERY: Duration = Duration::from_secs(1);
/// How long it waits for the read model, which must hold what is recorded.
const PATIENCE: Duration = Duration::from_secs(10);

/// The dispositions that wait to be carried out, soonest first, each with the key of its case.
#[derive(Debug, Default)]
pub struct Executions {
    pending: BTreeSet<(Date, String, Subject)>,
}

impl Executions {
    /// What waits in the case of `key` changes from `before` to `after`.
    pub fn change(&mut self, key: &str, before: Vec<(Date, Subject)>, after: Vec<(Date, Subject)>) {
        for (due, subject) in before {
            self.pending.remove(&(due, key.to_owned(), subject));
        }
        self.pending.extend(after.into_iter().map(|(due, subject)| (due, key.to_owned(), subject)));
    }
}

/// The dispositions whose last day lies before `today`, soonest first.
pub fn due(executions: &Executions, today: Date) -> Vec<(CaseName, Date, Subject)> {
    let passed = executions.pending.iter().take_while(|(due, ..)| *due < today);
    passed
        .filter_map(|(due, key, subject)| {
            let (jurisdiction, case) = key.split_once('/')?;
            let name = CaseName { jurisdiction: jurisdiction.to_owned(), case: case.to_owned() };
            Some((name, *due, subject.clone()))
        })
        .collect()
}

/// Raises overdue dispositions.
pub(crate) struct Overdue {
    service: Arc<Service>,
}

impl Overdue {
    pub(crate) fn new(service: Arc<Service>) -> Self {
        Self { service }
    }

    async fn raise(&self, name: &CaseName, due: Date, subject: Subject, day: Date) -> Result<(), Failure> {
        let Some(passed_at) = end_of(due) else { return Ok(()) };
        let fact = format!("{name}/{}", subject.name());
        let call = timer::call(Self::NAME, &name.jurisdiction, &fact, passed_at);
        let command = case::Command::RaiseOverdue { subject, due, day };
        let prepare = |_| std::future::ready(Ok((command.clone(), vec![])));
        match self.service.cases.send(&call, &stream_of(name), prepare).await {
            Err(Failure::Refused { rule, message, .. }) => {
                tracing::info!(case.id = %name, rule, "nothing of {name} is overdue: {message}");
                Ok(())
            }
            sent => sent.map(drop),
        }
    }
}

impl Timer for Overdue {
    const NAME: &'static str = "accountability-executions";

    async fn tick(&self, now: Timestamp) -> Result<(), Failure> {
        // A model half filled would raise again what was settled long ago.
        self.service.reads().catch_up(PATIENCE).await?;
        let today = day_of(now);
        let due = due(&self.service.reads().now().executions, today);
        let mut outcome = Ok(());
        for (name, due, subject) in due {
            // One that fails does not keep the others waiting.
            if let Err(failure) = self.raise(&name, due, subject, today).await {
                outcome = Err(failure);
            }
        }
        outcome
    }
}

/// The instant at which a day is over.
fn end_of(day: Date) -> Option<Timestamp> {
    let next = day.tomorrow().ok()?;
    jiff::tz::offset(8).to_timestamp(next.at(0, 0, 0, 0)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: &str) -> Date {
        day.parse().unwrap()
    }

    fn officer(name: &str) -> Subject {
        Subject::Officer(name.to_owned())
    }

    fn due_on(executions: &Executions, today: &str) -> Vec<String> {
        due(executions, day(today)).into_iter().map(|(name, _, subject)| name.case + subject.name()).collect()
    }

    #[test]
    fn a_disposition_is_overdue_once_its_last_day_is_over_soonest_first() {
        let mut executions = Executions::default();
        let (first, last) = ((day("2024-06-01"), officer("a")), (day("2024-06-03"), officer("b")));
        executions.change("city/c1", vec![], vec![last, first]);
        assert_eq!(due_on(&executions, "2024-06-01"), [""; 0]);
        assert_eq!(due_on(&executions, "2024-06-02"), ["c1a"]);
        assert_eq!(due_on(&executions, "2024-06-04"), ["c1a", "c1b"]);
    }

    #[test]
    fn what_is_carried_out_or_suspended_is_due_no_more() {
        let mut executions = Executions::default();
        let waiting = vec![(day("2024-06-01"), officer("a")), (day("2024-06-01"), officer("b"))];
        executions.change("city/c1", vec![], waiting.clone());
        executions.change("city/c1", waiting, vec![(day("2024-06-01"), officer("b"))]);
        assert_eq!(due_on(&executions, "2024-07-01"), ["c1b"]);
    }

    #[test]
    fn a_day_is_over_at_midnight_in_china() {
        assert_eq!(end_of(day("2024-06-01")), Some("2024-06-01T16:00:00Z".parse().unwrap()));
    }
}
