//! The client.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::RootCertStore;
use rustls::crypto::{CryptoProvider, ring};
use url::Url;

use crate::address;
use crate::body::{Departed, WatchedBody};
use crate::config::{ClientConfig, ClientSetupError};
use crate::error::{Failure, RequestError};
use crate::reply::Reply;

/// Who we are to platforms.
const AGENT: HeaderValue = HeaderValue::from_static(concat!("efflux/", env!("CARGO_PKG_VERSION")));
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// How often a silent HTTP/2 connection is asked whether it is still there, and how long it has to answer. Without it,
/// a connection lost without notice would fail every request until the operating system gives it up.
const PING_INTERVAL: Duration = Duration::from_secs(15);
const PING_TIMEOUT: Duration = Duration::from_secs(5);

type Connector = HttpsConnector<HttpConnector>;

/// HTTP to one platform: pooled connections, HTTP/2 where the server offers it. Cloning is cheap and shares the pool.
///
/// ```no_run
/// use http::HeaderMap;
/// use http::header::AUTHORIZATION;
/// use outbound_http::{Client, ClientConfig, Failure, RequestError, secret_header};
///
/// # async fn send() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::new(ClientConfig::new("https://graph.facebook.com".parse()?))?;
/// let token = "EAABtoken".into();
/// let bearer = secret_header("Bearer ", &token).ok_or(RequestError::not_sent(Failure::Token))?;
/// let headers = HeaderMap::from_iter([(AUTHORIZATION, bearer)]);
/// match client.post_json(&["v25.0", "1234567890", "events"], headers, r#"{"data":[]}"#.into()).await {
///     Ok(reply) => println!("{}: {} bytes", reply.status, reply.body.len()),
///     Err(error) if error.can_have_arrived() => println!("it may have been counted: {error}"),
///     Err(error) => println!("it can be sent again: {error}"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Client {
    client: legacy::Client<Connector, WatchedBody>,
    base_url: Url,
    request_timeout: Duration,
    answer_limit: usize,
}

impl Client {
    /// Makes a client. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// When the address cannot be used, or TLS cannot be set up for an `https` address.
    pub fn new(config: ClientConfig) -> Result<Self, ClientSetupError> {
        if !address::is_base(&config.base_url) {
            return Err(ClientSetupError::BaseUrl);
        }
        Self::connecting(config)
    }

