//! How a case ends: closed, merged, withdrawn; and who read its texts.

use super::*;

const OTHER: &str = "jurisdictions/city/cases/c2";
const COMPLAINT: &str = "jurisdictions/city/complaints/k1";

fn at(position: u64) -> Cause {
    Cause { service: "evaluation".to_owned(), position, ..Cause::default() }
}

/// A case that opened by itself, from two facts.
fn by_itself() -> CaseOpened {
    CaseOpened {
        origin: Origin::PointsLost.into(),
        cycle: CYCLE.to_owned(),
        causes: vec![at(3), at(7)],
        ..opened()
    }
}

fn self_opened(more: impl IntoIterator<Item = Event>) -> Given<Case> {
    given([Event::from(by_itself())].into_iter().chain(more))
}

fn fall(positions: &[u64]) -> Command {
    Command::FallCauses { causes: positions.iter().copied().map(at).collect(), fallen_by: at(9) }
}

fn fallen(positions: &[u64]) -> CauseFallen {
    let causes = positions.iter().copied().map(at).collect();
    CauseFallen { case: NAME.to_owned(), causes, fallen_by: Some(at(9)) }
}

fn other() -> CaseOpened {
    CaseOpened {
        case: OTHER.to_owned(),
        units: vec![TRAFFIC.to_owned(), PATROL.to_owned()],
        officers: vec![CARL.to_owned()],
        complaint: COMPLAINT.to_owned(),
        causes: vec![at(5)],
        opened_by: CLERK.to_owned(),
        ..opened()
    }
}

fn of(events: impl IntoIterator<Item = Event>) -> State {
    events.into_iter().fold(State::default(), |state, event| Case::evolve(state, &event))
}

fn merge(other: State) -> Command {
    let investigator = Candidate { units: vec![INSPECTION.to_owned()], in_complaint: false };
    let (merged, reason) = (OTHER.to_owned(), "same matter".to_owned());
    Command::Merge { merged, reason, other, investigator, expected: None }
}

fn merged() -> CaseMerged {
    CaseMerged {
        case: NAME.to_owned(),
        merged_case: OTHER.to_owned(),
        units: vec![TRAFFIC.to_owned(), PATROL.to_owned()],
        officers: vec![CARL.to_owned()],
        causes: vec![at(5)],
        reason: "same matter".to_owned(),
        complaints: vec![COMPLAINT.to_owned()],
        opened_by: vec![CLERK.to_owned()],
        by_hand: true,
    }
}

fn exonerated() -> FindingMade {
    FindingMade { case: NAME.to_owned(), exonerated: true, ..FindingMade::default() }
}

const CLOSE: Command = Command::Close { actor: Actor { name: String::new(), units: vec![] }, expected: None };

#[test]
fn a_case_is_closed_once_every_disposition_was_carried_out() {
    let done = || all_executed().into_iter();
    found_and(Gravity::Minor, done()).when(CLOSE).then([closed(CaseOutcome::Disposed).into()]);
    for actor in [actor(ACCUSED, INSPECTION), actor("accused", INSPECTION), actor(BERT, TRAFFIC)] {
        found_and(Gravity::Minor, done()).when(close(actor)).then_rejected(Rejection::OwnCase);
    }
    let ended = done().chain([closed(CaseOutcome::Disposed).into()]);
    found_and(Gravity::Minor, ended).when(CLOSE).then_nothing();
}

#[test]
fn a_case_is_closed_as_exonerated_where_nobody_is_responsible() {
    let history = [assigned(ANNA).into(), evidence("e1").into(), exonerated().into()];
    case(history).when(CLOSE).then([closed(CaseOutcome::Exonerated).into()]);
}

#[test]
fn a_case_is_not_closed_without_disposition_or_exoneration() {
    case([]).when(CLOSE).then_rejected(Rejection::NoFinding);
    investigated().when(CLOSE).then_rejected(Rejection::NoFinding);
    found().when(CLOSE).then_rejected(Rejection::NotDisposed(TRAFFIC.to_owned()));
    let decided = found_and(Gravity::Minor, all_decided());
    decided.when(CLOSE).then_rejected(Rejection::NotExecuted(TRAFFIC.to_owned()));
}

#[test]
fn what_is_closed_is_decided_no_more() {
    let ended = all_executed().into_iter().chain([closed(CaseOutcome::Disposed).into()]);
    let overdue =
        Command::RaiseOverdue { subject: accused(), due: day("2024-06-30"), day: day("2024-07-01") };
    found_and(Gravity::Minor, ended).when(overdue).then_rejected(Rejection::CaseEnded);
}

#[test]
fn a_case_goes_into_another_one_with_all_that_it_is_about() {
    case([]).when(merge(of([other().into()]))).then([merged().into()]);
    case([merged().into()]).when(merge(of([other().into()]))).then_nothing();
    case([]).when(merge(State::default())).then_rejected(Rejection::UnknownCase);
}

#[test]
fn the_merger_stands_in_both_cases() {
    assert_eq!(Case::also_in(&merged().into()), Some("city/c2".to_owned()));
    assert_eq!(Case::also_in(&opened().into()), None);
    let ended = of([other().into(), assigned(ANNA).into(), merged().into()]);
    let ended = ended.opened().unwrap();
    assert_eq!(ended.phase, Phase::Merged { into: NAME.to_owned() });
    assert_eq!(ended.former[0].investigator, ANNA);
    let goes_on = of([opened().into(), merged().into()]);
    let grounds = &goes_on.opened().unwrap().grounds;
    assert_eq!((grounds.units.len(), grounds.officers.len(), grounds.causes.len()), (2, 2, 1));
}

