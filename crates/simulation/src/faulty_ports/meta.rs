//! Meta: `destination-meta` writes the requests and reads the answers, as in production. The simulation replaces the
//! connection and the answers.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use destination_meta::destination::{MetaConfig, PLATFORM, answered, unanswered};
use domain::validate::{Requirements, Valid};
use domain::{Conversion, ConversionKey, PixelCode, Platform, PlatformRules, Reason, Reasons, UnixMillis};
use outbound_http::{Failure, Reply, RequestError};
use ports::Destination;
use ports::destination::{PreparedEvent, SendReport};
use ports::ledger::Portion;
use ports::pixels::Credential;
use secrecy::ExposeSecret;

use super::{Connection, TIME_OUT_MS};
use crate::meta::{AcceptedEvent, HttpAnswer, Meta, error, success};
use crate::oracle::SharedChecker;
use crate::scheduler::{Fault, Wait};

/// How many events one request may hold here: few, so that small files need several.
const MAX_EVENTS: usize = 12;

/// Meta, as one worker reaches it.
pub(crate) struct FaultyMeta {
    pub(crate) connection: Connection,
    pub(crate) meta: Arc<Mutex<Meta>>,
    pub(crate) config: MetaConfig,
    pub(crate) checker: SharedChecker,
    /// The holder of this process's leases.
    pub(crate) owner: String,
    /// Payload that is on its way now, in bytes, and the most that the process's memory allows.
    pub(crate) in_flight: AtomicU64,
    pub(crate) most_in_flight: u64,
}

/// Counts a request's payload as long as it is on its way; a process that dies drops it.
struct InFlight<'m>(&'m AtomicU64, u64);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(self.1, Ordering::SeqCst);
    }
}

/// How Meta, or a proxy before it, answers a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MetaBehaviour {
    /// As Meta should.
    Normal,
    /// Meta rate limits the pixel.
    RateLimiting,
    /// Meta is unavailable for a while.
    Unavailable,
    /// A proxy answers instead of Meta.
    ProxyError {
        /// Whether Meta had received the request.
        received: bool,
    },
    /// Meta accepts all events and answers that it accepted fewer.
    CountsFewer,
    /// Meta accepts all events and answers with an empty body.
    EmptyBody,
}

impl Requirements for FaultyMeta {
    fn rules(&self) -> PlatformRules {
        PlatformRules { max_events: MAX_EVENTS, ..self.config.rules() }
    }

    fn check(&self, conversion: &Conversion<'_>) -> Reasons {
        self.config.check(conversion)
    }

    fn has_click(&self, conversion: &Conversion<'_>) -> bool {
        self.config.has_click(conversion)
    }
}

impl fmt::Debug for FaultyMeta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyMeta").finish_non_exhaustive()
    }
}

#[async_trait]
impl Destination for FaultyMeta {
    fn platform(&self) -> Platform {
        PLATFORM
    }

    fn prepare(
        &self,
        key: &ConversionKey,
        valid: &Valid<'_, '_>,
        part: Portion,
    ) -> Result<Vec<PreparedEvent>, Reason> {
        self.config.prepare(key, valid, part)
    }

    async fn server_time(&self) -> Option<UnixMillis> {
        let (fault, there_ms, back_ms) = self.connection.draw("meta", "server_time");
        Wait::new(&self.connection.scheduler, there_ms.min(TIME_OUT_MS)).await;
        let shown = UnixMillis(crate::scheduler::BEGIN_MS + self.connection.scheduler.elapsed_ms());
        Wait::new(&self.connection.scheduler, back_ms.min(TIME_OUT_MS)).await;
        (fault == Fault::None || fault == Fault::Twice).then_some(shown)
    }

    async fn send(&self, pixel: &PixelCode, credential: &Credential, events: &[PreparedEvent]) -> SendReport {
        let scheduler = &self.connection.scheduler;
        // With a clock set forward, a fresh event looks too old; with one set back, the worker cannot see that it is.
        let wall_ms = scheduler.core().wall_ms(Some(self.connection.worker));
        let true_ms = crate::scheduler::BEGIN_MS + scheduler.elapsed_ms();
        // In a pause, more time passes between two steps of a worker than the margin allows for.
        let looks_old_from_ms = if scheduler.core().in_pause { i64::MIN } else { wall_ms.min(true_ms) };
        self.checker.lock().sending(events, looks_old_from_ms, true_ms);
        let _in_flight = self.count_in_flight(events);
        let (fault, there_ms, back_ms) = self.connection.draw("meta", "send");
        // The worker times out after a while; Meta may accept the request all the same.
        let (there_ms, in_time_ms) = (there_ms.min(TIME_OUT_MS), back_ms.min(TIME_OUT_MS));
        let fault = if fault == Fault::None && back_ms > TIME_OUT_MS { Fault::AnswerLost } else { fault };
        Wait::new(scheduler, there_ms).await;
        match fault {
            Fault::Refused => return unanswered(&lost(false, Failure::Connect), events.len()),
            Fault::Lost => {
                Wait::new(scheduler, TIME_OUT_MS).await;
                return unanswered(&lost(true, Failure::TimedOut), events.len());
            }
            Fault::None | Fault::AnswerLost | Fault::Twice => {}
        }
        let (answer, accepted) = self.exchange(pixel, credential, events);
        let shown = UnixMillis(crate::scheduler::BEGIN_MS + scheduler.elapsed_ms());
        Wait::new(scheduler, in_time_ms).await;
        if fault == Fault::AnswerLost {
            return unanswered(&lost(true, Failure::Broken), events.len());
        }
        if answer.status == 200 && answer.body == success(accepted.len()).body {
            self.checker.lock().confirmed(&self.owner, &accepted);
        }
        let reply = Reply { status: answer.status, body: answer.body.into(), ..Reply::default() };
        SendReport { server_time: Some(shown), ..answered(&reply, events.len()) }
    }
}

