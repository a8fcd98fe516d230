use contract::evaluation::UnitResult;
use contract::evaluation::entry_recorded::Target;
use contract::scorecard::Publication;

use super::history::{History, closed_year, cycle_name};

fn published_year() -> History {
    let mut history = closed_year();
    let results = history.results();
    history.publish(results);
    history
}

#[test]
fn published_results_are_those_of_the_facts() {
    let folded = published_year().folded();
    assert_eq!(folded.facts.differences(), "");
    assert_eq!(published_year().card("bureau").publication(), Publication::Published);
}

#[test]
fn a_published_card_does_not_change_until_the_results_are_revised() {
    let published = published_year().card("traffic");
    let mut history = published_year();
    history.reverse("traffic", "e3");
    history.raise_veto("traffic");
    history.entry("traffic", "late", Target::ComponentId("conduct".to_owned()), "-5");
    assert_eq!(history.card("traffic"), published);

    // What evaluation computes from the facts as they stand.
    let mut unpublished = closed_year();
    unpublished.reverse("traffic", "e3");
    unpublished.raise_veto("traffic");
    unpublished.entry("traffic", "late", Target::ComponentId("conduct".to_owned()), "-5");
    history.revise_results(unpublished.results());
    assert_eq!(history.folded().facts.differences(), "");
    let revised = history.card("traffic");
    assert_eq!((revised.publication(), revised.vetoed), (Publication::Revised, true));
    assert_eq!(revised.final_points, unpublished.card("traffic").final_points);
    assert_ne!(revised.final_points, published.final_points);
}

#[test]
fn the_frozen_facts_do_not_depend_on_when_other_logs_are_read() {
    let mut history = closed_year();
    history.raise_veto("bureau");
    let results = history.results();
    history.publish(results);
    let mut recorded = history.recorded();
    recorded.sort_by_key(|(service, _)| std::cmp::Reverse(*service)); // accountability last
    let other_order = crate::fold(recorded.iter().map(|(service, event)| (*service, event))).unwrap();
    assert_eq!(other_order.scorecards(&cycle_name()), history.folded().scorecards(&cycle_name()));
}

#[test]
fn results_that_are_not_those_of_the_facts_raise_an_alarm() {
    let mut history = closed_year();
    let mut results = history.results();
    results[0].components[0].points = Some("26.41".to_owned());
    history.publish(results);
    let found = history.folded().facts.differences();
    assert!(found.contains("bureau: work 26.41, not 26.40"), "{found}");

    let spoils: [fn(&mut Vec<UnitResult>); 5] = [
        |results| results[0].rank = 2,
        |results| results[0].excellent = false,
        |results| results[0].final_points = None,
        |results| results[0].daily = "0".to_owned(),
        |results| drop(results.pop()),
    ];
    for spoil in spoils {
        let mut history = closed_year();
        let mut results = history.results();
        spoil(&mut results);
        history.publish(results);
        assert_ne!(history.folded().facts.differences(), "");
    }
}
