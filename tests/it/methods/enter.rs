//! A year's facts, entered command by command.

use std::collections::BTreeMap;

use contract::Timestamp;
use contract::evaluation::evaluation_service_client::EvaluationServiceClient;
use contract::evaluation::*;
use contract::words::Component;
use contract::words::component::Method;
use rust_decimal::Decimal;
use scoring::facts::{ComponentFacts, UnitFacts};
use tonic::Request;
use tonic::transport::Channel;

use super::beside::is_grassroots;
use super::enter_beside;
use super::year::{Ballot, Form, Year};
use crate::harness::request_id;

type Client = EvaluationServiceClient<Channel>;

/// Noon of the 1st of March 2024; noon of the 1st of April: what is promised then is due in May.
const PROMISED: i64 = 1_709_262_000;
const DELIVERED: i64 = 1_711_940_400;
const DUE: &str = "2024-05-31";

/// Enters all of it; the cycle stays open.
pub(super) async fn enter(channel: &Channel, year: &Year) {
    let mut client = Client::new(channel.clone());
    open(&mut client, year).await;
    for (unit, facts) in &year.facts.units {
        for (component_id, of_component) in &facts.components {
            enter_component(&mut client, year, unit, component_id, of_component).await;
        }
        for entry in &facts.daily {
            let source = (String::new(), entry.source_id.clone());
            record(&mut client, year, unit, source, &entry.entry_id, entry.points, entry.standing).await;
        }
    }
    for Component { component_id, method, .. } in &year.rules.components {
        match method.as_ref().unwrap() {
            Method::Panel(_) => panel(&mut client, year, component_id).await,
            Method::Survey(_) => survey(&mut client, year, component_id).await,
            Method::Assessor(_) | Method::Ledger(_) | Method::Indicator(_) | Method::Index(_) => {}
        }
    }
    for number in 0..year.commitments.len() {
        promise(&mut client, year, number).await;
    }
    enter_beside::enter(channel, year).await;
}

async fn open(client: &mut Client, year: &Year) {
    for (name, unit) in &year.facts.units {
        let request = RegisterUnitRequest {
            request_id: request_id(),
            parent: year.parent(),
            unit_id: name.rsplit('/').next().unwrap().to_owned(),
            title: "A unit".to_owned(),
            kind: UnitKind::Division.into(),
            parent_unit: unit.parent.clone().unwrap_or_default(),
            grassroots: is_grassroots(name),
            ..Default::default()
        };
        client.register_unit(request).await.unwrap();
    }
    let scheme = format!("{}/schemes/year", year.parent());
    let draft = DraftSchemeRequest {
        request_id: request_id(),
        parent: year.parent(),
        scheme_id: "year".to_owned(),
        rules: Some(year.rules.clone()),
        occurred_at: None,
    };
    client.draft_scheme(draft).await.unwrap();
    let publish = PublishSchemeRequest { request_id: request_id(), name: scheme.clone(), occurred_at: None };
    client.publish_scheme(publish).await.unwrap();
    let opening = OpenCycleRequest {
        request_id: request_id(),
        parent: year.parent(),
        cycle_id: "year".to_owned(),
        title: "A small year".to_owned(),
        scheme,
        scheme_version: 1,
        start_date: "2024-01-01".to_owned(),
        end_date: "2024-12-31".to_owned(),
        level: CycleLevel::Municipal.into(),
        ranked_groups: year.facts.ranked_groups.iter().copied().collect(),
        ..Default::default()
    };
    client.open_cycle(opening).await.unwrap();
    for (unit, UnitFacts { group, appraisal_target, .. }) in &year.facts.units {
        let entering = EnterUnitRequest {
            request_id: request_id(),
            name: year.cycle(),
            unit: unit.clone(),
            group: *group,
            appraisal_target: *appraisal_target,
            occurred_at: None,
        };
        client.enter_unit(entering).await.unwrap();
    }
}

