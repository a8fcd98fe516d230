//! A complainant who was erased is in no log, vault, stream, read model, export or process's log any more.

use std::path::Path;
use std::process::Output;

use contract::complaints::complaint_service_client::ComplaintServiceClient;
use contract::complaints::*;
use mingjing::target::Owner;
use sqlx::{Connection as _, PgConnection};
use tempfile::tempdir;
use tokio::process::Command;
use tonic::Request;

use super::load::{UNITS, city, request_id_of};
use super::running::Stack;
use crate::harness::*;

const NAME: &str = "Li Sizhong";
const TELEPHONE: &str = "+86 138 0013 8000";
const ADDRESS: &str = "Lane 7, Willow Street";
const WORDS: &str = "They parked across my gate for nine nights";
const ANSWER: &str = "It was by the blue door";
const SECRETS: [&str; 5] = [NAME, TELEPHONE, ADDRESS, WORDS, ANSWER];

#[tokio::test(flavor = "multi_thread")]
async fn a_complainant_who_was_erased_is_nowhere_in_the_whole_stack() {
    let home = tempdir().unwrap();
    let stack = Stack::up(home.path(), 1).await;
    city(&stack).await;
    let mut complaints = ComplaintServiceClient::new(stack.channel("complaints", 0));
    let lodged = complaints.lodge_complaint(lodge()).await.unwrap().into_inner();
    let name = lodged.complaint.unwrap().name;
    let ask = AskQuestionRequest {
        request_id: request_id_of("erased", "ask"),
        name: name.clone(),
        question_id: "where".to_owned(),
        question: format!("Where was it, {NAME}?"),
        ..Default::default()
    };
    complaints.ask_question(ask).await.unwrap();
    let answer = AnswerQuestionRequest {
        request_id: request_id_of("erased", "answer"),
        receipt_code: lodged.receipt_code.clone(),
        question_id: "where".to_owned(),
        answer: ANSWER.to_owned(),
        ..Default::default()
    };
    complaints.answer_question(answer).await.unwrap();
    let reveal = RevealComplainantRequest {
        request_id: request_id_of("erased", "reveal"),
        name: name.clone(),
        purpose: "inquiry".to_owned(),
    };
    let mut reveal = Request::new(reveal);
    reveal.metadata_mut().insert("mingjing-actor", "inspector".parse().unwrap());
    let shown = complaints.reveal_complainant(reveal).await.unwrap().into_inner();
    assert_eq!(shown.complainant.unwrap().full_name, NAME);
    lie_in_files(&stack).await;
    for secret in SECRETS {
        assert_ne!(found(home.path(), secret).await, "", "the test would see {secret}");
    }

    let erase = EraseComplainantRequest {
        request_id: request_id_of("erased", "erase"),
        name: name.clone(),
        reason: "asked for".to_owned(),
        ..Default::default()
    };
    let erased = complaints.erase_complainant(erase).await.unwrap().into_inner();
    assert!(erased.complaint.unwrap().erased);

    lie_in_files(&stack).await;
    for secret in SECRETS {
        assert_eq!(found(home.path(), secret).await, "", "{secret} lies in a file");
    }
    let scorecard = format!("{CYCLE}/scorecards/{}", UNITS[0]);
    let exports: [&[&str]; 4] = [
        &["export", &scorecard],
        &["export", "--figures", &scorecard],
        &["export", "--table", &scorecard],
        &["explain", "--json", &scorecard],
    ];
    for export in exports {
        let mut command = Command::new(&stack.program);
        command.arg("scorecard").args(export);
        let server = format!("http://{}", stack.address("scorecard", 0));
        let exported = said(command.args(["--server", &server]).output().await.unwrap());
        assert_tells_nothing(&exported);
    }
    let follow = FollowComplaintRequest { receipt_code: lodged.receipt_code, ..Default::default() };
    let history = ListComplaintHistoryRequest { parent: name.clone(), ..Default::default() };
    let read = GetComplaintRequest { name, ..Default::default() };
    assert_tells_nothing(&format!("{:?}", complaints.follow_complaint(follow).await.unwrap()));
    assert_tells_nothing(&format!("{:?}", complaints.list_complaint_history(history).await.unwrap()));
    assert_tells_nothing(&format!("{:?}", complaints.get_complaint(read).await.unwrap()));

    let mut verify = Command::new(&stack.program);
    verify.arg("verify").env("MINGJING_DATABASE_URL", stack.any_database());
    let verdict = said(verify.output().await.unwrap());
    assert_eq!(verdict.matches(": sound").count(), 4, "{verdict}");
}

fn lodge() -> LodgeComplaintRequest {
    let complainant = Complainant {
        full_name: NAME.to_owned(),
        telephone: TELEPHONE.to_owned(),
        address: ADDRESS.to_owned(),
    };
    let complaint = NewComplaint {
        channel: ComplaintChannel::Hotline.into(),
        complainant: Some(complainant),
        text: WORDS.to_owned(),
        unit: unit_name(UNITS[0]),
        ..Default::default()
    };
    LodgeComplaintRequest {
        request_id: request_id_of("erased", "lodge"),
        parent: PARENT.to_owned(),
        complaint: Some(complaint),
        ..Default::default()
    }
}

/// Has PostgreSQL write every table as it is now to its files.
async fn lie_in_files(stack: &Stack<'_>) {
    let mut database = PgConnection::connect(&stack.database(Owner::Complaints)).await.unwrap();
    sqlx::query("CHECKPOINT").execute(&mut database).await.unwrap();
}

/// The files of a folder, and of those below, in which a text stands. What PostgreSQL keeps to recover from a crash is
/// its own, and is overwritten in time.
async fn found(folder: &Path, secret: &str) -> String {
    let mut grep = Command::new("grep");
    grep.args(["--recursive", "--files-with-matches", "--text", "--fixed-strings", "--devices=skip"]);
    // A file may go meanwhile: that is no error of its own.
    grep.args(["--exclude-dir=pg_wal", "--no-messages", "--regexp", secret]);
    let output = grep.arg(folder).output().await.unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn said(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn assert_tells_nothing(text: &str) {
    assert!(text.len() > 100, "{text}");
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}
