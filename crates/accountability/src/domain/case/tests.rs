use contract::words::VaultText;
use eventstore::testing::{Given, given};

use super::*;

mod appeals;
mod ending;

mod sanctions;
mod walks;

const NAME: &str = "jurisdictions/city/cases/c1";
const TRAFFIC: &str = "jurisdictions/city/units/traffic";
const INSPECTION: &str = "jurisdictions/city/units/inspection";
const PATROL: &str = "jurisdictions/city/units/patrol";
const CLERK: &str = "clerk";
const CHIEF: &str = "jurisdictions/city/officers/chief";
const JUDGE: &str = "jurisdictions/city/officers/judge";
const CARL: &str = "jurisdictions/city/officers/carl";
const CYCLE: &str = "jurisdictions/city/cycles/2024";
const ACCUSED: &str = "jurisdictions/city/officers/accused";
const OPENER: &str = "jurisdictions/city/officers/opener";
const ANNA: &str = "jurisdictions/city/officers/anna";
const BERT: &str = "jurisdictions/city/officers/bert";

fn text(vault_key: &str) -> VaultText {
    VaultText { vault_key: vault_key.to_owned(), sha256: vec![1] }
}

fn opened() -> CaseOpened {
    CaseOpened {
        case: NAME.to_owned(),
        origin: Origin::ByHand.into(),
        nature: CaseNature::Delay.into(),
        units: vec![TRAFFIC.to_owned()],
        officers: vec![ACCUSED.to_owned()],
        grounds: Some(text("grounds")),
        opened_by: OPENER.to_owned(),
        ..CaseOpened::default()
    }
}

fn open(opened: CaseOpened) -> Command {
    Command::Open { opened, missing: None }
}

fn assigned(investigator: &str) -> InvestigatorAssigned {
    InvestigatorAssigned { case: NAME.to_owned(), investigator: investigator.to_owned() }
}

fn assign(investigator: &str) -> Command {
    let candidate = Candidate { units: vec![INSPECTION.to_owned()], in_complaint: false };
    Command::Assign { assigned: assigned(investigator), candidate: Some(candidate), expected: None }
}

fn recused(investigator: &str) -> InvestigatorRecused {
    let (case, investigator) = (NAME.to_owned(), investigator.to_owned());
    InvestigatorRecused { case, investigator, reason: "kin".to_owned() }
}

fn recuse() -> Command {
    Command::Recuse { reason: "kin".to_owned(), expected: None }
}

fn evidence(vault_key: &str) -> EvidenceAdded {
    EvidenceAdded {
        case: NAME.to_owned(),
        evidence_id: "e1".to_owned(),
        text: Some(text(vault_key)),
        ..EvidenceAdded::default()
    }
}

fn actor(name: &str, unit: &str) -> Actor {
    Actor { name: name.to_owned(), units: vec![unit.to_owned()] }
}

fn close(actor: Actor) -> Command {
    Command::Close { actor, expected: None }
}

fn add(vault_key: &str) -> Command {
    Command::AddEvidence { added: evidence(vault_key), actor: actor(CLERK, INSPECTION) }
}

fn finding(gravity: Gravity, cycle: &str) -> FindingMade {
    FindingMade {
        case: NAME.to_owned(),
        exonerated: false,
        nature: CaseNature::Delay.into(),
        gravity: gravity.into(),
        units: vec![TRAFFIC.to_owned(), PATROL.to_owned()],
        officers: vec![ACCUSED.to_owned()],
        facts: Some(text("facts")),
        cycle: cycle.to_owned(),
        scale_version: 0,
        made_by: CLERK.to_owned(),
    }
}

fn find(finding: FindingMade) -> Command {
    find_by(actor(CLERK, INSPECTION), finding, INSPECTION)
}

fn find_by(actor: Actor, finding: FindingMade, investigator_unit: &str) -> Command {
    let investigator_units = vec![investigator_unit.to_owned()];
    Command::Find { finding, actor, investigator_units, missing: None, expected: None }
}

