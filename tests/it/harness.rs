//! The real thing, in this process: every service on a fresh data directory and a free port, called through
//! gRPC like any client calls it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use contract::evaluation::evaluation_service_client::EvaluationServiceClient;
use contract::evaluation::*;
use contract::event::ReadEventsRequest;
use contract::event::event_service_client::EventServiceClient;
use contract::scorecard::scorecard_service_client::ScorecardServiceClient;
use contract::scorecard::{GetScorecardRequest, ListScorecardsRequest, Scorecard};
use contract::token::SERVICES;
use contract::words::component::Method;
use contract::words::{
    AssessorMethod, Component, LedgerMethod, RecordedEvent, SchemeRules, Stratum, SurveyLevel, SurveyMethod,
};
use mingjing::config::{ClockSetting, Settings};
use mingjing::serve::{self, Running};
use mingjing::target::Target;
use serde_json::Value;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

pub(crate) const PARENT: &str = "jurisdictions/testville";
pub(crate) const SCHEME: &str = "jurisdictions/testville/schemes/plain";
pub(crate) const CYCLE: &str = "jurisdictions/testville/cycles/first";
pub(crate) const SURVEY: &str = "jurisdictions/testville/cycles/first/surveys/opinion";
pub(crate) const MARKED: &str = "work";
pub(crate) const LEDGER: &str = "conduct";
pub(crate) const SURVEYED: &str = "opinion";
pub(crate) const STRATA: [&str; 2] = ["residents", "visitors"];

/// A server, and a channel to it.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    channel: Channel,
    running: Running,
}

impl Server {
    /// Starts on `data_dir` and a free port.
    pub(crate) async fn start(data_dir: &Path) -> Self {
        Self::start_with(data_dir, mingjing::clock()).await
    }

    /// The same, by another clock.
    pub(crate) async fn start_with(data_dir: &Path, clock: eventstore::Clock) -> Self {
        let settings = Settings::embedded("127.0.0.1:0".parse().unwrap(), data_dir);
        Self::start_as(&settings, clock).await
    }

    /// The same, on time that is moved by hand.
    pub(crate) async fn start_by_hand(data_dir: &Path, start: jiff::Timestamp) -> Self {
        let settings = Settings::embedded("127.0.0.1:0".parse().unwrap(), data_dir);
        Self::start_as(&Settings { clock: ClockSetting::ByHand(start), ..settings }, mingjing::clock()).await
    }

    /// The same, as `settings` say.
    pub(crate) async fn start_as(settings: &Settings, clock: eventstore::Clock) -> Self {
        Self::of(serve::start(Target::All, settings, clock).await.expect("the server starts")).await
    }

    /// One that was started otherwise, once it is filled.
    pub(crate) async fn of(running: Running) -> Self {
        running.filled().await;
        let address = running.address;
        Self { address, channel: connect(address).await.expect("it is reached"), running }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn channel(&self) -> Channel {
        self.channel.clone()
    }

    pub(crate) fn evaluation(&self) -> EvaluationServiceClient<Channel> {
        EvaluationServiceClient::new(self.channel())
    }

    pub(crate) fn scorecards(&self) -> ScorecardServiceClient<Channel> {
        ScorecardServiceClient::new(self.channel())
    }

    /// Position of the last event of each service's log.
    pub(crate) async fn heads(&self) -> BTreeMap<&'static str, u64> {
        let mut heads = BTreeMap::new();
        for service in SERVICES {
            heads.insert(service, head(&self.channel, service).await);
        }
        heads
    }

    /// A token for everything that is in the logs now.
    pub(crate) async fn everything(&self) -> String {
        let heads = self.heads().await;
        let heads = heads.into_iter().filter(|(_, position)| *position > 0);
        heads
            .map(|(service, position)| contract::token::write(service, position))
            .collect::<Vec<_>>()
            .join(",")
    }

    /// A whole log.
    pub(crate) async fn log(&self, service: &str) -> Vec<RecordedEvent> {
        log(&self.channel, service).await
    }

    /// A unit's scorecard in [`CYCLE`], with all that was written before.
    pub(crate) async fn scorecard(&self, unit: &str) -> Scorecard {
        let consistency_token = self.everything().await;
        let name = format!("{CYCLE}/scorecards/{unit}");
        let request = GetScorecardRequest { name, consistency_token, ..Default::default() };
        self.scorecards().get_scorecard(request).await.unwrap().into_inner().scorecard.unwrap()
    }

    /// All scorecards of a cycle as JSON, without what says how far the projection has come.
    pub(crate) async fn scorecards_as_json(&self, cycle: &str) -> Vec<Value> {
        let (mut shown, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = ListScorecardsRequest {
                parent: cycle.to_owned(),
                page_size: 1000,
                page_token,
                consistency_token: self.everything().await,
                ..Default::default()
            };
            let page = self.scorecards().list_scorecards(request).await.unwrap().into_inner();
            shown.extend(page.scorecards.into_iter().map(|card| figures(&card)));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return shown;
            }
        }
    }

    /// Stops in good order.
    pub(crate) async fn stop(self) {
        drop(self.channel);
        self.running.stop().await;
    }
}

