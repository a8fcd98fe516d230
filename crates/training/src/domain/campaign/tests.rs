use contract::training::{CampaignRules, Quality};
use eventstore::testing::{Given, given};

use super::*;

const NAME: &str = "jurisdictions/city/campaigns/2024";
const BUREAU: &str = "jurisdictions/city/units/bureau";
const TEAM: &str = "jurisdictions/city/units/team";
const LEADER: &str = "jurisdictions/city/officers/o1";

fn terms() -> CampaignLaunched {
    CampaignLaunched {
        campaign: NAME.to_owned(),
        unit: BUREAU.to_owned(),
        leading_group: vec![LEADER.to_owned()],
        start_date: "2024-03-01".to_owned(),
        end_date: "2024-11-30".to_owned(),
        rules: Some(CampaignRules {
            plan_due_date: "2024-03-31".to_owned(),
            cutoff_date: "2024-11-30".to_owned(),
            ..CampaignRules::default()
        }),
        ..CampaignLaunched::default()
    }
}

fn launch(launched: CampaignLaunched) -> Command {
    Command::Launch { launched, not_in_service: vec![], off_roster: vec![] }
}

fn issued(method: &str) -> AcceptanceMethodIssued {
    AcceptanceMethodIssued {
        campaign: NAME.to_owned(),
        method: method.to_owned(),
        required_qualities: vec![Quality::Physical.into()],
    }
}

fn issue(method: &str) -> Command {
    Command::IssueAcceptanceMethod { issued: issued(method), expected: None }
}

fn filed(plan: &str) -> PlanFiled {
    PlanFiled {
        campaign: NAME.to_owned(),
        unit: TEAM.to_owned(),
        plan: plan.to_owned(),
        with_subtree: false,
        filing_date: "2024-03-20".to_owned(),
        filed_by: "clerk".to_owned(),
    }
}

fn file(plan: &str) -> Command {
    Command::FilePlan { filed: filed(plan), lineage: vec![TEAM.to_owned(), BUREAU.to_owned()] }
}

fn returned() -> PlanReturned {
    PlanReturned { campaign: NAME.to_owned(), unit: TEAM.to_owned(), reason: "too thin".to_owned() }
}

fn return_plan() -> Command {
    Command::ReturnPlan { returned: returned(), expected: None }
}

fn approved() -> PlanApproved {
    PlanApproved { campaign: NAME.to_owned(), unit: TEAM.to_owned() }
}

fn approve(by: &str) -> Command {
    Command::ApprovePlan { approved: approved(), by: vec![by.to_owned()], expected: None }
}

fn concluded() -> CampaignConcluded {
    CampaignConcluded { campaign: NAME.to_owned(), conclusion: "all trained".to_owned() }
}

fn conclude() -> Command {
    Command::Conclude { concluded: concluded(), expected: None }
}

fn campaign(more: impl IntoIterator<Item = Event>) -> Given<Campaign> {
    given([Event::from(terms())].into_iter().chain(more))
}

#[test]
fn a_campaign_is_launched_once() {
    given::<Campaign>([]).when(launch(terms())).then([terms().into()]);
    campaign([]).when(launch(terms())).then_nothing();
    let other = CampaignLaunched { title: "Another".to_owned(), ..terms() };
    campaign([]).when(launch(other)).then_rejected(Rejection::CampaignExists);
}

#[test]
fn a_campaign_does_not_end_before_it_begins() {
    let reversed = CampaignLaunched { end_date: "2024-02-29".to_owned(), ..terms() };
    given::<Campaign>([]).when(launch(reversed)).then_rejected(Rejection::CampaignReversed);
}

#[test]
fn the_days_that_a_campaign_sets_lie_within_it() {
    for (plan_due_date, cutoff_date, outside) in
        [("2024-02-29", "2024-11-30", "2024-02-29"), ("2024-03-01", "2024-12-01", "2024-12-01")]
    {
        let rules = CampaignRules {
            plan_due_date: plan_due_date.to_owned(),
            cutoff_date: cutoff_date.to_owned(),
            ..CampaignRules::default()
        };
        let terms = CampaignLaunched { rules: Some(rules), ..terms() };
        let rejection = NotAdmitted::OutsideCampaign(outside.to_owned()).into();
        given::<Campaign>([]).when(launch(terms)).then_rejected(rejection);
    }
}

#[test]
fn a_campaign_is_launched_by_units_in_service_and_led_by_officers_on_the_roster() {
    let command =
        Command::Launch { launched: terms(), not_in_service: vec![BUREAU.to_owned()], off_roster: vec![] };
    given::<Campaign>([])
        .when(command)
        .then_rejected(NotAdmitted::UnitNotInService(BUREAU.to_owned()).into());
    let command =
        Command::Launch { launched: terms(), not_in_service: vec![], off_roster: vec![LEADER.to_owned()] };
    given::<Campaign>([])
        .when(command)
        .then_rejected(NotAdmitted::OfficerNotOnRoster(LEADER.to_owned()).into());
}

#[test]
fn the_acceptance_method_may_be_issued_anew() {
    campaign([]).when(issue("run 1000 m")).then([issued("run 1000 m").into()]);
    let history = || campaign([issued("run 1000 m").into()]);
    history().when(issue("run 1000 m")).then_nothing();
    history().when(issue("run 2000 m")).then([issued("run 2000 m").into()]);
}

#[test]
fn a_unit_of_the_subtree_files_its_plan() {
    campaign([]).when(file("train")).then([filed("train").into()]);
    campaign([filed("train").into()]).when(file("train")).then_nothing();
}

