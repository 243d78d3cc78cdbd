//! One connection to AWS, or to what speaks its protocols: credentials, region, time-outs, retries.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use ports::{Clock, Error, ErrorKind, Result};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::requests::RequestCount;

/// How long a connection may take to stand.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long one attempt may take, connecting included. Calls that wait or move content say otherwise.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a call may take with its second attempt: a start with broken backends ends within 15 s.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(11);

/// One more attempt gets over a lost connection; whatever lasts longer is the pipeline's to decide.
const ATTEMPTS: u32 = 2;
const BACKOFF: Duration = Duration::from_millis(200);

/// How long the search for region and credentials may take: outside AWS some sources answer nothing.
const LOAD_TIMEOUT: Duration = Duration::from_secs(10);

/// The region that is named to an endpoint of our own, which has none.
const ANY_REGION: &str = "us-east-1";

/// Where AWS is and who we are to it.
#[derive(Debug, Clone, Default)]
pub struct AwsConfig {
    /// Another address than AWS's own; `None` takes the SDK's (`AWS_ENDPOINT_URL`, else AWS).
    pub endpoint: Option<Url>,
    /// The region; `None` takes the SDK's (`AWS_REGION`, the profile, the instance).
    pub region: Option<String>,
    /// The credentials; `None` takes the SDK's (environment, profile, web identity, container, instance).
    pub access_key: Option<AccessKey>,
}

/// A key that does not come from the environment.
#[derive(Debug, Clone)]
pub struct AccessKey {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: SecretString,
}

/// A connection to AWS. Cheap to clone; all adapters may share one.
#[derive(Clone)]
pub struct Aws {
    pub(crate) sdk: SdkConfig,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) requests: RequestCount,
}

impl Aws {
    /// Finds region and credentials. Connects to nothing yet: each adapter's `check` does.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) when no region is named, [`Timeout`](ErrorKind::Timeout) when it cannot be found out.
    pub async fn connect(config: AwsConfig, clock: Arc<dyn Clock>) -> Result<Self> {
        let load = load(config);
        let slow = || {
            Error::new(ErrorKind::Timeout, "aws.connect").detail(
                "no region was found in time: set AWS_REGION, and AWS_EC2_METADATA_DISABLED=true outside AWS",
            )
        };
        let sdk = tokio::select! {
            sdk = load => sdk,
            () = clock.sleep(LOAD_TIMEOUT) => return Err(slow()),
        };
        if sdk.region().is_none() {
            return Err(Error::new(ErrorKind::Invalid, "aws.connect")
                .detail("no region is set: set AWS_REGION to the one the queues and buckets are in"));
        }
        Ok(Self { sdk, clock, requests: RequestCount::default() })
    }

    /// HTTP requests sent so far, second attempts included.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests.get()
    }

    /// Whether another address than AWS's own is set.
    pub(crate) fn has_endpoint(&self) -> bool {
        self.sdk.endpoint_url().is_some()
    }
}

async fn load(config: AwsConfig) -> SdkConfig {
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .timeout_config(timeouts(ATTEMPT_TIMEOUT, OPERATION_TIMEOUT))
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(ATTEMPTS)
                .with_initial_backoff(BACKOFF)
                .with_max_backoff(BACKOFF * 5),
        );
    if let Some(region) = config.region {
        loader = loader.region(Region::new(region));
    } else if config.endpoint.is_some() {
        loader = loader.region(
            aws_config::meta::region::RegionProviderChain::first_try(
                aws_config::environment::EnvironmentVariableRegionProvider::new(),
            )
            .or_else(Region::from_static(ANY_REGION)),
        );
    }
    if let Some(endpoint) = config.endpoint {
        loader = loader.endpoint_url(endpoint.as_str().trim_end_matches('/'));
    }
    if let Some(AccessKey { id, secret }) = config.access_key {
        loader = loader.credentials_provider(Credentials::from_keys(id, secret.expose_secret(), None));
    }
    loader.load().await
}

/// Time-outs of a call whose attempts take longer than usual.
pub(crate) fn timeouts(attempt: Duration, operation: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(attempt)
        .operation_timeout(operation)
        .build()
}

/// Time-outs of a call that takes `extra` longer than usual.
pub(crate) fn timeouts_with(extra: Duration) -> TimeoutConfig {
    timeouts(ATTEMPT_TIMEOUT + extra, OPERATION_TIMEOUT + extra * ATTEMPTS)
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws")
            .field("region", &self.sdk.region())
            .field("endpoint", &self.sdk.endpoint_url())
            .finish_non_exhaustive()
    }
}