/// A channel to `address`, once something answers there.
pub(crate) async fn connect(address: SocketAddr) -> Result<Channel, tonic::transport::Error> {
    Channel::from_shared(format!("http://{address}")).unwrap().connect().await
}

/// What a scorecard says, without how far the projection has come.
pub(crate) fn figures(card: &Scorecard) -> Value {
    let mut shown = mingjing::json::message(card);
    shown.as_object_mut().unwrap().remove("freshness");
    shown
}

/// Position of the last event of a service's log.
pub(crate) async fn head(channel: &Channel, service: &str) -> u64 {
    let request = ReadEventsRequest { service: service.to_owned(), page_size: 1, ..Default::default() };
    EventServiceClient::new(channel.clone()).read_events(request).await.unwrap().into_inner().head_position
}

/// A whole log.
pub(crate) async fn log(channel: &Channel, service: &str) -> Vec<RecordedEvent> {
    let mut client = EventServiceClient::new(channel.clone());
    let (mut events, mut from_position) = (Vec::new(), 1);
    loop {
        let request =
            ReadEventsRequest { service: service.to_owned(), from_position, page_size: 1000, filter: None };
        let page = client.read_events(request).await.unwrap().into_inner();
        events.extend(page.events);
        from_position = page.next_position;
        if from_position > page.head_position {
            return events;
        }
    }
}

/// A request id that no other call of this run has.
pub(crate) fn request_id() -> String {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("mingjing/tests/{call}").as_bytes()).to_string()
}

pub(crate) fn unit_name(unit: &str) -> String {
    format!("{PARENT}/units/{unit}")
}

pub(crate) fn entry_name(unit: &str, entry: &str) -> String {
    format!("{CYCLE}/units/{unit}/entries/{entry}")
}

/// Which fields and rules a failure names in its details.
pub(crate) fn names(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    let fields = details.bad_request().into_iter().flat_map(|bad| &bad.field_violations);
    let mut named: Vec<_> = fields.map(|violation| violation.field.clone()).collect();
    named.extend(details.error_info().and_then(|info| info.metadata.get("rule").cloned()));
    named
}

/// Fails unless `result` is a failure of this code that names this field or rule.
pub(crate) fn assert_refused<T: std::fmt::Debug>(
    result: Result<T, Status>,
    code: Code,
    named: &str,
    what: &str,
) {
    let status = result.expect_err(what);
    assert_eq!(status.code(), code, "{what}: {status}");
    assert!(names(&status).iter().any(|name| name == named), "{what}: {:?} is not {named}", names(&status));
}

/// An assessor's 30, a ledger's 30, and a survey's 40 in two strata.
pub(crate) fn rules() -> SchemeRules {
    let component = |component_id: &str, max_points: &str, method| Component {
        component_id: component_id.to_owned(),
        title: format!("The city's {component_id}"),
        max_points: max_points.to_owned(),
        method: Some(method),
    };
    let level = |level_id: &str, value: Option<&str>| SurveyLevel {
        level_id: level_id.to_owned(),
        title: level_id.to_owned(),
        value: value.map(str::to_owned),
    };
    let stratum = |(stratum_id, weight): (&str, &str)| Stratum {
        stratum_id: stratum_id.to_owned(),
        title: stratum_id.to_owned(),
        weight: weight.to_owned(),
    };
    let survey = SurveyMethod {
        levels: vec![level("good", Some("1")), level("fair", Some("0.6")), level("unknown", None)],
        strata: STRATA.into_iter().zip(["60", "40"]).map(stratum).collect(),
        min_valid: 1,
    };
    SchemeRules {
        title: "Plain".to_owned(),
        components: vec![
            component(MARKED, "30", Method::Assessor(AssessorMethod {})),
            component(LEDGER, "30", Method::Ledger(LedgerMethod { start_points: "30".to_owned() })),
            component(SURVEYED, "40", Method::Survey(survey)),
        ],
        excellent_quota: 1,
        ..Default::default()
    }
}

/// Registers units.
pub(crate) fn registration(unit: &str) -> RegisterUnitRequest {
    RegisterUnitRequest {
        request_id: request_id(),
        parent: PARENT.to_owned(),
        unit_id: unit.to_owned(),
        title: format!("Unit {unit} 单位"),
        kind: UnitKind::Division.into(),
        ..Default::default()
    }
}

/// An entry of a ledger.
pub(crate) fn entry(unit: &str, entry_id: &str, points: &str) -> RecordEntryRequest {
    RecordEntryRequest {
        request_id: request_id(),
        parent: CYCLE.to_owned(),
        unit: unit_name(unit),
        entry_id: entry_id.to_owned(),
        component_id: LEDGER.to_owned(),
        points: points.to_owned(),
        reason: "Came late 迟到".to_owned(),
        entry_date: "2024-05-06".to_owned(),
        ..Default::default()
    }
}

