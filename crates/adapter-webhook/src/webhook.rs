//! The webhook: from a report of a state to a request.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use outbound_http::{Client, ClientConfig, ClientSetupError};
use ports::backoff::Backoff;
use ports::metric::name;
use ports::notice::{Board, Notice, NoticeSink, State, Subject};
use ports::{Clock, MetricSink};
use secrecy::{ExposeSecret, SecretString};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::message::{About, Format, body};
use crate::queue::Queue;
use crate::signature;

/// The longest time for one request.
const REQUEST_TIME: Duration = Duration::from_secs(5);

/// The longest answer that is read.
const ANSWER_BYTES: usize = 64 << 10;

/// How often a notice is tried.
const ATTEMPTS: u32 = 5;

/// Pauses between attempts.
const PAUSES: Backoff = Backoff::even(Duration::from_secs(1), Duration::from_secs(30));

/// How often it is looked for states that have lasted.
const LOOK: Duration = Duration::from_secs(1);

/// Time to send what waits when the process ends.
const AT_THE_END: Duration = Duration::from_secs(5);

/// Where notices go.
#[derive(Debug, Clone)]
pub struct WebhookConfig {
    /// The webhook's address; its path and query may be secrets.
    pub url: SecretString,
    /// What it takes.
    pub format: Format,
    /// Signs each notice.
    pub secret: Option<SecretString>,
    /// What notices link to.
    pub console: Option<Url>,
    /// Which program sends.
    pub service: &'static str,
    /// The name of its deployment.
    pub environment: String,
}

/// Why there can be no webhook.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The address cannot be read. It is not shown.
    #[error("NOTIFY_URL cannot be read")]
    Address,
    /// The client cannot be made.
    #[error("NOTIFY_URL cannot be used")]
    Client(#[from] ClientSetupError),
}

/// Why a notice was given up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotDelivered {
    /// The webhook answered so, and will not answer otherwise.
    #[error(
        "the webhook at {host} answered with status {status}: check NOTIFY_URL, NOTIFY_FORMAT and NOTIFY_SECRET"
    )]
    Refused {
        /// Its host.
        host: String,
        /// The status.
        status: u16,
    },
    /// It was tried as often as it may be.
    #[error("the webhook at {host} took no notice: {why}")]
    GivenUp {
        /// Its host.
        host: String,
        /// What happened at the last attempt.
        why: String,
    },
}

/// Decides what is a notice, and sends it. Cloning is cheap and shares all of it.
#[derive(Clone)]
pub struct Webhook(Arc<Inner>);

struct Inner {
    board: Mutex<(Board, Queue)>,
    client: Client,
    host: String,
    secret: Option<SecretString>,
    about: About,
    clock: Arc<dyn Clock>,
    metrics: Arc<dyn MetricSink>,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("host", &self.0.host).finish_non_exhaustive()
    }
}

impl NoticeSink for Webhook {
    fn note(&self, subject: Subject, state: State, reason: &str) {
        let mut known = self.known();
        let notice = known.0.note(&subject, state, reason, self.0.clock.now());
        notice.into_iter().for_each(|notice| self.enqueue(&mut known.1, notice));
    }
}

impl Webhook {
    /// A webhook that nothing is sent to yet.
    ///
    /// # Errors
    /// When the address cannot be used.
    pub fn new(
        config: WebhookConfig,
        clock: Arc<dyn Clock>,
        metrics: Arc<dyn MetricSink>,
    ) -> Result<Self, SetupError> {
        let url: Url = config.url.expose_secret().parse().map_err(|_| SetupError::Address)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let client = ClientConfig {
            request_timeout: REQUEST_TIME,
            answer_limit: ANSWER_BYTES,
            ..ClientConfig::new(url)
        };
        Ok(Self(Arc::new(Inner {
            board: Mutex::default(),
            client: Client::for_endpoint(client)?,
            host,
            secret: config.secret,
            about: About {
                format: config.format,
                service: config.service,
                environment: config.environment,
                console: config.console,
            },
            clock,
            metrics,
        })))
    }

