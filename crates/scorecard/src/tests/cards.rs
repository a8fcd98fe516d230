use contract::evaluation::entry_recorded::Target;
use contract::scorecard::{Publication, Scorecard};

use super::history::{History, closed_year, cycle_name, unit, year};
use crate::fold;

fn points(card: &Scorecard) -> Vec<(&str, Option<&str>)> {
    card.components.iter().map(|found| (found.component_id.as_str(), found.points.as_deref())).collect()
}

#[test]
fn a_card_shows_what_each_component_gives_and_how_it_adds_up() {
    let card = closed_year().card("traffic");
    // leadership (1·8.5 + 3·9.25)/4; public 40·(0.6·0.8 + 0.4·0); conduct 9 − 1.25;
    // duties 10·(77/90 + 3/4)/2
    let expected = [
        ("work", Some("27.00")),
        ("leadership", Some("9.06")),
        ("public", Some("19.20")),
        ("conduct", Some("7.75")),
        ("duties", Some("8.03")),
    ];
    assert_eq!(points(&card), expected);
    assert_eq!(card.own_points.as_deref(), Some("71.04"));
    // inspection −3.5 is capped at −3, complaint −0.33.
    assert_eq!((card.daily[0].sum.as_str(), card.daily[0].clipped.as_str()), ("-3.50", "-3.00"));
    assert_eq!(card.daily_points, "-3.33");
    assert_eq!(card.final_points.as_deref(), Some("67.71"));
    assert_eq!((card.group, card.group_size, card.ranked, card.rank), (2, 2, false, 0));
    assert_eq!(card.unit_title, "Unit traffic");
    assert_eq!(card.publication(), Publication::Closed);
}

#[test]
fn children_roll_up_and_a_survey_tells_how_sure_it_is() {
    let history = closed_year();
    let card = history.card("bureau");
    let roll_up = card.roll_up.unwrap();
    assert_eq!((roll_up.share.as_str(), roll_up.children), ("0.1", 2));
    let survey = card.components[2].survey.as_ref().unwrap();
    assert_eq!((survey.issued, survey.returned, survey.return_rate.as_str()), (7, 5, "0.7143"));
    assert_eq!(survey.strata[0].mean.as_deref(), Some("0.5333"));
    assert_eq!((card.rank, card.excellent_places, card.excellent), (1, 2, true));
    let interval = card.rank_interval.unwrap();
    assert_eq!((interval.low, interval.high), (1, 1), "the other unit of its group is pending");
}

#[test]
fn what_is_pending_says_why_and_leaves_the_final_pending() {
    let card = year().card("tax");
    assert_eq!(points(&card)[0], ("work", None));
    assert_eq!(card.components[0].pending_reason, "no mark is on record");
    assert_eq!(card.components[1].pending_reason, "the panel is not closed");
    assert_eq!((card.own_points, card.final_points, card.rank), (None, None, 0));
    assert_eq!(card.publication, i32::from(Publication::Open));
    assert!(card.rank_interval.is_none());
}

#[test]
fn a_rank_of_an_open_cycle_has_its_interval_once_no_survey_is_open() {
    let mut history = year();
    history.close_panel();
    assert!(history.card("bureau").rank_interval.is_none(), "its survey is open");
    history.close_survey();
    let card = history.card("bureau");
    assert_eq!((card.publication(), card.rank), (Publication::Open, 1));
    let interval = card.rank_interval.unwrap();
    assert_eq!((interval.low, interval.high, interval.draws_elsewhere), (1, 1, 0));
}

#[test]
fn a_revised_mark_and_a_reversed_entry_change_the_card() {
    let mut history = closed_year();
    history.revise_mark("traffic", "30");
    history.reverse("traffic", "e3");
    let card = history.card("traffic");
    assert_eq!(points(&card)[0], ("work", Some("30.00")));
    assert_eq!((card.daily[0].sum.as_str(), card.daily[0].entries), ("-2.00", 1));
}

#[test]
fn a_unit_that_is_taken_out_and_entered_again_keeps_its_facts() {
    let mut history = year();
    history.remove("traffic");
    let cards = history.folded().scorecards(&cycle_name()).unwrap();
    assert!(cards.iter().all(|card| card.unit != unit("traffic")));
    history.enter("traffic", "bureau", 3);
    let card = history.card("traffic");
    assert_eq!(points(&card)[0], ("work", Some("27.00")));
    assert_eq!(card.group, 3);
}

#[test]
fn a_source_that_the_scheme_does_not_name_does_not_count() {
    let mut history = year();
    history.entry("tax", "e9", Target::SourceId("gossip".to_owned()), "-10");
    assert_eq!(history.card("tax").daily_points, "0.00");
}

#[test]
fn a_veto_caps_the_final_while_it_stands_whichever_log_is_read_first() {
    let mut history = closed_year();
    history.raise_veto("bureau");
    let vetoed = history.card("bureau");
    assert_eq!((vetoed.vetoed, vetoed.final_points.as_deref()), (true, Some("60.00")));
    assert!(!vetoed.excellent && vetoed.uncapped_points.as_deref() > Some("60"));

    let mut recorded = history.recorded();
    recorded.sort_by_key(|(service, _)| *service); // accountability before evaluation
    let other_order = fold(recorded.iter().map(|(service, event)| (*service, event))).unwrap();
    assert_eq!(other_order.scorecards(&cycle_name()), history.folded().scorecards(&cycle_name()));

    history.lift_veto("bureau");
    assert!(!history.card("bureau").vetoed);
}

#[test]
fn there_are_no_cards_of_a_cycle_that_was_never_opened() {
    assert!(History::default().folded().scorecards(&cycle_name()).is_none());
}
