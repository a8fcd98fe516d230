use eventstore::testing::{Given, given};

use super::*;

const NAME: &str = "jurisdictions/city/campaigns/2024/items/pursuit";

fn designed(need: &str) -> ItemDesigned {
    ItemDesigned { item: NAME.to_owned(), operational_need: need.to_owned(), ..ItemDesigned::default() }
}

fn approved() -> ItemApproved {
    ItemApproved { item: NAME.to_owned() }
}

fn retired() -> ItemRetired {
    ItemRetired { item: NAME.to_owned(), reason: "replaced".to_owned() }
}

fn design(need: &str) -> Command {
    Command::Design { designed: designed(need), admitted: Ok(()), expected: None }
}

fn approve() -> Command {
    Command::Approve { approved: approved(), admitted: Ok(()), expected: None }
}

fn retire() -> Command {
    Command::Retire { retired: retired(), admitted: Ok(()), expected: None }
}

fn item(history: impl IntoIterator<Item = Event>) -> Given<Item> {
    given([Event::from(designed("suspects get away"))].into_iter().chain(history))
}

#[test]
fn a_design_may_be_replaced_until_it_is_approved() {
    given::<Item>([]).when(design("suspects get away")).then([designed("suspects get away").into()]);
    item([]).when(design("suspects get away")).then_nothing();
    item([]).when(design("too slow")).then([designed("too slow").into()]);
    item([approved().into()]).when(design("suspects get away")).then_nothing();
    item([approved().into()]).when(design("too slow")).then_rejected(Rejection::ItemApproved);
}

#[test]
fn an_item_that_answers_no_need_cannot_be_approved() {
    item([]).when(approve()).then([approved().into()]);
    item([approved().into()]).when(approve()).then_nothing();
    let needless = given::<Item>([designed("").into()]);
    needless.when(approve()).then_rejected(Rejection::ItemWithoutNeed);
    let linked = ItemDesigned { needs: vec!["jurisdictions/city/needs/n1".to_owned()], ..designed("") };
    given::<Item>([linked.into()]).when(approve()).then([approved().into()]);
}

#[test]
fn an_item_is_retired_once_and_never_comes_back() {
    item([]).when(retire()).then([retired().into()]);
    let gone = item([approved().into(), retired().into()]);
    gone.when(retire()).then_nothing();
    let refused = || Rejection::from(NotAdmitted::ItemRetired(NAME.to_owned()));
    gone.when(approve()).then_rejected(refused());
    gone.when(design("too slow")).then_rejected(refused());
}

#[test]
fn only_a_campaign_that_takes_facts_changes_items() {
    let admitted = || Err(NotAdmitted::CampaignConcluded);
    let refused = || Rejection::from(NotAdmitted::CampaignConcluded);
    let command = Command::Design { designed: designed(""), admitted: admitted(), expected: None };
    given::<Item>([]).when(command).then_rejected(refused());
    let command = Command::Approve { approved: approved(), admitted: admitted(), expected: None };
    item([]).when(command).then_rejected(refused());
    let command = Command::Retire { retired: retired(), admitted: admitted(), expected: None };
    item([]).when(command).then_rejected(refused());
}

#[test]
fn only_a_known_item_is_approved_or_retired() {
    for command in [approve(), retire()] {
        let refused = NotAdmitted::UnknownItem(NAME.to_owned());
        given::<Item>([]).when(command).then_rejected(refused.into());
    }
}

#[test]
fn who_edits_an_old_reading_is_told() {
    let changed = item([designed("too slow").into()]);
    let design = |expected| Command::Design { designed: designed("x"), admitted: Ok(()), expected };
    changed.when(design(Some(1))).then_rejected(Rejection::ItemChanged(2));
    changed.when(design(Some(2))).then([designed("x").into()]);
    let approve = Command::Approve { approved: approved(), admitted: Ok(()), expected: Some(1) };
    changed.when(approve).then_rejected(Rejection::ItemChanged(2));
    let retire = Command::Retire { retired: retired(), admitted: Ok(()), expected: Some(1) };
    changed.when(retire).then_rejected(Rejection::ItemChanged(2));
}
