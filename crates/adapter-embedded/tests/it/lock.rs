use std::sync::Arc;

use adapter_embedded::lock::EmbeddedLock;
use adapter_embedded::{DIRECTORY_SCHEMA, DataDir, Db};
use domain::UnixMillis;
use port_tests::exclusive_lock::suite;
use ports::ExclusiveLock;

#[tokio::test(flavor = "multi_thread")]
async fn suite_in_memory() {
    suite(async || Arc::new(EmbeddedLock::new(Db::in_memory(DIRECTORY_SCHEMA).unwrap())) as _).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn suite_on_files() {
    let dir = tempfile::tempdir().unwrap();
    let folder = || tempfile::tempdir_in(dir.path()).unwrap().keep();
    suite(async || Arc::new(DataDir::open(folder()).unwrap().lock().unwrap()) as _).await;
}

#[tokio::test]
async fn processes_agree_by_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let open = || DataDir::open(dir.path()).unwrap().lock().unwrap();
    let (ours, theirs) = (open(), open());
    let (now, until) = (UnixMillis(0), UnixMillis(60));
    assert!(ours.acquire("t", "a", now, until).await.unwrap());
    assert!(!theirs.acquire("t", "b", now, until).await.unwrap());
    ours.release("t", "a").await.unwrap();
    assert!(theirs.acquire("t", "b", now, until).await.unwrap());
}
