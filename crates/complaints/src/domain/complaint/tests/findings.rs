//! What is found, and how it ends.

use super::*;

fn substantiate(harms_public: bool) -> Step {
    let (unit, officers, finding) = (String::new(), vec![officer("accused")], text("finding"));
    Step::Substantiate { unit, officers, harms_public, finding }
}

fn substantiated(harms_public: bool) -> Event {
    ComplaintSubstantiated {
        complaint: NAME.to_owned(),
        unit: unit("station"),
        officers: vec![officer("accused")],
        harms_public,
        finding: Some(text("finding")),
    }
    .into()
}

fn unsubstantiate() -> Step {
    Step::Unsubstantiate { finding: text("nothing to it") }
}

fn unsubstantiated() -> Event {
    let (complaint, unit) = (NAME.to_owned(), unit("station"));
    ComplaintUnsubstantiated { complaint, unit, finding: Some(text("nothing to it")) }.into()
}

fn closed_as(outcome: ClosureOutcome) -> Event {
    let (complaint, unit) = (NAME.to_owned(), unit("station"));
    ComplaintClosed { complaint, unit, outcome: outcome.into() }.into()
}

fn reopen() -> Step {
    Step::Reopen { grounds: text("grounds"), led_due: day(LED_DUE), accepted_due: day(ACCEPTED_DUE) }
}

fn reopened(leader: Option<&str>, due: i64) -> Event {
    ComplaintReopened {
        complaint: NAME.to_owned(),
        unit: unit("station"),
        leader: leader.map(officer).unwrap_or_default(),
        grounds: Some(text("grounds")),
        stage_due_time: Some(wire(due)),
    }
    .into()
}

fn withdraw() -> Step {
    Step::Withdraw { statement: Some(text("never mind")) }
}

fn withdrawn() -> Event {
    ComplaintWithdrawn { complaint: NAME.to_owned(), statement: Some(text("never mind")) }.into()
}

#[test]
fn a_complaint_is_found_to_be_true_harmful_or_not() {
    for harms_public in [false, true] {
        after(ASSIGNED).when(now(substantiate(harms_public))).then([substantiated(harms_public)]);
        let found = after_life_and(ASSIGNED, [substantiated(harms_public)]);
        found.when(now(substantiate(harms_public))).then_nothing();
        found.when(now(substantiate(!harms_public))).then([substantiated(!harms_public)]);
    }
    after(LODGED).when(now(substantiate(true))).then_rejected(Rejection::NotAccepted);
    after(CLOSED).when(now(substantiate(true))).then_rejected(Rejection::NotOpen);
}

#[test]
fn a_complaint_found_not_to_be_true_is_closed_as_that() {
    after(LED).when(now(unsubstantiate())).then([unsubstantiated()]);
    let found = after_life_and(LED, [unsubstantiated()]);
    found.when(now(unsubstantiate())).then_nothing();
    let outcome = ClosureOutcome::Unsubstantiated;
    found.when(now(close(outcome))).then([closed_as(outcome)]);
    after(LED).when(now(close(outcome))).then_rejected(Rejection::OutcomeUnfounded);
    after(LODGED).when(now(unsubstantiate())).then_rejected(Rejection::NotAccepted);
    after(CLOSED).when(now(unsubstantiate())).then_rejected(Rejection::NotOpen);
}

#[test]
fn a_finding_that_it_is_true_is_overturned_also_when_all_is_done() {
    let history = life(VERIFIED).into_iter().chain([substantiated(true), closed()]);
    given::<Complaint>(history).when(now(unsubstantiate())).then([unsubstantiated()]);
}

#[test]
fn a_closed_complaint_is_reopened_and_goes_back_to_the_same_leader() {
    after(CLOSED).when(now(reopen())).then([reopened(Some("leader"), LED_DUE)]);
    after(VERIFIED).when(now(reopen())).then_rejected(Rejection::NotClosed);
    let rejected = after_life_and(LODGED, [rejected("hearsay")]);
    rejected.when(now(reopen())).then_rejected(Rejection::NotClosed);
    let again = after_life_and(CLOSED, [reopened(Some("leader"), LED_DUE)]);
    again.when(now(reopen())).then_nothing();
    again.when(now(assign_by("responsible", 140))).then([assigned_to("responsible", 140)]);
}