fn veto(unit: &str) -> VetoRaised {
    VetoRaised { case: NAME.to_owned(), unit: unit.to_owned(), cycle: CYCLE.to_owned() }
}

fn case(more: impl IntoIterator<Item = Event>) -> Given<Case> {
    given([Event::from(opened())].into_iter().chain(more))
}

fn investigated() -> Given<Case> {
    case([assigned(ANNA).into(), evidence("e1").into()])
}

/// A finding, and what happened after it.
fn found_and(gravity: Gravity, more: impl IntoIterator<Item = Event>) -> Given<Case> {
    let found = [assigned(ANNA).into(), evidence("e1").into(), finding(gravity, CYCLE).into()];
    case(found.into_iter().chain(more))
}

fn found() -> Given<Case> {
    found_and(Gravity::Minor, [])
}

fn day(day: &str) -> Date {
    day.parse().unwrap()
}

fn traffic() -> Subject {
    Subject::Unit(TRAFFIC.to_owned())
}

fn patrol() -> Subject {
    Subject::Unit(PATROL.to_owned())
}

fn accused() -> Subject {
    Subject::Officer(ACCUSED.to_owned())
}

/// Decided on the first of June, to be carried out by the end of the month.
fn decided(subject: Subject, disposition: Disposition) -> DispositionDecided {
    DispositionDecided {
        case: NAME.to_owned(),
        subject: Some(subject.into()),
        disposition: disposition.into(),
        due_date: "2024-06-30".to_owned(),
        decided_by: CHIEF.to_owned(),
        ..DispositionDecided::default()
    }
}

fn executed(subject: Subject) -> DispositionExecuted {
    let execution_date = "2024-06-20".to_owned();
    DispositionExecuted { case: NAME.to_owned(), subject: Some(subject.into()), execution_date }
}

/// Each of those responsible has a disposition.
fn all_decided() -> [Event; 3] {
    [
        decided(traffic(), Disposition::UnitCriticism).into(),
        decided(patrol(), Disposition::UnitRectification).into(),
        decided(accused(), Disposition::Warning).into(),
    ]
}

/// Each disposition is carried out.
fn all_executed() -> Vec<Event> {
    let executed = [traffic(), patrol(), accused()].map(|subject| executed(subject).into());
    all_decided().into_iter().chain(executed).collect()
}

fn lodged(appeal_id: &str, appellant: Option<Subject>) -> AppealLodged {
    AppealLodged {
        case: NAME.to_owned(),
        appeal_id: appeal_id.to_owned(),
        appellant: appellant.map(Subject::into),
        grounds: Some(text("appeal")),
        lodged_date: "2024-06-10".to_owned(),
    }
}

fn closed(outcome: CaseOutcome) -> CaseClosed {
    CaseClosed { case: NAME.to_owned(), outcome: outcome.into() }
}

fn involved(involvement: Involvement) -> Rejection {
    Rejection::InvestigatorInvolved(involvement)
}

#[test]
fn a_case_is_opened_once() {
    given::<Case>([]).when(open(opened())).then([opened().into()]);
    case([]).when(open(opened())).then_nothing();
    let other = CaseOpened { nature: CaseNature::Abuse.into(), ..opened() };
    case([]).when(open(other)).then_rejected(Rejection::CaseExists);
}

#[test]
fn a_case_refers_to_nothing_that_its_owner_has_no_record_of() {
    let missing = Missing::Unit(TRAFFIC.to_owned());
    let command = Command::Open { opened: opened(), missing: Some(missing.clone()) };
    given::<Case>([]).when(command).then_rejected(Rejection::Missing(missing));
    let missing = Missing::Officer(ACCUSED.to_owned());
    let finding = finding(Gravity::Minor, CYCLE);
    let (actor, missing_officer) = (actor(CLERK, INSPECTION), Some(missing.clone()));
    let command = Command::Find {
        finding,
        actor,
        investigator_units: vec![],
        missing: missing_officer,
        expected: None,
    };
    investigated().when(command).then_rejected(Rejection::Missing(missing));
}

