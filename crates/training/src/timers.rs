//! Time that becomes commands: a unit that stands still is stalled, once; one that moved is not, any more.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use contract::field;
use contract::name::CampaignName;
use contract::status::Failure;
use contract::training::{StallCause, UnitResumed, UnitStalled};
use eventstore::Call;
use jiff::civil::Date;
use jiff::{Timestamp, tz};
use scoring::WorkingDays;
use scoring::figures::training::{Duty, Standing, Training};
use shell::timer::{self, Timer};

use crate::domain::campaign::Command;
use crate::replica::Replica;
use crate::service::Service;

/// How often the timer looks.
pub(crate) const EVERY: Duration = Duration::from_secs(1);
/// How long it waits for the read models, which must hold what is recorded.
const PATIENCE: Duration = Duration::from_secs(10);

/// What of a campaign changes with the day `today`: units stall that had something to do before it, one cause at
/// a time; a stall is lifted whose cause is gone.
pub fn due(training: &Training, campaign: &str, calendar: &WorkingDays, today: Date) -> Vec<Change> {
    let duties = training.duties(campaign, calendar, today);
    let stalls = training.stalls(campaign);
    let open: BTreeSet<_> = duties.iter().map(|duty| (&duty.unit, duty.cause)).collect();
    let lifted = stalls.iter().filter(|stall| !open.contains(&(&stall.unit, stall.cause)));
    let mut still: BTreeSet<_> = stalls.iter().map(|stall| stall.unit.clone()).collect();
    let raised = duties.iter().filter(|duty| still.insert(duty.unit.clone()));
    lifted.cloned().map(Change::Resume).chain(raised.cloned().map(Change::Stall)).collect()
}

/// What became of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It stands still.
    Stall(Duty),
    /// It moves again.
    Resume(Standing),
}

/// Stalls units that stand still, and lifts it from those that moved.
pub(crate) struct Stalls {
    service: Arc<Service>,
}

impl Stalls {
    pub(crate) fn new(service: Arc<Service>) -> Self {
        Self { service }
    }

    fn due(&self, now: Timestamp) -> Vec<(CampaignName, Change, usize)> {
        let (model, replica) = (self.service.reads.now(), self.service.replica.now());
        let mut all = vec![];
        for campaign in model.training.running() {
            let Ok(name) = CampaignName::parse("name", &campaign) else { continue };
            let calendar = replica.working_days(&name.jurisdiction);
            let stalls = model.stalls(&campaign);
            for change in due(&model.training, &campaign, calendar, field::day_of(now)) {
                let (unit, lifted) = match &change {
                    Change::Stall(duty) => (&duty.unit, None),
                    Change::Resume(standing) => (&standing.unit, Some(standing.cause)),
                };
                let of_unit = || stalls.iter().filter(|stall| stall.stalled.unit == *unit);
                // Another calendar moves a day that was due, and no unit.
                if lifted == Some(StallCause::NoSession)
                    && let Some(stall) = of_unit().next_back()
                    && !model
                        .moved_since(&campaign, stall.position)
                        .any(|moved| is_below(&replica, moved, unit))
                    && model.training.taking_part(&campaign).contains(unit)
                {
                    continue;
                }
                let before = of_unit().count();
                all.push((name.clone(), change, before));
            }
        }
        all
    }

    async fn send(
        &self,
        campaign: &CampaignName,
        change: Change,
        before: usize,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let (call, command) = command(campaign, change, before, now);
        let prepare = |_| std::future::ready(Ok((command.clone(), vec![])));
        match self.service.campaigns.send(&call, &Service::stream_of(campaign), prepare).await {
            Err(Failure::Refused { rule, message, .. }) => {
                tracing::info!(campaign.id = %campaign, rule, "{campaign}: nothing to do: {message}");
                Ok(())
            }
            sent => sent.map(drop),
        }
    }
}

impl Timer for Stalls {
    const NAME: &'static str = "training-stalls";

    async fn tick(&self, now: Timestamp) -> Result<(), Failure> {
        // Models half filled would stall units that moved long ago.
        self.service.reads.catch_up(PATIENCE).await?;
        self.service.replica.catch_up(PATIENCE).await?;
        let mut outcome = Ok(());
        for (campaign, change, before) in self.due(now) {
            // One that fails does not keep the others waiting.
            if let Err(failure) = self.send(&campaign, change, before, now).await {
                outcome = Err(failure);
            }
        }
        outcome
    }
}

/// A change as a command, the same for the same change: a unit's stalls so far tell one from the next.
fn command(campaign: &CampaignName, change: Change, before: usize, now: Timestamp) -> (Call, Command) {
    match change {
        Change::Stall(Duty { unit, cause, due_date }) => {
            let fact = format!("{campaign}/{unit}/stalled/{before}");
            let call = timer::call(Stalls::NAME, &campaign.jurisdiction, &fact, end_of(due_date));
            let (campaign, due_date) = (campaign.to_string(), due_date.to_string());
            let stalled = UnitStalled { campaign, unit, cause: cause.into(), due_date };
            (call, Command::Stall { stalled })
        }
        Change::Resume(Standing { unit, .. }) => {
            let fact = format!("{campaign}/{unit}/resumed/{before}");
            let mut call = timer::call(Stalls::NAME, &campaign.jurisdiction, &fact, Timestamp::UNIX_EPOCH);
            call.metadata.occurred_at = now;
            (call, Command::Resume { resumed: UnitResumed { campaign: campaign.to_string(), unit } })
        }
    }
}

/// Whether a unit is another, or stands below it.
fn is_below(replica: &Replica, unit: &str, above: &str) -> bool {
    replica.lineage(unit).any(|lineage| lineage == above)
}

/// Midnight at the end of a day.
fn end_of(day: Date) -> Timestamp {
    let midnight = day.tomorrow().unwrap_or(Date::MAX).at(0, 0, 0, 0);
    tz::offset(8).to_timestamp(midnight).unwrap_or(Timestamp::MAX)
}