    /// Posts a JSON body to `<base>/<segment>/<segment>...`, with these headers beside those of JSON. Never tries twice
    /// once the body has left.
    ///
    /// An empty last segment leaves a slash at the end of the address.
    ///
    /// # Errors
    ///
    /// [`RequestError`] when no complete answer came; any answer, of whatever status, is a [`Reply`].
    pub async fn post_json(
        &self,
        segments: &[&str],
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Reply, RequestError> {
        let address =
            address::below(&self.base_url, segments).ok_or(RequestError::not_sent(Failure::Address))?;
        self.ask(Method::POST, address, headers, body).await
    }

    /// Makes a client for one address that is asked as it is, with its query; see [`post_json_here`](Self::post_json_here).
    ///
    /// # Errors
    ///
    /// When the address cannot be used, or TLS cannot be set up for an `https` address.
    pub fn for_endpoint(config: ClientConfig) -> Result<Self, ClientSetupError> {
        if !address::is_endpoint(&config.base_url) {
            return Err(ClientSetupError::Endpoint);
        }
        Self::connecting(config)
    }

    fn connecting(config: ClientConfig) -> Result<Self, ClientSetupError> {
        Ok(Self {
            client: client(connector(&config)?, config.idle_timeout),
            base_url: config.base_url,
            request_timeout: config.request_timeout,
            answer_limit: config.answer_limit,
        })
    }

    /// Posts a JSON body to the client's address as it is. Never tries twice once the body has left.
    ///
    /// # Errors
    ///
    /// [`RequestError`] when no complete answer came; any answer, of whatever status, is a [`Reply`].
    pub async fn post_json_here(&self, headers: HeaderMap, body: Bytes) -> Result<Reply, RequestError> {
        let address = self.base_url.as_str().parse();
        let address = address.map_err(|_| RequestError::not_sent(Failure::Address))?;
        self.ask(Method::POST, address, headers, body).await
    }

    /// Gets `<base>/<segment>/<segment>...`.
    ///
    /// # Errors
    ///
    /// [`RequestError`] when no complete answer came; any answer, of whatever status, is a [`Reply`].
    pub async fn get(&self, segments: &[&str]) -> Result<Reply, RequestError> {
        let address =
            address::below(&self.base_url, segments).ok_or(RequestError::not_sent(Failure::Address))?;
        self.ask(Method::GET, address, HeaderMap::new(), Bytes::new()).await
    }

    async fn ask(
        &self,
        method: Method,
        address: Uri,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Reply, RequestError> {
        let (body, departed) = WatchedBody::new(body);
        let exchange = self.exchange(request(method, address, headers, body), &departed);
        match tokio::time::timeout(self.request_timeout, exchange).await {
            Ok(outcome) => outcome,
            Err(elapsed) => {
                Err(RequestError::new(departed.is_set(), Failure::TimedOut, Some(elapsed.into())))
            }
        }
    }

    async fn exchange(
        &self,
        request: Request<WatchedBody>,
        departed: &Departed,
    ) -> Result<Reply, RequestError> {
        let answer = self.client.request(request).await.map_err(|error| {
            let failure = if error.is_connect() { Failure::Connect } else { Failure::Broken };
            RequestError::new(departed.is_set(), failure, Some(error.into()))
        })?;
        let (head, body) = answer.into_parts();
        let body = self.read(body).await?;
        Ok(Reply { status: head.status.as_u16(), headers: head.headers, body })
    }

    /// Once there is an answer, the request has arrived; so a failure here leaves the outcome unknown.
    async fn read(&self, body: Incoming) -> Result<Bytes, RequestError> {
        let collected = Limited::new(body, self.answer_limit).collect().await;
        collected.map(http_body_util::Collected::to_bytes).map_err(|error: Box<dyn Error + Send + Sync>| {
            let failure =
                if error.is::<LengthLimitError>() { Failure::AnswerTooLarge } else { Failure::Broken };
            RequestError::new(true, failure, Some(error))
        })
    }
}

fn request(method: Method, address: Uri, mut headers: HeaderMap, body: WatchedBody) -> Request<WatchedBody> {
    for (name, value) in [(CONTENT_TYPE, JSON), (ACCEPT, JSON), (USER_AGENT, AGENT)] {
        headers.insert(name, value);
    }
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = address;
    *request.headers_mut() = headers;
    request
}

#[expect(clippy::disallowed_methods, reason = "this is the client, which sets the time-outs")]
fn client(connector: Connector, idle_timeout: Duration) -> legacy::Client<Connector, WatchedBody> {
    legacy::Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(idle_timeout)
        .http2_keep_alive_interval(PING_INTERVAL)
        .http2_keep_alive_timeout(PING_TIMEOUT)
        .build(connector)
}

fn connector(config: &ClientConfig) -> Result<Connector, ClientSetupError> {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(config.connect_timeout));
    let provider = Arc::new(ring::default_provider());
    let builder = HttpsConnectorBuilder::new();
    let builder = if config.base_url.scheme() == "https" {
        builder.with_provider_and_native_roots(provider).map_err(ClientSetupError::Roots)?
    } else {
        builder.with_tls_config(without_roots(provider)?)
    };
    Ok(builder.https_or_http().enable_all_versions().wrap_connector(http))
}

/// A sandbox without TLS must also run where no certificates are installed.
fn without_roots(provider: Arc<CryptoProvider>) -> Result<rustls::ClientConfig, rustls::Error> {
    let builder =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}
