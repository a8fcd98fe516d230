//! The suite. An adaptor says in a [`Home`] how a log of its kind is made, and runs it by [`log_contract!`].

pub(crate) mod append;
pub(crate) mod boxes;
pub(crate) mod handler;
pub(crate) mod lease;
pub(crate) mod read;
pub(crate) mod requests;
pub(crate) mod subscribe;
pub(crate) mod tally;
pub(crate) mod vault;
pub(crate) mod verify;

use std::collections::HashSet;
use std::sync::Arc;

use eventstore::store::{Log, Outcome, Request, StreamWrite};
use eventstore::verify::Verdict;
use eventstore::{
    Append, AppendError, Clock, EventStore, ExpectedVersion, Guard, Metadata, NewEvent, RecordedEvent,
    StreamId,
};
use jiff::Timestamp;
use parking_lot::Mutex;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// Where one log lives: a file, a database. It is gone when this is dropped.
pub(crate) trait Home: Sized {
    /// A place with no log in it yet.
    async fn new() -> Self;

    /// Opens the log, as one process does; opened again, as another process beside it does.
    async fn open(&self) -> Arc<dyn Log>;

    /// Changes the database behind the log's back; `$1`, `$2` … stand for `values`. Whether the database let
    /// it pass.
    async fn tamper(&self, sql: &str, values: Vec<Value>) -> bool;
}

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// Makes each test of the suite a test of an adaptor.
macro_rules! log_contract {
    ($home:ty) => {
        $crate::suite::log_contract! { $home:
            append {
                positions_have_no_gap_however_many_append_at_once
                two_processes_append_to_one_log
                a_stream_is_written_at_the_version_that_is_expected
                what_was_looked_at_must_not_have_changed
                one_conflict_leaves_its_neighbours_alone
                appends_of_one_batch_follow_one_another_on_a_stream
                an_append_to_several_streams_is_all_or_nothing
                an_append_of_nothing_leaves_the_log_as_it_is
                an_event_is_read_back_as_it_was_written
                an_event_was_recorded_no_earlier_than_the_one_before
                times_are_whole_microseconds
                an_event_that_is_too_large_to_be_published_is_not_recorded
            }
            boxes {
                what_waits_in_a_box_is_not_in_the_log
                all_that_waits_is_recorded_when_the_box_is_opened
                what_waits_is_there_after_a_restart
                once_twice_as_many_wait_all_but_so_many_are_recorded
                each_part_is_mixed_by_itself
                what_is_recorded_says_nothing_of_who_put_it_in
                they_are_recorded_in_no_order
                an_append_that_is_refused_or_repeated_puts_nothing_in
            }
            handler {
                a_command_becomes_events
                a_command_that_changes_nothing_writes_nothing
                a_state_is_the_same_remembered_and_read
                a_stream_that_many_ask_for_at_once_is_read_once
                a_command_overtaken_by_another_is_decided_again
                a_command_that_is_always_overtaken_gives_up
                a_command_is_refused_by_what_the_log_has_not_by_what_is_remembered
                nothing_is_to_be_done_only_if_the_log_says_so
                the_latest_state_is_remembered_however_commands_end
                a_repeated_request_is_answered_even_if_its_own_effect_forbids_it
                a_refused_request_may_be_tried_again
                a_request_id_is_not_used_for_another_request
                a_ballot_lies_in_the_box_and_not_in_the_stream
                what_is_about_two_streams_stands_in_both
                several_states_are_read_at_once_as_each_alone
                an_event_that_cannot_be_read_stops_the_stream
            }
            lease {
                one_at_a_time_holds_a_lease
                a_lease_that_is_not_renewed_is_free_after_its_time
                work_goes_on_elsewhere_when_it_stops_here
                work_that_has_ended_frees_its_lease
                whoever_stops_while_it_asks_frees_its_lease
                work_is_dropped_when_its_lease_is_lost
            }
            read {
                the_log_is_read_in_pages
                a_stream_is_read_in_pages
                several_streams_are_read_at_once
                a_long_stream_is_read_whole
                a_log_keeps_its_epoch_and_no_other_has_it
                a_checkpoint_is_kept_with_the_epoch_that_it_is_about
                a_closed_log_answers_no_more_and_another_goes_on
            }
            requests {
                a_request_repeated_in_a_batch_gets_the_first_answer
                a_request_repeated_later_gets_the_first_answer
                a_request_repeated_elsewhere_or_after_a_restart_gets_the_first_answer
                a_request_that_met_a_conflict_may_be_tried_again
            }
            subscribe {
                a_subscriber_catches_up_and_goes_on_without_a_gap
                a_subscriber_begins_where_it_is_told
                what_is_followed_live_is_what_the_log_has
                a_subscriber_sees_what_another_process_writes
                a_subscriber_that_is_interrupted_misses_nothing
                a_long_log_is_read_on_by_many_and_whoever_stalls_holds_nothing_up
                a_gap_stops_a_subscriber
                a_gap_far_behind_stops_a_subscriber_each_time_it_asks
            }
            vault {
                what_is_put_in_the_vault_is_got_until_it_is_erased
                what_was_put_for_a_request_that_is_never_answered_is_swept_out
            }
            verify {
                an_untouched_log_is_sound
                a_log_is_verified_while_it_is_written
                each_event_carries_the_hash_of_the_one_before
                an_event_is_named_after_any_change_of_any_column
                a_missing_event_is_named
                events_that_changed_places_are_named
                a_head_that_does_not_fit_is_told
            }
        }
    };
    ($home:ty: $($module:ident { $($test:ident)+ })+) => {$(
        mod $module {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                $crate::suite::$module::$test::<$home>().await;
            }
        )+}
    )+};
}
pub(crate) use log_contract;

