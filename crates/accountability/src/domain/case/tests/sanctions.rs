//! Dispositions: held against the scale, carried out in time.

use super::*;

const LEVEL: i32 = 3;

fn deciding(subject: Subject, disposition: Disposition) -> Deciding {
    Deciding {
        decided: decided(subject.clone(), disposition),
        subject,
        minimum: None,
        day: day("2024-06-01"),
        level: LEVEL,
        approver: None,
        expected: None,
    }
}

fn decide(deciding: Deciding) -> Command {
    Command::DecideDisposition(deciding)
}

/// A warning where the scale calls for a demerit, approved by Carl, who has a post of `post_level`.
fn departing(post_level: i32) -> Deciding {
    let mut deciding = deciding(accused(), Disposition::Warning);
    deciding.minimum = Some(Disposition::Demerit);
    deciding.decided.departure_reason = "put right at once".to_owned();
    deciding.decided.approver = CARL.to_owned();
    let ties = Candidate { units: vec![INSPECTION.to_owned()], in_complaint: false };
    deciding.approver = Some(Person { post_level, ties });
    deciding
}

fn execute(subject: Subject, execution_date: &str) -> Command {
    Command::Execute { subject, execution_date: execution_date.to_owned(), expected: None }
}

fn overdue(due: &str, today: &str) -> Command {
    Command::RaiseOverdue { subject: accused(), due: day(due), day: day(today) }
}

fn was_overdue() -> ExecutionOverdue {
    let due_date = "2024-06-30".to_owned();
    ExecutionOverdue { case: NAME.to_owned(), subject: Some(accused().into()), due_date }
}

#[test]
fn a_disposition_is_decided_for_each_of_those_responsible() {
    let command = || decide(deciding(accused(), Disposition::Warning));
    let warned = decided(accused(), Disposition::Warning);
    found().when(command()).then([warned.clone().into()]);
    found_and(Gravity::Minor, [warned.into()]).when(command()).then_nothing();
    let stranger = Subject::Officer(BERT.to_owned());
    let command = decide(deciding(stranger, Disposition::Warning));
    found().when(command).then_rejected(Rejection::NotResponsible(BERT.to_owned()));
}

#[test]
fn a_disposition_may_be_decided_anew_before_it_is_carried_out_and_not_after() {
    let command = || decide(deciding(accused(), Disposition::Demerit));
    let warned = decided(accused(), Disposition::Warning);
    let demerit = decided(accused(), Disposition::Demerit);
    found_and(Gravity::Minor, [warned.clone().into()]).when(command()).then([demerit.into()]);
    let done = [warned.into(), executed(accused()).into()];
    found_and(Gravity::Minor, done).when(command()).then_rejected(Rejection::AlreadyExecuted);
}

#[test]
fn nothing_is_decided_without_a_finding() {
    let command = decide(deciding(accused(), Disposition::Warning));
    investigated().when(command.clone()).then_rejected(Rejection::NoFinding);
    let exonerated = FindingMade { exonerated: true, ..FindingMade::default() };
    let history = [assigned(ANNA).into(), evidence("e1").into(), exonerated.into()];
    case(history).when(command).then_rejected(Rejection::NoFinding);
}

#[test]
fn nobody_decides_what_is_done_to_themselves() {
    let mut own = deciding(traffic(), Disposition::UnitCriticism);
    own.decided.decided_by = ACCUSED.to_owned();
    found().when(decide(own)).then_rejected(Rejection::OwnCase);
}

#[test]
fn the_last_day_does_not_lie_before_the_decision() {
    let mut late = deciding(accused(), Disposition::Warning);
    late.day = day("2024-07-01");
    found().when(decide(late)).then_rejected(Rejection::DueBeforeDecided);
}

#[test]
fn below_the_minimum_is_refused_without_a_reason_and_an_approver() {
    let below = |change: fn(&mut DispositionDecided)| {
        let mut deciding = departing(LEVEL + 1);
        change(&mut deciding.decided);
        decide(deciding)
    };
    let refused = || Rejection::BelowMinimum(Disposition::Demerit);
    found().when(below(|decided| decided.departure_reason.clear())).then_rejected(refused());
    found().when(below(|decided| decided.approver.clear())).then_rejected(refused());
}

