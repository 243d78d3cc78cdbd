use std::sync::Arc;

use adapter_embedded::feeds::EmbeddedFeeds;
use adapter_embedded::{DIRECTORY_SCHEMA, DataDir, Db};
use domain::Feed;
use port_tests::feeds::suite;
use ports::{ErrorKind, FeedDirectory, Retry};

#[tokio::test]
async fn suite_in_memory() {
    suite(async || Arc::new(EmbeddedFeeds::new(Db::in_memory(DIRECTORY_SCHEMA).unwrap())) as _).await;
}

#[tokio::test]
async fn suite_on_files() {
    let dir = tempfile::tempdir().unwrap();
    let folder = || tempfile::tempdir_in(dir.path()).unwrap().keep();
    suite(async || Arc::new(DataDir::open(folder()).unwrap().feeds().unwrap()) as _).await;
}

/// Without its zone the feed's rows would be judged wrong.
#[tokio::test]
async fn a_zone_that_this_version_does_not_know_is_a_failure_that_passes() {
    let dir = tempfile::tempdir().unwrap();
    let feeds = DataDir::open(dir.path()).unwrap().feeds().unwrap();
    feeds.put(&Feed::of("tonic")).await.unwrap();
    let database = rusqlite::Connection::open(dir.path().join("directory.db")).unwrap();
    database.execute("UPDATE feeds SET time_zone = 'Mars/Olympus'", []).unwrap();
    let error = feeds.snapshot().await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Corrupt, Retry::After(None)));
    assert!(error.to_string().contains("tonic") && error.to_string().contains("efflux feeds set"), "{error}");
}
