//! Time that is moved by hand: a year is rehearsed in minutes.

use contract::clock::clock_service_client::ClockServiceClient;
use contract::clock::{Clock, GetClockRequest, MoveClockRequest, ReleaseClockRequest};
use contract::complaints::complaint_service_client::ComplaintServiceClient;
use contract::complaints::{ComplaintChannel, LodgeComplaintRequest, NewComplaint};
use contract::field;
use jiff::Timestamp;
use tempfile::tempdir;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::harness::*;

const START: &str = "2025-03-03T01:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

async fn move_to(channel: &Channel, to: &str) -> Result<Clock, Status> {
    let request = MoveClockRequest { to: Some(field::to_wire(at(to))) };
    let moved = ClockServiceClient::new(channel.clone()).move_clock(request).await?;
    Ok(moved.into_inner().clock.unwrap())
}

fn now(clock: &Clock) -> Timestamp {
    field::instant("now", clock.now.unwrap()).unwrap()
}

async fn lodge(channel: &Channel) {
    let complaint = NewComplaint {
        channel: ComplaintChannel::Letter.into(),
        text: "Nobody answers the telephone 电话没人接".to_owned(),
        ..Default::default()
    };
    let request = LodgeComplaintRequest {
        request_id: request_id(),
        parent: PARENT.to_owned(),
        complaint_id: "c1".to_owned(),
        complaint: Some(complaint),
        occurred_at: None,
    };
    ComplaintServiceClient::new(channel.clone()).lodge_complaint(request).await.unwrap();
}

/// What was recorded of the complaint, and when, in the order of the log.
async fn recorded(server: &Server) -> Vec<(String, Timestamp)> {
    let of = |event: contract::words::RecordedEvent| {
        let kind = event.event_type.rsplit('.').next().unwrap().to_owned();
        (kind, field::instant("recorded_at", event.recorded_at.unwrap()).unwrap())
    };
    server.log("complaints").await.into_iter().map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn when_time_is_moved_what_became_due_is_raised_before_the_answer() {
    let dir = tempdir().unwrap();
    let server = Server::start_by_hand(dir.path(), at(START)).await;
    lodge(&server.channel()).await;
    assert_eq!(recorded(&server).await, [("ComplaintLodged".to_owned(), at(START))]);

    // Five working days from Monday on: yellow with three left, red after the next Monday.
    let moved = move_to(&server.channel(), "2025-03-05T01:00:00Z").await.unwrap();
    assert_eq!((now(&moved), moved.by_hand), (at("2025-03-05T01:00:00Z"), true));
    let yellow = ("ComplaintAlerted".to_owned(), at("2025-03-05T01:00:00Z"));
    assert_eq!(recorded(&server).await[1..], *std::slice::from_ref(&yellow));
    move_to(&server.channel(), "2025-03-11T01:00:00Z").await.unwrap();
    let red = ("ComplaintAlerted".to_owned(), at("2025-03-11T01:00:00Z"));
    assert_eq!(recorded(&server).await[1..], [yellow.clone(), red.clone()]);

    let back = move_to(&server.channel(), START).await.unwrap();
    assert_eq!(now(&back), at("2025-03-11T01:00:00Z"), "time never goes back");
    server.stop().await;

    // What a log has seen has passed, also after a restart.
    let server = Server::start_by_hand(dir.path(), at(START)).await;
    let mut clock = ClockServiceClient::new(server.channel());
    let found = clock.get_clock(GetClockRequest {}).await.unwrap().into_inner().clock.unwrap();
    assert_eq!(now(&found), at("2025-03-11T01:00:00Z"));
    assert_eq!(recorded(&server).await[1..], [yellow, red]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn time_that_is_let_go_is_the_systems_and_is_moved_no_more() {
    let dir = tempdir().unwrap();
    let server = Server::start_by_hand(dir.path(), at(START)).await;
    let mut clock = ClockServiceClient::new(server.channel());
    let before = mingjing::clock()();
    let released = clock.release_clock(ReleaseClockRequest {}).await.unwrap().into_inner().clock.unwrap();
    assert!(!released.by_hand && now(&released) >= before);
    let refused = move_to(&server.channel(), "2999-01-01T00:00:00Z").await;
    assert_refused(refused, Code::FailedPrecondition, "clock.released", "let go");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_systems_clock_is_not_served() {
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path()).await;
    let refused = move_to(&server.channel(), START).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unimplemented);
    server.stop().await;
}
