use eventstore::testing::{Given, given};

use super::*;

const NAME: &str = "jurisdictions/city/cycles/2024";
const UNIT: &str = "jurisdictions/city/units/bureau";

fn terms() -> CycleOpened {
    CycleOpened {
        cycle: NAME.to_owned(),
        start_date: "2024-01-01".to_owned(),
        end_date: "2024-12-31".to_owned(),
        level: CycleLevel::Municipal.into(),
        ..CycleOpened::default()
    }
}

fn entered(group: u32) -> UnitEntered {
    UnitEntered { cycle: NAME.to_owned(), unit: UNIT.to_owned(), group, ..UnitEntered::default() }
}

fn enter(group: u32) -> Command {
    Command::Enter { entered: entered(group), in_service: true }
}

fn removed() -> UnitRemoved {
    UnitRemoved { cycle: NAME.to_owned(), unit: UNIT.to_owned(), reason: "merged".to_owned() }
}

fn close(missing: &[&str]) -> Command {
    let missing = missing.iter().map(ToString::to_string).collect();
    Command::Close { cycle: NAME.to_owned(), missing }
}

fn publish(undecided: &[&str]) -> Command {
    let undecided = undecided.iter().map(ToString::to_string).collect();
    Command::Publish { published: published(), undecided }
}

fn closed() -> Event {
    CycleClosed { cycle: NAME.to_owned() }.into()
}

fn published() -> ResultsPublished {
    ResultsPublished { cycle: NAME.to_owned(), ..ResultsPublished::default() }
}

fn revised(rank: u32) -> ResultsRevised {
    let results = vec![UnitResult { unit: UNIT.to_owned(), rank, ..UnitResult::default() }];
    ResultsRevised {
        cycle: NAME.to_owned(),
        results,
        reason: "appeal".to_owned(),
        ..ResultsRevised::default()
    }
}

fn open_cycle() -> Given<Cycle> {
    given([terms().into(), entered(3).into()])
}

fn closed_cycle() -> Given<Cycle> {
    given([terms().into(), entered(3).into(), closed()])
}

fn published_cycle() -> Given<Cycle> {
    given([terms().into(), entered(3).into(), closed(), published().into()])
}

fn open(terms: CycleOpened, scheme_published: bool) -> Command {
    Command::Open { terms, scheme_published, parent: None }
}

/// A county cycle in step with the municipal one.
fn county() -> CycleOpened {
    CycleOpened {
        cycle: "jurisdictions/city/cycles/2024-county".to_owned(),
        level: CycleLevel::County.into(),
        parent_cycle: NAME.to_owned(),
        ..terms()
    }
}

fn open_in_step(terms: CycleOpened, parent: Option<(CycleOpened, bool)>) -> Command {
    let parent = parent.map(|(parent, open)| Parent {
        level: parent.level(),
        period: (parent.start_date, parent.end_date),
        open,
    });
    Command::Open { terms, scheme_published: true, parent }
}

#[test]
fn a_cycle_opens_under_a_published_scheme() {
    given::<Cycle>([]).when(open(terms(), true)).then([terms().into()]);
    given::<Cycle>([]).when(open(terms(), false)).then_rejected(Rejection::SchemeNotPublished);
}

#[test]
fn opening_it_again_changes_nothing_and_another_of_its_name_is_refused() {
    open_cycle().when(open(terms(), true)).then_nothing();
    let other = CycleOpened { end_date: "2024-06-30".to_owned(), ..terms() };
    open_cycle().when(open(other, true)).then_rejected(Rejection::CycleExists);
}

#[test]
fn a_period_does_not_end_before_it_begins() {
    let reversed = CycleOpened { end_date: "2023-12-31".to_owned(), ..terms() };
    given::<Cycle>([]).when(open(reversed, true)).then_rejected(Rejection::PeriodReversed);
}

