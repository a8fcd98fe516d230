use contract::complaints::ComplaintStage;
use eventstore::testing::given;

use super::*;

mod clocks;
mod complainant;
mod diagram;
mod findings;
mod life;
mod walk;

use life::*;

#[test]
fn a_complaint_is_lodged_once() {
    given::<Complaint>([]).when(lodge(|_| {})).then([lodged()]);
    after(LODGED).when(lodge(|_| {})).then_nothing();
    after(LODGED)
        .when(lodge(|lodging| lodging.lodged.unit = unit("other")))
        .then_rejected(Rejection::ComplaintExists);
}

#[test]
fn a_complaint_may_know_neither_unit_nor_officer() {
    let unknown = |lodging: &mut Lodging| {
        lodging.lodged = ComplaintLodged { complaint: NAME.to_owned(), ..ComplaintLodged::default() };
        lodging.unit_in_service = false;
    };
    let mut expected = lodging();
    unknown(&mut expected);
    given::<Complaint>([]).when(lodge(unknown)).then([expected.lodged.into()]);
}

#[test]
fn what_a_complaint_names_exists() {
    let none = given::<Complaint>([]);
    none.when(lodge(|lodging| lodging.unit_in_service = false))
        .then_rejected(Rejection::UnitNotInService(unit("station")));
    none.when(lodge(|lodging| lodging.unknown_officers = vec![officer("accused")]))
        .then_rejected(Rejection::UnknownOfficer(officer("accused")));
    let earlier = "jurisdictions/city/complaints/c0";
    none.when(lodge(|lodging| lodging.lodged.repeats = earlier.to_owned()))
        .then_rejected(Rejection::UnknownEarlier(earlier.to_owned()));
}

#[test]
fn a_complaint_is_accepted_for_the_unit_that_owns_it() {
    after(LODGED).when(now(accept("station"))).then([accepted()]);
    after(ACCEPTED).when(now(accept("station"))).then_nothing();
    after(SUPERVISED).when(now(accept("station"))).then_nothing();
    after(ACCEPTED).when(now(accept("other"))).then_rejected(Rejection::AlreadyDecided);
    after(LODGED).when(now(accept(""))).then_rejected(Rejection::NoUnit);
    let retired = Step::Accept { unit: unit("old"), in_service: false, due: day(ACCEPTED_DUE) };
    after(LODGED).when(now(retired)).then_rejected(Rejection::UnitNotInService(unit("old")));
}

#[test]
fn a_complaint_is_rejected_with_a_reason_and_takes_nothing_more() {
    after(LODGED).when(now(reject("hearsay"))).then([rejected("hearsay")]);
    let rejected = after_life_and(LODGED, [rejected("hearsay")]);
    rejected.when(now(reject("hearsay"))).then_nothing();
    for step in [reject("spam"), accept("station"), refer(), transfer("other"), lead("leader"), report()] {
        rejected.when(now(step)).then_rejected(Rejection::NotOpen);
    }
    after(ACCEPTED).when(now(reject("hearsay"))).then_rejected(Rejection::AlreadyDecided);
}

#[test]
fn a_referred_complaint_stays_open_until_it_comes_back_or_is_settled_there() {
    after(LODGED).when(now(refer())).then([referred()]);
    let referred = after_life_and(LODGED, [referred()]);
    referred.when(now(refer())).then_nothing();
    referred.when(now(accept("station"))).then([accepted()]);
    referred.when(now(reject("the tax office settled it"))).then([rejected("the tax office settled it")]);
    referred.when(now(lead("leader"))).then_rejected(Rejection::NotAccepted);
    after(ACCEPTED).when(now(refer())).then_rejected(Rejection::AlreadyDecided);
}

#[test]
fn not_ours_moves_a_complaint_and_closes_nothing() {
    for steps in [ACCEPTED, LED, ASSIGNED] {
        after(steps).when(now(transfer("other"))).then([transferred("station", "other")]);
        after(steps).when(now(transfer("station"))).then_nothing();
    }
    after(LODGED).when(now(transfer("other"))).then_rejected(Rejection::NotAccepted);
    after(REPORTED).when(now(transfer("other"))).then_rejected(Rejection::AlreadyReported);
    let retired = Step::Transfer { unit: unit("old"), in_service: false, reason: "not ours".to_owned() };
    after(ACCEPTED).when(now(retired)).then_rejected(Rejection::UnitNotInService(unit("old")));
}

