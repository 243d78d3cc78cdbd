//! What every store of objects does.

#![expect(clippy::unwrap_used, reason = "a suite fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use domain::ObjectRef;
use ports::notification::{self, Notification};
use ports::{Blob, BlobStore, ErrorKind, EventQueue};

/// A bucket for [`suite`], where stores are kept apart by other means.
pub const BUCKET: &str = "efflux-suite";

/// Keys that begin with this are announced in the queue.
pub const ANNOUNCED: &str = "announced/";

const PLENTY: u64 = 1 << 30;

/// A store under test.
#[derive(Debug, Clone)]
pub struct Subject {
    /// A store with an empty bucket whose keys below [`ANNOUNCED`] are announced.
    pub store: Arc<dyn BlobStore>,
    /// The bucket.
    pub bucket: String,
    /// Where they are announced; empty.
    pub queue: Arc<dyn EventQueue>,
}

impl Subject {
    fn object(&self, key: &str) -> ObjectRef {
        ObjectRef::new(&self.bucket, key)
    }

    async fn put(&self, key: &str, content: &[u8]) {
        self.store.put(&self.object(key), Blob::from_bytes(content.to_vec())).await.unwrap();
    }

    async fn get(&self, key: &str) -> Option<Vec<u8>> {
        let mut blob = self.store.get(&self.object(key), PLENTY).await.unwrap()?;
        let bytes = blob.bytes().unwrap();
        assert_eq!(blob.size(), bytes.len() as u64);
        assert_eq!(blob.bytes().unwrap(), bytes, "content can be read twice");
        Some(bytes)
    }

    async fn list(&self, prefix: &str, limit: usize) -> Vec<String> {
        self.store.list(&self.bucket, prefix, limit).await.unwrap()
    }

    /// The keys announced since the last look.
    async fn announced(&self) -> Vec<String> {
        let mut keys = Vec::new();
        loop {
            let got = self.queue.receive(10, Duration::from_secs(1), Duration::from_secs(60)).await.unwrap();
            if got.is_empty() {
                return keys;
            }
            for delivery in got {
                let Ok(Notification::Created(objects)) = notification::parse(&delivery.body) else {
                    panic!("no announcement: {}", delivery.body)
                };
                assert!(objects.iter().all(|o| o.bucket == self.bucket));
                keys.extend(objects.into_iter().map(|o| o.key));
                self.queue.acknowledge(&[delivery.handle]).await.unwrap();
            }
        }
    }
}

/// Checks a store. `make` makes a fresh, empty one.
///
/// # Panics
/// When the store does not do what the port says.
pub async fn suite(make: impl AsyncFn() -> Subject) {
    what_is_put_is_got(make().await).await;
    odd_keys_are_keys_like_others(make().await).await;
    a_limit_is_named(make().await).await;
    lists_go_by_prefix_and_order(make().await).await;
    each_put_is_announced_once(make().await).await;
    readers_never_see_half_of_it(make().await).await;
}

async fn what_is_put_is_got(subject: Subject) {
    assert_eq!(subject.get("none").await, None);
    assert_eq!(subject.get("no/such/folder.json").await, None);
    subject.put("a/b.json", b"first").await;
    assert_eq!(subject.get("a/b.json").await.unwrap(), b"first");
    assert_eq!(subject.get("a").await, None, "a folder is not an object");
    assert_eq!(subject.get("a/").await, None);
    assert_eq!(subject.get("a/b.json/c").await, None);
    assert_eq!(subject.get("A/B.json").await, None);
    let elsewhere = ObjectRef::new("efflux-suite-other", "a/b.json");
    // A bucket that is not there may be an error or have no objects.
    assert!(!matches!(subject.store.get(&elsewhere, PLENTY).await, Ok(Some(_))));

    subject.put("a/b.json", b"").await;
    assert_eq!(subject.get("a/b.json").await.unwrap(), b"", "an empty object is one");
    let large: Vec<u8> = (0..6_000_000_u32).flat_map(|i| [i as u8]).collect();
    subject.put("a/b.json", &large).await;
    assert!(subject.get("a/b.json").await.unwrap() == large, "content over the spool's size");
}

