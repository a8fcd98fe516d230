//! Time that becomes commands: clocks that turn yellow and red, deadlines that pass without a report, periods
//! after them; once each. And what is erased stays erased.
//!
//! What a timer says happened when it became due, not when it was noticed: a year with restarts reads as one
//! without.

use std::sync::Arc;
use std::time::Duration;

use contract::complaints::{AlertColour, ComplaintClock, ComplaintStage};
use contract::name::ComplaintName;
use contract::status::Failure;
use eventstore::Call;
use jiff::{SignedDuration, Timestamp};
use shell::timer::{self, Timer};

use crate::domain::complaint::{Alert, Command, Escalation};
use crate::read_model::{City, Row};
use crate::service::{Service, stream_of};

/// How often the timer looks.
pub(crate) const EVERY: Duration = Duration::from_secs(1);
/// How long it waits for the read model, which must hold what is recorded.
const PATIENCE: Duration = Duration::from_secs(10);
/// So many facts are raised before the read model is asked again.
const AT_ONCE_MAX: usize = 512;

/// A fact that became due.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// When.
    pub at: Timestamp,
    /// Resource name of the complaint.
    pub complaint: String,
    /// What.
    pub what: Passed,
    /// Stream version of the event that began the stage.
    stage_version: u32,
}

/// What time did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Passed {
    /// The clock turned yellow; it is due then.
    Yellow(Clock, Timestamp),
    /// The clock turned red, and is no deadline.
    Red(Clock),
    /// The deadline passed without a report.
    Deadline,
    /// A further period passed without a report.
    Period,
}

/// One of the two clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "named as in the contract")]
pub enum Clock {
    Stage,
    Case,
}

/// What has become due of a city's complaints by `now` and is not raised, in the order in which it did.
pub fn due(city: &City, now: Timestamp) -> Vec<Due> {
    let mut due: Vec<Due> = city.wakes(now).flat_map(|row| due_of(city, row)).collect();
    due.retain(|due| due.at <= now);
    due.sort();
    due
}

/// Everything that is yet to be raised of a complaint as it stands, whenever it is due.
fn due_of(city: &City, row: &Row) -> Vec<Due> {
    let mut due = Vec::new();
    let mut fact = |at, what| {
        let (complaint, stage_version) = (city.name(row).to_string(), row.stage_version);
        due.push(Due { at, complaint, what, stage_version });
    };
    for clock in [Clock::Stage, Clock::Case] {
        let Some(at) = row.due(clock.word()) else { continue };
        if !row.raised(clock.word(), AlertColour::Yellow) {
            fact(city.yellow_from(at).max(row.since(clock.word())), Passed::Yellow(clock, at));
        }
        if row.raised(clock.word(), AlertColour::Red) {
            continue;
        }
        let deadline = clock == Clock::Stage && row.stage == ComplaintStage::Assigned;
        fact(at, if deadline { Passed::Deadline } else { Passed::Red(clock) });
    }
    if let Some(at) = row.escalation_due() {
        fact(at, Passed::Period);
    }
    due
}

impl Clock {
    fn word(self) -> ComplaintClock {
        match self {
            Self::Stage => ComplaintClock::Stage,
            Self::Case => ComplaintClock::Case,
        }
    }
}

/// Raises what time does to complaints.
pub(crate) struct Clocks {
    service: Arc<Service>,
}

impl Clocks {
    pub(crate) fn new(service: Arc<Service>) -> Self {
        Self { service }
    }

    pub(crate) fn due(&self, now: Timestamp) -> Vec<Due> {
        let model = self.service.reads.now();
        let mut due: Vec<Due> = model.cities().iter().flat_map(|city| due(city, now)).collect();
        due.truncate(AT_ONCE_MAX);
        due
    }

    pub(crate) async fn raise(&self, due: &Due, now: Timestamp) -> Result<(), Failure> {
        let name = ComplaintName::parse("complaint", &due.complaint)?;
        let call = call(&name, due);
        let prepare = |fresh| command(&self.service, &name, due, now, fresh);
        match self.service.complaints.send(&call, &stream_of(&name), prepare).await {
            Err(Failure::Refused { rule, message, .. }) => {
                tracing::info!(complaint.id = %name, rule, "{name}: nothing to raise: {message}");
                Ok(())
            }
            sent => sent.map(drop),
        }
    }

    /// Takes out of the vault what is erased and was not reached when it was, or came back with a copy.
    async fn keep_erased(&self) -> Result<(), Failure> {
        let keys = {
            let model = self.service.reads.now();
            let keys = model.cities().iter().flat_map(|city| city.erased.values().flatten());
            self.service.not_yet_erased(keys)
        };
        self.service.erase(&keys).await
    }
}

async fn command(
    service: &Service,
    name: &ComplaintName,
    due: &Due,
    now: Timestamp,
    fresh: bool,
) -> shell::commands::Prepared<crate::domain::complaint::Complaint> {
    let clocks = service.clocks(&name.jurisdiction, fresh).await?;
    let alert = |clock: Clock, colour, due| Command::Alert(Alert { clock: clock.word(), colour, due });
    // A period begins with the day after the one before it ended.
    let begin = due.at.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(due.at);
    let escalation = Escalation { due: due.at, next: clocks.escalation_due(begin), at: now };
    let command = match due.what {
        Passed::Yellow(clock, at) => alert(clock, AlertColour::Yellow, at),
        Passed::Red(clock) => alert(clock, AlertColour::Red, due.at),
        Passed::Deadline => Command::RaiseOverdue(escalation),
        Passed::Period => Command::Escalate(escalation),
    };
    Ok((command, clocks.guards))
}

/// The frame of what is raised: the same whenever it is noticed.
fn call(name: &ComplaintName, due: &Due) -> Call {
    let what = match due.what {
        // An extension may leave the instant as it was, where the stage began yellow.
        Passed::Yellow(Clock::Stage, due) => format!("stage-yellow/{due}"),
        Passed::Yellow(Clock::Case, due) => format!("case-yellow/{due}"),
        Passed::Red(Clock::Stage) => "stage-red".to_owned(),
        Passed::Red(Clock::Case) => "case-red".to_owned(),
        Passed::Deadline => "deadline".to_owned(),
        Passed::Period => "period".to_owned(),
    };
    let fact = format!("{name}/{}/{what}", due.stage_version);
    timer::call(Clocks::NAME, &name.jurisdiction, &fact, due.at)
}

impl Timer for Clocks {
    const NAME: &'static str = "complaints-clocks";

    async fn tick(&self, now: Timestamp) -> Result<(), Failure> {
        let mut before = Vec::new();
        loop {
            // A model half filled would raise again what was settled long ago.
            self.service.reads.catch_up(PATIENCE).await?;
            let due = self.due(now);
            // What was raised to no effect is left for the next look.
            if due.is_empty() || due == before {
                break;
            }
            let mut outcome = Ok(());
            for due in &due {
                // One that fails does not keep the others waiting.
                if let Err(failure) = self.raise(due, now).await {
                    outcome = Err(failure);
                }
            }
            outcome?;
            before = due;
        }
        self.keep_erased().await
    }
}
