//! Enters the sample through gRPC. Request ids come from what is entered, so that loading it again changes
//! nothing.

use anyhow::Context as _;
use contract::evaluation::evaluation_service_client::EvaluationServiceClient;
use contract::evaluation::{
    AnswerFormsRequest, AnsweredForm, CloseCycleRequest, CloseSurveyRequest, CycleLevel, DraftSchemeRequest,
    EnterUnitRequest, IssueFormsRequest, OpenCycleRequest, PlanSurveyRequest, PublishResultsRequest,
    PublishSchemeRequest, RecordEntryRequest, RecordMarkRequest, RegisterUnitRequest, StratumPlan,
};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz;
use uuid::Uuid;

use super::generate::{self, RANKED_GROUPS, STRATA, UnitYear};
use super::processes::Processes;
use super::services::{self, Clerk, Evaluation};
use super::{CYCLE, FIRST_SCHEME, JURISDICTION, SECOND_SCHEME};
use crate::scheme_file;

const SCHEMES: [(&str, &str); 2] = [
    (FIRST_SCHEME, include_str!("../../sample/first-year.toml")),
    (SECOND_SCHEME, include_str!("../../sample/second-year.toml")),
];
const FORMS_PER_CALL: usize = 500;
const COMPONENT_MARK: &str = "business-work";
const COMPONENT_ENTRIES: &str = "organ-building";
const COMPONENT_SURVEY: &str = "open-appraisal";

/// Roughly how often [`load`] reports progress: once per unit and stage, once per batch of forms.
pub const STEPS: u64 = 101 * 3 + 18;

/// Loads the first year into `server`, calling `step` as it goes on. Gives the token to read it with. A clock that
/// is moved by hand is moved along.
pub async fn load(server: &str, mut step: impl FnMut()) -> anyhow::Result<String> {
    let channel = services::connect(server).await?;
    let process = Processes::of(vec![channel.clone()]).await?;
    let mut client = EvaluationServiceClient::with_interceptor(channel, Clerk);
    let units = generate::units();
    process.move_to(morning(date(2024, 1, 8))).await?;
    for (scheme_id, text) in SCHEMES {
        scheme(&mut client, scheme_id, text).await?;
    }
    for unit in &units {
        register(&mut client, unit).await?;
        step();
    }
    open_cycle(&mut client).await?;
    for unit in &units {
        enter(&mut client, unit).await?;
        step();
    }
    process.move_to(morning(date(2024, 12, 20))).await?;
    for unit in &units {
        mark(&mut client, unit).await?;
        entries(&mut client, unit).await?;
        step();
    }
    survey(&mut client, &units, step).await?;
    process.move_to(morning(date(2025, 1, 20))).await?;
    finish(&mut client).await
}

async fn scheme(client: &mut Evaluation, scheme_id: &str, text: &str) -> anyhow::Result<()> {
    let rules = scheme_file::parse(text).with_context(|| format!("scheme {scheme_id}"))?;
    let request = DraftSchemeRequest {
        request_id: request_id(&format!("draft/{scheme_id}")),
        parent: parent(),
        scheme_id: scheme_id.to_owned(),
        rules: Some(rules),
        occurred_at: Some(on(date(2024, 1, 2))),
    };
    client.draft_scheme(request).await?;
    let request = PublishSchemeRequest {
        request_id: request_id(&format!("publish/{scheme_id}")),
        name: format!("{}/schemes/{scheme_id}", parent()),
        occurred_at: Some(on(date(2024, 1, 3))),
    };
    client.publish_scheme(request).await?;
    Ok(())
}

async fn register(client: &mut Evaluation, unit: &UnitYear) -> anyhow::Result<()> {
    let request = RegisterUnitRequest {
        request_id: request_id(&format!("register/{}", unit.unit_id)),
        parent: parent(),
        unit_id: unit.unit_id.clone(),
        title: unit.title.clone(),
        kind: unit.kind.into(),
        occurred_at: Some(on(date(2024, 1, 4))),
        ..Default::default()
    };
    client.register_unit(request).await?;
    Ok(())
}

async fn open_cycle(client: &mut Evaluation) -> anyhow::Result<()> {
    let request = OpenCycleRequest {
        request_id: request_id("open"),
        parent: parent(),
        cycle_id: CYCLE.to_owned(),
        title: "Appraisal of the first year".to_owned(),
        scheme: format!("{}/schemes/{FIRST_SCHEME}", parent()),
        scheme_version: 1,
        start_date: "2024-01-01".to_owned(),
        end_date: "2024-12-31".to_owned(),
        level: CycleLevel::Municipal.into(),
        ranked_groups: RANKED_GROUPS.to_vec(),
        occurred_at: Some(on(date(2024, 1, 5))),
        ..Default::default()
    };
    client.open_cycle(request).await?;
    Ok(())
}

