//! Clients of all services, through all replicas of each, who repeat what they ask until it is answered, and read
//! what they wrote.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use contract::accountability::accountability_service_client::AccountabilityServiceClient;
use contract::accountability::{CaseNature, GetCaseRequest, OpenCaseRequest};
use contract::complaints::complaint_service_client::ComplaintServiceClient;
use contract::complaints::*;
use contract::evaluation::evaluation_service_client::EvaluationServiceClient;
use contract::evaluation::{ListEntriesRequest, OpenCycleRequest};
use contract::scorecard::GetScorecardRequest;
use contract::scorecard::scorecard_service_client::ScorecardServiceClient;
use contract::training::training_service_client::TrainingServiceClient;
use contract::training::{EnrolOfficerRequest, GetOfficerRequest};
use contract::words::{DailySource, PostLevel, SchemeRules, Tariff, TariffCause};
use mingjing::target::Owner;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tonic::Status;
use tonic::transport::Channel;
use uuid::Uuid;

use super::running::{PATIENCE, POLL, Stack};
use crate::chance::Chance;
use crate::harness::*;
use crate::kill::may_be_repeated;

pub(super) const UNITS: [&str; 6] = ["north", "south", "west", "east", "harbour", "market"];
/// Whose complaints become overdue.
const DEADLINE: Duration = Duration::from_secs(6);
/// Each so many complaints, one is assigned, and becomes overdue.
const ASSIGNED_EVERY: u64 = 4;
/// Each so many commands, a scorecard is read.
const SCORECARD_EVERY: u64 = 3;
/// A call that is not answered by then is made again.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// A client waits so long after each command.
const PAUSE: Duration = Duration::from_millis(25);

/// A command that was answered: in whose log, about what, up to which position.
#[derive(Debug, Clone)]
pub(super) struct Acknowledged {
    pub(super) owner: Owner,
    pub(super) thing: String,
    pub(super) position: u64,
}

/// What a command was answered.
pub(super) struct Answered {
    pub(super) position: u64,
    pub(super) token: String,
}

/// Runs until it is enough.
pub(super) struct Load {
    enough: Arc<AtomicBool>,
    answers: Arc<AtomicU64>,
    clients: JoinSet<Vec<Acknowledged>>,
}

impl Load {
    /// Starts `clients` of each service.
    pub(super) fn start(stack: &Stack<'_>, replicas: u16, clients: u64, run: &str) -> Self {
        let (enough, answers) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let mut running = JoinSet::new();
        for owner in Owner::ALL {
            for number in 0..clients {
                let channels =
                    |service| (0..replicas).map(|replica| stack.channel(service, replica)).collect();
                let client = Client {
                    owner,
                    name: format!("{run}-{number}"),
                    chance: Chance::seeded(number),
                    channels: channels(owner.name()),
                    scorecards: channels("scorecard"),
                    acknowledged: Vec::new(),
                };
                running.spawn(client.run(enough.clone(), answers.clone()));
            }
        }
        Self { enough, answers, clients: running }
    }

    /// How many commands were answered so far.
    pub(super) fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }

    /// Fails if a client has.
    pub(super) fn check(&mut self) {
        assert!(self.clients.try_join_next().is_none(), "a client has failed");
    }

    /// Ends it; every command that was begun is answered.
    pub(super) async fn end(self) -> Vec<Acknowledged> {
        self.enough.store(true, Ordering::Relaxed);
        let ended = timeout(PATIENCE, self.clients.join_all()).await.expect("every client gets its answer");
        ended.into_iter().flatten().collect()
    }
}

struct Client {
    owner: Owner,
    name: String,
    chance: Chance,
    /// To each replica of its service.
    channels: Vec<Channel>,
    scorecards: Vec<Channel>,
    acknowledged: Vec<Acknowledged>,
}

