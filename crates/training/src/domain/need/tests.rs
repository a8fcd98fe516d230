use eventstore::testing::{Given, given};

use super::*;

const NAME: &str = "jurisdictions/city/needs/n1";

fn identified(statement: &str) -> NeedIdentified {
    NeedIdentified { need: NAME.to_owned(), statement: statement.to_owned(), ..NeedIdentified::default() }
}

fn met() -> NeedMet {
    NeedMet { need: NAME.to_owned(), statement: "all can".to_owned(), ..NeedMet::default() }
}

fn identify(statement: &str) -> Command {
    Command::Identify { identified: identified(statement), admitted: Ok(()) }
}

fn meet() -> Command {
    Command::Meet { met: met(), admitted: Ok(()), expected: None }
}

fn need(history: impl IntoIterator<Item = Event>) -> Given<Need> {
    given([Event::from(identified("nobody can swim"))].into_iter().chain(history))
}

#[test]
fn a_need_is_identified_once() {
    given::<Need>([]).when(identify("nobody can swim")).then([identified("nobody can swim").into()]);
    need([]).when(identify("nobody can swim")).then_nothing();
    need([]).when(identify("few can swim")).then_rejected(Rejection::NeedExists);
}

#[test]
fn a_need_is_met_once() {
    need([]).when(meet()).then([met().into()]);
    need([met().into()]).when(meet()).then_nothing();
    let unknown = NotAdmitted::UnknownNeed(NAME.to_owned());
    given::<Need>([]).when(meet()).then_rejected(unknown.into());
}

#[test]
fn what_register_items_and_assessments_refuse_is_refused() {
    let refusal = NotAdmitted::UnknownAssessment("a1".to_owned());
    let command = Command::Identify { identified: identified(""), admitted: Err(refusal.clone()) };
    given::<Need>([]).when(command).then_rejected(refusal.into());
    let refusal = NotAdmitted::ItemNotApproved("pursuit".to_owned());
    let command = Command::Meet { met: met(), admitted: Err(refusal.clone()), expected: None };
    need([]).when(command).then_rejected(refusal.into());
}

#[test]
fn who_edits_an_old_reading_is_told() {
    let command = Command::Meet { met: met(), admitted: Ok(()), expected: Some(0) };
    need([]).when(command).then_rejected(Rejection::NeedChanged(1));
}