#[test]
fn a_case_with_a_finding_neither_goes_into_another_one_nor_takes_one_in() {
    found().when(merge(of([other().into()]))).then_rejected(Rejection::FindingStands);
    let found = of([
        other().into(),
        assigned(ANNA).into(),
        evidence("e1").into(),
        finding(Gravity::Minor, CYCLE).into(),
    ]);
    case([]).when(merge(found)).then_rejected(Rejection::FindingStands);
}

#[test]
fn a_merged_case_is_not_worked_on() {
    let ended = || given::<Case>([other().into(), merged().into()]);
    let refused = || Rejection::CaseMerged(NAME.to_owned());
    for command in [assign(ANNA), add("e1"), find(finding(Gravity::Minor, CYCLE)), CLOSE, fall(&[5])] {
        ended().when(command).then_rejected(refused());
    }
    let elsewhere = of([other().into(), CaseMerged { case: "c3".to_owned(), ..merged() }.into()]);
    case([]).when(merge(elsewhere)).then_rejected(Rejection::CaseMerged("c3".to_owned()));
}

#[test]
fn whoever_investigates_is_not_involved_in_the_case_that_comes_in() {
    case([assigned(ANNA).into()]).when(merge(of([other().into()]))).then([merged().into()]);
    let against = case([assigned(CARL).into()]);
    against.when(merge(of([other().into()]))).then_rejected(involved(Involvement::Accused));
    // Nor is anyone assigned afterwards who is involved in either.
    case([merged().into()]).when(assign(CARL)).then_rejected(involved(Involvement::Accused));
    case([merged().into()]).when(assign(CLERK)).then_rejected(involved(Involvement::OpenedIt));
}

#[test]
fn without_a_finding_a_case_whose_causes_are_all_gone_is_withdrawn() {
    self_opened([]).when(fall(&[3])).then([fallen(&[3]).into()]);
    let withdrawn = closed(CaseOutcome::Withdrawn);
    self_opened([]).when(fall(&[3, 7])).then([fallen(&[3, 7]).into(), withdrawn.clone().into()]);
    let half = || self_opened([assigned(ANNA).into(), fallen(&[3]).into()]);
    half().when(fall(&[3, 7])).then([fallen(&[7]).into(), withdrawn.clone().into()]);
    half().when(fall(&[3])).then_nothing();
    let over = self_opened([fallen(&[3, 7]).into(), withdrawn.into()]);
    over.when(fall(&[3, 7])).then_nothing();
    over.when(assign(ANNA)).then_rejected(Rejection::CaseEnded);
}

#[test]
fn causes_of_other_cases_are_none_of_its_own() {
    self_opened([]).when(fall(&[4])).then_nothing();
}

#[test]
fn a_case_opened_by_hand_outlives_its_causes() {
    let by_hand = CaseOpened { causes: vec![at(3)], ..opened() };
    given::<Case>([by_hand.into()]).when(fall(&[3])).then([fallen(&[3]).into()]);
    let taken_in = self_opened([merged().into()]);
    taken_in.when(fall(&[3, 5, 7])).then([fallen(&[3, 5, 7]).into()]);
}

#[test]
fn a_finding_whose_causes_are_all_gone_waits_for_a_review() {
    let found = [assigned(ANNA).into(), evidence("e1").into(), finding(Gravity::Minor, CYCLE).into()];
    let found = || found.clone().into_iter().chain(all_decided());
    self_opened(found()).when(fall(&[3, 7])).then([fallen(&[3, 7]).into()]);
    let review = || Command::LodgeAppeal(lodged("r1", None));
    self_opened(found()).when(review()).then_rejected(Rejection::NoReview);
    let waits = self_opened(found().chain([fallen(&[3, 7]).into()]));
    let execution_date = "2024-06-20".to_owned();
    let execute = || {
        let execution_date = execution_date.clone();
        Command::Execute { subject: accused(), execution_date, expected: None }
    };
    waits.when(execute()).then_rejected(Rejection::NeedsReview);
    waits.when(CLOSE).then_rejected(Rejection::NeedsReview);
    waits.when(review()).then([lodged("r1", None).into()]);
    let decided = AppealDecided {
        appeal_id: "r1".to_owned(),
        outcome: AppealOutcome::Dismissed.into(),
        ..AppealDecided::default()
    };
    let reviewed = found().chain([fallen(&[3, 7]).into(), lodged("r1", None).into(), decided.into()]);
    self_opened(reviewed).when(execute()).then([executed(accused()).into()]);
}

#[test]
fn every_reading_of_its_texts_is_on_record() {
    let reveal = |key: &str| {
        let (vault_keys, purpose) = (vec![key.to_owned()], "audit".to_owned());
        Command::RevealTexts { vault_keys, purpose }
    };
    let revealed = |key: &str| {
        let (case, vault_keys) = (NAME.to_owned(), vec![key.to_owned()]);
        CaseTextsRevealed { case, vault_keys, purpose: "audit".to_owned() }
    };
    let appealed = found_and(Gravity::Minor, [lodged("a1", Some(accused())).into()]);
    for key in ["grounds", "e1", "facts", "appeal"] {
        appealed.when(reveal(key)).then([revealed(key).into()]);
    }
    let again = found_and(Gravity::Minor, [revealed("facts").into()]);
    again.when(reveal("facts")).then([revealed("facts").into()]);
    found().when(reveal("appeal")).then_rejected(Rejection::UnknownText("appeal".to_owned()));
}