#[test]
fn an_officer_on_the_roster_investigates() {
    case([]).when(assign(ANNA)).then([assigned(ANNA).into()]);
    case([assigned(ANNA).into()]).when(assign(ANNA)).then_nothing();
    let command = Command::Assign { assigned: assigned(ANNA), candidate: None, expected: None };
    case([]).when(command).then_rejected(Rejection::OfficerNotOnRoster(ANNA.to_owned()));
}

#[test]
fn an_investigator_takes_another_ones_place_and_may_be_replaced_again() {
    case([assigned(ANNA).into()]).when(assign(BERT)).then([assigned(BERT).into()]);
    case([assigned(ANNA).into(), assigned(BERT).into()]).when(assign(ANNA)).then([assigned(ANNA).into()]);
}

#[test]
fn nobody_investigates_a_case_against_themselves_or_their_unit() {
    case([]).when(assign(ACCUSED)).then_rejected(involved(Involvement::Accused));
    let candidate = Candidate { units: vec![TRAFFIC.to_owned()], in_complaint: false };
    let command = Command::Assign { assigned: assigned(ANNA), candidate: Some(candidate), expected: None };
    case([]).when(command).then_rejected(involved(Involvement::OfAccusedUnit));
}

#[test]
fn nobody_investigates_a_case_that_they_opened() {
    case([]).when(assign(OPENER)).then_rejected(involved(Involvement::OpenedIt));
}

#[test]
fn nobody_investigates_a_complaint_that_they_had_in_hand() {
    let candidate = Candidate { units: vec![INSPECTION.to_owned()], in_complaint: true };
    let command = Command::Assign { assigned: assigned(ANNA), candidate: Some(candidate), expected: None };
    case([]).when(command).then_rejected(involved(Involvement::InComplaint));
}

#[test]
fn whoever_steps_down_does_not_come_back() {
    case([assigned(ANNA).into()]).when(recuse()).then([recused(ANNA).into()]);
    let waiting = case([assigned(ANNA).into(), recused(ANNA).into()]);
    waiting.when(recuse()).then_nothing();
    waiting.when(assign(ANNA)).then_rejected(involved(Involvement::SteppedDown));
    waiting.when(assign(BERT)).then([assigned(BERT).into()]);
}

#[test]
fn nobody_steps_down_where_nobody_investigates() {
    case([]).when(recuse()).then_rejected(Rejection::NoInvestigator);
}

#[test]
fn evidence_comes_after_the_investigator() {
    case([assigned(ANNA).into()]).when(add("e1")).then([evidence("e1").into()]);
    case([]).when(add("e1")).then_rejected(Rejection::NoInvestigator);
    let waiting = case([assigned(ANNA).into(), recused(ANNA).into()]);
    waiting.when(add("e1")).then_rejected(Rejection::NoInvestigator);
}

#[test]
fn evidence_is_added_once_and_never_replaced() {
    investigated().when(add("e1")).then_nothing();
    investigated().when(add("other")).then_rejected(Rejection::EvidenceExists);
}

#[test]
fn whom_a_case_or_its_finding_is_against_adds_nothing_and_finds_nothing() {
    let minor = || finding(Gravity::Minor, CYCLE);
    let exonerated = || FindingMade { exonerated: true, units: vec![], officers: vec![], ..minor() };
    // Called by resource name or by id, of the unit itself or of one below it.
    let below = Actor { units: vec![INSPECTION.to_owned(), TRAFFIC.to_owned()], ..actor(BERT, INSPECTION) };
    let against = [
        (actor(ACCUSED, INSPECTION), Involvement::Accused),
        (actor("accused", INSPECTION), Involvement::Accused),
        (actor(BERT, TRAFFIC), Involvement::OfAccusedUnit),
        (below, Involvement::OfAccusedUnit),
    ];
    for (actor, involvement) in against {
        let command = Command::AddEvidence { added: evidence("e1"), actor: actor.clone() };
        case([assigned(ANNA).into()]).when(command).then_rejected(involved(involvement));
        let command = find_by(actor, exonerated(), INSPECTION);
        investigated().when(command).then_rejected(involved(involvement));
    }
    // Whom the finding names is found by somebody else.
    let of_patrol = find_by(actor(BERT, PATROL), minor(), INSPECTION);
    investigated().when(of_patrol).then_rejected(involved(Involvement::OfAccusedUnit));
    let investigator_of_patrol = find_by(actor(CLERK, INSPECTION), minor(), PATROL);
    investigated().when(investigator_of_patrol).then_rejected(involved(Involvement::OfAccusedUnit));
}