    /// Sends until `stop`, then what waits, for a moment.
    pub async fn run(self, stop: CancellationToken) {
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = self.send_forever() => {}
        }
        let rest = async {
            while let Some((notice, dropped)) = self.next() {
                self.send(&notice, dropped).await;
                self.known().1.done(dropped);
            }
        };
        if tokio::time::timeout(AT_THE_END, rest).await.is_err() {
            tracing::warn!(webhook = self.0.host, "notices were not sent: the process ends");
        }
    }

    /// Sends one notice that tries the way to the operator, once.
    ///
    /// # Errors
    /// When the webhook does not take it.
    pub async fn test(&self) -> Result<(), NotDelivered> {
        let now = self.0.clock.now();
        let notice = Notice {
            subject: Subject::Notices,
            was: State::Well,
            state: State::Well,
            reason: "efflux notify test".to_owned(),
            since: now,
        };
        self.attempt(&body(&self.0.about, &notice, 0, now))
            .await
            .map_err(|failure| failure.into_error(&self.0.host))
    }

    async fn send_forever(&self) {
        loop {
            let notices = self.known().0.due(self.0.clock.now());
            for notice in notices {
                self.enqueue(&mut self.known().1, notice);
            }
            match self.next() {
                Some((notice, dropped)) => {
                    self.send(&notice, dropped).await;
                    self.known().1.done(dropped);
                }
                None => self.0.clock.sleep(LOOK).await,
            }
        }
    }

    async fn send(&self, notice: &Notice, dropped: u64) {
        let body = body(&self.0.about, notice, dropped, self.0.clock.now());
        let mut attempts = 0;
        let failure = loop {
            let Err(failure) = self.attempt(&body).await else {
                tracing::debug!(kind = notice.subject.kind(), state = notice.state.as_str(), "notice sent");
                return self.count("sent");
            };
            attempts += 1;
            if failure.is_final() || attempts >= ATTEMPTS {
                break failure;
            }
            self.0.clock.sleep(PAUSES.pause(attempts - 1)).await;
        };
        self.count("failed");
        let error = failure.into_error(&self.0.host);
        tracing::warn!(kind = notice.subject.kind(), state = notice.state.as_str(), attempts, error = %error, "notice given up");
    }

    async fn attempt(&self, body: &Bytes) -> Result<(), Failed> {
        // Each attempt has its own time, or a receiver would take a late one for a repetition.
        let headers = signature::headers(self.0.secret.as_ref(), body, self.0.clock.now().seconds());
        match self.0.client.post_json_here(headers, body.clone()).await {
            Ok(reply) if (200..300).contains(&reply.status) => Ok(()),
            Ok(reply) => Err(Failed::Answer(reply.status)),
            Err(error) => Err(Failed::NoAnswer(error.failure().as_str())),
        }
    }

    fn enqueue(&self, queue: &mut Queue, notice: Notice) {
        if !queue.push(notice) {
            self.count("dropped");
        }
    }

    fn next(&self) -> Option<(Notice, u64)> {
        self.known().1.next()
    }

    fn count(&self, result: &str) {
        self.0.metrics.count(name::NOTICES, &[("result", result)], 1);
    }

    fn known(&self) -> MutexGuard<'_, (Board, Queue)> {
        // Both are whole after each operation.
        self.0.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What came of one attempt.
enum Failed {
    Answer(u16),
    NoAnswer(&'static str),
}

impl Failed {
    /// Whether another attempt would end the same way.
    const fn is_final(&self) -> bool {
        matches!(self, Self::Answer(status) if *status < 500 && !matches!(*status, 408 | 425 | 429))
    }

    fn into_error(self, host: &str) -> NotDelivered {
        let host = host.to_owned();
        match self {
            Self::Answer(status) if self.is_final() => NotDelivered::Refused { host, status },
            Self::Answer(status) => NotDelivered::GivenUp { host, why: format!("status {status}") },
            Self::NoAnswer(why) => NotDelivered::GivenUp { host, why: why.to_owned() },
        }
    }
}
