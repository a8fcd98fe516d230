//! Appeals: what they suspend, who decides them, what they undo.

use super::*;

const DIRECTOR: &str = "jurisdictions/city/officers/director";

fn decision(outcome: AppealOutcome) -> AppealDecided {
    AppealDecided {
        case: NAME.to_owned(),
        appeal_id: "a1".to_owned(),
        outcome: outcome.into(),
        reason: "looked at again".to_owned(),
        decided_by: JUDGE.to_owned(),
        finding_event_id: "f1".to_owned(),
        ..AppealDecided::default()
    }
}

/// On the twentieth of June: ten days after it was lodged.
fn decide(decided: AppealDecided) -> Command {
    let actor = Actor { name: decided.decided_by.clone(), units: vec![] };
    Command::DecideAppeal { decided, actor, day: day("2024-06-20"), expected: None }
}

fn dismissed() -> AppealDecided {
    let gravity = Gravity::Grave.into();
    let cycle = CYCLE.to_owned();
    AppealDecided { gravity, cycle, suspended_days: 10, ..decision(AppealOutcome::Dismissed) }
}

fn overturned() -> AppealDecided {
    AppealDecided {
        cycle: CYCLE.to_owned(),
        units_cleared: vec![TRAFFIC.to_owned(), PATROL.to_owned()],
        officers_cleared: vec![ACCUSED.to_owned()],
        ..decision(AppealOutcome::Overturned)
    }
}

fn milder() -> AppealDecided {
    let gravity = Gravity::Serious.into();
    AppealDecided { gravity, cycle: CYCLE.to_owned(), ..decision(AppealOutcome::Varied) }
}

fn lifted(unit: &str) -> VetoLifted {
    let (case, unit, cycle) = (NAME.to_owned(), unit.to_owned(), CYCLE.to_owned());
    VetoLifted { case, unit, cycle, reason: "looked at again".to_owned() }
}

fn appeal() -> Event {
    lodged("a1", Some(accused())).into()
}

/// Found grave, vetoes raised, `more`, appealed.
fn appealed_after(more: impl IntoIterator<Item = Event>) -> Given<Case> {
    let vetoes = [veto(TRAFFIC).into(), veto(PATROL).into()];
    found_and(Gravity::Grave, vetoes.into_iter().chain(more).chain([appeal()]))
}

fn appealed() -> Given<Case> {
    appealed_after(all_decided())
}

#[test]
fn those_responsible_appeal_each_once_against_a_finding() {
    let by = |appeal_id, subject| Command::LodgeAppeal(lodged(appeal_id, Some(subject)));
    found().when(by("a1", accused())).then([appeal()]);
    let waits = found_and(Gravity::Minor, [appeal()]);
    waits.when(by("a1", accused())).then_nothing();
    waits.when(by("a1", traffic())).then_rejected(Rejection::AppealExists);
    waits.when(by("a2", accused())).then_rejected(Rejection::AppealedAlready(ACCUSED.to_owned()));
    waits.when(by("a2", traffic())).then([lodged("a2", Some(traffic())).into()]);
    let stranger = Subject::Unit(INSPECTION.to_owned());
    found().when(by("a1", stranger)).then_rejected(Rejection::NotResponsible(INSPECTION.to_owned()));
    investigated().when(by("a1", accused())).then_rejected(Rejection::NoFinding);
}

#[test]
fn an_appeal_lodged_again_on_another_day_is_the_same() {
    let later = AppealLodged { lodged_date: "2024-06-11".to_owned(), ..lodged("a1", Some(accused())) };
    found_and(Gravity::Minor, [appeal()]).when(Command::LodgeAppeal(later)).then_nothing();
}