impl FaultyMeta {
    fn count_in_flight(&self, events: &[PreparedEvent]) -> InFlight<'_> {
        let bytes = events.iter().map(|event| event.payload.len() as u64).sum();
        let all = self.in_flight.fetch_add(bytes, Ordering::SeqCst) + bytes;
        if all > self.most_in_flight {
            self.checker.lock().fail(|| format!("{all} bytes of events are in flight at once"));
        }
        InFlight(&self.in_flight, bytes)
    }

    /// One request: its answer, and the events that Meta accepted.
    fn exchange(
        &self,
        pixel: &PixelCode,
        credential: &Credential,
        events: &[PreparedEvent],
    ) -> (HttpAnswer, Vec<AcceptedEvent>) {
        let behaviour = self.behaviour();
        let refused = match behaviour {
            MetaBehaviour::RateLimiting => Some(error(400, 80_004, None, "too many calls", "")),
            MetaBehaviour::Unavailable => Some(error(500, 2, None, "Service temporarily unavailable", "")),
            MetaBehaviour::ProxyError { received: false } => Some(proxy()),
            MetaBehaviour::Normal
            | MetaBehaviour::ProxyError { received: true }
            | MetaBehaviour::CountsFewer
            | MetaBehaviour::EmptyBody => None,
        };
        let answer = refused.map_or_else(|| self.post(pixel, credential, events), Err);
        let (answer, accepted) = match answer {
            Err(refusal) => (refusal, Vec::new()),
            Ok(accepted) => {
                let answer = match behaviour {
                    MetaBehaviour::ProxyError { .. } => proxy(),
                    MetaBehaviour::EmptyBody => HttpAnswer { status: 200, body: String::new() },
                    MetaBehaviour::CountsFewer => success(accepted.len() - 1),
                    _ => success(accepted.len()),
                };
                (answer, accepted)
            }
        };
        self.connection.record(format_args!(
            "meta {} {} events for {pixel}, {behaviour:?}: {} {}",
            if accepted.is_empty() { "refuses" } else { "accepts" },
            events.len(),
            answer.status,
            answer.body
        ));
        (answer, accepted)
    }

    fn post(
        &self,
        pixel: &PixelCode,
        credential: &Credential,
        events: &[PreparedEvent],
    ) -> Result<Vec<AcceptedEvent>, HttpAnswer> {
        let body = self.config.body(events.iter().map(|e| &*e.payload), &credential.token, true);
        // Meta's clock is right, whatever the workers' clocks show.
        let now_s = (crate::scheduler::BEGIN_MS + self.connection.scheduler.elapsed_ms()) / 1_000;
        let meta = self.meta.lock().unwrap_or_else(PoisonError::into_inner);
        let accepted = meta.post(pixel.as_str(), credential.token.expose_secret(), &body, now_s)?;
        self.checker.lock().accepted(&self.owner, &accepted, self.connection.scheduler.elapsed_ms());
        Ok(accepted)
    }

    fn behaviour(&self) -> MetaBehaviour {
        let mut core = self.connection.scheduler.core();
        if !core.faults.happens(crate::scheduler::FaultKind::Refuse, "meta") {
            return MetaBehaviour::Normal;
        }
        match core.faults.between(0, 5) {
            0 => MetaBehaviour::RateLimiting,
            1 => MetaBehaviour::Unavailable,
            2 => MetaBehaviour::ProxyError { received: false },
            3 => MetaBehaviour::ProxyError { received: true },
            4 => MetaBehaviour::CountsFewer,
            _ => MetaBehaviour::EmptyBody,
        }
    }
}

fn proxy() -> HttpAnswer {
    HttpAnswer { status: 502, body: "<html>Bad Gateway</html>".to_owned() }
}

fn lost(sent: bool, failure: Failure) -> RequestError {
    if sent {
        RequestError::Unknown { failure, source: None }
    } else {
        RequestError::NotSent { failure, source: None }
    }
}
