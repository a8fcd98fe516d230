//! Who calls, under which request id, and how long they wait.

use std::sync::Arc;
use std::time::Duration;

use contract::evaluation::{GetCycleRequest, GetSchemeRequest};
use contract::field::BadField;
use eventstore::Clock;
use shell::caller::{ACTOR_HEADER, CORRELATION_HEADER, UNNAMED, patience};
use shell::{Caller, receive};
use tonic::Request;
use tonic::metadata::MetadataValue;
use uuid::Uuid;

use crate::marks::now;

const REQUEST_ID: &str = "00000000-0000-0000-0000-000000000001";

fn request(headers: &[(&'static str, &str)]) -> Request<GetCycleRequest> {
    let mut request = Request::new(GetCycleRequest { name: "n".to_owned(), ..GetCycleRequest::default() });
    for (name, value) in headers {
        let value = MetadataValue::try_from(value.as_bytes()).unwrap();
        request.metadata_mut().insert(*name, value);
    }
    request
}

fn received<M: prost::Message + prost::Name>(request: Request<M>) -> Result<Caller, BadField> {
    let clock: Clock = Arc::new(now);
    receive(request, &clock).map(|(caller, _)| caller)
}

#[test]
fn a_caller_is_who_its_header_says_at_the_time_of_the_call() {
    let caller = received(request(&[(ACTOR_HEADER, "inspector 7")])).unwrap();
    assert_eq!((caller.actor.as_str(), caller.now), ("inspector 7", now()));
    assert_eq!(received(request(&[])).unwrap().actor, UNNAMED);
}

#[test]
fn an_officer_is_the_same_by_id_alone_and_by_the_whole_name() {
    let whole = "jurisdictions/city/officers/o-17";
    for called in ["o-17", whole] {
        let caller = received(request(&[(ACTOR_HEADER, called)])).unwrap();
        assert_eq!((caller.actor.as_str(), caller.officer("city").as_str()), (called, whole));
        assert_eq!(caller.names("city"), [whole, "o-17"]);
    }
    let elsewhere = received(request(&[(ACTOR_HEADER, "jurisdictions/port/officers/o-17")])).unwrap();
    assert_eq!(elsewhere.names("city"), ["jurisdictions/port/officers/o-17"]);
    let desk = received(request(&[(ACTOR_HEADER, "inspector 7")])).unwrap();
    assert_eq!(
        (desk.officer("city").as_str(), desk.names("city")),
        ("inspector 7", vec!["inspector 7".to_owned()])
    );
    assert!(received(request(&[])).unwrap().names("city").is_empty());
}

#[test]
fn a_name_that_cannot_be_logged_is_refused() {
    for bad in ["", "a\tb", "区", &"x".repeat(129)] {
        let refused = received(request(&[(ACTOR_HEADER, bad)])).unwrap_err();
        assert_eq!(refused.field(), ACTOR_HEADER, "{bad}");
    }
    assert!(received(request(&[(ACTOR_HEADER, &"x".repeat(128))])).is_ok());
}

#[test]
fn a_call_carries_its_request_id_its_conversation_and_its_trace() {
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let conversation = Uuid::from_u128(9).to_string();
    let headers = [(CORRELATION_HEADER, conversation.as_str()), ("traceparent", trace)];
    let call = received(request(&headers)).unwrap().call(REQUEST_ID, "city", None).unwrap();
    assert_eq!(call.request_id, Uuid::from_u128(1));
    assert_eq!(call.metadata.jurisdiction, "city");
    assert_eq!(call.metadata.correlation_id, Uuid::from_u128(9));
    assert_eq!(call.metadata.causation_id, Uuid::from_u128(1));
    assert_eq!(call.metadata.traceparent, trace);
    assert_eq!(call.metadata.occurred_at, now());
}

#[test]
fn a_call_carries_the_state_of_its_trace() {
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let trace = |headers: &[(&'static str, &str)]| {
        received(request(headers)).unwrap().call(REQUEST_ID, "city", None).unwrap().metadata.traceparent
    };
    let carried = trace(&[("traceparent", parent), ("tracestate", "a=1,b=2")]);
    assert_eq!(carried, format!("{parent} a=1,b=2"));
    assert_eq!(trace(&[("traceparent", parent), ("tracestate", &"x".repeat(513))]), parent);
    assert_eq!(trace(&[("tracestate", "a=1")]), "");
}

#[test]
fn a_call_that_says_nothing_of_it_is_a_conversation_of_its_own() {
    let call =
        received(request(&[("traceparent", "short")])).unwrap().call(REQUEST_ID, "city", None).unwrap();
    assert_eq!(call.metadata.correlation_id, Uuid::from_u128(1));
    assert_eq!((call.metadata.actor.as_str(), call.metadata.traceparent.as_str()), (UNNAMED, ""));
    let refused = received(request(&[(CORRELATION_HEADER, "x")])).unwrap_err();
    assert_eq!(refused.field(), CORRELATION_HEADER);
}

#[test]
fn a_call_needs_a_request_id_and_has_happened() {
    let caller = received(request(&[])).unwrap();
    for bad in ["", "x", "00000000-0000-0000-0000-000000000000"] {
        assert_eq!(caller.call(bad, "city", None).unwrap_err().field(), "request_id", "{bad}");
    }
    let later = contract::Timestamp { seconds: now().as_second() + 1, nanos: 0 };
    assert_eq!(caller.call(REQUEST_ID, "city", Some(later)).unwrap_err().field(), "occurred_at");
    let earlier = contract::Timestamp { seconds: 5, nanos: 7_008 };
    let call = caller.call(REQUEST_ID, "city", Some(earlier)).unwrap();
    assert_eq!(call.metadata.occurred_at.as_nanosecond(), 5_000_007_000);
}

#[test]
fn a_request_is_the_same_if_its_kind_and_content_are() {
    let print = |caller: Caller| caller.call(REQUEST_ID, "city", None).unwrap().fingerprint;
    let cycle = |name: &str| GetCycleRequest { name: name.to_owned(), ..GetCycleRequest::default() };
    let scheme = GetSchemeRequest { name: "n".to_owned(), ..GetSchemeRequest::default() };
    let first = print(received(Request::new(cycle("n"))).unwrap());
    assert_eq!(print(received(request(&[(ACTOR_HEADER, "another")])).unwrap()), first);
    assert_ne!(print(received(Request::new(cycle("m"))).unwrap()), first);
    assert_ne!(print(received(Request::new(scheme)).unwrap()), first);
}

#[test]
fn a_query_waits_a_little_less_than_its_caller() {
    for (timeout, wanted) in [
        ("10S", Duration::from_secs(9)),
        ("500m", Duration::from_millis(450)),
        ("2000u", Duration::from_micros(1800)),
        ("10n", Duration::from_nanos(9)),
        ("0S", Duration::ZERO),
        ("1M", Duration::from_secs(54)),
        ("99999999H", Duration::from_mins(1)),
        ("18446744073709551615H", Duration::from_mins(1)),
    ] {
        assert_eq!(patience(&request(&[("grpc-timeout", timeout)])), wanted, "{timeout}");
    }
}

#[test]
fn a_caller_without_a_readable_deadline_is_answered_within_five_seconds() {
    assert_eq!(patience(&request(&[])), Duration::from_secs(5));
    for odd in ["", "S", "10", "10x", "-1S", "1.5S", "99999999999999999999S", "10区"] {
        assert_eq!(patience(&request(&[("grpc-timeout", odd)])), Duration::from_secs(5), "{odd}");
    }
}