#[test]
fn a_transferred_complaint_keeps_its_deadline_and_names_a_person_anew() {
    let moved = after_life_and(ASSIGNED, [transferred("station", "other")]);
    moved.when(now(report())).then_rejected(Rejection::NotAssigned);
    let anew = Assigning { unit: unit("other"), due: day(999), ..assigning("responsible") };
    let assigned = ComplaintAssigned {
        complaint: NAME.to_owned(),
        unit: unit("other"),
        officer: officer("responsible"),
        deadline: Some(wire(ASSIGNED_DUE)),
    };
    moved.when(now(Step::Assign(anew))).then([assigned.into()]);
}

#[test]
fn a_leader_takes_a_complaint_over() {
    after(ACCEPTED).when(now(lead("leader"))).then([led()]);
    after(LED).when(now(lead("leader"))).then_nothing();
    after(LODGED).when(now(lead("leader"))).then_rejected(Rejection::NotAccepted);
}

#[test]
fn another_leader_restarts_no_clock() {
    for steps in [LED, ASSIGNED, REPORTED, VERIFIED] {
        after(steps).when(now(lead("another"))).then([led_by("another", None)]);
    }
}

#[test]
fn a_leader_is_at_least_deputy_division_head() {
    after(ACCEPTED)
        .when(now(lead_at("leader", Some(PostLevel::SectionHead))))
        .then_rejected(Rejection::PostLevelTooLow(PostLevel::SectionHead));
    after(ACCEPTED)
        .when(now(lead_at("stranger", None)))
        .then_rejected(Rejection::OfficerNotOnRoster(officer("stranger")));
}

#[test]
fn nobody_handles_a_complaint_about_themselves() {
    let own = || Rejection::HandlesOwnComplaint(officer("accused"));
    after(ACCEPTED).when(now(lead("accused"))).then_rejected(own());
    after(ACCEPTED).when(now(supervise("accused"))).then_rejected(own());
    after(SUPERVISED).when(now(assign("accused"))).then_rejected(own());
    after(LODGED).when(by("accused", reject("hearsay"))).then_rejected(own());
    after(ASSIGNED).when(by("accused", report())).then_rejected(own());
}

#[test]
fn a_supervisor_is_named_and_may_be_replaced() {
    after(ACCEPTED).when(now(supervise("supervisor"))).then([supervised()]);
    after(LED).when(now(supervise("supervisor"))).then([supervised()]);
    after(ASSIGNED).when(now(supervise("supervisor"))).then_nothing();
    after(ASSIGNED).when(now(supervise("another"))).then([supervised_by("another")]);
    after(LODGED).when(now(supervise("supervisor"))).then_rejected(Rejection::NotAccepted);
    let stranger = Step::AppointSupervisor { supervisor: candidate("stranger", None) };
    after(LED).when(now(stranger)).then_rejected(Rejection::OfficerNotOnRoster(officer("stranger")));
}

#[test]
fn who_supervises_neither_leads_nor_is_responsible() {
    let not_apart = |id: &str| Rejection::SupervisorNotApart(officer(id));
    after(LED).when(now(supervise("leader"))).then_rejected(not_apart("leader"));
    after(ASSIGNED).when(now(supervise("responsible"))).then_rejected(not_apart("responsible"));
    after(SUPERVISED).when(now(lead("supervisor"))).then_rejected(not_apart("supervisor"));
    after(SUPERVISED).when(now(assign("supervisor"))).then_rejected(not_apart("supervisor"));
}

#[test]
fn a_unit_and_a_person_are_responsible_by_a_deadline() {
    after(SUPERVISED).when(now(assign("responsible"))).then([assigned()]);
    after(SUPERVISED).when(now(assign_by("responsible", 101))).then([assigned_to("responsible", 101)]);
    after(SUPERVISED)
        .when(now(assign_by("responsible", 100)))
        .then_rejected(Rejection::DeadlineNotAhead(day(100)));
}

#[test]
fn leader_and_supervisor_come_before_the_responsible_person() {
    after(LODGED).when(now(assign("responsible"))).then_rejected(Rejection::NotAccepted);
    after(ACCEPTED).when(now(assign("responsible"))).then_rejected(Rejection::NoLeader);
    after(LED).when(now(assign("responsible"))).then_rejected(Rejection::NoSupervisor);
}

