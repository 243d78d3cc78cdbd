//! What the operator reads when AWS refuses, is unavailable, or is not what it seems to be.

use std::sync::Arc;
use std::time::Duration;

use adapter_aws::cloudwatch::{CloudWatchConfig, CloudWatchMetrics};
use adapter_aws::dynamodb::DynamoSubscriptions;
use adapter_aws::s3::S3Blobs;
use adapter_aws::sqs::SqsQueue;
use adapter_aws::{Aws, AwsConfig};
use domain::ObjectRef;
use port_tests::proxy::Proxy;
use port_tests::service;
use ports::metric::name;
use ports::queue::Handle;
use ports::{Blob, BlobStore, Error, ErrorKind, EventQueue, MetricSink, Retry};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;

use crate::canned::Canned;
use crate::world::{at, aws, connect, key, unique};

/// A start may take this long before it gives up.
const PATIENCE: Duration = Duration::from_secs(15);

fn queue(aws: &Aws, name: &str) -> SqsQueue {
    let url = service::url("AWS");
    SqsQueue::new(aws, format!("{url}/123456789012/{name}"), format!("{url}/123456789012/{name}-dlq"))
}

/// What each adapter says at the start.
async fn checks(aws: &Aws) -> [Error; 4] {
    let metrics = CloudWatchMetrics::new(
        aws,
        CloudWatchConfig {
            namespace: "n".to_owned(),
            environment: "e".to_owned(),
            service: "s".to_owned(),
            interval: PATIENCE,
        },
    );
    metrics.count(name::MESSAGES_PROCESSED, &[], 1);
    let (queue, blobs, table) =
        (queue(aws, "nosuchqueue"), S3Blobs::new(aws), DynamoSubscriptions::new(aws, "nosuchtable"));
    // The SDK's futures are large.
    let all = Box::pin(async {
        tokio::join!(queue.check(), blobs.check("nosuchbucket"), table.check(), metrics.flush())
    });
    let (queue, blobs, table, metrics) =
        tokio::time::timeout(PATIENCE, all).await.expect("an answer in time");
    [queue, blobs, table, metrics].map(|result| result.expect_err("an error is expected"))
}

#[track_caller]
fn assert_all(errors: &[Error], kind: ErrorKind, parts: &[&str]) {
    for error in errors {
        let text = error.to_string();
        assert_eq!(error.kind(), kind, "{error:?}");
        assert!(parts.iter().all(|part| text.contains(part)), "{text}");
        assert!(!text.contains('\n'), "one line: {text}");
    }
}

#[tokio::test]
async fn credentials_that_are_refused_say_which_way() {
    let table = [
        ("AKIAUNKNOWN", "AWS_ACCESS_KEY_ID"),
        ("ASIAEXPIRED", "AWS_SESSION_TOKEN"),
        ("AKIADENIED", "the credentials may not do this: allow "),
    ];
    for (id, advice) in table {
        let aws = connect(AwsConfig { access_key: Some(key(id)), ..at(&service::url("AWS")) }).await;
        assert_all(&checks(&aws).await, ErrorKind::Denied, &[advice]);
    }
}

#[tokio::test]
async fn what_does_not_exist_is_named() {
    let aws = aws().await;
    let [queue_error, blobs_error, table_error] = {
        let (queue, blobs, table) =
            (queue(&aws, "nosuchqueue"), S3Blobs::new(&aws), DynamoSubscriptions::new(&aws, "nosuchtable"));
        let bucket = unique("nosuchbucket");
        [queue.check().await, blobs.check(&bucket).await, table.check().await]
            .map(|r| r.expect_err("it is not there"))
    };
    assert_all(&[queue_error], ErrorKind::Missing, &["queue nosuchqueue", "make it"]);
    assert_all(&[blobs_error], ErrorKind::Missing, &["nosuchbucket", "AWS_REGION"]);
    assert_all(&[table_error], ErrorKind::Missing, &["table nosuchtable", "make it"]);

    let object = ObjectRef::new(unique("nosuchbucket"), "key");
    let blobs = S3Blobs::new(&aws);
    let errors = [
        blobs.get(&object, 1).await.expect_err("no bucket"),
        blobs.put(&object, Blob::from_bytes("x")).await.expect_err("no bucket"),
        blobs.list(&object.bucket, "", 1).await.expect_err("no bucket"),
    ];
    assert_all(&errors, ErrorKind::Missing, &["nosuchbucket"]);
}

