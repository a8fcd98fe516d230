use contract::evaluation::MarkRecorded;
use contract::evaluation::entry_recorded::Target;
use prost::Name as _;

use super::history::{History, cycle_name, year};
use crate::fold;
use crate::fold::Folded;

/// Folds all of it, whatever stops.
fn taken(history: &History) -> Folded {
    let mut folded = Folded::default();
    for (service, event) in &history.recorded() {
        // What stops a log is looked at in the end.
        let _ = folded.take(service, event);
    }
    folded
}

#[test]
fn an_entry_of_a_cycle_that_was_never_opened_stops_its_log_and_no_other() {
    let mut history = History::default();
    history.register("traffic", "");
    history.entry("traffic", "e1", Target::SourceId("inspection".to_owned()), "-1");
    history.register("station", "");
    history.enrol("o1", "traffic");
    let folded = taken(&history);
    let evaluation = &folded.reached()["evaluation"];
    assert_eq!(evaluation.position, 1, "nothing is passed over");
    assert!(
        evaluation.alarm.contains("evaluation:2 (mingjing.evaluation.v1.EntryRecorded)"),
        "{evaluation:?}"
    );
    assert!(evaluation.alarm.contains("was never opened"), "{evaluation:?}");
    assert_eq!((folded.reached()["training"].position, folded.reached()["training"].alarm.as_str()), (1, ""));
}

#[test]
fn an_event_that_cannot_be_decoded_stops_its_log() {
    let mut history = year();
    let whole = history.0.len();
    history.mark("tax", "1");
    history.0[whole].payload = vec![0xff; 3];
    let folded = taken(&history);
    assert!(folded.reached()["evaluation"].alarm.contains(&MarkRecorded::full_name()));
}

#[test]
fn a_form_that_does_not_fit_is_not_counted_by_half() {
    let mut history = year();
    history.form("residents", &[("bureau", "good"), ("a/b", "good")]);
    let folded = taken(&history);
    assert!(folded.reached()["evaluation"].alarm.contains("a/b"));
    assert_eq!(folded.scorecards(&cycle_name()), year().folded().scorecards(&cycle_name()));
}

#[test]
fn contradictions_are_not_passed_over() {
    let contradictions: [fn(&mut History); 9] = [
        History::open,
        |history| history.remove("nobody"),
        |history| history.reverse("tax", "e1"),
        |history| history.revise_mark("tax", "1"),
        |history| history.form("passers-by", &[]),
        |history| history.entry("bureau", "e1", Target::SourceId("inspection".to_owned()), "-1"),
        |history| history.verify_commitment("tax"),
        |history| history.revise_results(vec![]),
        |history| history.mark("tax", "much"),
    ];
    for (contradict, number) in contradictions.iter().zip(0..) {
        let mut history = year();
        contradict(&mut history);
        let recorded = history.recorded();
        assert!(fold(recorded.iter().map(|(service, event)| (*service, event))).is_err(), "{number}");
    }
    let others: [fn(&mut History); 2] =
        [|history| history.lift_veto("tax"), |history| history.close_complaint("c1")];
    for contradict in others {
        let mut history = History::default();
        contradict(&mut history);
        let recorded = history.recorded();
        assert!(fold(recorded.iter().map(|(service, event)| (*service, event))).is_err());
    }
}

#[test]
fn an_older_event_is_dropped_and_a_gap_is_refused() {
    let recorded = year().recorded();
    let mut folded = Folded::default();
    for (service, event) in &recorded {
        folded.take(service, event).unwrap();
        folded.take(service, event).unwrap();
        folded.take(service, &recorded[0].1).unwrap();
    }
    assert_eq!(folded.scorecards(&cycle_name()), year().folded().scorecards(&cycle_name()));
    let mut gap = recorded[0].1.clone();
    gap.position = 1_000;
    let alarm = folded.take("evaluation", &gap).unwrap_err();
    assert!(alarm.contains("comes 1000"), "{alarm}");
}

#[test]
fn events_that_no_card_shows_are_passed_by() {
    let mut history = year();
    let returned = contract::evaluation::FormsReturned::default();
    history.tell("evaluation", "survey-city/2024/public", &returned);
    assert_eq!(history.folded().reached()["evaluation"].alarm, "");
}
