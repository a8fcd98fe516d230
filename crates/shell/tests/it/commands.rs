//! A command is answered with its position and its time, also when it is repeated; or with a status.

use contract::Timestamp;
use contract::evaluation::RecordMarkResponse;
use contract::status::Failure;
use eventstore::store::EVENT_BYTES_MAX;
use eventstore::{Call, StoreError};
use shell::Commands;
use shell::commands::store_failure;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::marks::{Marks, Running, answer, call, mark, now, stream};

async fn record(
    commands: &Commands<Marks>,
    number: u128,
    points: &str,
) -> Result<RecordMarkResponse, Status> {
    let response = commands.execute(&call(number), &stream(0), mark(points), answer).await;
    response.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn a_command_is_answered_with_its_position_and_its_time() {
    let service = Running::start("evaluation").await;
    service.mark(9, "1").await;
    let commands = Commands::<Marks>::new(&service.store);
    let answered = record(&commands, 1, "10").await.unwrap();
    assert_eq!((answered.position, answered.consistency_token.as_str()), (2, "evaluation:2"));
    let at = Some(Timestamp { seconds: now().as_second(), nanos: 0 });
    let resource = answered.mark.as_ref().unwrap();
    assert_eq!((resource.create_time, resource.update_time), (at, at));
    assert_eq!(resource.points, "10");
    service.mark(8, "1").await;
    for commands in [&commands, &Commands::new(&service.store)] {
        assert_eq!(record(commands, 1, "10").await.unwrap(), answered);
    }
}

#[tokio::test]
async fn a_rule_that_refuses_is_named_in_the_status() {
    let service = Running::start("evaluation").await;
    let commands = Commands::<Marks>::new(&service.store);
    record(&commands, 1, "10").await.unwrap();
    let status = record(&commands, 2, "20").await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(status.message(), "test.already_marked: it is marked 10 already");
    assert_eq!(status.get_error_details().error_info().unwrap().metadata["rule"], "test.already_marked");
}

#[tokio::test]
async fn a_request_id_used_for_another_request_is_refused() {
    let service = Running::start("evaluation").await;
    let commands = Commands::<Marks>::new(&service.store);
    record(&commands, 1, "10").await.unwrap();
    let another = Call { fingerprint: [8; 32], ..call(1) };
    let outcome = commands.execute(&another, &stream(5), mark("5"), answer).await;
    let status = outcome.unwrap_err();
    assert_eq!(status.code(), Code::AlreadyExists);
    assert!(status.message().starts_with("request_id_reused: "), "{status}");
}

#[tokio::test]
async fn a_command_whose_event_could_not_be_published_is_a_bad_request() {
    let service = Running::start("evaluation").await;
    let commands = Commands::<Marks>::new(&service.store);
    let status = record(&commands, 1, &"1".repeat(EVENT_BYTES_MAX)).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().ends_with("an event has at most 786432"), "{status}");
    record(&commands, 1, "10").await.unwrap();
}

#[test]
fn a_log_that_is_away_may_be_asked_again_and_its_text_is_withheld() {
    let away = StoreError::database(std::io::Error::other("secret host refuses"));
    let Failure::Unavailable(text) = store_failure(&away) else { panic!("it may pass") };
    assert_eq!(text, "the service's log is away; try the same again");
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_our_fault_and_its_text_is_withheld() {
    let service = Running::start("evaluation").await;
    service.poison(0).await;
    let status = record(&Commands::new(&service.store), 1, "10").await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert_eq!(status.message(), "internal error; the service's log has it");
}
