use std::sync::Arc;

use adapter_embedded::subscriptions::EmbeddedSubscriptions;
use adapter_embedded::{DIRECTORY_SCHEMA, DataDir, Db};
use port_tests::subscriptions::suite;
use ports::SubscriptionStore;
use ports::subscriptions::Subscription;

#[tokio::test]
async fn suite_in_memory() {
    suite(async || Arc::new(EmbeddedSubscriptions::new(Db::in_memory(DIRECTORY_SCHEMA).unwrap())) as _).await;
}

#[tokio::test]
async fn suite_on_files() {
    let dir = tempfile::tempdir().unwrap();
    let folder = || tempfile::tempdir_in(dir.path()).unwrap().keep();
    suite(async || Arc::new(DataDir::open(folder()).unwrap().subscriptions().unwrap()) as _).await;
}

#[tokio::test]
async fn another_process_sees_what_was_put() {
    let dir = tempfile::tempdir().unwrap();
    let open = || DataDir::open(dir.path()).unwrap().subscriptions().unwrap();
    let (ours, theirs) = (open(), open());
    let subscription = Subscription::of("1");
    ours.put(std::slice::from_ref(&subscription)).await.unwrap();
    assert_eq!(theirs.snapshot().await.unwrap(), [subscription]);
    assert!(theirs.remove("1").await.unwrap());
    assert_eq!(ours.snapshot().await.unwrap(), []);
}
