//! Commands: loaded, decided, appended at the version that was read; again if others were faster.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use eventstore::handle::Decided;
use eventstore::store::StreamWrite;
use eventstore::{
    Call, EventStore, ExpectedVersion, HandleError, Handled, Handler, Loaded, NewEvent, Stamp, StoreError,
    StreamId,
};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::tally::{Command, SHARED, State, Tally, TooMuch, tally};
use super::{Home, append, appended, at, event, metadata, request, start, whole};

type Outcome = Result<Handled, HandleError<TooMuch>>;

fn call(number: u128) -> Call {
    let request = request(number);
    Call { request_id: request.request_id, fingerprint: request.fingerprint, metadata: metadata(number) }
}

pub(crate) async fn handle(handler: &Handler<Tally>, number: u128, command: Command) -> Outcome {
    let prepare = |_| std::future::ready(Ok((command.clone(), vec![])));
    handler.handle(&tally(), &call(number), prepare, |_| number.to_string().into_bytes()).await
}

#[track_caller]
fn rejected(outcome: Outcome) -> i32 {
    match outcome {
        Err(HandleError::Rejected(TooMuch(sum))) => sum,
        other => panic!("not rejected: {other:?}"),
    }
}

async fn sum(store: &EventStore) -> i32 {
    Handler::<Tally>::new(store.clone()).load(&tally(), true).await.unwrap().state.sum
}

pub(crate) async fn a_command_becomes_events<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    let handler = Handler::<Tally>::new(store.clone());
    let answer = |decided: Decided<'_, Tally>| {
        let (before, after) = (&decided.before.state, &decided.after.state);
        assert_eq!(decided.after.stamp("x"), Stamp { created_at: None, updated_at: None, stream_version: 1 });
        format!("{} → {}", before.sum, after.sum).into_bytes()
    };
    let prepare = |_| std::future::ready(Ok::<_, HandleError<TooMuch>>((Command::Add("x", 3), vec![])));
    let done = handler.handle(&tally(), &call(1), prepare, answer).await.unwrap();
    let recorded_at = at(1_700_000_000);
    assert_eq!(done, Handled { answer: "0 → 3".into(), position: 1, recorded_at });
    let log = whole(&store).await;
    assert_eq!(
        (log[0].stream.as_str(), &*log[0].event_type, &*log[0].unit),
        ("tally-t1", "test.Added", "sum-3")
    );
    assert_eq!(log[0].causation_id, Uuid::from_u128(1));
}

pub(crate) async fn a_command_that_changes_nothing_writes_nothing<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    let handler = Handler::<Tally>::new(store.clone());
    let done = handle(&handler, 1, Command::Add("x", 0)).await.unwrap();
    assert_eq!((done.position, whole(&store).await.len()), (0, 0));
    assert_eq!(handle(&handler, 1, Command::Add("x", 0)).await.unwrap(), done);
}

pub(crate) async fn a_state_is_the_same_remembered_and_read<H: Home>() {
    let home = H::new().await;
    let started = start(&home).await;
    let handler = Handler::<Tally>::new(started.store.clone());
    let commands = [Command::Add("x", 3), Command::Add("y", 4), Command::Vote("yes"), Command::Add("x", 5)];
    for (command, number) in commands.into_iter().zip(1_u32..) {
        *started.now.lock() = at(number.into());
        handle(&handler, number.into(), command).await.unwrap();
        let remembered = handler.load(&tally(), false).await.unwrap();
        let read = Handler::<Tally>::new(started.store.clone()).load(&tally(), false).await.unwrap();
        assert_eq!(remembered.state, read.state);
        assert_eq!(remembered.stream_version, read.stream_version);
        for thing in ["x", "y", "votes", "none"] {
            assert_eq!(remembered.stamp(thing), read.stamp(thing), "{thing}");
        }
    }
    let loaded = handler.load(&tally(), false).await.unwrap();
    assert_eq!(loaded.state, State { sum: 12, votes: 1 });
    let times = Stamp { created_at: Some(at(1)), updated_at: Some(at(4)), stream_version: 4 };
    assert_eq!(loaded.stamp("x"), times);
}

pub(crate) async fn a_stream_that_many_ask_for_at_once_is_read_once<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    handle(&Handler::new(store.clone()), 1, Command::Add("x", 3)).await.unwrap();
    let handler = Arc::new(Handler::<Tally>::new(store));
    let mut loads = JoinSet::new();
    for _ in 0..20 {
        let handler = handler.clone();
        loads.spawn(async move { handler.load(&tally(), false).await.unwrap() });
    }
    let loaded = loads.join_all().await;
    assert!(loaded.iter().all(|other| Arc::ptr_eq(other, &loaded[0]) && other.state.sum == 3));
}

pub(crate) async fn a_command_overtaken_by_another_is_decided_again<H: Home>() {
    let home = H::new().await;
    let here = Handler::<Tally>::new(start(&home).await.store);
    let elsewhere = Handler::<Tally>::new(start(&home).await.store);
    for (amount, number) in [1, 2, 4, 8].into_iter().zip(1..) {
        let process = if number % 2 == 0 { &elsewhere } else { &here };
        handle(process, number, Command::Add("x", amount)).await.unwrap();
    }
    assert_eq!(here.load(&tally(), false).await.unwrap().state.sum, 7);
    assert_eq!(here.load(&tally(), true).await.unwrap().state.sum, 15);
    assert_eq!(here.load(&tally(), false).await.unwrap().state.sum, 15);
}

