//! Personal data beside the log.

use std::time::Duration;

use uuid::Uuid;

use super::{Home, appended, say, start};

pub(crate) async fn what_is_put_in_the_vault_is_got_until_it_is_erased<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    assert_eq!(store.vault_get("k").await.unwrap(), None);
    store.vault_put("k", b"\x00first", Uuid::nil()).await.unwrap();
    store.vault_put("k", b"\x00second", Uuid::nil()).await.unwrap();
    store.vault_put("other", b"", Uuid::nil()).await.unwrap();
    let elsewhere = start(&home).await.store;
    assert_eq!(elsewhere.vault_get("k").await.unwrap().unwrap(), b"\x00second");
    let keys = ["k".to_owned(), "unknown".to_owned()];
    assert_eq!(elsewhere.vault_erase(&keys).await.unwrap(), 1);
    assert_eq!(store.vault_erase(&keys).await.unwrap(), 0);
    assert_eq!(store.vault_get("k").await.unwrap(), None);
    assert_eq!(store.vault_get("other").await.unwrap().unwrap(), b"");
}

pub(crate) async fn what_was_put_for_a_request_that_is_never_answered_is_swept_out<H: Home>() {
    const LONG: Duration = Duration::from_hours(1);
    let home = H::new().await;
    let store = start(&home).await.store;
    for (key, number) in [("named", 1), ("orphan", 2)] {
        store.vault_put(key, b"Wang Xiaoming", Uuid::from_u128(number)).await.unwrap();
    }
    appended(&store.append(say(1, "a", "named")).await);
    assert_eq!(store.vault_sweep(LONG).await.unwrap(), 0, "it may be answered yet");
    assert_eq!(store.vault_sweep(Duration::ZERO).await.unwrap(), 1);
    assert_eq!(store.vault_get("orphan").await.unwrap(), None);
    assert!(store.vault_get("named").await.unwrap().is_some());
    assert_eq!(store.vault_sweep(Duration::ZERO).await.unwrap(), 0);
}