impl Client {
    async fn run(mut self, enough: Arc<AtomicBool>, answers: Arc<AtomicU64>) -> Vec<Acknowledged> {
        let mut number = 0;
        while !enough.load(Ordering::Relaxed) {
            let thing = format!("client-{}-{number}", self.name);
            let unit = UNITS[usize::try_from(self.chance.below(6)).unwrap()];
            let written = self.write(unit, &thing, number).await;
            answers.fetch_add(1, Ordering::Relaxed);
            // Its own replica, and the others.
            for channel in self.channels.clone() {
                self.read(channel, unit, &thing, number, &written.token).await;
            }
            if number % SCORECARD_EVERY == 0 {
                self.read_scorecard(unit, &written).await;
            }
            if self.owner == Owner::Complaints && number % ASSIGNED_EVERY == 0 {
                self.assign(unit, &thing).await;
            }
            number += 1;
            sleep(PAUSE).await;
        }
        self.acknowledged
    }

    /// Asks replica after replica until one answers.
    async fn answered<T, F: Future<Output = Result<T, Status>>>(&mut self, call: impl Fn(Channel) -> F) -> T {
        let mut replica = usize::try_from(self.chance.any() >> 1).unwrap();
        let asking = async {
            loop {
                let channel = self.channels[replica % self.channels.len()].clone();
                match timeout(CALL_TIMEOUT, call(channel)).await {
                    Ok(Ok(answer)) => return answer,
                    Ok(Err(status)) => assert!(may_be_repeated(&status), "{status:?}"),
                    Err(_) => {}
                }
                replica += 1;
                sleep(POLL).await;
            }
        };
        timeout(PATIENCE, asking).await.expect("a replica answers")
    }

    /// Writes something new.
    async fn write(&mut self, unit: &'static str, thing: &str, number: u64) -> Answered {
        let owner = self.owner;
        let request_id = request_id_of(thing, "write");
        let answered = self
            .answered(|channel| write(owner, channel, unit, thing.to_owned(), request_id.clone(), number))
            .await;
        self.note(thing, answered.position);
        answered
    }

    fn note(&mut self, thing: &str, position: u64) {
        let (owner, thing) = (self.owner, thing.to_owned());
        self.acknowledged.push(Acknowledged { owner, thing, position });
    }

    /// Reads it by its token: it is there.
    async fn read(&self, channel: Channel, unit: &str, thing: &str, number: u64, token: &str) {
        let owner = self.owner;
        let read = || read(owner, channel.clone(), unit, thing, number, token);
        assert!(repeated(read).await, "{thing} is not seen by its own token");
    }

    /// Reads the unit's scorecard by the token: it is as far.
    async fn read_scorecard(&mut self, unit: &str, written: &Answered) {
        let replica = usize::try_from(self.chance.any() >> 1).unwrap() % self.scorecards.len();
        let request = GetScorecardRequest {
            name: format!("{CYCLE}/scorecards/{unit}"),
            consistency_token: written.token.clone(),
            ..Default::default()
        };
        let channel = self.scorecards[replica].clone();
        let ask = || {
            let (mut client, request) = (ScorecardServiceClient::new(channel.clone()), request.clone());
            async move { Ok(client.get_scorecard(request).await?.into_inner().scorecard.unwrap()) }
        };
        let card = repeated(ask).await;
        let reached = card.freshness.iter().find(|freshness| freshness.service == self.owner.name());
        let reached = reached.map_or(0, |freshness| freshness.position);
        assert!(reached >= written.position, "the scorecard is at {reached}, not {}", written.position);
    }

    /// Makes an officer responsible for a complaint, with a deadline that soon passes.
    async fn assign(&mut self, unit: &'static str, thing: &str) {
        let name = format!("{PARENT}/complaints/{thing}");
        let deadline = (mingjing::clock())().checked_add(DEADLINE).unwrap();
        let deadline = contract::field::to_wire(deadline);
        for step in [Step::Accept, Step::Lead, Step::Supervise, Step::Assign] {
            let position = self
                .answered(|channel| {
                    let (name, request_id) = (name.clone(), request_id_of(&name, step.name()));
                    async move {
                        match handle(channel, unit, name, request_id, step, deadline).await {
                            // It was down for longer than the deadline.
                            Err(status) if names(&status) == ["complaints.deadline_not_ahead"] => Ok(None),
                            answered => answered.map(Some),
                        }
                    }
                })
                .await;
            if let Some(position) = position {
                self.note(thing, position);
            }
        }
    }
}