#[test]
fn a_unit_that_does_not_take_part_files_no_plan() {
    let command = Command::FilePlan { filed: filed("train"), lineage: vec![TEAM.to_owned()] };
    campaign([]).when(command).then_rejected(NotAdmitted::UnitOutsideCampaign(TEAM.to_owned()).into());
    let command = Command::FilePlan { filed: filed("train"), lineage: vec![] };
    campaign([]).when(command).then_rejected(NotAdmitted::UnitNotInService(TEAM.to_owned()).into());
}

#[test]
fn a_plan_is_filed_again_only_after_it_was_returned() {
    campaign([filed("train").into()]).when(file("train more")).then_rejected(Rejection::PlanFiled);
    campaign([filed("train").into(), approved().into()])
        .when(file("train more"))
        .then_rejected(Rejection::PlanApproved);
    let history = campaign([filed("train").into(), returned().into()]);
    history.when(file("train more")).then([filed("train more").into()]);
    history.when(file("train")).then([filed("train").into()]);
}

#[test]
fn a_plan_that_waits_is_returned_once() {
    campaign([filed("train").into()]).when(return_plan()).then([returned().into()]);
    campaign([filed("train").into(), returned().into()]).when(return_plan()).then_nothing();
    campaign([]).when(return_plan()).then_rejected(Rejection::UnknownPlan);
    let history = campaign([filed("train").into(), approved().into()]);
    history.when(return_plan()).then_rejected(Rejection::PlanApproved);
}

#[test]
fn a_plan_that_waits_is_approved_once() {
    campaign([filed("train").into()]).when(approve("chief")).then([approved().into()]);
    campaign([filed("train").into(), approved().into()]).when(approve("chief")).then_nothing();
    campaign([]).when(approve("chief")).then_rejected(Rejection::UnknownPlan);
    let history = campaign([filed("train").into(), returned().into()]);
    history.when(approve("chief")).then_rejected(Rejection::PlanReturned);
}

#[test]
fn nobody_approves_a_plan_that_they_filed() {
    campaign([filed("train").into()]).when(approve("clerk")).then_rejected(Rejection::OwnPlan);
}

#[test]
fn a_campaign_is_concluded_once_and_takes_no_more_facts() {
    campaign([]).when(conclude()).then([concluded().into()]);
    let history = campaign([filed("train").into(), concluded().into()]);
    history.when(conclude()).then_nothing();
    for command in [issue("run 1000 m"), file("train more"), return_plan(), approve("chief")] {
        history.when(command).then_rejected(NotAdmitted::CampaignConcluded.into());
    }
}

#[test]
fn nothing_is_done_to_a_campaign_that_was_never_launched() {
    for command in [issue("run 1000 m"), file("train"), return_plan(), approve("chief"), conclude()] {
        given::<Campaign>([]).when(command).then_rejected(NotAdmitted::UnknownCampaign.into());
    }
}

#[test]
fn who_edits_an_old_reading_is_told() {
    let history = campaign([filed("train").into(), issued("run 1000 m").into()]);
    let old = Some(1);
    let issue = |expected| Command::IssueAcceptanceMethod { issued: issued("run 2000 m"), expected };
    history.when(issue(old)).then_rejected(Rejection::CampaignChanged(3));
    history.when(issue(Some(3))).then([issued("run 2000 m").into()]);
    let conclude = Command::Conclude { concluded: concluded(), expected: old };
    history.when(conclude).then_rejected(Rejection::CampaignChanged(3));
    let return_plan = |expected| Command::ReturnPlan { returned: returned(), expected };
    history.when(return_plan(old)).then_rejected(Rejection::PlanChanged(2));
    history.when(return_plan(Some(2))).then([returned().into()]);
    let by = vec!["chief".to_owned()];
    let approve = Command::ApprovePlan { approved: approved(), by, expected: old };
    history.when(approve).then_rejected(Rejection::PlanChanged(2));
}

fn stalled(cause: StallCause) -> UnitStalled {
    UnitStalled {
        campaign: NAME.to_owned(),
        unit: TEAM.to_owned(),
        cause: cause.into(),
        due_date: "2024-03-31".to_owned(),
    }
}

fn stall(cause: StallCause) -> Command {
    Command::Stall { stalled: stalled(cause) }
}

fn resumed() -> UnitResumed {
    UnitResumed { campaign: NAME.to_owned(), unit: TEAM.to_owned() }
}

fn resume() -> Command {
    Command::Resume { resumed: resumed() }
}

#[test]
fn a_unit_that_stands_still_is_stalled_once_until_it_moves() {
    let (no_plan, no_session) = (StallCause::PlanNotFiled, StallCause::NoSession);
    campaign([]).when(stall(no_plan)).then([stalled(no_plan).into()]);
    campaign([stalled(no_plan).into()]).when(stall(no_session)).then_nothing();
    campaign([stalled(no_plan).into()]).when(resume()).then([resumed().into()]);
    campaign([]).when(resume()).then_nothing();
    let moved = campaign([stalled(no_plan).into(), resumed().into()]);
    moved.when(stall(no_session)).then([stalled(no_session).into()]);
    campaign([concluded().into()])
        .when(stall(no_session))
        .then_rejected(NotAdmitted::CampaignConcluded.into());
    campaign([stalled(no_plan).into(), concluded().into()]).when(resume()).then_nothing();
}

#[test]
fn a_plan_filed_meanwhile_is_no_stall() {
    campaign([filed("train").into()]).when(stall(StallCause::PlanNotFiled)).then_nothing();
    campaign([filed("train").into()])
        .when(stall(StallCause::NoSession))
        .then([stalled(StallCause::NoSession).into()]);
}

#[test]
fn a_stall_does_not_touch_the_plan() {
    let history = campaign([filed("train").into(), stalled(StallCause::NoSession).into()]);
    let command = Command::ReturnPlan { returned: returned(), expected: Some(2) };
    history.when(command).then([returned().into()]);
}
