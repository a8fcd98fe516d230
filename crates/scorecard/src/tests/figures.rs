use contract::scorecard::Scorecard;

use super::history::{History, standing, year};
use crate::figures::Drilled;

#[test]
fn a_complaint_counts_for_the_unit_that_has_it() {
    let mut history = year();
    history.lodge("c1", "traffic");
    history.lodge("c2", "");
    history.overdue("c1");
    history.transfer("c1", "station");
    history.close_complaint("c1");
    let traffic = history.card("traffic").four_in_place.unwrap();
    assert_eq!((traffic.complaints, traffic.complaints_overdue), (0, 0));
    let station = history.card("station").four_in_place.unwrap();
    assert_eq!((station.complaints, station.complaints_closed, station.complaints_overdue), (1, 1, 1));
}

#[test]
fn a_merged_case_counts_once_for_all_its_units() {
    let mut history = year();
    history.open_case("c1", &["traffic"]);
    history.open_case("c2", &["traffic", "station"]);
    history.merge_case("c1", "c2", &["traffic", "station"]);
    history.close_case("c1");
    for id in ["traffic", "station"] {
        let found = history.card(id).four_in_place.unwrap();
        assert_eq!((found.cases, found.cases_closed), (1, 1), "{id}");
    }
}

#[test]
fn commitments_and_indicators_say_what_is_in_place() {
    let mut history = year();
    history.assign_commitment("tax");
    history.assign_commitment("traffic");
    history.verify_commitment("traffic");
    let traffic = history.card("traffic").four_in_place.unwrap();
    assert_eq!((traffic.commitments, traffic.commitments_delivered), (1, 1));
    assert_eq!((traffic.indicators, traffic.indicators_reported), (2, 2));
    let tax = history.card("tax").four_in_place.unwrap();
    assert_eq!((tax.commitments, tax.indicators, tax.indicators_reported), (0, 2, 0));
}

#[test]
fn a_unit_counts_the_officers_of_its_whole_subtree() {
    let mut history = year();
    history.launch();
    history.enrol("o1", "station");
    history.enrol("o2", "traffic");
    history.enrol("o3", "traffic");
    history.transfer_officer("o2", "bureau");
    history.leave("o3");
    let officers = |history: &History, id: &str| {
        history.card(id).training.and_then(|training| training.participation).unwrap().of
    };
    assert_eq!((officers(&history, "bureau"), officers(&history, "traffic")), (2, 0));
    let bureau = history.card("bureau").training.unwrap();
    assert_eq!(bureau.grassroots_coverage.unwrap().of, 1);
}

#[test]
fn a_unit_stands_still_until_it_moves() {
    let mut history = year();
    history.launch();
    history.stall("station");
    assert!(history.card("station").stalled);
    history.resume("station");
    assert!(!history.card("station").stalled);
}

#[test]
fn what_is_kept_of_training_moves_with_its_events() {
    let mut history = year();
    history.launch();
    history.enrol("o1", "traffic");
    let (folded, mut training) = (history.folded(), history.training());
    let officers = |training: &Drilled| {
        let mut card = Scorecard::default();
        standing(&folded, training).fill("city", "traffic", &mut card);
        card.training.and_then(|training| training.participation).unwrap().of
    };
    assert_eq!((officers(&training), officers(&training)), (1, 1));
    history.enrol("o2", "traffic");
    let enrolled = history.0.last().unwrap();
    training.apply(&enrolled.event_type, &enrolled.payload).unwrap();
    assert_eq!(officers(&training), 2);
}
