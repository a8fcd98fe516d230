//! A repeated request gets the first answer and writes nothing.

use eventstore::store::{Answered, Outcome};
use eventstore::{Append, AppendError, ExpectedVersion};
use uuid::Uuid;

use super::{Home, append, appended, at, conflict, events, payloads, request, say, start, whole, write};

/// A first answer.
fn first(number: u128, position: u64, second: i64) -> Answered {
    let request = request(number);
    Answered { fingerprint: request.fingerprint, answer: request.answer, position, recorded_at: at(second) }
}

/// Another request under an id that was used.
fn another(number: u128) -> Append {
    let mut append = say(number, "a", "again");
    append.request.fingerprint = [8; 32];
    append.request.answer = b"another answer".to_vec();
    append
}

#[track_caller]
fn repeated(outcome: Result<Outcome, AppendError>) -> Answered {
    match outcome {
        Ok(Outcome::Repeated(answered)) => answered,
        other => panic!("not repeated: {other:?}"),
    }
}

pub(crate) async fn a_request_repeated_in_a_batch_gets_the_first_answer<H: Home>() {
    let home = H::new().await;
    let log = home.open().await;
    let batch = vec![say(1, "a", "once"), say(2, "a", "twice"), another(1), say(1, "a", "once")];
    let mut outcomes = log.write(&batch, at(5)).await.unwrap().outcomes.split_off(2);
    assert_eq!(repeated(outcomes.remove(0)), first(1, 1, 5));
    assert_eq!(repeated(outcomes.remove(0)), first(1, 1, 5));
    assert_eq!(payloads(&log.read_all(1, 9).await.unwrap()), ["once", "twice"]);
}

pub(crate) async fn a_request_repeated_later_gets_the_first_answer<H: Home>() {
    let home = H::new().await;
    let started = start(&home).await;
    *started.now.lock() = at(5);
    appended(&started.store.append(say(1, "a", "once")).await);
    *started.now.lock() = at(9);
    appended(&started.store.append(say(2, "a", "twice")).await);
    assert_eq!(repeated(started.store.append(say(1, "a", "once")).await), first(1, 1, 5));
    assert_eq!(repeated(started.store.append(another(1)).await), first(1, 1, 5));
    assert_eq!(started.store.answered(Uuid::from_u128(2)).await.unwrap(), Some(first(2, 2, 9)));
    assert_eq!(started.store.answered(Uuid::from_u128(3)).await.unwrap(), None);
    assert_eq!(whole(&started.store).await.len(), 2);
}

pub(crate) async fn a_request_repeated_elsewhere_or_after_a_restart_gets_the_first_answer<H: Home>() {
    let home = H::new().await;
    let here = start(&home).await;
    let elsewhere = start(&home).await;
    *here.now.lock() = at(5);
    appended(&here.store.append(say(1, "a", "once")).await);
    assert_eq!(repeated(elsewhere.store.append(say(1, "a", "once")).await), first(1, 1, 5));
    drop((here, elsewhere));
    let restarted = start(&home).await;
    assert_eq!(repeated(restarted.store.append(say(1, "a", "once")).await), first(1, 1, 5));
    assert_eq!(whole(&restarted.store).await.len(), 1);
}

pub(crate) async fn a_request_that_met_a_conflict_may_be_tried_again<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    let to = |version| append(1, vec![write("a", ExpectedVersion::Exactly(version), events(["x"]))]);
    assert_eq!(conflict(&store.append(to(1)).await), (1, 0));
    assert_eq!(store.answered(Uuid::from_u128(1)).await.unwrap(), None);
    assert_eq!(appended(&store.append(to(0)).await), 1);
}