/// A mark.
pub(crate) fn mark(unit: &str, points: &str) -> RecordMarkRequest {
    RecordMarkRequest {
        request_id: request_id(),
        parent: CYCLE.to_owned(),
        unit: unit_name(unit),
        component_id: MARKED.to_owned(),
        points: points.to_owned(),
        occurred_at: None,
    }
}

/// A cycle that is opened on [`SCHEME`].
pub(crate) fn opening(cycle_id: &str) -> OpenCycleRequest {
    OpenCycleRequest {
        request_id: request_id(),
        parent: PARENT.to_owned(),
        cycle_id: cycle_id.to_owned(),
        title: "The first year".to_owned(),
        scheme: SCHEME.to_owned(),
        scheme_version: 1,
        start_date: "2024-01-01".to_owned(),
        end_date: "2024-12-31".to_owned(),
        level: CycleLevel::Municipal.into(),
        ranked_groups: vec![1],
        ..Default::default()
    }
}

/// A form on which every unit is `level_id`.
pub(crate) fn form(form_code: &str, units: &[&str], level_id: &str) -> AnsweredForm {
    let answer = |unit: &&str| FormAnswer { unit: unit_name(unit), level_id: level_id.to_owned() };
    AnsweredForm { form_code: form_code.to_owned(), answers: units.iter().map(answer).collect() }
}

/// Registers `units`, publishes [`rules`], opens [`CYCLE`] and enters the units in its one group.
pub(crate) async fn city(channel: &Channel, units: &[&str]) {
    city_under(channel, units, rules()).await;
}

/// The same under other rules.
pub(crate) async fn city_under(channel: &Channel, units: &[&str], rules: SchemeRules) {
    city_opened(channel, units, rules, opening("first")).await;
}

/// The same in a cycle opened so.
pub(crate) async fn city_opened(
    channel: &Channel,
    units: &[&str],
    rules: SchemeRules,
    opening: OpenCycleRequest,
) {
    let mut client = EvaluationServiceClient::new(channel.clone());
    for unit in units {
        client.register_unit(registration(unit)).await.unwrap();
    }
    let draft = DraftSchemeRequest {
        request_id: request_id(),
        parent: PARENT.to_owned(),
        scheme_id: "plain".to_owned(),
        rules: Some(rules),
        occurred_at: None,
    };
    client.draft_scheme(draft).await.unwrap();
    let publish =
        PublishSchemeRequest { request_id: request_id(), name: SCHEME.to_owned(), occurred_at: None };
    client.publish_scheme(publish).await.unwrap();
    client.open_cycle(opening).await.unwrap();
    for unit in units {
        let enter = EnterUnitRequest {
            request_id: request_id(),
            name: CYCLE.to_owned(),
            unit: unit_name(unit),
            group: 1,
            appraisal_target: false,
            occurred_at: None,
        };
        client.enter_unit(enter).await.unwrap();
    }
}

/// Plans the survey and issues `count` forms to each stratum. Gives the codes.
pub(crate) async fn issue(channel: &Channel, count: u32) -> Vec<String> {
    let mut client = EvaluationServiceClient::new(channel.clone());
    let plan = PlanSurveyRequest {
        request_id: request_id(),
        parent: CYCLE.to_owned(),
        component_id: SURVEYED.to_owned(),
        strata: STRATA
            .map(|stratum| StratumPlan { stratum_id: stratum.to_owned(), forms_max: count })
            .to_vec(),
        occurred_at: None,
    };
    client.plan_survey(plan).await.unwrap();
    let mut codes = Vec::new();
    for stratum in STRATA {
        let issue = IssueFormsRequest {
            request_id: request_id(),
            name: SURVEY.to_owned(),
            stratum_id: stratum.to_owned(),
            count,
            occurred_at: None,
        };
        codes.extend(client.issue_forms(issue).await.unwrap().into_inner().form_codes);
    }
    codes
}

/// Answers forms; none may be refused.
pub(crate) async fn answer(channel: &Channel, forms: Vec<AnsweredForm>) {
    let mut client = EvaluationServiceClient::new(channel.clone());
    let request =
        AnswerFormsRequest { request_id: request_id(), name: SURVEY.to_owned(), forms, occurred_at: None };
    assert_eq!(client.answer_forms(request).await.unwrap().into_inner().refusals, []);
}

/// Closes the survey.
pub(crate) async fn close_survey(channel: &Channel) {
    let mut client = EvaluationServiceClient::new(channel.clone());
    let survey = CloseSurveyRequest { request_id: request_id(), name: SURVEY.to_owned(), occurred_at: None };
    client.close_survey(survey).await.unwrap();
}

/// Closes the cycle.
pub(crate) async fn close_cycle(channel: &Channel) {
    let mut client = EvaluationServiceClient::new(channel.clone());
    let cycle = CloseCycleRequest { request_id: request_id(), name: CYCLE.to_owned(), occurred_at: None };
    client.close_cycle(cycle).await.unwrap();
}