#[test]
fn a_county_cycle_runs_in_step_with_an_open_municipal_one_of_the_same_period() {
    given::<Cycle>([]).when(open_in_step(county(), Some((terms(), true)))).then([county().into()]);
    let later = CycleOpened { end_date: "2025-06-30".to_owned(), ..terms() };
    let under_county = CycleOpened { level: CycleLevel::County.into(), ..terms() };
    for parent in [None, Some((later, true)), Some((under_county, true)), Some((terms(), false))] {
        given::<Cycle>([])
            .when(open_in_step(county(), parent))
            .then_rejected_by(|refused| matches!(refused, Rejection::ParentCycle(_)));
    }
    let municipal = CycleOpened { level: CycleLevel::Municipal.into(), ..county() };
    given::<Cycle>([])
        .when(open_in_step(municipal, Some((terms(), true))))
        .then_rejected(Rejection::ParentCycle("only a county cycle runs in step with another one"));
}

#[test]
fn units_are_entered_regrouped_and_removed_while_it_is_open() {
    given::<Cycle>([terms().into()]).when(enter(3)).then([entered(3).into()]);
    open_cycle().when(enter(3)).then_nothing();
    open_cycle().when(enter(4)).then([entered(4).into()]);
    open_cycle().when(Command::Remove(removed())).then([removed().into()]);
}

#[test]
fn only_units_in_service_are_entered() {
    let command = Command::Enter { entered: entered(5), in_service: false };
    open_cycle().when(command).then_rejected(Rejection::UnitNotInService(UNIT.to_owned()));
}

#[test]
fn only_an_entered_unit_is_removed() {
    let command = Command::Remove(removed());
    given::<Cycle>([terms().into()]).when(command).then_rejected(Rejection::UnitNotEntered(UNIT.to_owned()));
}

#[test]
fn a_closed_cycle_takes_and_loses_no_units() {
    closed_cycle().when(enter(4)).then_rejected(Rejection::CycleNotOpen);
    closed_cycle().when(enter(3)).then_nothing();
    closed_cycle().when(Command::Remove(removed())).then_rejected(Rejection::CycleNotOpen);
}

#[test]
fn it_closes_once_nothing_is_missing_or_still_open() {
    let missing = ["open-appraisal: still open", "business-work: no mark of traffic"];
    let not_ready = Rejection::NotReady(missing.map(str::to_owned).into());
    open_cycle().when(close(&missing)).then_rejected(not_ready);
    open_cycle().when(close(&[])).then([closed()]);
    closed_cycle().when(close(&missing)).then_nothing();
}

#[test]
fn results_are_published_after_the_close_and_only_once() {
    open_cycle().when(publish(&[])).then_rejected(Rejection::CycleNotClosed);
    closed_cycle().when(publish(&[])).then([published().into()]);
    published_cycle().when(publish(&[])).then_nothing();
    let waiting = ["the appeal of traffic against entry e1 is not decided"];
    closed_cycle()
        .when(publish(&waiting))
        .then_rejected(Rejection::NotReady(waiting.map(str::to_owned).into()));
}

#[test]
fn published_results_are_revised_in_the_open_under_a_number() {
    let numbered = |rank, revision| ResultsRevised { revision, ..revised(rank) };
    closed_cycle().when(Command::Revise(revised(2))).then_rejected(Rejection::NotPublished);
    published_cycle().when(Command::Revise(revised(2))).then([numbered(2, 1).into()]);
    let history = [terms().into(), closed(), published().into(), numbered(2, 1).into()];
    given::<Cycle>(history.clone()).when(Command::Revise(revised(2))).then_nothing();
    given::<Cycle>(history).when(Command::Revise(revised(3))).then([numbered(3, 2).into()]);
}

#[test]
fn nothing_is_done_to_a_cycle_that_was_never_opened() {
    for command in [enter(3), Command::Remove(removed()), close(&[]), Command::Revise(revised(2))] {
        given::<Cycle>([]).when(command).then_rejected(Rejection::UnknownCycle);
    }
}
