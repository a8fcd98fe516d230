//! Yellow and red, overdue, one level up; who may lead then.

use super::*;

fn alert(clock: ComplaintClock, colour: AlertColour, due: i64) -> Command {
    Command::Alert(Alert { clock, colour, due: day(due) })
}

fn alerted(clock: ComplaintClock, colour: AlertColour, stage: ComplaintStage, due: i64) -> Event {
    ComplaintAlerted {
        complaint: NAME.to_owned(),
        unit: unit("station"),
        clock: clock.into(),
        stage: stage.into(),
        colour: colour.into(),
        due_time: Some(wire(due)),
    }
    .into()
}

fn escalate(due: i64, at: i64) -> Command {
    Command::Escalate(Escalation { due: day(due), next: day(due + 7), at: day(at) })
}

fn escalated(escalation: u32, post_level: PostLevel, next: Option<i64>) -> Event {
    ComplaintEscalated {
        complaint: NAME.to_owned(),
        unit: unit("station"),
        escalation,
        post_level: post_level.into(),
        escalation_time: next.map(wire),
    }
    .into()
}

fn is_overdue() -> Event {
    overdue("responsible", ASSIGNED_DUE)
}

const STAGE: ComplaintClock = ComplaintClock::Stage;
const CASE: ComplaintClock = ComplaintClock::Case;

#[test]
fn yellow_and_red_of_a_stage_are_raised_once_each() {
    for colour in [AlertColour::Yellow, AlertColour::Red] {
        let raised = alerted(STAGE, colour, ComplaintStage::Accepted, ACCEPTED_DUE);
        after(ACCEPTED).when(alert(STAGE, colour, ACCEPTED_DUE)).then([raised.clone()]);
        after_life_and(ACCEPTED, [raised]).when(alert(STAGE, colour, ACCEPTED_DUE)).then_nothing();
    }
}

#[test]
fn a_stage_that_is_over_is_not_raised() {
    after(LED).when(alert(STAGE, AlertColour::Yellow, ACCEPTED_DUE)).then_nothing();
    after(CLOSED).when(alert(CASE, AlertColour::Red, 160)).then_nothing();
}

#[test]
fn a_stage_that_begins_anew_is_raised_anew_and_another_person_begins_none() {
    let yellow = |due| alerted(STAGE, AlertColour::Yellow, ComplaintStage::Assigned, due);
    let another = after_life_and(ASSIGNED, [yellow(ASSIGNED_DUE), assigned_to("another", ASSIGNED_DUE)]);
    another.when(alert(STAGE, AlertColour::Yellow, ASSIGNED_DUE)).then_nothing();
    let longer = after_life_and(ASSIGNED, [yellow(ASSIGNED_DUE), extended(120)]);
    longer.when(alert(STAGE, AlertColour::Yellow, 120)).then_nothing();
    let back = after_life_and(ASSIGNED, [yellow(ASSIGNED_DUE), reported(), refuted(130)]);
    back.when(alert(STAGE, AlertColour::Yellow, 130)).then([yellow(130)]);
}

#[test]
fn the_case_is_raised_once_each_whatever_its_stages_do() {
    let red = alerted(CASE, AlertColour::Red, ComplaintStage::Assigned, 160);
    after(ASSIGNED).when(alert(CASE, AlertColour::Red, 160)).then([red.clone()]);
    let on = after_life_and(ASSIGNED, [red, reported()]);
    on.when(alert(CASE, AlertColour::Red, 160)).then_nothing();
}

#[test]
fn each_further_period_goes_one_level_up_once() {
    let raised = after_life_and(ASSIGNED, [is_overdue()]);
    let first = escalated(1, PostLevel::DivisionHead, Some(ASSIGNED_DUE + 14));
    raised.when(escalate(ASSIGNED_DUE + 7, ASSIGNED_DUE + 7)).then([first.clone()]);
    raised
        .when(escalate(ASSIGNED_DUE + 7, ASSIGNED_DUE + 6))
        .then_rejected(Rejection::NotDue(day(ASSIGNED_DUE + 7)));
    let once = after_life_and(ASSIGNED, [is_overdue(), first.clone()]);
    once.when(escalate(ASSIGNED_DUE + 7, 200)).then_nothing();
    let second = escalated(2, PostLevel::DeputyBureauHead, Some(ASSIGNED_DUE + 21));
    once.when(escalate(ASSIGNED_DUE + 14, 200)).then([second.clone()]);
    let third = escalated(3, PostLevel::BureauHead, None);
    let twice = after_life_and(ASSIGNED, [is_overdue(), first.clone(), second.clone()]);
    twice.when(escalate(ASSIGNED_DUE + 21, 200)).then([third.clone()]);
    let top = after_life_and(ASSIGNED, [is_overdue(), first, second, third]);
    top.when(escalate(ASSIGNED_DUE + 28, 200)).then_nothing();
}

#[test]
fn what_is_reported_is_escalated_no_more() {
    let reported = after_life_and(ASSIGNED, [is_overdue(), reported()]);
    reported.when(escalate(ASSIGNED_DUE + 7, 200)).then_nothing();
}

#[test]
fn another_leader_is_of_the_level_that_it_is_for() {
    let first = escalated(1, PostLevel::DivisionHead, Some(130));
    let raised = after_life_and(ASSIGNED, [is_overdue(), first]);
    raised
        .when(now(lead("another")))
        .then_rejected(Rejection::PostLevelTooLow(PostLevel::DeputyDivisionHead));
    let high = LeaderAppointed {
        complaint: NAME.to_owned(),
        leader: officer("another"),
        post_level: PostLevel::DivisionHead.into(),
        stage_due_time: None,
    };
    raised.when(now(lead_at("another", Some(PostLevel::DivisionHead)))).then([high.into()]);
}

#[test]
fn a_complaint_about_a_leader_is_handled_by_a_higher_one_of_another_unit() {
    let candidate = |level, own_unit| Candidate {
        complained_of: PostLevel::DivisionHead,
        own_unit,
        ..candidate("leader", Some(level))
    };
    let appoint = |leader| now(Step::AppointLeader { leader, due: day(LED_DUE) });
    after(ACCEPTED)
        .when(appoint(candidate(PostLevel::DivisionHead, false)))
        .then_rejected(Rejection::PostLevelTooLow(PostLevel::DivisionHead));
    let own = || Rejection::HandlesOwnUnit(officer("leader"));
    let high = candidate(PostLevel::DeputyBureauHead, true);
    after(ACCEPTED).when(appoint(high.clone())).then_rejected(own());
    after(ACCEPTED).when(now(Step::AppointSupervisor { supervisor: high.clone() })).then_rejected(own());
    let assigning = Assigning { officer: high, ..assigning("leader") };
    after(SUPERVISED).when(now(Step::Assign(assigning))).then_rejected(own());
    let led = LeaderAppointed {
        complaint: NAME.to_owned(),
        leader: officer("leader"),
        post_level: PostLevel::DeputyBureauHead.into(),
        stage_due_time: Some(wire(LED_DUE)),
    };
    after(ACCEPTED).when(appoint(candidate(PostLevel::DeputyBureauHead, false))).then([led.into()]);
}