async fn enter(client: &mut Evaluation, unit: &UnitYear) -> anyhow::Result<()> {
    let request = EnterUnitRequest {
        request_id: request_id(&format!("enter/{}", unit.unit_id)),
        name: cycle(),
        unit: unit.name(),
        group: unit.group,
        appraisal_target: false,
        occurred_at: Some(on(date(2024, 1, 8))),
    };
    client.enter_unit(request).await?;
    Ok(())
}

async fn mark(client: &mut Evaluation, unit: &UnitYear) -> anyhow::Result<()> {
    let request = RecordMarkRequest {
        request_id: request_id(&format!("mark/{}", unit.unit_id)),
        parent: cycle(),
        unit: unit.name(),
        component_id: COMPONENT_MARK.to_owned(),
        points: points(unit.mark),
        occurred_at: Some(on(date(2024, 12, 20))),
    };
    client.record_mark(request).await?;
    Ok(())
}

async fn entries(client: &mut Evaluation, unit: &UnitYear) -> anyhow::Result<()> {
    for ((hundredths, reason), number) in unit.deductions.iter().zip(1_i8..) {
        let day = date(2024, number + 2, 15);
        let request = RecordEntryRequest {
            request_id: request_id(&format!("entry/{}/{number}", unit.unit_id)),
            parent: cycle(),
            unit: unit.name(),
            entry_id: format!("organ-building-{number}"),
            component_id: COMPONENT_ENTRIES.to_owned(),
            points: format!("-{}", points(*hundredths)),
            reason: (*reason).to_owned(),
            entry_date: day.to_string(),
            occurred_at: Some(on(day)),
            ..Default::default()
        };
        client.record_entry(request).await?;
    }
    Ok(())
}

async fn survey(client: &mut Evaluation, units: &[UnitYear], mut step: impl FnMut()) -> anyhow::Result<()> {
    let name = format!("{}/surveys/{COMPONENT_SURVEY}", cycle());
    let plan = |(stratum_id, forms_max): &(&str, u32)| StratumPlan {
        stratum_id: (*stratum_id).to_owned(),
        forms_max: *forms_max,
    };
    let request = PlanSurveyRequest {
        request_id: request_id("plan"),
        parent: cycle(),
        component_id: COMPONENT_SURVEY.to_owned(),
        strata: STRATA.iter().map(plan).collect(),
        occurred_at: Some(on(date(2024, 10, 8))),
    };
    client.plan_survey(request).await?;
    for (stratum, (stratum_id, count)) in STRATA.into_iter().enumerate() {
        let request = IssueFormsRequest {
            request_id: request_id(&format!("issue/{stratum_id}")),
            name: name.clone(),
            stratum_id: stratum_id.to_owned(),
            count,
            occurred_at: Some(on(date(2024, 10, 9))),
        };
        let codes = client.issue_forms(request).await?.into_inner().form_codes;
        let filled = codes.into_iter().zip(generate::forms(units, stratum));
        let forms: Vec<_> = filled.map(|(form_code, answers)| AnsweredForm { form_code, answers }).collect();
        for (batch, forms) in forms.chunks(FORMS_PER_CALL).enumerate() {
            let request = AnswerFormsRequest {
                request_id: request_id(&format!("answer/{stratum_id}/{batch}")),
                name: name.clone(),
                forms: forms.to_vec(),
                occurred_at: Some(on(date(2024, 11, 15))),
            };
            let refused = client.answer_forms(request).await?.into_inner().refusals;
            anyhow::ensure!(refused.is_empty(), "a form was refused: {:?}", refused.first());
            step();
        }
    }
    let request = CloseSurveyRequest {
        request_id: request_id("close-survey"),
        name,
        occurred_at: Some(on(date(2024, 12, 1))),
    };
    client.close_survey(request).await?;
    Ok(())
}

async fn finish(client: &mut Evaluation) -> anyhow::Result<String> {
    let request = CloseCycleRequest {
        request_id: request_id("close"),
        name: cycle(),
        occurred_at: Some(on(date(2025, 1, 6))),
    };
    client.close_cycle(request).await?;
    let request = PublishResultsRequest {
        request_id: request_id("publish"),
        name: cycle(),
        occurred_at: Some(on(date(2025, 1, 20))),
    };
    Ok(client.publish_results(request).await?.into_inner().consistency_token)
}

fn parent() -> String {
    format!("jurisdictions/{JURISDICTION}")
}

fn cycle() -> String {
    format!("jurisdictions/{JURISDICTION}/cycles/{CYCLE}")
}

pub(super) fn request_id(what: &str) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("mingjing/sample/{what}").as_bytes()).to_string()
}

fn on(day: Date) -> contract::Timestamp {
    contract::field::to_wire(morning(day))
}

/// Ten in the morning of a day in China.
fn morning(day: Date) -> Timestamp {
    tz::offset(8).to_timestamp(day.at(10, 0, 0, 0)).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn points(hundredths: u32) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_schemes_that_ship_may_be_published() {
        for (scheme_id, text) in SCHEMES {
            let rules = scheme_file::parse(text).unwrap();
            let faults = scoring::Scheme::parse_for_publication(&rules).err();
            assert_eq!(faults, None, "{scheme_id}");
        }
    }
}
