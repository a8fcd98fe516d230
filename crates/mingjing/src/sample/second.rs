//! The second year: 2025, entered day by day while time is moved by hand, so that what the timers of the services
//! find in it is found in its time.
//!
//! | file | what |
//! |---|---|
//! | [`city`] | what all parts share: units, officers, working days |
//! | [`training`], [`complaints`], [`appraisal`], [`commitments`], [`accountability`] | the facts of each context |
//!
//! Each part gives its steps in any order. Those of one instant know nothing of each other and are entered at
//! once; between instants the services' reactions are awaited.

mod accountability;
mod appraisal;
mod city;
mod commitments;
mod complaints;
mod steps;
mod training;

use anyhow::Context as _;
use contract::field;
use contract::training::{CampaignState, GetCampaignRequest};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use tonic::Code;

use super::processes::Processes;
use super::services::{Servers, Services};
use steps::Step;

/// So many steps of one instant are under way at once.
const AT_ONCE_MAX: usize = 64;
/// The hour at which the clock stands on each day: everything of the day has happened.
const EVENING: i8 = 20;

/// What became of the second year.
#[derive(Debug)]
pub enum Outcome {
    /// It was entered.
    Entered,
    /// It had been entered before time was let go.
    There,
    /// Time is not moved by hand, which it has to be.
    NeedsClock,
}

/// The second year, ready to be entered.
pub struct SecondYear {
    steps: Vec<Step>,
}

impl SecondYear {
    /// Generates it: the same at every run.
    pub fn generate() -> Self {
        let city = city::City::new();
        let mut steps = city.steps();
        steps.extend(training::steps(&city));
        steps.extend(complaints::steps(&city));
        steps.extend(appraisal::steps(&city));
        steps.extend(commitments::steps(&city));
        steps.extend(accountability::steps(&city));
        steps.sort_by_key(Step::on);
        Self { steps }
    }

    /// How often [`Self::load`] reports progress.
    pub fn steps(&self) -> u64 {
        u64::try_from(self.steps.len()).unwrap_or(u64::MAX)
    }

    /// Enters it after the first year, calling `step` as it goes on. Time stands on its last day then.
    pub async fn load(self, servers: &Servers, mut step: impl FnMut()) -> anyhow::Result<Outcome> {
        let channels = servers.connect().await?;
        let services = Services::of(servers, &channels);
        let processes = Processes::of(channels.into_values().collect()).await?;
        if !processes.all_by_hand() {
            let there = is_there(services).await?;
            return Ok(if there { Outcome::There } else { Outcome::NeedsClock });
        }
        let mut steps = self.steps.into_iter().peekable();
        while let Some(first) = steps.peek() {
            let evening = steps::at(field::day_of(first.on()), EVENING);
            processes.move_to(evening).await?;
            processes.settle().await?;
            while let Some(first) = steps.next_if(|step| step.on() <= evening) {
                let mut group = vec![first];
                let on = group[0].on();
                group.extend(std::iter::from_fn(|| steps.next_if(|step| step.on() == on)));
                enter(&services, group, &mut step).await?;
                processes.settle().await?;
            }
            // What moved is seen to move on the same day.
            processes.move_to(evening).await?;
        }
        processes.settle().await?;
        Ok(Outcome::Entered)
    }
}

/// Lets time go where it is moved by hand, and waits for what comes of that. Gives the token to read everything with.
pub async fn let_go(servers: &Servers) -> anyhow::Result<String> {
    let channels = servers.connect().await?;
    let processes = Processes::of(channels.into_values().collect()).await?;
    processes.release().await?;
    let heads = processes.settle().await?.into_iter().filter(|(_, position)| *position > 0);
    let tokens: Vec<_> = heads.filter_map(|(service, position)| token(&service, position)).collect();
    Ok(tokens.join(","))
}

fn token(service: &str, position: u64) -> Option<String> {
    let service = contract::token::SERVICES.into_iter().find(|known| *known == service)?;
    Some(contract::token::write(service, position))
}

/// Enters steps that know nothing of each other.
async fn enter(services: &Services, steps: Vec<Step>, mut step: impl FnMut()) -> anyhow::Result<()> {
    let mut entering = stream::iter(steps)
        .map(|step| async {
            let (what, on) = (step.what().to_owned(), step.on());
            step.enter(services.clone()).await.with_context(|| format!("{what}, on {on}"))
        })
        .buffer_unordered(AT_ONCE_MAX);
    while entering.try_next().await?.is_some() {
        step();
    }
    Ok(())
}

/// Whether the year was entered before: its training drive is over.
async fn is_there(mut services: Services) -> anyhow::Result<bool> {
    let request = GetCampaignRequest { name: training::campaign(), ..Default::default() };
    match services.training.get_campaign(request).await {
        Ok(answer) => {
            Ok(answer.into_inner().campaign.is_some_and(|found| found.state() == CampaignState::Concluded))
        }
        Err(status) if [Code::NotFound, Code::Unimplemented].contains(&status.code()) => Ok(false),
        Err(status) => Err(status.into()),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn the_year_is_the_same_at_every_run_and_each_step_is_told_from_the_others() {
        let frames = || -> Vec<(Timestamp, String)> {
            let year = SecondYear::generate();
            year.steps.iter().map(|step| (step.on(), step.what().to_owned())).collect()
        };
        let first = frames();
        assert_eq!(frames(), first);
        let mut names: Vec<_> = first.into_iter().map(|(_, what)| what).collect();
        names.sort();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
