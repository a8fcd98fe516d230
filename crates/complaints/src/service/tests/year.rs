//! A year by a clock moved by hand: each yellow, each red and each escalation once, over holidays, make-up days
//! and restarts.

use super::*;

impl World {
    /// The same logs, read anew: what a restart leaves.
    fn restarted(&self) -> Arc<Service> {
        let reads =
            Reads::follow("complaints", ReadModel::default(), vec![self.complaints.source()], &self.tasks);
        let others = vec![self.evaluation.source(), self.training.source()];
        let replica = Reads::follow("complaints-replica", Replica::default(), others, &self.tasks);
        let clock = self.service.clock.clone();
        Arc::new(Service::new(self.complaints.clone(), reads, replica, clock))
    }

    /// The autumn of 2024: holidays from 15 to 17 September and 1 to 7 October, made up for on three days.
    async fn set_autumn(&self) {
        let september = (15..=17).map(|day| format!("2024-09-{day}"));
        let october = (1..=7).map(|day| format!("2024-10-0{day}"));
        let calendar = SetCalendarRequest {
            request_id: Uuid::from_u128(90).to_string(),
            parent: "jurisdictions/city".to_owned(),
            holidays: september.chain(october).collect(),
            make_up_days: ["2024-09-14", "2024-09-29", "2024-10-12"].map(str::to_owned).to_vec(),
            ..SetCalendarRequest::default()
        };
        self.service.set_calendar(Request::new(calendar)).await.unwrap();
    }

    /// What time did, as day and words, in the order of the log.
    async fn raised(&self) -> Vec<(String, String)> {
        let raised = self.log().await.into_iter().filter(|event| event.actor == "complaints-clocks");
        let told = raised.map(|event| {
            let text = crate::history::told(&event).unwrap().text;
            (field::day_of(event.occurred_at).to_string(), text)
        });
        told.collect()
    }
}

/// One complaint that nobody puts right once it is assigned, and one that nobody accepts.
async fn neglected() -> World {
    let world = World::start().await;
    world.set_autumn().await;
    world.assign().await;
    world.lodge(11).await.unwrap();
    world
}

/// Looks at every `hours`, for a year; after each `restart_after` looks the service is another one.
async fn live(world: &World, hours: i64, restart_after: usize) {
    let start = world.now.load(Ordering::Relaxed);
    let mut timer = Clocks::new(world.service.clone());
    for (look, hour) in (0..=365 * 24).step_by(usize::try_from(hours).unwrap()).enumerate() {
        world.now.store(start + hour * 3600, Ordering::Relaxed);
        if look % restart_after == restart_after - 1 {
            timer = Clocks::new(world.restarted());
        }
        timer.tick(world.now()).await.unwrap();
    }
}

#[tokio::test]
async fn every_yellow_red_and_escalation_of_a_year_is_raised_once_over_holidays_and_restarts() {
    let world = neglected().await;
    live(&world, 36, 50).await;
    let raised = world.raised().await;
    let days_of = |text: &str| -> Vec<&str> {
        raised.iter().filter(|(_, told)| told.starts_with(text)).map(|(day, _)| &**day).collect()
    };
    // Fifteen working days after 2 September end with the 24th; the 14th is one of them, 15 to 17 are not.
    assert_eq!(days_of("the stage assigned turned yellow"), ["2024-09-19"]);
    assert_eq!(days_of("the deadline 2024-09-24 passed"), ["2024-09-25"]);
    // Five working days each: to 30 September with Sunday 29; to Saturday 12 October; to the 18th.
    assert_eq!(days_of("escalated, 1: now for division head"), ["2024-10-01"]);
    assert_eq!(days_of("escalated, 2: now for deputy bureau head"), ["2024-10-13"]);
    assert_eq!(days_of("escalated, 3: now for bureau head"), ["2024-10-19"]);
    assert_eq!(days_of("the stage lodged turned yellow"), ["2024-09-04"]);
    assert_eq!(days_of("the stage lodged turned red"), ["2024-09-10"]);
    assert_eq!((days_of("the case turned yellow").len(), days_of("the case turned red").len()), (2, 2));
    assert_eq!(raised.len(), 11, "{raised:?}");
}

#[tokio::test]
async fn a_year_that_is_looked_at_once_in_the_end_reads_as_one_that_was_looked_at_all_along() {
    let (often, once) = (neglected().await, neglected().await);
    live(&often, 30, 1000).await;
    live(&once, 365 * 24, 1000).await;
    let (mut often, mut once) = (often.raised().await, once.raised().await);
    often.sort();
    once.sort();
    assert_eq!(often, once);
}

#[tokio::test]
async fn another_calendar_moves_no_due_time_that_was_given() {
    let world = neglected().await;
    let key = world.log().await[1].stream.key().to_owned();
    let due = world.get(&format!("jurisdictions/{}", key.replace('/', "/complaints/"))).await;
    let calendar = SetCalendarRequest {
        request_id: Uuid::from_u128(91).to_string(),
        parent: "jurisdictions/city".to_owned(),
        ..SetCalendarRequest::default()
    };
    world.service.set_calendar(Request::new(calendar)).await.unwrap();
    let after = world.get(&due.name).await;
    let times = |it: &Complaint| (it.deadline, it.case_clock.as_ref().map(|clock| clock.due_time));
    assert!(due.deadline.is_some());
    assert_eq!(times(&after), times(&due));
}
