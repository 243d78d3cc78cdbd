//! Connections to the test server, names that no other test uses, and real time.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use adapter_aws::sqs::SqsQueue;
use adapter_aws::{AccessKey, Aws, AwsConfig, provision};
use port_tests::clock::RealClock;
use port_tests::service;

/// Deliveries before SQS itself moves a message: more than any test makes.
const MAX_RECEIVES: u32 = 100;

/// Lets real time pass.
pub(crate) fn pass(time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(tokio::time::sleep(time))
}

/// How to reach the test server.
pub(crate) fn config() -> AwsConfig {
    match service::url("AWS").as_str() {
        "aws" => AwsConfig::default(),
        url => at(url),
    }
}

/// How to reach an endpoint, with a key that the emulator takes.
pub(crate) fn at(url: &str) -> AwsConfig {
    AwsConfig {
        endpoint: Some(url.parse().expect("the address of a server")),
        region: Some("us-east-1".to_owned()),
        access_key: Some(key("AKIATEST")),
    }
}

pub(crate) fn key(id: &str) -> AccessKey {
    AccessKey { id: id.to_owned(), secret: "secret".to_owned().into() }
}

pub(crate) async fn connect(config: AwsConfig) -> Aws {
    Aws::connect(config, Arc::new(RealClock)).await.expect("a connection needs a region only")
}

pub(crate) async fn aws() -> Aws {
    connect(config()).await
}

/// A name for a queue, bucket or table that nothing else has.
pub(crate) fn unique(what: &str) -> String {
    // Each state hashes differently.
    format!("efflux-{what}-{:016x}", RandomState::new().build_hasher().finish())
}

pub(crate) async fn queue(aws: &Aws) -> SqsQueue {
    let urls = provision::queue(aws, &unique("queue"), MAX_RECEIVES, Duration::from_secs(60))
        .await
        .expect("a queue");
    SqsQueue::new(aws, urls.main, urls.dead)
}

/// A client to look at what arrived.
pub(crate) async fn cloudwatch() -> aws_sdk_cloudwatch::Client {
    use aws_config::{BehaviorVersion, Region};
    use aws_credential_types::Credentials;
    use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
    let http = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring));
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http.build_https());
    if let Some(endpoint) = config().endpoint {
        loader = loader
            .endpoint_url(endpoint.as_str().trim_end_matches('/'))
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::from_keys("AKIATEST", "secret", None));
    }
    aws_sdk_cloudwatch::Client::new(&loader.load().await)
}