#[test]
fn an_appeal_suspends_decisions_executions_and_the_close() {
    let suspended = found_and(Gravity::Minor, all_decided().into_iter().chain([appeal()]));
    let execution_date = "2024-06-20".to_owned();
    let execute = Command::Execute { subject: accused(), execution_date, expected: None };
    let anew = Deciding {
        subject: accused(),
        decided: decided(accused(), Disposition::Demerit),
        minimum: None,
        day: day("2024-06-01"),
        level: 0,
        approver: None,
        expected: None,
    };
    for command in [execute, Command::DecideDisposition(anew), close(Actor::default())] {
        suspended.when(command).then_rejected(Rejection::Suspended);
    }
}

#[test]
fn a_dismissed_appeal_lets_the_case_go_on_with_as_many_days_more() {
    appealed().when(decide(decision(AppealOutcome::Dismissed))).then([dismissed().into()]);
    let goes_on = appealed_after(all_decided().into_iter().chain([appeal(), dismissed().into()]));
    goes_on.when(decide(decision(AppealOutcome::Dismissed))).then_nothing();
    let history = [opened().into(), assigned(ANNA).into(), evidence("e1").into()];
    let history = history.into_iter().chain([finding(Gravity::Grave, CYCLE).into()]);
    let history = history.chain(all_decided()).chain([appeal(), dismissed().into()]);
    let state = history.fold(State::default(), |state, event| Case::evolve(state, &event));
    let due: Vec<_> = state.opened().unwrap().pending().map(|(due, _)| due).collect();
    assert_eq!(due, [day("2024-07-10"); 3]);
}

#[test]
fn while_another_appeal_waits_the_suspension_goes_on() {
    let second = Event::from(lodged("a2", Some(traffic())));
    let both = appealed_after(all_decided().into_iter().chain([second]));
    let no_days = AppealDecided { suspended_days: 0, ..dismissed() };
    both.when(decide(decision(AppealOutcome::Dismissed))).then([no_days.into()]);
}

#[test]
fn an_overturned_finding_falls_with_its_vetoes_and_clears_everyone() {
    let fallen = [overturned().into(), lifted(TRAFFIC).into(), lifted(PATROL).into()];
    appealed().when(decide(decision(AppealOutcome::Overturned))).then(fallen);
    let after = appealed_after([]).when(decide(decision(AppealOutcome::Overturned)));
    after.then([overturned().into(), lifted(TRAFFIC).into(), lifted(PATROL).into()]);
    let exonerated = found_and(Gravity::Minor, [appeal(), overturned().into()]);
    exonerated.when(close(Actor::default())).then([closed(CaseOutcome::Exonerated).into()]);
    let again = Command::LodgeAppeal(lodged("a2", Some(traffic())));
    exonerated.when(again).then_rejected(Rejection::NoFinding);
}

#[test]
fn a_case_that_was_closed_is_closed_anew_when_its_finding_falls() {
    let done = all_executed().into_iter().chain([closed(CaseOutcome::Disposed).into()]);
    let fallen = [
        overturned().into(),
        lifted(TRAFFIC).into(),
        lifted(PATROL).into(),
        closed(CaseOutcome::Exonerated).into(),
    ];
    appealed_after(done).when(decide(decision(AppealOutcome::Overturned))).then(fallen);
}

#[test]
fn a_milder_finding_lifts_its_vetoes_and_is_disposed_of_anew() {
    let varied = AppealDecided { cycle: String::new(), ..milder() };
    let fallen = [milder().into(), lifted(TRAFFIC).into(), lifted(PATROL).into()];
    appealed().when(decide(varied)).then(fallen);
    let anew = found_and(Gravity::Grave, all_executed().into_iter().chain([appeal(), milder().into()]));
    anew.when(close(Actor::default())).then_rejected(Rejection::NotDisposed(TRAFFIC.to_owned()));
    let again = lodged("a2", Some(accused()));
    anew.when(Command::LodgeAppeal(again.clone())).then([again.into()]);
}