#[tokio::test]
async fn a_server_that_is_down_or_hangs_or_dies_says_so_in_time() {
    let (proxy, url) = Proxy::to_url(&service::url("AWS")).await;
    let aws = connect(at(&url)).await;
    proxy.refuse().await;
    let errors = checks(&aws).await;
    assert_all(&errors, ErrorKind::Unavailable, &["nothing listens", "AWS_ENDPOINT_URL"]);
    assert!(errors.iter().all(|e| e.retry() == Retry::After(None)), "nothing was sent");

    proxy.restore().await;
    proxy.lose_answers().await;
    let sent = queue(&aws, "q").send("x").await.expect_err("no answer comes");
    assert_eq!((sent.kind(), sent.retry()), (ErrorKind::Unavailable, Retry::Unknown), "{sent:?}");

    proxy.restore().await;
    proxy.pause().await;
    let errors = checks(&aws).await;
    assert_all(&errors, ErrorKind::Timeout, &["no answer in time"]);
    assert!(errors.iter().all(|e| e.retry() == Retry::Unknown));
}

#[tokio::test]
async fn an_unknown_host_says_so() {
    let aws = connect(at("http://no-such-host.invalid")).await;
    assert_all(&checks(&aws).await, ErrorKind::Unavailable, &["host name", "AWS_ENDPOINT_URL"]);
}

/// An HTTPS server whose certificate is signed by itself.
async fn self_signed() -> String {
    let cert = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let private = cert.signing_key.serialize_der().try_into().expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS")
        .with_no_client_auth()
        .with_single_cert(vec![cert.cert.der().clone()], private)
        .expect("the key is the certificate's");
    let (acceptor, listener) =
        (TlsAcceptor::from(Arc::new(config)), TcpListener::bind("127.0.0.1:0").await.expect("a free port"));
    let port = listener.local_addr().expect("a bound port").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            drop(acceptor.accept(stream).await);
        }
    });
    format!("https://localhost:{port}")
}

#[tokio::test]
async fn tls_that_cannot_be_trusted_is_named() {
    let url = service::url("AWS").replacen("http://", "https://", 1);
    for url in [self_signed().await, url] {
        let errors = checks(&connect(at(&url)).await).await;
        assert_all(&errors, ErrorKind::Unavailable, &["certificate", "AWS_ENDPOINT_URL"]);
    }
}

#[tokio::test]
async fn an_unreadable_answer_leaves_doubt() {
    let canned = Canned::answers([(200, "<html>hello</html>")]).await;
    let aws = connect(at(&canned.url)).await;
    let error = queue(&aws, "q").receive(1, Duration::ZERO, PATIENCE).await.expect_err("no JSON");
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Unknown), "{error:?}");
    assert!(!format!("{error:?}").contains("hello"), "{error:?}");
}

#[tokio::test]
async fn one_failed_entry_fails_the_call() {
    let failed =
        r#"{"Successful":[{"Id":"0"}],"Failed":[{"Id":"1","SenderFault":false,"Code":"InternalError"}]}"#;
    let canned = Canned::answers([(200, failed)]).await;
    let aws = connect(at(&canned.url)).await;
    let handles = ["a", "b"].map(|h| Handle(h.to_owned()));
    let error = queue(&aws, "q").acknowledge(&handles).await.expect_err("one failed");
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::After(None)));
}

#[tokio::test]
async fn throttling_is_tried_once_more_and_then_reported() {
    let throttled = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"}"#;
    let canned = Canned::answers([(400, throttled); 2]).await;
    let aws = connect(at(&canned.url)).await;
    let error = DynamoSubscriptions::new(&aws, "t").check().await.expect_err("twice throttled");
    assert_all(&[error], ErrorKind::Throttled, &["table t", "limits the rate"]);
    assert_eq!(canned.bodies().len(), 2);
}