async fn enter_component(
    client: &mut Client,
    year: &Year,
    unit: &str,
    component_id: &str,
    facts: &ComponentFacts,
) {
    match facts {
        ComponentFacts::Mark(points) => {
            let request = RecordMarkRequest {
                request_id: request_id(),
                parent: year.cycle(),
                unit: unit.to_owned(),
                component_id: component_id.to_owned(),
                points: points.to_string(),
                occurred_at: None,
            };
            client.record_mark(request).await.unwrap();
        }
        ComponentFacts::Entries(entries) => {
            for entry in entries {
                let ledger = (component_id.to_owned(), String::new());
                record(client, year, unit, ledger, &entry.entry_id, entry.points, entry.standing).await;
            }
        }
        ComponentFacts::Actuals(figures) => {
            for (indicator_id, figure) in figures {
                let (cycle, unit) = (year.cycle(), unit.to_owned());
                let target = SetIndicatorTargetRequest {
                    request_id: request_id(),
                    parent: cycle.clone(),
                    unit: unit.clone(),
                    component_id: component_id.to_owned(),
                    indicator_id: indicator_id.clone(),
                    target: figure.target.unwrap().to_string(),
                    occurred_at: None,
                };
                client.set_indicator_target(target).await.unwrap();
                let actual = ReportIndicatorRequest {
                    request_id: request_id(),
                    parent: cycle,
                    unit,
                    component_id: component_id.to_owned(),
                    indicator_id: indicator_id.clone(),
                    actual: figure.actual.unwrap().to_string(),
                    occurred_at: None,
                };
                client.report_indicator(actual).await.unwrap();
            }
        }
        // They are cast and answered, not recorded.
        ComponentFacts::Ballots(_) | ComponentFacts::Answers(_) => {}
    }
}

async fn record(
    client: &mut Client,
    year: &Year,
    unit: &str,
    (component_id, source_id): (String, String),
    entry_id: &str,
    points: Decimal,
    standing: bool,
) {
    let request = RecordEntryRequest {
        request_id: request_id(),
        parent: year.cycle(),
        unit: unit.to_owned(),
        entry_id: entry_id.to_owned(),
        component_id,
        source_id,
        points: points.to_string(),
        reason: "seen".to_owned(),
        entry_date: "2024-03-01".to_owned(),
        occurred_at: None,
    };
    client.record_entry(request).await.unwrap();
    if !standing {
        let unit_id = unit.rsplit('/').next().unwrap();
        let request = ReverseEntryRequest {
            request_id: request_id(),
            name: format!("{}/units/{unit_id}/entries/{entry_id}", year.cycle()),
            reason: "not so".to_owned(),
            occurred_at: None,
        };
        client.reverse_entry(request).await.unwrap();
    }
}

async fn panel(client: &mut Client, year: &Year, component_id: &str) {
    let electors: Vec<&Ballot> =
        year.ballots.iter().filter(|ballot| ballot.component_id == component_id).collect();
    let mut rolls: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for ballot in &electors {
        rolls.entry(&ballot.class_id).or_default().push(ballot.elector.clone());
    }
    let rolls =
        rolls.into_iter().map(|(class_id, electors)| ElectorRoll { class_id: class_id.to_owned(), electors });
    let convening = ConvenePanelRequest {
        request_id: request_id(),
        parent: year.cycle(),
        component_id: component_id.to_owned(),
        rolls: rolls.collect(),
        occurred_at: None,
    };
    client.convene_panel(convening).await.unwrap();
    let name = format!("{}/panels/{component_id}", year.cycle());
    for Ballot { elector, marks, .. } in electors {
        let Some(marks) = marks else { continue };
        let mark = |(unit, points): &(String, Decimal)| BallotMark {
            unit: unit.clone(),
            points: points.to_string(),
        };
        let request = CastBallotRequest {
            request_id: request_id(),
            name: name.clone(),
            elector: elector.clone(),
            marks: marks.iter().map(mark).collect(),
        };
        client.cast_ballot(request).await.unwrap();
    }
    client
        .close_panel(ClosePanelRequest { request_id: request_id(), name, occurred_at: None })
        .await
        .unwrap();
}