pub(crate) async fn a_command_that_is_always_overtaken_gives_up<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    let handler = Handler::<Tally>::new(store.clone());
    let overtaking = Handler::<Tally>::new(store.clone());
    let overtaken = AtomicU32::new(0);
    let prepare = async |fresh| {
        let times = overtaken.fetch_add(1, Ordering::Relaxed);
        assert_eq!(fresh, times > 0);
        handle(&overtaking, u128::from(times) + 10, Command::Add("x", 1)).await?;
        Ok((Command::Add("y", 1), vec![]))
    };
    let outcome = handler.handle(&tally(), &call(1), prepare, |_| vec![]).await;
    let Err(HandleError::Conflict { expected: 3, actual: 4, .. }) = outcome else { panic!("{outcome:?}") };
    assert_eq!(overtaken.into_inner(), 4);
    assert_eq!(sum(&store).await, 4);
}

pub(crate) async fn a_command_is_refused_by_what_the_log_has_not_by_what_is_remembered<H: Home>() {
    let home = H::new().await;
    let here = Handler::<Tally>::new(start(&home).await.store);
    let elsewhere = Handler::<Tally>::new(start(&home).await.store);
    handle(&here, 1, Command::Add("x", 90)).await.unwrap();
    assert_eq!(rejected(handle(&elsewhere, 2, Command::Add("x", 11)).await), 101);
    handle(&elsewhere, 3, Command::Add("x", -50)).await.unwrap();
    handle(&here, 4, Command::Add("x", 20)).await.unwrap();
    assert_eq!(rejected(handle(&elsewhere, 5, Command::Add("x", 50)).await), 110);
}

pub(crate) async fn nothing_is_to_be_done_only_if_the_log_says_so<H: Home>() {
    let home = H::new().await;
    let here = Handler::<Tally>::new(start(&home).await.store);
    handle(&here, 1, Command::Add("x", 10)).await.unwrap();
    let elsewhere = start(&home).await.store;
    handle(&Handler::new(elsewhere.clone()), 2, Command::Add("x", 20)).await.unwrap();
    let answer = |decided: Decided<'_, Tally>| decided.after.state.sum.to_string().into_bytes();
    let prepare = |_| std::future::ready(Ok::<_, HandleError<TooMuch>>((Command::Reach(10), vec![])));
    let handled = here.handle(&tally(), &call(3), prepare, answer).await.unwrap();
    assert_eq!((handled.answer, handled.position), (b"30".to_vec(), 2));
}

pub(crate) async fn the_latest_state_is_remembered_however_commands_end<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    let handler = Arc::new(Handler::<Tally>::new(store.clone()));
    let mut callers = JoinSet::new();
    for number in 0..90 {
        let handler = handler.clone();
        callers.spawn(async move { handle(&handler, number + 1, Command::Add("x", 1)).await });
    }
    let outcomes = callers.join_all().await;
    let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let conflicts = |outcome: &Outcome| matches!(outcome, Ok(_) | Err(HandleError::Conflict { .. }));
    assert!(done > 0 && outcomes.iter().all(conflicts), "{outcomes:?}");
    assert_eq!(handler.load(&tally(), false).await.unwrap().state.sum, i32::try_from(done).unwrap());
    assert_eq!(whole(&store).await.len(), done);
}

pub(crate) async fn a_repeated_request_is_answered_even_if_its_own_effect_forbids_it<H: Home>() {
    let home = H::new().await;
    let here = Handler::<Tally>::new(start(&home).await.store);
    let elsewhere = Handler::<Tally>::new(start(&home).await.store);
    let first = handle(&here, 1, Command::Add("x", 60)).await.unwrap();
    for handler in [&here, &elsewhere, &Handler::new(start(&home).await.store)] {
        assert_eq!(handle(handler, 1, Command::Add("x", 60)).await.unwrap(), first);
    }
    handle(&elsewhere, 2, Command::Add("x", -60)).await.unwrap();
    assert_eq!(handle(&here, 1, Command::Add("x", 60)).await.unwrap(), first);
    assert_eq!(here.load(&tally(), true).await.unwrap().state.sum, 0);
}

pub(crate) async fn a_refused_request_may_be_tried_again<H: Home>() {
    let home = H::new().await;
    let handler = Handler::<Tally>::new(start(&home).await.store);
    handle(&handler, 1, Command::Add("x", 60)).await.unwrap();
    assert_eq!(rejected(handle(&handler, 2, Command::Add("x", 60)).await), 120);
    handle(&handler, 3, Command::Add("x", -30)).await.unwrap();
    handle(&handler, 2, Command::Add("x", 60)).await.unwrap();
}

