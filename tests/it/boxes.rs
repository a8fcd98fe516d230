//! Ballots and forms wait in boxes outside the log. However often the program is killed between the vote and the
//! draw, none is lost, none is there twice, and who voted what is told as little as ever.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use contract::evaluation::evaluation_service_client::EvaluationServiceClient;
use contract::evaluation::*;
use contract::words::RecordedEvent;
use prost::Message as _;
use tempfile::tempdir;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tonic::transport::Channel;
use tonic::{Response, Status};

use crate::chance::Chance;
use crate::harness::*;
use crate::kill::{answered_since, binary, free_address, may_be_repeated, reached, serve};
use crate::panels::{ballot, convene, electors, panel_name, panels};
use crate::secrecy::{Attacks, assert_each_lies_there_once, dump, in_the_box, voters};

const PANELS: u32 = 10;
const ELECTORS: u32 = 40;
/// More than wait at most: some are drawn while the survey runs, among at least a hundred.
const FORMS: u32 = 260;
const BULK: usize = 20;
const UNITS: [&str; 9] = ["u0", "u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8"];
/// A kill comes at most so long after an answer.
const LIFE_MILLIS_MAX: u64 = 150;

#[tokio::test(flavor = "multi_thread")]
async fn no_ballot_and_no_form_is_lost_or_doubled_by_a_kill_between_vote_and_draw() {
    let home = tempdir().unwrap();
    let (binary, data, address) = (binary(home.path()), home.path().join("data"), free_address());
    let first = serve(&binary, &data, address);
    let channel = reached(address).await;
    let codes = open(&channel).await;
    let (answers, enough) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let mut people = JoinSet::new();
    for number in 0..PANELS {
        people.spawn(vote(address, number, answers.clone()));
    }
    for (stratum, codes) in codes.chunks(codes.len() / STRATA.len()).enumerate() {
        people.spawn(fill_in(address, stratum, codes.to_vec(), answers.clone()));
    }
    let mut killing = JoinSet::new();
    killing.spawn(kill_again_and_again(
        binary,
        data.clone(),
        address,
        first,
        answers.clone(),
        enough.clone(),
    ));
    people.join_all().await;
    let closing = CloseSurveyRequest { request_id: request_id(), name: SURVEY.to_owned(), occurred_at: None };
    insist(
        &answers,
        |mut client| {
            let asked = closing.clone();
            async move { client.close_survey(asked).await }
        },
        address,
    )
    .await;
    enough.store(true, Ordering::Relaxed);
    let kills = killing.join_next().await.unwrap().unwrap();
    assert!(kills >= 5, "it was killed {kills} times");

    let server = Server::start(&data).await;
    let log = server.log("evaluation").await;
    server.stop().await;
    assert_forms(&log);
    let (dump, mut attacks) = (dump(&data.join("evaluation.db")).await, Attacks::default());
    assert!(dump["boxed"].is_empty(), "what was recorded waits no longer");
    for number in 0..PANELS {
        let (roll, cast) = (voters(&dump, number), in_the_box(&dump, number));
        for side in [&roll, &cast] {
            let each: Vec<_> = sorted(side.iter().map(|row| row.truth));
            assert_eq!(each, (0..ELECTORS).collect::<Vec<_>>(), "panel {number}: each once");
        }
        attacks.try_all(&roll, &cast);
    }
    attacks.assert_chance(ELECTORS.into());
    assert_each_lies_there_once(&data, &dump, ".BallotCast");
}

/// Ten panels and a survey are open. Gives the codes of the forms.
async fn open(channel: &Channel) -> Vec<String> {
    let mut scheme = panels(PANELS, "0");
    for panel in &mut scheme.components {
        "6".clone_into(&mut panel.max_points);
    }
    scheme.components.extend(rules().components.into_iter().filter(|it| it.component_id == SURVEYED));
    let units = [&["north", "south"][..], &UNITS].concat();
    city_under(channel, &units, scheme).await;
    for number in 0..PANELS {
        convene(channel, number, &electors(usize::try_from(ELECTORS).unwrap())).await;
    }
    issue(channel, FORMS).await
}

fn client(address: SocketAddr) -> EvaluationServiceClient<Channel> {
    EvaluationServiceClient::new(Channel::from_shared(format!("http://{address}")).unwrap().connect_lazy())
}

/// Sends the same request until it is answered.
async fn insist<M, F>(
    answers: &AtomicU64,
    send: impl Fn(EvaluationServiceClient<Channel>) -> F,
    to: SocketAddr,
) -> M
where
    F: Future<Output = Result<Response<M>, Status>>,
{
    let client = client(to);
    loop {
        match send(client.clone()).await {
            Ok(answer) => {
                answers.fetch_add(1, Ordering::Relaxed);
                return answer.into_inner();
            }
            Err(status) => assert!(may_be_repeated(&status), "{status}"),
        }
        sleep(Duration::from_millis(5)).await;
    }
}