/// Asks until it is answered.
async fn repeated<T, F: Future<Output = Result<T, Status>>>(ask: impl Fn() -> F) -> T {
    let asking = async {
        loop {
            match timeout(CALL_TIMEOUT, ask()).await {
                Ok(Ok(answer)) => return answer,
                Ok(Err(status)) => assert!(may_be_repeated(&status), "{status:?}"),
                Err(_) => {}
            }
            sleep(POLL).await;
        }
    };
    timeout(PATIENCE, asking).await.expect("a replica answers")
}

/// The same for the same step of the same thing.
pub(super) fn request_id_of(thing: &str, step: &str) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{thing}/{step}").as_bytes()).to_string()
}

/// Writes something new in a service's log.
pub(super) async fn write(
    owner: Owner,
    channel: Channel,
    unit: &'static str,
    thing: String,
    request_id: String,
    number: u64,
) -> Result<Answered, Status> {
    match owner {
        Owner::Training => enrol(channel, unit, thing, request_id).await,
        Owner::Complaints => lodge(channel, unit, thing, request_id).await,
        Owner::Evaluation => record(channel, unit, thing, request_id, number).await,
        Owner::Accountability => open(channel, unit, thing, request_id).await,
    }
}

async fn enrol(
    channel: Channel,
    unit: &str,
    officer_id: String,
    request_id: String,
) -> Result<Answered, Status> {
    let request = EnrolOfficerRequest {
        request_id,
        parent: PARENT.to_owned(),
        officer_id,
        unit: unit_name(unit),
        post_level: PostLevel::Staff.into(),
        ..Default::default()
    };
    let answer = TrainingServiceClient::new(channel).enrol_officer(request).await?.into_inner();
    Ok(Answered { position: answer.position, token: answer.consistency_token })
}

async fn lodge(
    channel: Channel,
    unit: &str,
    complaint_id: String,
    request_id: String,
) -> Result<Answered, Status> {
    let complaint = NewComplaint {
        channel: ComplaintChannel::Hotline.into(),
        text: "Sirens at night".to_owned(),
        unit: unit_name(unit),
        ..Default::default()
    };
    let request = LodgeComplaintRequest {
        request_id,
        parent: PARENT.to_owned(),
        complaint_id,
        complaint: Some(complaint),
        ..Default::default()
    };
    let answer = ComplaintServiceClient::new(channel).lodge_complaint(request).await?.into_inner();
    Ok(Answered { position: answer.position, token: answer.consistency_token })
}

async fn record(
    channel: Channel,
    unit: &str,
    entry_id: String,
    request_id: String,
    number: u64,
) -> Result<Answered, Status> {
    let mut request = entry(unit, &entry_id, "-0.01");
    (request.request_id, request.entry_date) = (request_id, day(number));
    let answer = EvaluationServiceClient::new(channel).record_entry(request).await?.into_inner();
    Ok(Answered { position: answer.position, token: answer.consistency_token })
}

async fn open(channel: Channel, unit: &str, case_id: String, request_id: String) -> Result<Answered, Status> {
    let request = OpenCaseRequest {
        request_id,
        parent: PARENT.to_owned(),
        case_id,
        nature: CaseNature::Delay.into(),
        units: vec![unit_name(unit)],
        grounds: "It took a year".to_owned(),
        ..Default::default()
    };
    let answer = AccountabilityServiceClient::new(channel).open_case(request).await?.into_inner();
    Ok(Answered { position: answer.position, token: answer.consistency_token })
}

/// Whether what was written is read by its token.
pub(super) async fn read(
    owner: Owner,
    channel: Channel,
    unit: &str,
    thing: &str,
    number: u64,
    token: &str,
) -> Result<bool, Status> {
    let consistency_token = token.to_owned();
    match owner {
        Owner::Training => {
            let request = GetOfficerRequest { name: format!("{PARENT}/officers/{thing}"), consistency_token };
            let found = TrainingServiceClient::new(channel).get_officer(request).await?.into_inner();
            Ok(found.officer.unwrap().unit == unit_name(unit))
        }
        Owner::Complaints => {
            let name = format!("{PARENT}/complaints/{thing}");
            let request = GetComplaintRequest { name, consistency_token };
            let found = ComplaintServiceClient::new(channel).get_complaint(request).await?.into_inner();
            Ok(found.complaint.unwrap().unit == unit_name(unit))
        }
        Owner::Evaluation => {
            let request = ListEntriesRequest {
                parent: CYCLE.to_owned(),
                unit: unit_name(unit),
                component_id: LEDGER.to_owned(),
                date_from: day(number),
                date_until: day(number),
                page_size: 1000,
                consistency_token,
                ..Default::default()
            };
            let found = EvaluationServiceClient::new(channel).list_entries(request).await?.into_inner();
            Ok(found.entries.iter().filter(|entry| entry.name == entry_name(unit, thing)).count() == 1)
        }
        Owner::Accountability => {
            let request = GetCaseRequest { name: format!("{PARENT}/cases/{thing}"), consistency_token };
            let found = AccountabilityServiceClient::new(channel).get_case(request).await?.into_inner();
            Ok(found.case.unwrap().units == [unit_name(unit)])
        }
    }
}

