//! Personal data beside the log.

use super::{Home, start};

pub(crate) async fn what_is_put_in_the_vault_is_got_until_it_is_erased<H: Home>() {
    let home = H::new().await;
    let store = start(&home).await.store;
    assert_eq!(store.vault_get("k").await.unwrap(), None);
    store.vault_put("k", b"\x00first").await.unwrap();
    store.vault_put("k", b"\x00second").await.unwrap();
    store.vault_put("other", b"").await.unwrap();
    let elsewhere = start(&home).await.store;
    assert_eq!(elsewhere.vault_get("k").await.unwrap().unwrap(), b"\x00second");
    let keys = ["k".to_owned(), "unknown".to_owned()];
    assert_eq!(elsewhere.vault_erase(&keys).await.unwrap(), 1);
    assert_eq!(store.vault_erase(&keys).await.unwrap(), 0);
    assert_eq!(store.vault_get("k").await.unwrap(), None);
    assert_eq!(store.vault_get("other").await.unwrap().unwrap(), b"");
}
