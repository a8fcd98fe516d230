use eventstore::testing::{Given, given};

use super::*;

const NAME: &str = "jurisdictions/city/commitments/window-hours";
const UNIT: &str = "jurisdictions/city/units/traffic";
const OTHER: &str = "jurisdictions/city/units/border";
const DUE: &str = "2025-06-30";

fn announced() -> CommitmentAnnounced {
    let announce_date = "2025-01-10".to_owned();
    CommitmentAnnounced { commitment: NAME.to_owned(), announce_date, ..CommitmentAnnounced::default() }
}

fn assigned(unit: &str, due_date: &str) -> CommitmentAssigned {
    CommitmentAssigned { commitment: NAME.to_owned(), unit: unit.to_owned(), due_date: due_date.to_owned() }
}

fn reported(statement: &str) -> DeliveryReported {
    DeliveryReported {
        commitment: NAME.to_owned(),
        unit: UNIT.to_owned(),
        statement: statement.to_owned(),
        reported_by: "clerk".to_owned(),
    }
}

fn refuted(reason: &str) -> DeliveryRefuted {
    DeliveryRefuted {
        commitment: NAME.to_owned(),
        unit: UNIT.to_owned(),
        reason: reason.to_owned(),
        refuted_by: "inspector".to_owned(),
    }
}

fn verified(overturns: bool) -> DeliveryVerified {
    DeliveryVerified { commitment: NAME.to_owned(), unit: UNIT.to_owned(), overturns }
}

fn lapsed() -> CommitmentLapsed {
    CommitmentLapsed { commitment: NAME.to_owned(), unit: UNIT.to_owned(), due_date: DUE.to_owned() }
}

fn assign(unit: &str, due_date: &str, day: &str) -> Command {
    Command::Assign { assigned: assigned(unit, due_date), in_service: true, day: day.to_owned() }
}

fn report(statement: &str, day: &str) -> Command {
    Command::Report { reported: reported(statement), day: day.to_owned() }
}

fn verify(actor: &str) -> Command {
    Command::Verify { commitment: NAME.to_owned(), actor: actor.to_owned() }
}

fn lapse(today: &str) -> Command {
    Command::Lapse { commitment: NAME.to_owned(), today: today.to_owned() }
}

/// Announced and assigned to a unit, then `more`.
fn running(more: impl IntoIterator<Item = Event>) -> Given<Commitment> {
    let history = [announced().into(), assigned(UNIT, DUE).into()];
    given(history.into_iter().chain(more))
}

#[test]
fn a_measure_is_promised_once() {
    given::<Commitment>([]).when(Command::Announce(announced())).then([announced().into()]);
    running([]).when(Command::Announce(announced())).then_nothing();
    let other = CommitmentAnnounced { title: "Another".to_owned(), ..announced() };
    running([]).when(Command::Announce(other)).then_rejected(Rejection::CommitmentExists);
}

#[test]
fn a_unit_in_service_gets_it_by_a_day_to_come() {
    let promised = || given::<Commitment>([announced().into()]);
    promised().when(assign(UNIT, DUE, "2025-02-01")).then([assigned(UNIT, DUE).into()]);
    promised().when(assign(UNIT, DUE, DUE)).then([assigned(UNIT, DUE).into()]);
    promised().when(assign(UNIT, DUE, "2025-07-01")).then_rejected(Rejection::DueDayPast(DUE.to_owned()));
    let retired =
        Command::Assign { assigned: assigned(UNIT, DUE), in_service: false, day: "2025-02-01".to_owned() };
    promised().when(retired).then_rejected(Rejection::UnitNotInService(UNIT.to_owned()));
    running([]).when(assign(UNIT, DUE, "2025-03-01")).then_nothing();
}

#[test]
fn passing_it_on_gains_no_time() {
    let running = running([]);
    running.when(assign(OTHER, DUE, "2025-06-01")).then([assigned(OTHER, DUE).into()]);
    let later = assign(OTHER, "2025-07-31", "2025-06-01");
    running.when(later).then_rejected(Rejection::DueDayMovedBack(DUE.to_owned()));
    let too_late = assign(OTHER, DUE, "2025-07-01");
    running.when(too_late).then_rejected(Rejection::DueDayPassed(DUE.to_owned()));
}

#[test]
fn it_is_not_passed_on_once_it_is_reported_delivered_or_lapsed() {
    let assign = || assign(OTHER, DUE, "2025-06-01");
    running([reported("done").into()]).when(assign()).then_rejected(Rejection::DeliveryReported);
    let refuted = running([reported("done").into(), refuted("closed").into()]);
    refuted.when(assign()).then([assigned(OTHER, DUE).into()]);
    let delivered = running([reported("done").into(), verified(false).into()]);
    delivered.when(assign()).then_rejected(Rejection::DeliveryVerified);
    running([lapsed().into()]).when(assign()).then_rejected(Rejection::Lapsed);
}