#[test]
fn only_those_in_service_are_made_responsible() {
    let unit_retired = Assigning { in_service: false, ..assigning("responsible") };
    after(SUPERVISED)
        .when(now(Step::Assign(unit_retired)))
        .then_rejected(Rejection::UnitNotInService(unit("station")));
    let stranger = Assigning { officer: candidate("stranger", None), ..assigning("stranger") };
    after(SUPERVISED)
        .when(now(Step::Assign(stranger)))
        .then_rejected(Rejection::OfficerNotOnRoster(officer("stranger")));
}

#[test]
fn another_person_moves_no_deadline() {
    after(ASSIGNED).when(now(assign("responsible"))).then_nothing();
    after(ASSIGNED).when(now(assign_by("responsible", ASSIGNED_DUE))).then_nothing();
    let later = Step::Assign(Assigning { due: day(999), ..assigning("another") });
    after(ASSIGNED).when(now(later)).then([assigned_to("another", ASSIGNED_DUE)]);
    after(ASSIGNED)
        .when(now(assign_by("another", 120)))
        .then_rejected(Rejection::DeadlineInForce(day(ASSIGNED_DUE)));
    after(REPORTED).when(now(assign("another"))).then_rejected(Rejection::AlreadyReported);
}

#[test]
fn a_deadline_is_extended_before_it_passes() {
    after(ASSIGNED).when(on(ASSIGNED_DUE - 1, extend(120))).then([extended(120)]);
    after_life_and(ASSIGNED, [extended(120)]).when(on(119, extend(125))).then([extended(125)]);
    after(ASSIGNED).when(on(ASSIGNED_DUE + 1, extend(ASSIGNED_DUE))).then_nothing();
}

#[test]
fn a_passed_deadline_stands() {
    let passed = || Rejection::DeadlinePassed(day(ASSIGNED_DUE));
    after(ASSIGNED).when(on(ASSIGNED_DUE, extend(120))).then_rejected(passed());
    let overdue = after_life_and(ASSIGNED, [overdue("responsible", ASSIGNED_DUE)]);
    overdue.when(on(ASSIGNED_DUE - 1, extend(120))).then_rejected(passed());
}

#[test]
fn a_deadline_is_never_shortened() {
    after(ASSIGNED).when(now(extend(114))).then_rejected(Rejection::NotAnExtension(day(ASSIGNED_DUE)));
}

#[test]
fn there_is_no_deadline_to_extend_before_and_after_it_is_put_right() {
    after(SUPERVISED).when(now(extend(120))).then_rejected(Rejection::NotAssigned);
    after(REPORTED).when(now(extend(120))).then_rejected(Rejection::NotAssigned);
}

#[test]
fn a_deadline_that_passes_is_raised_once() {
    let event = overdue("responsible", ASSIGNED_DUE);
    after(ASSIGNED).when(raise(ASSIGNED_DUE, ASSIGNED_DUE)).then([event.clone()]);
    let raised = after_life_and(ASSIGNED, [event.clone()]);
    raised.when(raise(ASSIGNED_DUE, 200)).then_nothing();
    // Another person does not make it pass again.
    let another = after_life_and(ASSIGNED, [event, assigned_to("another", ASSIGNED_DUE)]);
    another.when(raise(ASSIGNED_DUE, 200)).then_nothing();
}

#[test]
fn what_is_not_due_is_not_overdue() {
    after(ASSIGNED)
        .when(raise(ASSIGNED_DUE, ASSIGNED_DUE - 1))
        .then_rejected(Rejection::NotDue(day(ASSIGNED_DUE)));
    after_life_and(ASSIGNED, [extended(120)]).when(raise(ASSIGNED_DUE, 118)).then_nothing();
    after(REPORTED).when(raise(ASSIGNED_DUE, 200)).then_nothing();
    after(CLOSED).when(raise(ASSIGNED_DUE, 200)).then_nothing();
}

#[test]
fn a_transferred_complaint_is_overdue_though_nobody_is_named() {
    let moved = after_life_and(ASSIGNED, [transferred("station", "other")]);
    let event = ComplaintOverdue {
        complaint: NAME.to_owned(),
        unit: unit("other"),
        officer: String::new(),
        deadline: Some(wire(ASSIGNED_DUE)),
        escalation_time: Some(wire(ASSIGNED_DUE + 7)),
    };
    moved.when(raise(ASSIGNED_DUE, 116)).then([event.into()]);
}