async fn survey(client: &mut Client, year: &Year, component_id: &str) {
    let mut strata: BTreeMap<&str, Vec<&Form>> = BTreeMap::new();
    for form in year.forms.iter().filter(|form| form.component_id == component_id) {
        strata.entry(&form.stratum_id).or_default().push(form);
    }
    let plan = |(stratum_id, forms): (&&str, &Vec<&Form>)| StratumPlan {
        stratum_id: (*stratum_id).to_owned(),
        forms_max: u32::try_from(forms.len()).unwrap(),
    };
    let planning = PlanSurveyRequest {
        request_id: request_id(),
        parent: year.cycle(),
        component_id: component_id.to_owned(),
        strata: strata.iter().map(plan).collect(),
        occurred_at: None,
    };
    client.plan_survey(planning).await.unwrap();
    let name = format!("{}/surveys/{component_id}", year.cycle());
    for (stratum_id, forms) in strata {
        let issuing = IssueFormsRequest {
            request_id: request_id(),
            name: name.clone(),
            stratum_id: stratum_id.to_owned(),
            count: u32::try_from(forms.len()).unwrap(),
            occurred_at: None,
        };
        let codes = client.issue_forms(issuing).await.unwrap().into_inner().form_codes;
        let answered = forms.iter().zip(codes).filter_map(|(form, form_code)| {
            let answer = |(unit, level): &(String, &str)| FormAnswer {
                unit: unit.clone(),
                level_id: (*level).to_owned(),
            };
            Some(AnsweredForm { form_code, answers: form.answers.as_ref()?.iter().map(answer).collect() })
        });
        let forms: Vec<_> = answered.collect();
        if forms.is_empty() {
            continue;
        }
        let request =
            AnswerFormsRequest { request_id: request_id(), name: name.clone(), forms, occurred_at: None };
        assert_eq!(client.answer_forms(request).await.unwrap().into_inner().refusals, []);
    }
    client
        .close_survey(CloseSurveyRequest { request_id: request_id(), name, occurred_at: None })
        .await
        .unwrap();
}

async fn promise(client: &mut Client, year: &Year, number: usize) {
    let (promise, commitment_id) = (&year.commitments[number], format!("promise-{number}"));
    let name = format!("{}/commitments/{commitment_id}", year.parent());
    let at = |seconds| Some(Timestamp { seconds, nanos: 0 });
    let announcing = AnnounceCommitmentRequest {
        request_id: request_id(),
        parent: year.parent(),
        commitment_id,
        title: "A window open at noon".to_owned(),
        level: CommitmentLevel::Bureau.into(),
        occurred_at: at(PROMISED),
    };
    client.announce_commitment(announcing).await.unwrap();
    let assigning = AssignCommitmentRequest {
        request_id: request_id(),
        name: name.clone(),
        unit: promise.unit.clone(),
        due_date: DUE.to_owned(),
        occurred_at: at(PROMISED),
    };
    client.assign_commitment(assigning).await.unwrap();
    if !promise.delivered {
        return;
    }
    let reporting = ReportDeliveryRequest {
        request_id: request_id(),
        name: name.clone(),
        statement: "It is open.".to_owned(),
        occurred_at: at(DELIVERED),
    };
    let mut reporting = Request::new(reporting);
    reporting.metadata_mut().insert("mingjing-actor", "the unit".parse().unwrap());
    client.report_delivery(reporting).await.unwrap();
    let verifying = VerifyDeliveryRequest { request_id: request_id(), name, occurred_at: at(DELIVERED) };
    client.verify_delivery(verifying).await.unwrap();
}