#[test]
fn below_the_minimum_stands_on_record_with_reason_approver_and_level() {
    let recorded = DispositionDecided {
        minimum: Disposition::Demerit.into(),
        departure_reason: "put right at once".to_owned(),
        approver: CARL.to_owned(),
        approver_post_level: LEVEL + 1,
        ..decided(accused(), Disposition::Warning)
    };
    found().when(decide(departing(LEVEL + 1))).then([recorded.clone().into()]);
    let again = found_and(Gravity::Minor, [recorded.into()]);
    again.when(decide(departing(LEVEL + 1))).then_nothing();
}

#[test]
fn the_approver_is_of_a_higher_level_than_all_who_are_concerned() {
    found().when(decide(departing(LEVEL))).then_rejected(Rejection::ApproverNotHigher);
}

#[test]
fn the_approver_is_on_the_roster() {
    let gone = Deciding { approver: None, ..departing(LEVEL + 1) };
    found().when(decide(gone)).then_rejected(Rejection::OfficerNotOnRoster(CARL.to_owned()));
}

#[test]
fn the_approver_is_not_involved() {
    let approved_by = |approver: &str, unit: &str, in_complaint| {
        let mut deciding = departing(LEVEL + 1);
        deciding.decided.approver = approver.to_owned();
        let ties = Candidate { units: vec![unit.to_owned()], in_complaint };
        deciding.approver = Some(Person { post_level: LEVEL + 1, ties });
        decide(deciding)
    };
    let cases = [
        (approved_by(ACCUSED, INSPECTION, false), Involvement::Accused),
        (approved_by(CARL, PATROL, false), Involvement::OfAccusedUnit),
        (approved_by(ANNA, INSPECTION, false), Involvement::Investigates),
        (approved_by(OPENER, INSPECTION, false), Involvement::OpenedIt),
        (approved_by(CARL, INSPECTION, true), Involvement::InComplaint),
    ];
    for (command, involvement) in cases {
        found().when(command).then_rejected(Rejection::ApproverInvolved(involvement));
    }
}

#[test]
fn at_the_minimum_there_is_nothing_to_approve() {
    let mut enough = departing(LEVEL + 1);
    enough.minimum = Some(Disposition::Warning);
    found().when(decide(enough.clone())).then_rejected(Rejection::NoDeparture);
    enough.decided.departure_reason.clear();
    enough.decided.approver.clear();
    let recorded = DispositionDecided {
        minimum: Disposition::Warning.into(),
        ..decided(accused(), Disposition::Warning)
    };
    found().when(decide(enough)).then([recorded.into()]);
}

#[test]
fn a_disposition_is_carried_out_once() {
    let decided = found_and(Gravity::Minor, all_decided());
    decided.when(execute(accused(), "2024-06-20")).then([executed(accused()).into()]);
    let done = found_and(Gravity::Minor, all_executed());
    done.when(execute(accused(), "2024-06-20")).then_nothing();
    done.when(execute(accused(), "2024-06-21")).then_rejected(Rejection::AlreadyExecuted);
    found().when(execute(accused(), "2024-06-20")).then_rejected(Rejection::NotDisposed(ACCUSED.to_owned()));
    let stranger = Subject::Officer(BERT.to_owned());
    decided.when(execute(stranger, "2024-06-20")).then_rejected(Rejection::NotResponsible(BERT.to_owned()));
}

#[test]
fn a_disposition_whose_last_day_passed_is_raised_once() {
    let decided = found_and(Gravity::Minor, all_decided());
    decided.when(overdue("2024-06-30", "2024-06-30")).then_rejected(Rejection::NotOverdue);
    decided.when(overdue("2024-06-29", "2024-07-01")).then_rejected(Rejection::NotOverdue);
    decided.when(overdue("2024-06-30", "2024-07-01")).then([was_overdue().into()]);
    let raised = found_and(Gravity::Minor, all_decided().into_iter().chain([was_overdue().into()]));
    raised.when(overdue("2024-06-30", "2024-07-02")).then_nothing();
    let done = found_and(Gravity::Minor, all_executed());
    done.when(overdue("2024-06-30", "2024-07-01")).then_rejected(Rejection::NotOverdue);
    let suspended = all_decided().into_iter().chain([lodged("a1", Some(accused())).into()]);
    let suspended = found_and(Gravity::Minor, suspended);
    suspended.when(overdue("2024-06-30", "2024-07-01")).then_rejected(Rejection::Suspended);
}
