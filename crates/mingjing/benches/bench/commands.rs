//! Durable commands: a stream's state is loaded (from memory), decided on, and one event appended at the
//! version that was read. Each revises the mark of one of 10,000 units.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use contract::evaluation::evaluation_service_client::EvaluationServiceClient;
use contract::evaluation::{
    AnswerFormsRequest, AnsweredForm, IssueFormsRequest, MarkRevised, PlanSurveyRequest, ReviseMarkRequest,
    StratumPlan,
};
use evaluation::domain::mark::{Command, Mark, Rejection};
use eventstore::{Call, EventStore, HandleError, Handler};
use mingjing::config::Settings;
use mingjing::target::Target;
use mingjing::{serve, substrate};
use rust_decimal::Decimal;
use shell::Tasks;
use tonic::transport::Channel;

use crate::CALLERS;
use crate::measure::{Limit, Table, per_second, rate};
use crate::raw::{self, turn};
use crate::year::{self, CYCLE, MARKED, STRATA, SURVEYED, UNITS, Year};

const FORMS_PER_CALL: usize = 1000;
const FORMS_PER_STRATUM: u32 = 5000;

/// Commands straight to their handler, on a log in `database`.
pub(crate) async fn in_process(
    database: &str,
    store: EventStore,
    limits: [Limit<'_>; 2],
    table: &mut Table,
) -> anyhow::Result<()> {
    Year::of_marked_units()?.write(&store).await?;
    let handler = Arc::new(Handler::<Mark>::new(store));
    for number in 0..UNITS {
        handler.load(&year::mark_stream(number), false).await?;
    }
    let next = Arc::new(AtomicU32::new(0));
    let [single, many] = limits;
    for callers in CALLERS {
        let (handler, next) = (handler.clone(), next.clone());
        let commands = rate(callers, move |_| {
            let (handler, number) = (handler.clone(), next.fetch_add(1, Ordering::Relaxed));
            async move { revise(&handler, number).await }
        })
        .await?;
        let limit = if callers == 1 { &single } else { &many };
        let limit = std::slice::from_ref(limit);
        table.row(&format!("commands in process, {database}, {callers} callers"), commands, limit);
    }
    Ok(())
}

async fn revise(handler: &Handler<Mark>, number: u32) -> anyhow::Result<()> {
    let request_id = year::request_id();
    let call = Call { request_id, fingerprint: [0; 32], metadata: year::metadata(request_id) };
    let points = points(number);
    let mark = MarkRevised {
        cycle: CYCLE.to_owned(),
        unit: year::unit(number),
        component_id: MARKED.to_owned(),
        points: points.to_string(),
        reason: "typo".to_owned(),
    };
    let prepare = |_| {
        let command = Command::Revise { mark: mark.clone(), points, max_points: 30.into() };
        std::future::ready(Ok::<_, HandleError<Rejection>>((command, vec![])))
    };
    handler.handle(&year::mark_stream(number), &call, prepare, |_| vec![0; 100]).await?;
    Ok(())
}

/// Another mark each time that a unit's turn comes.
fn points(number: u32) -> Decimal {
    Decimal::new((number / UNITS % 1000).into(), 2)
}

/// The same through the server, on the databases that `settings` name.
pub(crate) async fn over_grpc(
    database: &str,
    settings: &Settings,
    limits: [Limit<'_>; 2],
    table: &mut Table,
) -> anyhow::Result<()> {
    write_year(settings).await?;
    let running = serve::start(Target::All, settings, mingjing::clock()).await?;
    running.filled().await;
    let channels = raw::connect(&format!("http://{}", running.address)).await?;
    let load = Load::warm(&channels).await?;
    for callers in CALLERS {
        let empty = raw::empty_calls(&channels, callers).await?;
        let commands = load.rate(callers).await?;
        let wire = Limit { what: "gRPC, empty unary call", rate: empty };
        let [single, many] = &limits;
        let file = if callers == 1 { single } else { many }.clone();
        table.row(&format!("commands over gRPC, {database}, {callers} in flight"), commands, &[wire, file]);
    }
    let forms = forms(load.clients[0].clone()).await?;
    let [_, file] = limits;
    table.row(&format!("forms of ten answers, {database}, 1000 in a call"), forms, &[file]);
    running.stop().await;
    Ok(())
}

/// Writes evaluation's log where `settings` say.
pub(crate) async fn write_year(settings: &Settings) -> anyhow::Result<()> {
    let tasks = Tasks::default();
    let log = substrate::open_log("evaluation", settings).await?;
    let store = year::start("evaluation", log.clone(), &tasks).await?;
    Year::of_marked_units()?.write(&store).await?;
    drop(store);
    tasks.tracker.close();
    tasks.tracker.wait().await;
    log.close().await;
    Ok(())
}

/// Revises the marks of all units in turn, over gRPC.
#[derive(Clone)]
pub(crate) struct Load {
    clients: Arc<[EvaluationServiceClient<Channel>]>,
    next: Arc<AtomicU32>,
}

impl Load {
    /// Every unit once, so that its state is in memory.
    pub(crate) async fn warm(channels: &[Channel]) -> anyhow::Result<Self> {
        let clients = channels.iter().cloned().map(EvaluationServiceClient::new).collect();
        let load = Self { clients, next: Arc::default() };
        while load.next.load(Ordering::Relaxed) < UNITS {
            load.rate(256).await?;
        }
        Ok(load)
    }

    /// Commands per second of so many callers.
    pub(crate) async fn rate(&self, callers: u32) -> anyhow::Result<f64> {
        let load = self.clone();
        rate(callers, move |caller| {
            let load = load.clone();
            async move { load.revise(caller).await.map(drop) }
        })
        .await
    }

    /// Revises the next mark; gives its token.
    pub(crate) async fn revise(&self, caller: u32) -> anyhow::Result<String> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        revise_by_grpc(turn(&self.clients, caller).clone(), number).await
    }
}

async fn revise_by_grpc(mut client: EvaluationServiceClient<Channel>, number: u32) -> anyhow::Result<String> {
    let request = ReviseMarkRequest {
        request_id: year::request_id().to_string(),
        parent: CYCLE.to_owned(),
        unit: year::unit(number),
        component_id: MARKED.to_owned(),
        points: points(number).to_string(),
        reason: "typo".to_owned(),
        occurred_at: None,
    };
    Ok(client.revise_mark(request).await?.into_inner().consistency_token)
}

/// Answered forms per second, one call after the other.
async fn forms(mut client: EvaluationServiceClient<Channel>) -> anyhow::Result<f64> {
    let name = format!("{CYCLE}/surveys/{SURVEYED}");
    let plan = |stratum: &str| StratumPlan { stratum_id: stratum.to_owned(), forms_max: FORMS_PER_STRATUM };
    let request = PlanSurveyRequest {
        request_id: year::request_id().to_string(),
        parent: CYCLE.to_owned(),
        component_id: SURVEYED.to_owned(),
        strata: STRATA.map(plan).into(),
        occurred_at: None,
    };
    client.plan_survey(request).await?;
    let mut calls = Vec::new();
    for stratum in STRATA {
        let request = IssueFormsRequest {
            request_id: year::request_id().to_string(),
            name: name.clone(),
            stratum_id: stratum.to_owned(),
            count: FORMS_PER_STRATUM,
            occurred_at: None,
        };
        let codes = client.issue_forms(request).await?.into_inner().form_codes;
        let form = |(form_code, number)| AnsweredForm { form_code, answers: year::answers(number) };
        let forms: Vec<_> = codes.into_iter().zip(0..).map(form).collect();
        calls.extend(forms.chunks(FORMS_PER_CALL).map(|forms| AnswerFormsRequest {
            request_id: year::request_id().to_string(),
            name: name.clone(),
            forms: forms.to_vec(),
            occurred_at: None,
        }));
    }
    let count: usize = calls.iter().map(|call| call.forms.len()).sum();
    let began = Instant::now();
    for call in calls {
        let refusals = client.answer_forms(call).await?.into_inner().refusals;
        anyhow::ensure!(refusals.is_empty(), "a form was refused: {:?}", refusals.first());
    }
    Ok(per_second(u32::try_from(count)?, began.elapsed()))
}