async fn odd_keys_are_keys_like_others(subject: Subject) {
    let mut keys: Vec<String> = [
        "networks/tonic/Tonic-Job/a@example.com LLC/2026-11-22/9/2026-11-22T09:00:00.000Z.json",
        "für/漢字/\u{1f680}.json",
        "a+b%20c%2Fd.json",
        "per%cent/%/%25.json",
        "quote'\"<>|?*&$`;.json",
        ".hidden/.file",
        "back\\slash",
        " blank ",
        "~",
        "x.json%~",
    ]
    .map(String::from)
    .to_vec();
    keys.push(format!("long/{}.json", "x".repeat(600)));
    keys.push(format!("long/{}/{}", "漢".repeat(120), "y".repeat(400)));
    for key in &keys {
        subject.put(key, key.as_bytes()).await;
    }
    for key in &keys {
        assert_eq!(subject.get(key).await.as_deref(), Some(key.as_bytes()), "{key}");
    }
    keys.sort();
    assert_eq!(subject.list("", 100).await, keys);
    assert_eq!(subject.list("long/xx", 100).await.len(), 1);
}

async fn a_limit_is_named(subject: Subject) {
    subject.put("large", &[0; 101]).await;
    assert!(subject.store.get(&subject.object("large"), 101).await.unwrap().is_some());
    let error = subject.store.get(&subject.object("large"), 100).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    for word in ["large", "101", "100", "MAX_OBJECT_BYTES"] {
        assert!(error.to_string().contains(word), "{error}");
    }
}

async fn lists_go_by_prefix_and_order(subject: Subject) {
    assert_eq!(subject.list("", 10).await, [""; 0]);
    for key in ["b/2", "a/1", "a/10", "a/2/x", "a-", "ab", "c"] {
        subject.put(key, b"").await;
    }
    assert_eq!(subject.list("", 10).await, ["a-", "a/1", "a/10", "a/2/x", "ab", "b/2", "c"]);
    assert_eq!(subject.list("a", 10).await, ["a-", "a/1", "a/10", "a/2/x", "ab"]);
    assert_eq!(subject.list("a/", 10).await, ["a/1", "a/10", "a/2/x"]);
    assert_eq!(subject.list("a/1", 10).await, ["a/1", "a/10"]);
    assert_eq!(subject.list("", 3).await, ["a-", "a/1", "a/10"]);
    assert_eq!(subject.list("", 0).await, [""; 0]);
    assert_eq!(subject.list("none/", 10).await, [""; 0]);
}

async fn each_put_is_announced_once(subject: Subject) {
    let odd = format!("{ANNOUNCED}a@b LLC/ü+ %2B/2026-11-22T13:04:05.678Z.json");
    subject.put(&odd, b"x").await;
    assert_eq!(subject.announced().await, [odd.as_str()]);
    assert!(subject.get(&odd).await.is_some(), "the announced key names the object");
    subject.put("silent/x", b"x").await;
    subject.put(&odd, b"x").await;
    subject.put(&odd, b"y").await;
    assert_eq!(subject.announced().await, [odd.clone(), odd], "each time, also with the same content");
}

async fn readers_never_see_half_of_it(subject: Subject) {
    const SIZE: usize = 300_000;
    subject.put("shared", &[0; SIZE]).await;
    let writers: Vec<_> = (1..=4_u8)
        .map(|n| {
            let subject = subject.clone();
            tokio::spawn(async move { subject.put("shared", &vec![n; SIZE]).await })
        })
        .collect();
    for _ in 0..20 {
        let seen = subject.get("shared").await.unwrap();
        assert!(seen.len() == SIZE && seen.iter().all(|b| *b == seen[0]));
    }
    for writer in writers {
        writer.await.unwrap();
    }
}
