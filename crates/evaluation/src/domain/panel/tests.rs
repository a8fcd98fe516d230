use contract::evaluation::BallotMark;
use eventstore::testing::{Given, given};

use super::*;

const UNIT: &str = "jurisdictions/city/units/bureau";

fn convened(rolls: &[(&str, &[&str])]) -> PanelConvened {
    let roll = |(class_id, electors): &(&str, &[&str])| ElectorRoll {
        class_id: (*class_id).to_owned(),
        electors: electors.iter().map(ToString::to_string).collect(),
    };
    PanelConvened { rolls: rolls.iter().map(roll).collect(), ..PanelConvened::default() }
}

fn city() -> PanelConvened {
    convened(&[("mayor", &["m"]), ("members", &["a", "b"])])
}

fn convene(convened: PanelConvened) -> Command {
    Command::Convene { convened, classes: BTreeSet::from(["mayor".to_owned(), "members".to_owned()]) }
}

fn ballot(marks: &[(&str, &str)]) -> BallotCast {
    let mark =
        |(unit, points): &(&str, &str)| BallotMark { unit: (*unit).to_owned(), points: (*points).to_owned() };
    BallotCast { marks: marks.iter().map(mark).collect(), ..BallotCast::default() }
}

fn cast(elector: &str, marks: &[(&str, &str)]) -> Command {
    Command::Cast {
        elector: elector.to_owned(),
        ballot: ballot(marks),
        points: marks.iter().map(|(_, points)| points.parse().unwrap()).collect(),
        allowed: Allowed { units: Arc::new(BTreeSet::from([UNIT.to_owned()])), max_points: 30.into() },
    }
}

fn voted(elector: &str) -> Event {
    ElectorVoted { elector: elector.to_owned(), ..ElectorVoted::default() }.into()
}

fn in_the_box(class_id: &str, marks: &[(&str, &str)]) -> Event {
    BallotCast { class_id: class_id.to_owned(), ..ballot(marks) }.into()
}

/// The mayor has voted.
fn voting() -> Given<Panel> {
    given([city().into(), voted("m")])
}

fn closed() -> PanelClosed {
    PanelClosed::default()
}

#[test]
fn a_roll_names_every_class_once_with_its_electors() {
    given::<Panel>([]).when(convene(city())).then([city().into()]);
    let incomplete = || Rejection::RollIncomplete(vec!["mayor".to_owned(), "members".to_owned()]);
    let rolls: [&[(&str, &[&str])]; 4] = [
        &[("mayor", &["m"])],
        &[("mayor", &["m"]), ("members", &[])],
        &[("mayor", &["m"]), ("members", &["a"]), ("members", &["b"])],
        &[("mayor", &["m"]), ("members", &["a"]), ("strangers", &["b"])],
    ];
    for rolls in rolls {
        given::<Panel>([]).when(convene(convened(rolls))).then_rejected(incomplete());
    }
}

#[test]
fn an_elector_is_on_the_roll_once() {
    for twice in [
        convened(&[("mayor", &["m"]), ("members", &["a", "m"])]),
        convened(&[("mayor", &["m", "m"]), ("members", &["a"])]),
    ] {
        given::<Panel>([]).when(convene(twice)).then_rejected(Rejection::ElectorTwice("m".to_owned()));
    }
}

#[test]
fn a_panel_is_convened_once() {
    voting().when(convene(city())).then_nothing();
    let other = convened(&[("mayor", &["m"]), ("members", &["a"])]);
    voting().when(convene(other)).then_rejected(Rejection::PanelExists);
}

#[test]
fn a_ballot_goes_into_the_box_with_its_class_and_not_with_its_voter() {
    voting().when(cast("b", &[(UNIT, "26.5")])).then([voted("b"), in_the_box("members", &[(UNIT, "26.5")])]);
}

#[test]
fn a_ballot_may_mark_nobody() {
    voting().when(cast("b", &[])).then([voted("b"), in_the_box("members", &[])]);
}

#[test]
fn an_elector_votes_once() {
    voting().when(cast("m", &[(UNIT, "20")])).then_rejected(Rejection::AlreadyVoted("m".to_owned()));
}

#[test]
fn only_who_is_on_the_roll_votes() {
    voting().when(cast("x", &[(UNIT, "20")])).then_rejected(Rejection::NotOnRoll("x".to_owned()));
}

#[test]
fn a_mark_on_a_ballot_lies_between_nothing_and_the_maximum() {
    for points in ["0", "30"] {
        voting()
            .when(cast("a", &[(UNIT, points)]))
            .then([voted("a"), in_the_box("members", &[(UNIT, points)])]);
    }
    for points in ["-0.01", "30.01"] {
        voting().when(cast("a", &[(UNIT, points)])).then_rejected(Rejection::MarkOutOfRange(30.into()));
    }
}

#[test]
fn a_ballot_marks_units_of_the_cycle_each_once() {
    let stranger = "jurisdictions/city/units/stranger";
    let not_entered = Rejection::UnitNotEntered(stranger.to_owned());
    voting().when(cast("a", &[(stranger, "20")])).then_rejected(not_entered);
    let twice = cast("a", &[(UNIT, "20"), (UNIT, "21")]);
    voting().when(twice).then_rejected(Rejection::UnitTwice(UNIT.to_owned()));
}

#[test]
fn a_closed_panel_takes_no_more_ballots() {
    voting().when(Command::Close(closed())).then([closed().into()]);
    let over = given::<Panel>([city().into(), closed().into()]);
    over.when(Command::Close(closed())).then_nothing();
    over.when(cast("a", &[(UNIT, "20")])).then_rejected(Rejection::PanelClosed);
}

#[test]
fn nothing_is_done_to_a_panel_that_was_never_convened() {
    given::<Panel>([]).when(cast("a", &[])).then_rejected(Rejection::UnknownPanel);
    given::<Panel>([]).when(Command::Close(closed())).then_rejected(Rejection::UnknownPanel);
}

#[test]
fn the_turnout_of_a_class_says_how_many_and_not_what() {
    let state = [city().into(), voted("m"), voted("b")].iter().fold(State::default(), Panel::evolve);
    let turnout = state.convened().unwrap().turnout();
    assert_eq!(turnout["mayor"], Turnout { electors: 1, voted: 1 });
    assert_eq!(turnout["members"], Turnout { electors: 2, voted: 1 });
}