pub(crate) async fn a_request_id_is_not_used_for_another_request<H: Home>() {
    let home = H::new().await;
    let handler = Handler::<Tally>::new(start(&home).await.store);
    handle(&handler, 1, Command::Add("x", 60)).await.unwrap();
    let another = Call { fingerprint: [8; 32], ..call(1) };
    // One that would be done, one that would be refused, one that would change nothing.
    for amount in [1, 60, 0] {
        let prepare = |_| std::future::ready(Ok((Command::Add("x", amount), vec![])));
        let outcome: Outcome = handler.handle(&tally(), &another, prepare, |_| vec![]).await;
        assert!(matches!(outcome, Err(HandleError::RequestIdReused)), "{outcome:?}");
    }
    assert_eq!(handler.load(&tally(), true).await.unwrap().state.sum, 60);
}

pub(crate) async fn a_ballot_lies_in_the_box_and_not_in_the_stream<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    let handler = Handler::<Tally>::new(store.clone());
    handle(&handler, 1, Command::Vote("yes")).await.unwrap();
    handle(&handler, 2, Command::Vote("no")).await.unwrap();
    let types = async |stream: StreamId| -> Vec<String> {
        let events = store.reader().read_stream(&stream).await.unwrap();
        events.into_iter().map(|event| event.event_type).collect()
    };
    let tally_box = tally().in_category("tally_box");
    assert_eq!(types(tally()).await, ["test.Voted", "test.Voted"]);
    assert_eq!(types(tally_box.clone()).await, [""; 0]);
    handle(&handler, 3, Command::Count).await.unwrap();
    assert_eq!(types(tally()).await, ["test.Voted", "test.Voted", "test.Counted"]);
    assert_eq!(types(tally_box).await, ["test.BallotCast", "test.BallotCast"]);
}

pub(crate) async fn what_is_about_two_streams_stands_in_both<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    let handler = Handler::<Tally>::new(store.clone());
    let other = StreamId::new("tally", "t2");
    let add = |number: u128, amount| {
        let prepare = move |_| std::future::ready(Ok((Command::Add("own", amount), vec![])));
        let (handler, other) = (&handler, &other);
        async move { handler.handle(other, &call(number), prepare, |_| vec![]).await }
    };
    add(1, 2).await.unwrap();
    let done = handle(&handler, 2, Command::Add(SHARED, 5)).await.unwrap();
    let streams: Vec<_> = whole(&store).await.into_iter().map(|event| event.stream.to_string()).collect();
    assert_eq!(
        (done.position, streams),
        (3, ["tally-t2", "tally-t1", "tally-t2"].map(str::to_owned).to_vec())
    );
    // What was remembered of the other stream is outdated, and found to be.
    rejected(add(3, 94).await);
    add(4, 93).await.unwrap();
    assert_eq!(handler.load(&other, true).await.unwrap().state.sum, 100);
    assert_eq!(sum(&store).await, 5);
}

pub(crate) async fn several_states_are_read_at_once_as_each_alone<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    let (handler, elsewhere) = (Handler::<Tally>::new(store.clone()), Handler::<Tally>::new(store.clone()));
    let streams = ["t1", "t2", "none", "t1"].map(|key| StreamId::new("tally", key));
    let add = async |handler: &Handler<Tally>, number: u128, stream: &StreamId| {
        let prepare = |_| std::future::ready(Ok::<_, HandleError<TooMuch>>((Command::Add("x", 3), vec![])));
        handler.handle(stream, &call(number), prepare, |_| vec![]).await.unwrap();
    };
    // What is remembered of the first is outdated, of the second nothing is known here.
    add(&handler, 1, &streams[0]).await;
    add(&elsewhere, 2, &streams[0]).await;
    add(&elsewhere, 3, &streams[1]).await;
    let read = handler.load_all(&streams).await.unwrap();
    assert_eq!(read.iter().map(|loaded| loaded.state.sum).collect::<Vec<_>>(), [6, 3, 0, 6]);
    let shown = |loaded: &Loaded<Tally>| (loaded.stream_version, loaded.state.sum, loaded.stamp("x"));
    for (stream, loaded) in streams.iter().zip(&read) {
        let (alone, remembered) = (elsewhere.load(stream, true).await, handler.load(stream, false).await);
        assert_eq!(shown(loaded), shown(&alone.unwrap()), "{stream}");
        assert_eq!(shown(loaded), shown(&remembered.unwrap()), "{stream} is remembered");
    }
}

pub(crate) async fn an_event_that_cannot_be_read_stops_the_stream<H: Home>() {
    for (event_type, payload) in [("test.Unknown", ""), ("test.Added", "\u{1}not a message")] {
        let home = H::new().await;
        let store = start(&home).await.store;
        let odd = NewEvent { event_type: event_type.to_owned(), ..event(payload) };
        let write = StreamWrite { stream: tally(), expected: ExpectedVersion::Any, events: vec![odd] };
        appended(&store.append(append(1, vec![write])).await);
        let outcome = handle(&Handler::new(store), 2, Command::Add("x", 1)).await;
        let named = matches!(outcome, Err(HandleError::Store(StoreError::Corrupt { position: 1, .. })));
        assert!(named, "{outcome:?}");
    }
}