/// The electors of a panel vote in some order; then it is closed. The marks are each elector's own.
async fn vote(address: SocketAddr, number: u32, answers: Arc<AtomicU64>) {
    let mut chance = Chance::seeded(number.into());
    let mut order: Vec<u32> = (0..ELECTORS).collect();
    crate::secrecy::shuffle(&mut order, &mut chance);
    for voter in order {
        let (north, south) = (format!("{}.{voter:02}", chance.below(6)), chance.below(7).to_string());
        let request = ballot(number, &format!("elector-{voter}"), &[("south", south), ("north", north)]);
        insist(
            &answers,
            |mut client| {
                let asked = request.clone();
                async move { client.cast_ballot(asked).await }
            },
            address,
        )
        .await;
    }
    let request = ClosePanelRequest { request_id: request_id(), name: panel_name(number), occurred_at: None };
    insist(
        &answers,
        |mut client| {
            let asked = request.clone();
            async move { client.close_panel(asked).await }
        },
        address,
    )
    .await;
}

/// The forms of a stratum come back in bulk; each writes its number in two levels.
async fn fill_in(address: SocketAddr, stratum: usize, codes: Vec<String>, answers: Arc<AtomicU64>) {
    let forms: Vec<_> = codes.iter().zip(0..).map(|(code, number)| numbered(code, number)).collect();
    for forms in forms.chunks(BULK) {
        let (name, forms) = (SURVEY.to_owned(), forms.to_vec());
        let request = AnswerFormsRequest { request_id: request_id(), name, forms, occurred_at: None };
        let answer = insist(
            &answers,
            |mut client| {
                let asked = request.clone();
                async move { client.answer_forms(asked).await }
            },
            address,
        )
        .await;
        assert_eq!(answer.refusals, [], "{}", STRATA[stratum]);
    }
}

fn numbered(form_code: &str, number: u32) -> AnsweredForm {
    let answers = UNITS.iter().zip(0..).map(|(unit, bit)| {
        let level_id = if number >> bit & 1 == 1 { "good" } else { "fair" };
        FormAnswer { unit: unit_name(unit), level_id: level_id.to_owned() }
    });
    AnsweredForm { form_code: form_code.to_owned(), answers: answers.collect() }
}

/// Kills the program soon after it has answered, and starts it again, until it is enough; how often.
async fn kill_again_and_again(
    binary: std::path::PathBuf,
    data: std::path::PathBuf,
    address: SocketAddr,
    mut server: tokio::process::Child,
    answers: Arc<AtomicU64>,
    enough: Arc<AtomicBool>,
) -> u32 {
    let (mut kills, mut chance) = (0, Chance::seeded(9));
    while !enough.load(Ordering::Relaxed) {
        sleep(Duration::from_millis(chance.below(LIFE_MILLIS_MAX))).await;
        server.kill().await.unwrap();
        kills += 1;
        server = serve(&binary, Path::new(&data), address);
        let before = answers.load(Ordering::Relaxed);
        if !enough.load(Ordering::Relaxed) {
            answered_since(before, &answers).await;
        }
    }
    server.kill().await.unwrap();
    kills
}

/// Every form of each stratum is recorded once, and every code is used up once.
fn assert_forms(log: &[RecordedEvent]) {
    let of = |kind: &'static str| log.iter().filter(move |event| event.event_type.ends_with(kind));
    for stratum in STRATA {
        let forms = of(".FormAnswered").map(|event| FormAnswered::decode(event.payload.as_slice()).unwrap());
        let of_stratum = forms.filter(|form| form.stratum_id == stratum);
        let number = |form: FormAnswered| -> u32 {
            form.answers
                .iter()
                .zip(0..)
                .map(|(answer, bit)| u32::from(answer.level_id == "good") << bit)
                .sum()
        };
        assert_eq!(sorted(of_stratum.map(number)), (0..FORMS).collect::<Vec<_>>(), "{stratum}: each once");
    }
    let returned = of(".FormsReturned").map(|event| FormsReturned::decode(event.payload.as_slice()).unwrap());
    let hashes: Vec<_> = returned.flat_map(|returned| returned.code_hashes).collect();
    let each: BTreeSet<_> = hashes.iter().collect();
    assert_eq!((hashes.len(), each.len()), (520, 520), "each code once");
    assert_eq!(of(".ElectorVoted").count(), 400);
}

fn sorted(numbers: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut sorted: Vec<_> = numbers.collect();
    sorted.sort_unstable();
    sorted
}
