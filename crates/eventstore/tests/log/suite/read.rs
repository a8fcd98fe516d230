//! Reading in pages, and how far others have come.

use eventstore::store::PAGE_EVENTS_MAX;
use eventstore::{Checkpoint, ExpectedVersion};
use uuid::Uuid;

use super::{Home, append, appended, event, payloads, say, start, stream, write};

pub(crate) async fn the_log_is_read_in_pages<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    let log = store.reader();
    assert!(log.read_all(1, 10).await.unwrap().is_empty());
    for (payload, number) in ["1", "2", "3", "4", "5"].into_iter().zip(1..) {
        appended(&store.append(say(number, payload, payload)).await);
    }
    for (from, limit, wanted) in [
        (0, 2, vec!["1", "2"]),
        (1, 2, vec!["1", "2"]),
        (3, 2, vec!["3", "4"]),
        (4, 10, vec!["4", "5"]),
        (6, 10, vec![]),
        (u64::MAX, 10, vec![]),
        (1, 0, vec![]),
    ] {
        let page = log.read_all(from, limit).await.unwrap();
        assert_eq!(payloads(&page), wanted, "{limit} from {from}");
    }
}

pub(crate) async fn a_stream_is_read_in_pages<H: Home>() {
    let home = H::new().await;
    let log = home.open().await;
    let batch = (1..=6).map(|number| say(number, if number % 2 == 0 { "even" } else { "odd" }, "x"));
    log.write(&batch.collect::<Vec<_>>(), super::at(0)).await.unwrap();
    for (from, limit, wanted) in
        [(1, 2, vec![2, 4]), (2, 2, vec![4, 6]), (3, 9, vec![6]), (4, 9, vec![]), (1, 0, vec![])]
    {
        let page = log.read_stream(&stream("even"), from, limit).await.unwrap();
        let positions: Vec<_> = page.iter().map(|event| event.position).collect();
        assert_eq!(positions, wanted, "{limit} from {from}");
    }
    assert!(log.read_stream(&stream("eve"), 1, 9).await.unwrap().is_empty());
}

pub(crate) async fn several_streams_are_read_at_once<H: Home>() {
    let home = H::new().await;
    let log = home.open().await;
    let batch = (1..=9).map(|number| {
        say(number, ["a", "b's \"%\" β", "c"][usize::from(number % 3 == 0) + usize::from(number > 6)], "x")
    });
    log.write(&batch.collect::<Vec<_>>(), super::at(0)).await.unwrap();
    let wanted = [("c", 2), ("none", 1), ("b's \"%\" β", 1), ("a", 4)];
    let wanted = wanted.map(|(name, from_version)| (stream(name), from_version));
    let read = log.read_streams(&wanted).await.unwrap();
    let mut alone = Vec::new();
    for (stream, from_version) in &wanted {
        let found: Vec<_> = read.iter().filter(|event| event.stream == *stream).cloned().collect();
        assert_eq!(found, log.read_stream(stream, *from_version, 100).await.unwrap(), "{stream}");
        alone.extend(found);
    }
    assert_eq!((read.len(), alone.len()), (5, 5));
    assert!(log.read_streams(&[]).await.unwrap().is_empty());
}

pub(crate) async fn a_long_stream_is_read_whole<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    for (length, number) in [PAGE_EVENTS_MAX, 1].into_iter().zip(1..) {
        let events = vec![event("x"); length];
        appended(&store.append(append(number, vec![write("a", ExpectedVersion::Any, events)])).await);
        let found = store.reader().read_stream(&stream("a")).await.unwrap();
        assert_eq!(u64::try_from(found.len()).unwrap(), store.reader().head_known());
    }
    let rest = store.reader().read_stream_from(&stream("a"), 1000).await.unwrap();
    assert_eq!(rest.iter().map(|event| event.stream_version).collect::<Vec<_>>(), [1000, 1001]);
}

pub(crate) async fn a_log_keeps_its_epoch_and_no_other_has_it<H: Home>() {
    let home = H::new().await;
    let first = home.open().await.head().await.unwrap();
    assert_eq!(first.position, 0);
    assert_eq!(home.open().await.head().await.unwrap(), first);
    let other = H::new().await;
    assert_ne!(other.open().await.head().await.unwrap().epoch, first.epoch);
}

pub(crate) async fn a_checkpoint_is_kept_with_the_epoch_that_it_is_about<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    let checkpoint = |position, epoch| Checkpoint { position, epoch: Uuid::from_u128(epoch) };
    assert_eq!(store.checkpoint("a").await.unwrap(), None);
    store.set_checkpoint("a", checkpoint(7, 1)).await.unwrap();
    store.set_checkpoint("b", checkpoint(9, 1)).await.unwrap();
    store.set_checkpoint("a", checkpoint(3, 2)).await.unwrap();
    let restarted = start(&home).await.store;
    assert_eq!(restarted.checkpoint("a").await.unwrap(), Some(checkpoint(3, 2)));
    assert_eq!(restarted.checkpoint("b").await.unwrap(), Some(checkpoint(9, 1)));
}

pub(crate) async fn a_closed_log_answers_no_more_and_another_goes_on<H: Home>() {
    let home = H::new().await;
    let (here, elsewhere) = (start(&home).await.store, start(&home).await.store);
    appended(&here.append(say(1, "a", "x")).await);
    here.close().await;
    here.close().await;
    assert!(here.append(say(2, "a", "y")).await.is_err());
    assert!(here.reader().read_all(1, 1).await.is_err());
    appended(&elsewhere.append(say(2, "a", "y")).await);
}