#[test]
fn a_unit_that_is_let_off_is_free_of_its_veto_and_the_others_are_not() {
    let asked = AppealDecided {
        gravity: 0,
        units_cleared: vec![PATROL.to_owned()],
        ..decision(AppealOutcome::Varied)
    };
    let recorded = AppealDecided { gravity: Gravity::Grave.into(), cycle: CYCLE.to_owned(), ..asked.clone() };
    appealed().when(decide(asked)).then([recorded.into(), lifted(PATROL).into()]);
}

#[test]
fn an_appeal_makes_nothing_worse_and_varies_something() {
    let minor = found_and(Gravity::Minor, [appeal()]);
    let varied = |gravity: Gravity, units: &[&str], officers: &[&str]| {
        let all = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let (units_cleared, officers_cleared) = (all(units), all(officers));
        let gravity = gravity.into();
        decide(AppealDecided { gravity, units_cleared, officers_cleared, ..decision(AppealOutcome::Varied) })
    };
    minor.when(varied(Gravity::Serious, &[], &[])).then_rejected(Rejection::Aggravates);
    minor.when(varied(Gravity::Minor, &[], &[])).then_rejected(Rejection::VariesNothing);
    let everyone = varied(Gravity::Unspecified, &[TRAFFIC, PATROL], &[ACCUSED]);
    minor.when(everyone).then_rejected(Rejection::VariesNothing);
    let stranger = varied(Gravity::Unspecified, &[INSPECTION], &[]);
    minor.when(stranger).then_rejected(Rejection::NotResponsible(INSPECTION.to_owned()));
}

#[test]
fn whoever_had_to_do_with_the_case_does_not_decide_an_appeal() {
    let second = Event::from(assigned(BERT));
    let history = [assigned(CARL).into(), second, evidence("e1").into()];
    let history = history.into_iter().chain([finding(Gravity::Minor, CYCLE).into()]);
    let approved =
        DispositionDecided { approver: DIRECTOR.to_owned(), ..decided(accused(), Disposition::Warning) };
    let history = history.chain(all_decided()).chain([approved.into()]);
    let given = case(history.chain([lodged("a1", Some(traffic())).into()]));
    for judge in [CARL, BERT, CLERK, CHIEF, ACCUSED, TRAFFIC, OPENER, DIRECTOR, "bert", "opener"] {
        let by = AppealDecided { decided_by: judge.to_owned(), ..decision(AppealOutcome::Dismissed) };
        given.when(decide(by)).then_rejected(Rejection::JudgesOwnWork);
    }
    let of_patrol = actor(JUDGE, PATROL);
    let command = Command::DecideAppeal {
        decided: decision(AppealOutcome::Dismissed),
        actor: of_patrol,
        day: day("2024-06-20"),
        expected: None,
    };
    given.when(command).then_rejected(Rejection::JudgesOwnWork);
}

#[test]
fn an_appeal_is_decided_once() {
    let unknown = AppealDecided { appeal_id: "a9".to_owned(), ..decision(AppealOutcome::Dismissed) };
    appealed().when(decide(unknown)).then_rejected(Rejection::UnknownAppeal);
    let over = found_and(Gravity::Grave, [appeal(), dismissed().into()]);
    over.when(decide(decision(AppealOutcome::Overturned))).then_rejected(Rejection::AppealAlreadyDecided);
}

#[test]
fn whoever_appealed_beside_the_one_that_overturned_has_what_they_asked_for() {
    let second = Event::from(lodged("a2", Some(traffic())));
    let history = [opened().into(), assigned(ANNA).into(), evidence("e1").into()];
    let history = history.into_iter().chain([finding(Gravity::Minor, CYCLE).into()]);
    let history = history.chain([appeal(), second, overturned().into()]);
    let state = history.fold(State::default(), |state, event| Case::evolve(state, &event));
    let other = state.opened().unwrap().appeal("a2").unwrap().decided.clone().unwrap();
    assert_eq!((other.appeal_id.as_str(), other.outcome()), ("a2", AppealOutcome::Overturned));
}
