use std::sync::Arc;
use std::time::Duration;

use adapter_aws::s3::S3Blobs;
use adapter_aws::sqs::SqsQueue;
use adapter_aws::{Aws, provision};
use domain::ObjectRef;
use port_tests::blob::{ANNOUNCED, Subject, suite};
use ports::notification::{self, Notification};
use ports::{Blob, BlobStore, EventQueue};

use crate::world::{aws, unique};

/// A bucket that announces its objects. The announcement of the announcements is taken away.
async fn subject(aws: &Aws) -> Subject {
    announcing(aws, ANNOUNCED).await
}

/// The same for objects whose keys begin so.
async fn announcing(aws: &Aws, prefix: &str) -> Subject {
    let bucket = unique("bucket");
    provision::bucket(aws, &bucket).await.unwrap();
    let urls = provision::queue(aws, &unique("queue"), 100, Duration::from_secs(60)).await.unwrap();
    provision::announce(aws, &bucket, prefix, &urls.main).await.unwrap();
    let queue = SqsQueue::new(aws, urls.main, urls.dead);
    let first = queue.receive(1, Duration::from_secs(20), Duration::from_secs(60)).await.unwrap().remove(0);
    assert_eq!(notification::parse(&first.body), Ok(Notification::Test));
    queue.acknowledge(&[first.handle]).await.unwrap();
    Subject { store: Arc::new(S3Blobs::new(aws)), bucket, queue: Arc::new(queue) }
}

#[tokio::test(flavor = "multi_thread")]
async fn suite_on_s3() {
    let aws = aws().await;
    suite(async || subject(&aws).await).await;
}

#[tokio::test]
async fn every_key_begins_with_nothing() {
    let aws = aws().await;
    let subject = announcing(&aws, "").await;
    let object = ObjectRef::new(&subject.bucket, "any/key.json");
    subject.store.put(&object, Blob::from_bytes("[]")).await.unwrap();
    let got = subject.queue.receive(1, Duration::from_secs(20), Duration::from_secs(60)).await.unwrap();
    assert!(got[0].body.contains("any/key.json"), "{}", got[0].body);
}

#[tokio::test]
async fn a_notification_names_the_version_that_was_put() {
    let aws = aws().await;
    let subject = subject(&aws).await;
    provision::keep_versions(&aws, &subject.bucket).await.unwrap();
    let object = ObjectRef::new(&subject.bucket, format!("{ANNOUNCED}a.json"));
    let mut put = Vec::new();
    for content in ["first", "second"] {
        put.push(subject.store.put(&object, Blob::from_bytes(content)).await.unwrap());
    }
    let mut seen = Vec::new();
    while seen.len() < 2 {
        let got = subject.queue.receive(10, Duration::from_secs(5), Duration::from_secs(60)).await.unwrap();
        assert!(!got.is_empty());
        for delivery in got {
            let Ok(Notification::Created(objects)) = notification::parse(&delivery.body) else {
                panic!("{}", delivery.body)
            };
            let version = objects[0].clone();
            assert!(version.version.is_some() && put.contains(&version), "{}", delivery.body);
            let mut blob = subject.store.get(&version, 100).await.unwrap().unwrap();
            seen.push(String::from_utf8(blob.bytes().unwrap()).unwrap());
        }
    }
    seen.sort();
    assert_eq!(seen, ["first", "second"], "each as it was put, though it was put over");
    let none = object.clone().at_version(Some("nosuchversion".to_owned()));
    assert!(subject.store.get(&none, 100).await.unwrap().is_none());
    assert_eq!(subject.store.get(&object, 100).await.unwrap().unwrap().bytes().unwrap(), b"second");
}

#[tokio::test]
async fn long_content_goes_through_the_disk_and_a_limit_stops_it() {
    const SIZE: usize = 24 * 1024 * 1024;
    let aws = aws().await;
    let bucket = unique("bucket");
    provision::bucket(&aws, &bucket).await.unwrap();
    let (store, object) = (S3Blobs::new(&aws), ObjectRef::new(&bucket, "long"));
    let content: Vec<u8> = (0..SIZE).map(|i| (i / 7) as u8).collect();
    store.put(&object, Blob::from_bytes(content.clone())).await.unwrap();
    let mut blob = store.get(&object, SIZE as u64).await.unwrap().unwrap();
    assert!(blob.size() == SIZE as u64 && blob.bytes().unwrap() == content);
    assert!(store.get(&object, SIZE as u64 - 1).await.is_err());
}

#[tokio::test]
async fn lists_go_over_pages() {
    let aws = aws().await;
    let bucket = unique("bucket");
    provision::bucket(&aws, &bucket).await.unwrap();
    let store = S3Blobs::new(&aws);
    let mut keys: Vec<_> = (0..1005).map(|i| format!("{i:05}+ ü%2B")).collect();
    for key in &keys {
        store.put(&ObjectRef::new(&bucket, key), Blob::from_bytes("")).await.unwrap();
    }
    assert_eq!(store.list(&bucket, "", 2000).await.unwrap(), keys);
    let before = aws.requests();
    assert_eq!(store.list(&bucket, "", 1002).await.unwrap(), keys[..1002]);
    assert_eq!(aws.requests() - before, 2);
    keys.truncate(7);
    assert_eq!(store.list(&bucket, "0000", 7).await.unwrap(), keys);
}
