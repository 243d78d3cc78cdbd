use std::path::{Path, PathBuf};
use std::sync::Arc;

use adapter_embedded::Db;
use adapter_embedded::blob::FolderBlobStore;
use adapter_embedded::queue::EmbeddedQueue;
use domain::ObjectRef;
use port_tests::blob::{ANNOUNCED, BUCKET, Subject, suite};
use port_tests::clock::ManualClock;
use ports::{Blob, BlobStore, ErrorKind};

fn store(root: PathBuf) -> Arc<dyn BlobStore> {
    Arc::new(FolderBlobStore::new(root, Vec::new(), Arc::new(ManualClock::default())))
}

#[tokio::test(flavor = "multi_thread")]
async fn suite_on_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let make = async || {
        let clock = Arc::new(ManualClock::default());
        let db = Db::in_memory(EmbeddedQueue::SCHEMA).unwrap();
        let queue = Arc::new(EmbeddedQueue::new(db, "trigger", Arc::clone(&clock) as _));
        let notifications = vec![(BUCKET.to_owned(), ANNOUNCED.to_owned(), Arc::clone(&queue) as _)];
        let root = tempfile::tempdir_in(dir.path()).unwrap().keep();
        let store = Arc::new(FolderBlobStore::new(root, notifications, clock));
        Subject { store, bucket: BUCKET.to_owned(), queue }
    };
    suite(make).await;
}

#[tokio::test]
async fn suite_in_memory() {
    let make = async || {
        let clock = Arc::new(ManualClock::default());
        let db = Db::in_memory(EmbeddedQueue::SCHEMA).unwrap();
        let queue = Arc::new(EmbeddedQueue::new(db, "trigger", Arc::clone(&clock) as _));
        let notifications = vec![(BUCKET.to_owned(), ANNOUNCED.to_owned(), Arc::clone(&queue) as _)];
        let store = Arc::new(FolderBlobStore::in_memory(notifications, clock));
        Subject { store, bucket: BUCKET.to_owned(), queue }
    };
    suite(make).await;
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let paths = entries.map(|e| e.expect("it can be read").path());
    paths.flat_map(|p| if p.is_dir() { files(&p) } else { vec![p] }).collect()
}

#[tokio::test]
async fn no_key_leaves_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("a/b/c");
    let store = store(root.clone());
    let keys = [
        "../x",
        "../../../../x",
        "/x",
        "//x",
        "a/../../x",
        "./x",
        "z/..",
        "z/.",
        "x\0y",
        "..\\x",
        "%2e%2e/x",
        "a/",
    ];
    let objects = keys.map(|k| ObjectRef::new("bucket", k));
    let buckets = ["..", ".", "../..", ".tmp", "/"].map(|b| ObjectRef::new(b, "x"));
    for object in objects.iter().chain(&buckets) {
        let content = Blob::from_bytes(object.id().into_bytes());
        store.put(object, content).await.unwrap();
    }
    for object in objects.iter().chain(&buckets) {
        let mut blob = store.get(object, 1000).await.unwrap().unwrap();
        assert_eq!(blob.bytes().unwrap(), object.id().into_bytes(), "{object}");
    }
    let all = files(dir.path());
    assert_eq!(all.len(), keys.len() + buckets.len());
    assert!(all.iter().all(|f| f.starts_with(&root)), "{all:?}");
    assert_eq!(store.list("bucket", "", 100).await.unwrap().len(), keys.len());
    assert_eq!(store.list("bucket", "../", 100).await.unwrap(), ["../../../../x", "../x"]);
}

#[tokio::test]
async fn what_cannot_be_a_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path().to_path_buf());
    let put = async |bucket: &str, key: &str| {
        let object = ObjectRef::new(bucket, key);
        store.put(&object, Blob::from_bytes("x")).await.map_err(|e| e.kind())
    };
    for (bucket, key) in [("b", ""), ("", "k"), ("b", "k".repeat(1025).as_str())] {
        assert_eq!(put(bucket, key).await, Err(ErrorKind::Invalid));
    }
    put("b", "folder/file").await.unwrap();
    assert_eq!(put("b", "folder").await, Err(ErrorKind::Invalid));
    assert_eq!(put("b", "folder/file/below").await, Err(ErrorKind::Invalid));
    // What failed leaves nothing behind.
    assert_eq!(files(dir.path()).len(), 1);
}
