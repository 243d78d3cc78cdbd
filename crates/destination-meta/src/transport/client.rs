//! The client.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::{CryptoProvider, ring};
use rustls::{ClientConfig, RootCertStore};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::body::{Departed, WatchedBody};
use super::{Failure, Reply, TransportConfig, TransportError, TransportSetupError, UsageHeaders, endpoint};

/// Who we are to Meta.
const AGENT: HeaderValue = HeaderValue::from_static(concat!("efflux/", env!("CARGO_PKG_VERSION")));
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// How often a silent HTTP/2 connection is asked whether it is still there, and how long it has to answer. Without it,
/// a connection lost without notice would fail every request until the operating system gives it up.
const PING_INTERVAL: Duration = Duration::from_secs(15);
const PING_TIMEOUT: Duration = Duration::from_secs(5);

type Connector = HttpsConnector<HttpConnector>;

/// HTTP to the Graph API: pooled connections, HTTP/2 where the server offers it. Cloning is cheap and shares the pool.
#[derive(Debug, Clone)]
pub struct Transport {
    client: Client<Connector, WatchedBody>,
    base_url: Url,
    request_timeout: Duration,
    answer_limit: usize,
}

impl Transport {
    /// Makes a transport. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// When the address cannot be used, or TLS cannot be set up for an `https` address.
    pub fn new(config: TransportConfig) -> Result<Self, TransportSetupError> {
        if !endpoint::is_base(&config.base_url) {
            return Err(TransportSetupError::BaseUrl);
        }
        Ok(Self {
            client: client(connector(&config)?, config.idle_timeout),
            base_url: config.base_url,
            request_timeout: config.request_timeout,
            answer_limit: config.answer_limit,
        })
    }

    /// Posts a JSON body to `<base>/<version>/<pixel>/events`, with the token in the `Authorization` header. Never tries
    /// twice once the body has left.
    ///
    /// # Errors
    ///
    /// [`TransportError`] when no complete answer came; any answer, of whatever status, is a [`Reply`].
    pub async fn post_events(
        &self,
        version: &str,
        pixel: &str,
        token: &SecretString,
        body: Bytes,
    ) -> Result<Reply, TransportError> {
        let not_sent = |failure| TransportError::new(false, failure, None);
        let address =
            endpoint::events(&self.base_url, version, pixel).ok_or_else(|| not_sent(Failure::Address))?;
        let authorization = bearer(token).ok_or_else(|| not_sent(Failure::Token))?;
        let (body, departed) = WatchedBody::new(body);
        let exchange = self.exchange(request(address, authorization, body), &departed);
        match tokio::time::timeout(self.request_timeout, exchange).await {
            Ok(outcome) => outcome,
            Err(elapsed) => {
                Err(TransportError::new(departed.is_set(), Failure::TimedOut, Some(elapsed.into())))
            }
        }
    }

    async fn exchange(
        &self,
        request: Request<WatchedBody>,
        departed: &Departed,
    ) -> Result<Reply, TransportError> {
        let answer = self.client.request(request).await.map_err(|error| {
            let failure = if error.is_connect() { Failure::Connect } else { Failure::Broken };
            TransportError::new(departed.is_set(), failure, Some(error.into()))
        })?;
        let (head, body) = answer.into_parts();
        let body = self.read(body).await?;
        Ok(Reply { status: head.status.as_u16(), usage: UsageHeaders::parse(&head.headers), body })
    }

    /// Once there is an answer, the request has arrived; so a failure here leaves the outcome unknown.
    async fn read(&self, body: Incoming) -> Result<Bytes, TransportError> {
        let collected = Limited::new(body, self.answer_limit).collect().await;
        collected.map(http_body_util::Collected::to_bytes).map_err(|error: Box<dyn Error + Send + Sync>| {
            let failure =
                if error.is::<LengthLimitError>() { Failure::AnswerTooLarge } else { Failure::Broken };
            TransportError::new(true, failure, Some(error))
        })
    }
}

fn request(address: Uri, authorization: HeaderValue, body: WatchedBody) -> Request<WatchedBody> {
    let mut request = Request::new(body);
    *request.method_mut() = Method::POST;
    *request.uri_mut() = address;
    *request.headers_mut() = HeaderMap::from_iter([
        (AUTHORIZATION, authorization),
        (CONTENT_TYPE, JSON),
        (ACCEPT, JSON),
        (USER_AGENT, AGENT),
    ]);
    request
}

/// The header is marked so that it is neither printed nor kept in HTTP/2's header table.
fn bearer(token: &SecretString) -> Option<HeaderValue> {
    let token = token.expose_secret();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let mut value = HeaderValue::try_from(format!("Bearer {token}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[expect(clippy::disallowed_methods, reason = "this is the transport, which sets the time-outs")]
fn client(connector: Connector, idle_timeout: Duration) -> Client<Connector, WatchedBody> {
    Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(idle_timeout)
        .http2_keep_alive_interval(PING_INTERVAL)
        .http2_keep_alive_timeout(PING_TIMEOUT)
        .build(connector)
}

fn connector(config: &TransportConfig) -> Result<Connector, TransportSetupError> {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(config.connect_timeout));
    let provider = Arc::new(ring::default_provider());
    let builder = HttpsConnectorBuilder::new();
    let builder = if config.base_url.scheme() == "https" {
        builder.with_provider_and_native_roots(provider).map_err(TransportSetupError::Roots)?
    } else {
        builder.with_tls_config(without_roots(provider)?)
    };
    Ok(builder.https_or_http().enable_all_versions().wrap_connector(http))
}

/// A sandbox without TLS must also run where no certificates are installed.
fn without_roots(provider: Arc<CryptoProvider>) -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}