#[test]
fn what_was_closed_without_a_leader_waits_for_one_when_it_is_reopened() {
    let closed = [unsubstantiated(), closed_as(ClosureOutcome::Unsubstantiated)];
    let history = after_life_and(ACCEPTED, closed.clone());
    history.when(now(reopen())).then([reopened(None, ACCEPTED_DUE)]);
    // What was found before does not close it again.
    let again = after_life_and(ACCEPTED, closed.into_iter().chain([reopened(None, ACCEPTED_DUE)]));
    again.when(now(close(ClosureOutcome::Unsubstantiated))).then_rejected(Rejection::OutcomeUnfounded);
}

#[test]
fn reopening_restarts_no_clock_of_the_case() {
    let history = life(CLOSED).into_iter().chain([reopened(Some("leader"), LED_DUE)]);
    let state = history.fold(State::default(), |state, event| Complaint::evolve(state, &event));
    let complaint = state.lodged().unwrap();
    assert_eq!((complaint.case_due(), complaint.stage_due), (Some(day(160)), Some(day(LED_DUE))));
}

#[test]
fn a_complaint_is_withdrawn_by_the_complainant_and_then_closed() {
    for steps in [LODGED, ACCEPTED, ASSIGNED, REPORTED, VERIFIED] {
        after(steps).when(now(withdraw())).then([withdrawn()]);
    }
    let over = after_life_and(ASSIGNED, [withdrawn()]);
    over.when(now(withdraw())).then_nothing();
    over.when(now(close(ClosureOutcome::Withdrawn))).then([closed_as(ClosureOutcome::Withdrawn)]);
    over.when(now(close(ClosureOutcome::Rectified))).then_rejected(Rejection::OutcomeUnfounded);
    for step in [lead("another"), assign("another"), substantiate(false), transfer("other")] {
        over.when(now(step)).then_rejected(Rejection::Withdrawn);
    }
    over.when(now(report())).then_rejected(Rejection::NotAssigned);
    after(CLOSED).when(now(withdraw())).then_rejected(Rejection::NotOpen);
}

#[test]
fn progress_is_reported_by_a_person_at_work() {
    let progress = |key| Step::ReportProgress { progress: text(key), attachments: vec![] };
    let told = |key| -> Event {
        ProgressReported { complaint: NAME.to_owned(), progress: Some(text(key)), attachments: vec![] }.into()
    };
    after(ASSIGNED).when(now(progress("half"))).then([told("half")]);
    after_life_and(ASSIGNED, [told("half")]).when(now(progress("half"))).then_nothing();
    after(LED).when(now(progress("half"))).then_rejected(Rejection::NotAssigned);
    after(REPORTED).when(now(progress("half"))).then_rejected(Rejection::AlreadyReported);
    let moved = after_life_and(ASSIGNED, [transferred("station", "other")]);
    moved.when(now(progress("half"))).then_rejected(Rejection::NotAssigned);
}

#[test]
fn nobody_judges_what_their_own_unit_or_they_themselves_did() {
    let untrue = after_life_and(REPORTED, [unsubstantiated()]);
    let substantiated = after_life_and(CLOSED, [substantiated(false)]);
    let judged = [
        (after(LODGED), Step::Reject { reason: "hearsay".to_owned() }),
        (after(REPORTED), verify()),
        (after(REPORTED), refute(None)),
        (after(ASSIGNED), substantiate(true)),
        (after(ASSIGNED), unsubstantiate()),
        (substantiated, unsubstantiate()),
        (untrue, close(ClosureOutcome::Unsubstantiated)),
        (after(VERIFIED), close(ClosureOutcome::Rectified)),
        (after(CLOSED), reopen()),
    ];
    for (given, step) in judged {
        let colleague = Act { own_unit: true, ..act(officer("peer"), 100) };
        given
            .when(Command::Handle(colleague, step.clone()))
            .then_rejected(Rejection::HandlesOwnUnit(officer("peer")));
        // What speaks against them they may say.
        let against = matches!(step, Step::Reject { .. } | Step::Substantiate { .. } | Step::Reopen { .. });
        if !against {
            let own = Rejection::JudgesOwnWork(officer("responsible"));
            given.when(by("responsible", step)).then_rejected(own);
        }
    }
}
