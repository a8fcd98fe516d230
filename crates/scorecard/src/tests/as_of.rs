use contract::evaluation::entry_recorded::Target;
use contract::scorecard::GetScorecardRequest;
use contract::scorecard::scorecard_service_server::ScorecardService as _;
use eventstore::RecordedEvent;
use jiff::Timestamp;
use proptest::prelude::proptest;
use proptest::prop_assert_eq;
use tonic::Request;

use super::history::{History, cycle, cycle_name, instant, year};
use super::properties::{fewer_cases, histories};
use super::running::{City, Running};
use crate::as_of::{self, Cut};
use crate::fold::Folded;
use crate::history::{Occurrence, Packed, Past};

/// The recorded events as the history keeps them, a run for every `every` of them.
fn past(recorded: &[(&'static str, RecordedEvent)], every: usize) -> Past {
    let packed = |events: &[(&'static str, RecordedEvent)]| {
        let events = events.iter().map(|(service, event)| Occurrence::of(service, event));
        Packed::of(events).bytes().to_vec()
    };
    Past { runs: recorded.chunks(every).map(packed).collect(), version: 0 }
}

/// What is left of `recorded`, told as if nothing else had ever been: whatever then contradicts is not told.
fn told_of(recorded: &[(&'static str, RecordedEvent)], counts: impl Fn(&RecordedEvent) -> bool) -> Folded {
    let mut told: Vec<(&'static str, RecordedEvent)> = Vec::new();
    let mut folded = Folded::default();
    for (service, event) in recorded.iter().filter(|(_, event)| counts(event)) {
        let before = told.iter().filter(|(of, _)| of == service).count();
        let position = u64::try_from(before).unwrap() + 1;
        let event = RecordedEvent { position, ..event.clone() };
        if folded.take(service, &event).is_ok() {
            told.push((service, event));
        } else {
            folded = crate::fold(told.iter().map(|(service, event)| (*service, event))).unwrap();
        }
    }
    folded
}

proptest! {
    #![proptest_config(fewer_cases())]

    #[test]
    fn as_of_an_instant_is_a_fold_of_the_events_cut_there(
        history in histories(),
        every in 1_usize..40,
        occurred in 0_usize..160,
        recorded in 0_usize..160,
    ) {
        let events = history.recorded();
        let past = past(&events, every);
        let (occurred, recorded) = (instant(occurred), instant(recorded));
        for (occurred, recorded) in [(Some(occurred), None), (None, Some(recorded)), (Some(occurred), Some(recorded))] {
            let cut = Cut { occurred, recorded, ..Cut::default() };
            let (then, _) = as_of::fold(&past, &cut).unwrap();
            let by = |cut: Option<Timestamp>, at| cut.is_none_or(|cut| at <= cut);
            let told = told_of(&events, |event| by(occurred, event.occurred_at) && by(recorded, event.recorded_at));
            prop_assert_eq!(then.scorecards(&cycle_name()), told.scorecards(&cycle_name()));
            prop_assert_eq!(then.facts.tallies.counted(), told.facts.tallies.counted());
        }
    }
}

#[test]
fn what_cannot_be_read_is_left_out_with_an_alarm_and_what_contradicts_without() {
    let mut history = year();
    let whole = history.0.len();
    history.mark("tax", "1");
    history.0[whole].payload = vec![0xff; 3];
    history.enrol("o1", "tax");
    history.0[whole + 1].payload = vec![0xff; 3];
    history.close_complaint("never lodged");
    let recorded = history.recorded();
    let (folded, _) = as_of::fold(&past(&recorded, 7), &Cut::default()).unwrap();
    let alarm = |service: &str| folded.reached[service].alarm.as_str();
    assert!(alarm("evaluation").contains("(MarkRecorded) is left out"), "{}", alarm("evaluation"));
    assert!(alarm("training").contains("training:1 (OfficerEnrolled) is left out"), "{}", alarm("training"));
    assert_eq!((alarm("complaints"), folded.reached["complaints"].position), ("", 1));
}

fn wire(at: Timestamp) -> contract::Timestamp {
    contract::field::to_wire(at)
}

#[tokio::test]
async fn a_correction_recorded_later_changes_what_had_happened_and_not_what_was_known() {
    let mut history: History = year();
    let told = history.0.len();
    let (mut city, before) = (City::start().await, instant(told));
    city.record(&history).await;
    history.entry("tax", "late", Target::SourceId("inspection".to_owned()), "-2");
    history.happened_at(told);
    // What an instant of recording cuts is told by the log's own clock.
    let evaluation = city.sources().evaluation.head().await.unwrap().position;
    let known = Timestamp::from_second(1_735_700_000 + i64::try_from(evaluation).unwrap()).unwrap();
    city.record(&history).await;
    let running = Running::start(&city).await;
    let service = running.service();
    let entries = async |as_of_occurred, as_of_recorded| {
        let name = format!("{}/scorecards/tax", cycle());
        let request = GetScorecardRequest { name, as_of_occurred, as_of_recorded, ..Default::default() };
        let card =
            service.get_scorecard(Request::new(request)).await.unwrap().into_inner().scorecard.unwrap();
        let fresh = &card.freshness[2];
        assert_eq!(fresh.head_position, fresh.position, "nothing is missing");
        (card.daily[0].entries, fresh.position)
    };
    // Beside them: how far the cut comes.
    assert_eq!(entries(None, None).await, (1, evaluation + 1));
    assert_eq!(entries(Some(wire(before)), None).await, (1, evaluation + 1));
    for occurred in [None, Some(wire(before))] {
        let (entries, position) = entries(occurred, Some(wire(known))).await;
        assert!(entries == 0 && (1..=evaluation).contains(&position), "{entries} {position}");
    }
    running.stop().await;
    // Also once it is taken up again from what was written.
    let running = Running::start(&city).await;
    let name = format!("{}/scorecards/tax", cycle());
    let request = GetScorecardRequest { name, as_of_recorded: Some(wire(known)), ..Default::default() };
    let card = running.service().get_scorecard(Request::new(request)).await.unwrap().into_inner();
    assert_eq!(card.scorecard.unwrap().daily[0].entries, 0);
    running.stop().await;
}
