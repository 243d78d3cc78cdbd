use std::path::{Path, PathBuf};
use std::sync::Arc;

use adapter_embedded::Db;
use adapter_embedded::blob::FolderBlobStore;
use adapter_embedded::queue::EmbeddedQueue;
use domain::{ObjectRef, UnixMillis};
use port_tests::blob::{ANNOUNCED, BUCKET, Subject, suite};
use port_tests::clock::ManualClock;
use ports::{Blob, BlobStore, ErrorKind, EventQueue};

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

#[tokio::test]
async fn old_objects_are_removed_and_so_are_folders_that_are_empty() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::default());
    for store in [
        FolderBlobStore::new(dir.path().to_path_buf(), Vec::new(), Arc::clone(&clock) as _),
        FolderBlobStore::in_memory(Vec::new(), Arc::clone(&clock) as _),
    ] {
        for key in ["a/b/1", "a/b/2", "a/c/3"] {
            store.put(&ObjectRef::new("bucket", key), Blob::from_bytes(key)).await.unwrap();
        }
        store.put(&ObjectRef::new("other", "a/1"), Blob::from_bytes("x")).await.unwrap();
        let remove =
            async |until, limit| store.remove_until("bucket", UnixMillis(until), limit).await.unwrap();
        assert_eq!(remove(1_000, 10).await, 0, "they are younger");
        assert_eq!(remove(i64::MAX / 2, 2).await, 2);
        assert_eq!(store.list("bucket", "", 10).await.unwrap().len(), 1);
        assert_eq!(remove(i64::MAX / 2, 2).await, 1);
        assert_eq!(remove(i64::MAX / 2, 2).await, 0);
        assert_eq!(store.list("other", "", 10).await.unwrap(), ["a/1"]);
        // A folder that is gone is made again.
        store.put(&ObjectRef::new("bucket", "a/b/1"), Blob::from_bytes("x")).await.unwrap();
    }
    assert!(!dir.path().join("bucket/a/c").exists());
}

#[tokio::test]
async fn what_a_dead_process_left_unfinished_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    let unfinished = dir.path().join(".tmp/put-of-a-dead-process");
    let clock = Arc::new(ManualClock::default());
    let store = FolderBlobStore::new(dir.path().to_path_buf(), Vec::new(), Arc::clone(&clock) as _);
    store.put(&ObjectRef::new("bucket", "a"), Blob::from_bytes("x")).await.unwrap();
    std::fs::write(&unfinished, "half a row").unwrap();
    // The files are of today, whatever that is; the clock of this test is older.
    store.remove_until("bucket", UnixMillis(0), 1).await.unwrap();
    assert!(unfinished.exists(), "its process may be at it");
    clock.advance(std::time::Duration::from_secs(100 * 365 * 86_400));
    store.remove_until("bucket", UnixMillis(0), 1).await.unwrap();
    assert!(!unfinished.exists());
}

#[tokio::test]
async fn an_object_is_erased_without_a_notification() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::default());
    let db = Db::in_memory(EmbeddedQueue::SCHEMA).unwrap();
    let queue = Arc::new(EmbeddedQueue::new(db, "trigger", Arc::clone(&clock) as _));
    let notifications = vec![(BUCKET.to_owned(), String::new(), Arc::clone(&queue) as _)];
    let store = FolderBlobStore::new(dir.path().to_path_buf(), notifications, clock);
    let object = ObjectRef::new(BUCKET, "a/b");
    store.put(&object, Blob::from_bytes("former")).await.unwrap();
    assert!(store.erase(&object, Some(Blob::from_bytes("new"))).await.unwrap());
    assert_eq!(store.get(&object, 9).await.unwrap().unwrap().bytes().unwrap(), b"new");
    assert!(store.erase(&object, None).await.unwrap());
    assert!(store.erase(&object, None).await.unwrap(), "again is harmless");
    assert!(store.get(&object, 9).await.unwrap().is_none());
    assert_eq!(queue.depth().await.unwrap().visible, 1, "of the put alone");
}