#[test]
fn what_was_put_right_is_reported_also_after_the_deadline() {
    after(ASSIGNED).when(now(report())).then([reported()]);
    after_life_and(ASSIGNED, [overdue("responsible", ASSIGNED_DUE)])
        .when(on(117, report()))
        .then([reported()]);
    after(SUPERVISED).when(now(report())).then_rejected(Rejection::NotAssigned);
    after(REPORTED).when(now(report())).then_nothing();
    after(VERIFIED).when(now(report())).then_rejected(Rejection::AlreadyReported);
}

#[test]
fn the_complainants_word_verifies_a_report() {
    after(REPORTED).when(now(verify())).then([verified()]);
    after(VERIFIED).when(now(verify())).then_nothing();
    after(ASSIGNED).when(now(verify())).then_rejected(Rejection::NotReported);
}

#[test]
fn who_is_responsible_does_not_take_the_complainants_word() {
    let own = || Rejection::JudgesOwnWork(officer("responsible"));
    after(REPORTED).when(by("responsible", verify())).then_rejected(own());
    after(REPORTED).when(by("responsible", refute(None))).then_rejected(own());
}

#[test]
fn a_refuted_report_goes_back_with_a_new_deadline() {
    after(REPORTED).when(now(refute(None))).then([refuted(ASSIGNED_DUE)]);
    after(REPORTED).when(now(refute(Some(130)))).then([refuted(130)]);
    after(REPORTED).when(now(refute(Some(99)))).then_rejected(Rejection::DeadlineNotAhead(day(99)));
    after(VERIFIED).when(now(refute(None))).then_rejected(Rejection::NotReported);
    let back = after_life_and(REPORTED, [refuted(130)]);
    back.when(now(report())).then([reported()]);
    back.when(raise(130, 130)).then([overdue("responsible", 130)]);
}

#[test]
fn a_verified_complaint_is_closed_and_takes_nothing_more() {
    after(VERIFIED).when(now(close(ClosureOutcome::Rectified))).then([closed()]);
    after(CLOSED).when(now(close(ClosureOutcome::Rectified))).then_nothing();
    for step in [close(ClosureOutcome::Withdrawn), lead("another"), extend(120), report(), verify()] {
        after(CLOSED).when(now(step)).then_rejected(Rejection::NotOpen);
    }
}

#[test]
fn a_complaint_is_closed_only_as_what_is_on_record() {
    let unfounded = Rejection::OutcomeUnfounded;
    after(REPORTED).when(now(close(ClosureOutcome::Rectified))).then_rejected(unfounded.clone());
    after(VERIFIED).when(now(close(ClosureOutcome::Withdrawn))).then_rejected(unfounded.clone());
    after(VERIFIED).when(now(close(ClosureOutcome::Unsubstantiated))).then_rejected(unfounded);
}

#[test]
fn nothing_is_done_to_a_complaint_that_was_never_lodged() {
    given::<Complaint>([]).when(now(accept("station"))).then_rejected(Rejection::UnknownComplaint);
    given::<Complaint>([]).when(raise(1, 2)).then_rejected(Rejection::UnknownComplaint);
}

#[test]
fn who_edits_an_old_reading_is_told() {
    let edit = |expected| {
        let act = Act { expected: Some(expected), ..act("clerk".to_owned(), 100) };
        Command::Handle(act, supervise("another"))
    };
    after(ASSIGNED).when(edit(4)).then_rejected(Rejection::ComplaintChanged(5));
    after(ASSIGNED).when(edit(5)).then([supervised_by("another")]);
}

#[test]
fn nothing_restarts_the_clock_of_the_case() {
    for steps in 1..CLOSED {
        let state = life(steps).iter().fold(State::default(), Complaint::evolve);
        assert_eq!(state.lodged().unwrap().case_due(), Some(day(160)), "{steps}");
    }
    let closed = life(CLOSED).iter().fold(State::default(), Complaint::evolve);
    let closed = closed.lodged().unwrap();
    assert_eq!((closed.case_due(), closed.stage_due), (None, None));
    assert_eq!(closed.stage, ComplaintStage::Closed);
}

#[test]
fn an_event_is_of_the_unit_that_it_is_about() {
    let history = [lodged(), accepted(), transferred("station", "other")];
    let state = history.iter().fold(State::default(), Complaint::evolve);
    assert_eq!(Complaint::unit(&state, &history[2]), "other");
    assert_eq!(Complaint::unit(&state, &overdue("responsible", 1)), "station");
}