/// What is done about a complaint, in this order.
#[derive(Clone, Copy)]
enum Step {
    Accept,
    Lead,
    Supervise,
    Assign,
}

impl Step {
    fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Lead => "lead",
            Self::Supervise => "supervise",
            Self::Assign => "assign",
        }
    }
}

async fn handle(
    channel: Channel,
    unit: &str,
    name: String,
    request_id: String,
    step: Step,
    deadline: contract::Timestamp,
) -> Result<u64, Status> {
    let officer = |role: &str| format!("{PARENT}/officers/{unit}-{role}");
    let mut client = ComplaintServiceClient::new(channel);
    Ok(match step {
        Step::Accept => {
            let request = AcceptComplaintRequest { request_id, name, ..Default::default() };
            client.accept_complaint(request).await?.into_inner().position
        }
        Step::Lead => {
            let leader = officer("leader");
            let request = AppointLeaderRequest { request_id, name, leader, ..Default::default() };
            client.appoint_leader(request).await?.into_inner().position
        }
        Step::Supervise => {
            let supervisor = officer("second");
            let request = AppointSupervisorRequest { request_id, name, supervisor, ..Default::default() };
            client.appoint_supervisor(request).await?.into_inner().position
        }
        Step::Assign => {
            let (officer, deadline) = (officer("third"), Some(deadline));
            let request =
                AssignComplaintRequest { request_id, name, officer, deadline, ..Default::default() };
            client.assign_complaint(request).await?.into_inner().position
        }
    })
}

/// The units, their officers, and a cycle of last year and this one, in which a complaint that becomes overdue costs points.
pub(super) async fn city(stack: &Stack<'_>) {
    let evaluation = stack.channel("evaluation", 0);
    city_of_two_years(&evaluation).await;
    let training = stack.channel("training", 0);
    for unit in UNITS {
        for (role, post_level) in [
            ("leader", PostLevel::DivisionHead),
            ("second", PostLevel::DivisionHead),
            ("third", PostLevel::Staff),
        ] {
            let request = EnrolOfficerRequest {
                request_id: request_id_of(unit, role),
                parent: PARENT.to_owned(),
                officer_id: format!("{unit}-{role}"),
                unit: unit_name(unit),
                post_level: post_level.into(),
                ..Default::default()
            };
            TrainingServiceClient::new(training.clone()).enrol_officer(request).await.unwrap();
        }
    }
}

async fn city_of_two_years(channel: &Channel) {
    let rules = SchemeRules {
        daily_sources: vec![DailySource {
            source_id: "complaint".to_owned(),
            title: "Complaints".to_owned(),
            cap: "100".to_owned(),
            bonus_cap: "0".to_owned(),
            tariffs: vec![Tariff { cause: TariffCause::ComplaintOverdue.into(), points: "-0.01".to_owned() }],
        }],
        ..rules()
    };
    let opening = OpenCycleRequest {
        start_date: format!("{}-01-01", last_year()),
        end_date: format!("{}-12-31", last_year() + 1),
        ..opening("first")
    };
    city_opened(channel, &UNITS, rules, opening).await;
}

/// A day of last year for each number.
fn day(number: u64) -> String {
    let first = jiff::civil::Date::new(last_year(), 1, 1).unwrap();
    first.checked_add(jiff::Span::new().days(i64::try_from(number % 365).unwrap())).unwrap().to_string()
}

fn last_year() -> i16 {
    contract::field::day_of((mingjing::clock())()).year() - 1
}
