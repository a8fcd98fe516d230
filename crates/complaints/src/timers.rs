//! Time that becomes commands: a deadline that passes without a report is raised as overdue, once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use contract::name::ComplaintName;
use contract::status::Failure;
use jiff::Timestamp;
use shell::timer::{self, Timer};

use crate::domain::complaint;
use crate::service::{Service, stream};

/// How often the timer looks.
pub(crate) const EVERY: Duration = Duration::from_secs(1);
/// How long it waits for the read model, which must hold what is recorded.
const PATIENCE: Duration = Duration::from_secs(10);

/// The deadlines that wait for a report, soonest first, each with the key of its complaint.
#[derive(Debug, Default)]
pub struct Deadlines {
    pending: BTreeSet<(Timestamp, String)>,
}

impl Deadlines {
    /// The deadline of the complaint of `key` changes from `before` to `after`; `None`: it waits for none.
    pub fn move_to(&mut self, key: &str, before: Option<Timestamp>, after: Option<Timestamp>) {
        if before == after {
            return;
        }
        if let Some(before) = before {
            self.pending.remove(&(before, key.to_owned()));
        }
        if let Some(after) = after {
            self.pending.insert((after, key.to_owned()));
        }
    }
}

/// The complaints whose deadline has passed by `now` without a report, soonest first, each with its deadline.
pub fn due(deadlines: &Deadlines, now: Timestamp) -> Vec<(ComplaintName, Timestamp)> {
    let passed = deadlines.pending.iter().take_while(|(deadline, _)| *deadline <= now);
    passed
        .filter_map(|(deadline, key)| {
            let (jurisdiction, complaint) = key.split_once('/')?;
            let name =
                ComplaintName { jurisdiction: jurisdiction.to_owned(), complaint: complaint.to_owned() };
            Some((name, *deadline))
        })
        .collect()
}

/// Raises overdue complaints.
pub(crate) struct Overdue {
    service: Arc<Service>,
}

impl Overdue {
    pub(crate) fn new(service: Arc<Service>) -> Self {
        Self { service }
    }

    async fn raise(&self, name: &ComplaintName, deadline: Timestamp, at: Timestamp) -> Result<(), Failure> {
        let call = timer::call(Self::NAME, &name.jurisdiction, &name.to_string(), deadline);
        let command = complaint::Command::RaiseOverdue { deadline, at };
        let prepare = |_| std::future::ready(Ok((command.clone(), vec![])));
        let stream = stream::<complaint::Complaint>(name.key());
        match self.service.complaints.send(&call, &stream, prepare).await {
            Err(Failure::Refused { rule, message, .. }) => {
                tracing::info!(complaint.id = %name, rule, "{name} is not overdue: {message}");
                Ok(())
            }
            sent => sent.map(drop),
        }
    }
}

impl Timer for Overdue {
    const NAME: &'static str = "complaints-deadlines";

    async fn tick(&self, now: Timestamp) -> Result<(), Failure> {
        // A model half filled would raise again what was settled long ago.
        self.service.reads.catch_up(PATIENCE).await?;
        let due = due(&self.service.reads.now().deadlines, now);
        let mut outcome = Ok(());
        for (name, deadline) in due {
            // One that fails does not keep the others waiting.
            if let Err(failure) = self.raise(&name, deadline, now).await {
                outcome = Err(failure);
            }
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn waiting(deadlines: &[(&str, i64)]) -> Deadlines {
        let mut waiting = Deadlines::default();
        for (key, deadline) in deadlines {
            waiting.move_to(key, None, Some(at(*deadline)));
        }
        waiting
    }

    fn due_at(deadlines: &Deadlines, now: i64) -> Vec<(String, i64)> {
        let due = due(deadlines, at(now)).into_iter();
        due.map(|(name, deadline)| (name.key(), deadline.as_second())).collect()
    }

    #[test]
    fn a_deadline_is_due_once_it_has_passed_soonest_first() {
        let deadlines = waiting(&[("city/a", 30), ("city/b", 10), ("town/a", 20)]);
        assert_eq!(due_at(&deadlines, 9), []);
        assert_eq!(due_at(&deadlines, 10), [("city/b".to_owned(), 10)]);
        assert_eq!(due_at(&deadlines, 29), [("city/b".to_owned(), 10), ("town/a".to_owned(), 20)]);
    }

    #[test]
    fn an_extended_deadline_is_due_when_the_new_one_passes() {
        let mut deadlines = waiting(&[("city/a", 10)]);
        deadlines.move_to("city/a", Some(at(10)), Some(at(20)));
        assert_eq!(due_at(&deadlines, 19), []);
        assert_eq!(due_at(&deadlines, 20), [("city/a".to_owned(), 20)]);
    }

    #[test]
    fn what_is_reported_or_raised_is_due_no_more() {
        let mut deadlines = waiting(&[("city/a", 10)]);
        deadlines.move_to("city/a", Some(at(10)), None);
        assert_eq!(due_at(&deadlines, 100), []);
    }
}