#[test]
fn a_finding_comes_after_evidence() {
    let minor = || finding(Gravity::Minor, CYCLE);
    investigated().when(find(minor())).then([minor().into()]);
    case([assigned(ANNA).into()]).when(find(minor())).then_rejected(Rejection::NoEvidence);
    case([]).when(find(minor())).then_rejected(Rejection::NoInvestigator);
}

#[test]
fn a_finding_that_says_no_cycle_counts_in_the_case_s() {
    let terms = CaseOpened { cycle: CYCLE.to_owned(), ..opened() };
    let history = [terms.into(), assigned(ANNA).into(), evidence("e1").into()];
    let counted = finding(Gravity::Minor, CYCLE);
    given::<Case>(history).when(find(finding(Gravity::Minor, ""))).then([counted.into()]);
}

#[test]
fn a_grave_finding_raises_a_veto_against_each_unit_responsible() {
    let grave = || finding(Gravity::Grave, CYCLE);
    let vetoes = [veto(TRAFFIC).into(), veto(PATROL).into()];
    let events = [Event::from(grave())].into_iter().chain(vetoes);
    investigated().when(find(grave())).then(events);
}

#[test]
fn a_grave_finding_against_a_unit_names_its_cycle() {
    investigated().when(find(finding(Gravity::Grave, ""))).then_rejected(Rejection::NoCycle);
    let persons_only = || FindingMade { units: vec![], ..finding(Gravity::Grave, "") };
    investigated().when(find(persons_only())).then([persons_only().into()]);
}

#[test]
fn the_finding_ends_the_investigation() {
    found().when(find(finding(Gravity::Minor, CYCLE))).then_nothing();
    found().when(add("e1")).then_nothing();
    let late = EvidenceAdded { evidence_id: "e2".to_owned(), ..evidence("e2") };
    let commands = [
        find(finding(Gravity::Serious, CYCLE)),
        assign(BERT),
        recuse(),
        Command::AddEvidence { added: late, actor: Actor::default() },
    ];
    for command in commands {
        found().when(command).then_rejected(Rejection::FindingStands);
    }
}

#[test]
fn nothing_is_done_to_a_case_that_was_never_opened() {
    for command in [assign(ANNA), recuse(), add("e1"), find(finding(Gravity::Minor, CYCLE))] {
        given::<Case>([]).when(command).then_rejected(Rejection::UnknownCase);
    }
}

#[test]
fn who_edits_an_old_reading_is_told() {
    let old = Some(1);
    let candidate = Candidate { units: vec![INSPECTION.to_owned()], in_complaint: false };
    let commands = [
        Command::Assign { assigned: assigned(BERT), candidate: Some(candidate), expected: old },
        Command::Recuse { reason: "kin".to_owned(), expected: old },
        Command::Find {
            finding: finding(Gravity::Minor, CYCLE),
            actor: Actor::default(),
            investigator_units: vec![],
            missing: None,
            expected: old,
        },
    ];
    for command in commands {
        investigated().when(command).then_rejected(Rejection::CaseChanged(3));
    }
    let command = Command::Recuse { reason: "kin".to_owned(), expected: Some(3) };
    investigated().when(command).then([recused(ANNA).into()]);
}

#[test]
fn a_veto_is_of_the_unit_that_it_is_against_and_all_else_of_the_case_s_first_unit() {
    let state = Case::evolve(State::default(), &opened().into());
    assert_eq!(Case::unit(&state, &opened().into()), "traffic");
    assert_eq!(Case::unit(&state, &veto(PATROL).into()), "patrol");
}