#[test]
fn the_unit_reports_its_delivery_by_the_day() {
    running([]).when(report("done", DUE)).then([reported("done").into()]);
    running([]).when(report("done", "2025-07-01")).then_rejected(Rejection::DueDayPassed(DUE.to_owned()));
    let promised = given::<Commitment>([announced().into()]);
    promised.when(report("done", DUE)).then_rejected(Rejection::CommitmentNotAssigned);
    let reported = running([reported("done").into()]);
    reported.when(report("done", DUE)).then_nothing();
    reported.when(report("more", DUE)).then_rejected(Rejection::DeliveryReported);
}

#[test]
fn a_delivery_that_was_looked_at_stands() {
    let reported = || Event::from(reported("done"));
    running([reported()]).when(verify("inspector")).then([verified(false).into()]);
    running([reported(), verified(false).into()]).when(verify("inspector")).then_nothing();
    running([]).when(verify("inspector")).then_rejected(Rejection::DeliveryNotReported);
    running([reported(), verified(false).into()])
        .when(Command::Refute(refuted("closed")))
        .then_rejected(Rejection::DeliveryVerified);
}

#[test]
fn nobody_judges_a_delivery_that_they_reported() {
    let reported = running([reported("done").into()]);
    reported.when(verify("clerk")).then_rejected(Rejection::JudgesOwnDelivery);
    let own = DeliveryRefuted { refuted_by: "clerk".to_owned(), ..refuted("closed") };
    reported.when(Command::Refute(own)).then_rejected(Rejection::JudgesOwnDelivery);
}

#[test]
fn a_refuted_delivery_can_be_reported_again_by_its_day() {
    let reported_once = running([reported("done").into()]);
    reported_once.when(Command::Refute(refuted("closed"))).then([refuted("closed").into()]);
    running([]).when(Command::Refute(refuted("closed"))).then_rejected(Rejection::DeliveryNotReported);
    let fallen = running([reported("done").into(), refuted("closed").into()]);
    fallen.when(Command::Refute(refuted("closed"))).then_nothing();
    fallen.when(Command::Refute(refuted("also this"))).then_rejected(Rejection::DeliveryNotReported);
    fallen.when(report("done", DUE)).then([reported("done").into()]);
    fallen.when(report("done", "2025-07-01")).then_rejected(Rejection::DueDayPassed(DUE.to_owned()));
}

#[test]
fn a_refutation_is_overturned_by_somebody_else_and_stays_if_a_later_report_stands() {
    let fallen = || [reported("done").into(), refuted("closed").into()];
    running(fallen()).when(verify("third")).then([verified(true).into()]);
    running(fallen()).when(verify("inspector")).then_rejected(Rejection::JudgesOwnDelivery);
    let again = fallen().into_iter().chain([reported("now").into()]);
    running(again).when(verify("inspector")).then([verified(false).into()]);
    let lapsed_of_it = fallen().into_iter().chain([lapsed().into()]);
    running(lapsed_of_it).when(verify("third")).then([verified(true).into()]);
}

#[test]
fn it_lapses_once_when_its_day_has_passed_without_delivery() {
    running([]).when(lapse("2025-07-01")).then([lapsed().into()]);
    running([]).when(lapse(DUE)).then_rejected(Rejection::NotLapsed(DUE.to_owned()));
    running([lapsed().into()]).when(lapse("2025-07-01")).then_nothing();
    let fallen = running([reported("done").into(), refuted("closed").into()]);
    fallen.when(lapse("2025-07-01")).then([lapsed().into()]);
    given::<Commitment>([announced().into()])
        .when(lapse("2025-07-01"))
        .then_rejected(Rejection::CommitmentNotAssigned);
}

#[test]
fn a_report_that_waits_to_be_looked_at_or_stands_does_not_lapse() {
    let waiting = running([reported("done").into()]);
    waiting.when(lapse("2025-07-01")).then_rejected(Rejection::NotLapsed(DUE.to_owned()));
    let delivered = running([reported("done").into(), verified(false).into()]);
    delivered.when(lapse("2025-07-01")).then_nothing();
}

#[test]
fn a_lapsed_one_takes_no_report() {
    running([lapsed().into()]).when(report("late", DUE)).then_rejected(Rejection::Lapsed);
    let refute = Command::Refute(refuted("closed"));
    running([lapsed().into()]).when(refute).then_rejected(Rejection::Lapsed);
}

#[test]
fn nothing_is_done_to_a_commitment_that_was_never_announced() {
    for command in [assign(UNIT, DUE, DUE), report("done", DUE), verify("a"), lapse("2025-07-01")] {
        given::<Commitment>([]).when(command).then_rejected(Rejection::UnknownCommitment);
    }
}