/// A store on a log, and its clock.
pub(crate) struct Started {
    pub(crate) store: EventStore,
    pub(crate) now: Arc<Mutex<Timestamp>>,
}

/// Opens the log of `home` and starts a store on it, as a process does.
pub(crate) async fn start(home: &impl Home) -> Started {
    let now = Arc::new(Mutex::new(at(1_700_000_000)));
    let clock: Clock = {
        let now = now.clone();
        Arc::new(move || *now.lock())
    };
    let log = home.open().await;
    let store = EventStore::start("evaluation", log, clock, &TaskTracker::new()).await.unwrap();
    Started { store, now }
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(crate) fn stream(key: &str) -> StreamId {
    StreamId::new("thing", key)
}

pub(crate) fn event(payload: &str) -> NewEvent {
    NewEvent { event_type: "test.Said".to_owned(), unit: "u1".to_owned(), payload: payload.into() }
}

pub(crate) fn events<const N: usize>(payloads: [&str; N]) -> Vec<NewEvent> {
    payloads.map(event).into()
}

pub(crate) fn write(key: &str, expected: ExpectedVersion, events: Vec<NewEvent>) -> StreamWrite {
    StreamWrite { stream: stream(key), expected, events }
}

pub(crate) fn guard(key: &str, stream_version: u64) -> Guard {
    Guard { stream: stream(key), stream_version }
}

/// An append under request id `number`.
pub(crate) fn append(number: u128, writes: Vec<StreamWrite>) -> Append {
    Append { writes, boxes: vec![], guards: vec![], metadata: metadata(number), request: request(number) }
}

/// An append of one event, whatever the stream's version is.
pub(crate) fn say(number: u128, key: &str, payload: &str) -> Append {
    append(number, vec![write(key, ExpectedVersion::Any, events([payload]))])
}

pub(crate) fn request(number: u128) -> Request {
    let request_id = Uuid::from_u128(number);
    Request { request_id, fingerprint: [7; 32], answer: format!("answer {number}").into_bytes() }
}

pub(crate) fn metadata(number: u128) -> Metadata {
    Metadata {
        actor: "clerk".to_owned(),
        jurisdiction: "city".to_owned(),
        occurred_at: at(1_600_000_000),
        correlation_id: Uuid::from_u128(number),
        causation_id: Uuid::from_u128(number),
        traceparent: String::new(),
    }
}

/// The position after an append that was written.
#[track_caller]
pub(crate) fn appended(outcome: &Result<Outcome, AppendError>) -> u64 {
    match outcome {
        Ok(Outcome::Appended { position, .. }) => *position,
        other => panic!("not written: {other:?}"),
    }
}

/// The versions expected and found of an append that met a conflict.
#[track_caller]
pub(crate) fn conflict(outcome: &Result<Outcome, AppendError>) -> (u64, u64) {
    match outcome {
        Err(AppendError::WrongExpectedVersion { expected, actual, .. }) => (*expected, *actual),
        other => panic!("no conflict: {other:?}"),
    }
}

/// The whole log.
pub(crate) async fn whole(store: &EventStore) -> Vec<RecordedEvent> {
    store.reader().read_all(1, usize::MAX).await.unwrap()
}

/// Asserts that the log is what was written, and that no request wrote twice.
pub(crate) async fn audit(store: &EventStore) {
    let verdict = eventstore::verify::verify(store.reader(), |_| {}).await.unwrap();
    assert!(matches!(verdict, Verdict::Sound { .. }), "{verdict:?}");
    let log = whole(store).await;
    let causes: HashSet<Uuid> = log.iter().map(|event| event.causation_id).collect();
    assert_eq!(causes.len(), log.len());
}

pub(crate) fn payloads(events: &[RecordedEvent]) -> Vec<&str> {
    events.iter().map(|event| str::from_utf8(&event.payload).unwrap()).collect()
}

/// Asserts that positions are 1, 2, 3 …, and so are the versions in each stream.
#[track_caller]
pub(crate) fn assert_ordered(events: &[RecordedEvent]) {
    let mut versions = std::collections::HashMap::new();
    for (event, position) in events.iter().zip(1..) {
        assert_eq!(event.position, position);
        let version = versions.entry(&event.stream).or_insert(0);
        *version += 1;
        assert_eq!(event.stream_version, *version, "{event:?}");
    }
}
