//! Many pixels on virtual time, with a destination that counts.
//!
//! The runtime's clock stands still while anything works and jumps to the next thing that is waited for, so an answer that takes 300 ms
//! takes exactly that, and a delay cannot be mistaken for a busy machine.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use domain::validate::{Requirements, Valid};
use domain::{Conversion, ConversionKey, PixelCode, Platform, PlatformRules, Reason, Reasons, UnixMillis};
use ports::destination::{Answer, EventOutcome, PreparedEvent, SendReport};
use ports::ledger::Portion;
use ports::pixels::Credential;
use ports::{Clock, Destination};
use secrecy::ExposeSecret;
use tokio::time::Instant;

/// How long every answer takes.
pub(crate) const ANSWER: Duration = Duration::from_millis(300);

const START: i64 = 1_763_800_000_000;

/// The runtime's own clock.
#[derive(Debug)]
pub(crate) struct VirtualClock(Instant);

impl VirtualClock {
    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }
}

#[async_trait]
impl Clock for VirtualClock {
    fn now(&self) -> UnixMillis {
        UnixMillis(START).plus(self.0.elapsed())
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// What a model saw of one pixel.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub(crate) requests: Vec<UnixMillis>,
    /// Token of each request.
    pub(crate) tokens: Vec<String>,
    pub(crate) accepted: BTreeSet<String>,
    pub(crate) last_accepted: Option<UnixMillis>,
    pub(crate) at_once: usize,
    pub(crate) most_at_once: usize,
    pub(crate) largest: usize,
    pub(crate) repeated: usize,
}

/// A destination that accepts events with any token but the dead ones.
pub(crate) struct Model {
    meta: destination_meta::destination::Meta,
    clock: Arc<dyn Clock>,
    pub(crate) dead_tokens: Mutex<BTreeSet<String>>,
    seen: Mutex<BTreeMap<PixelCode, Seen>>,
}

impl Model {
    pub(crate) fn new(meta: destination_meta::destination::Meta, clock: Arc<dyn Clock>) -> Self {
        Self { meta, clock, dead_tokens: Mutex::default(), seen: Mutex::default() }
    }

    pub(crate) fn seen(&self, pixel: &str) -> Seen {
        self.seen.lock().unwrap().get(&PixelCode::new(pixel).unwrap()).cloned().unwrap_or_default()
    }

    fn with<T>(&self, pixel: &PixelCode, change: impl FnOnce(&mut Seen) -> T) -> T {
        change(self.seen.lock().unwrap().entry(pixel.clone()).or_default())
    }
}

impl Requirements for Model {
    fn rules(&self) -> PlatformRules {
        self.meta.rules()
    }

    fn check(&self, conversion: &Conversion<'_>) -> Reasons {
        self.meta.check(conversion)
    }

    fn has_click(&self, conversion: &Conversion<'_>) -> bool {
        self.meta.has_click(conversion)
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model").finish_non_exhaustive()
    }
}

#[async_trait]
impl Destination for Model {
    async fn server_time(&self) -> Option<UnixMillis> {
        None
    }

    fn platform(&self) -> Platform {
        self.meta.platform()
    }

    fn prepare(
        &self,
        key: &ConversionKey,
        valid: &Valid<'_, '_>,
        portion: Portion,
    ) -> Result<Vec<PreparedEvent>, Reason> {
        self.meta.prepare(key, valid, portion)
    }

    async fn send(&self, pixel: &PixelCode, credential: &Credential, events: &[PreparedEvent]) -> SendReport {
        let token = credential.token.expose_secret().to_owned();
        let dead = self.dead_tokens.lock().unwrap().contains(&token);
        let now = self.clock.now();
        self.with(pixel, |seen| {
            seen.requests.push(now);
            seen.tokens.push(token);
            seen.at_once += 1;
            seen.most_at_once = seen.most_at_once.max(seen.at_once);
            seen.largest = seen.largest.max(events.len());
        });
        tokio::time::sleep(ANSWER).await;
        let now = self.clock.now();
        self.with(pixel, |seen| {
            seen.at_once -= 1;
            if !dead {
                for event in events {
                    seen.repeated += usize::from(!seen.accepted.insert(event.id.to_string()));
                }
                seen.last_accepted = Some(now);
            }
        });
        let outcome = if dead { EventOutcome::Refused } else { EventOutcome::Accepted };
        SendReport {
            outcomes: vec![outcome; events.len()],
            answer: Answer { status: if dead { 400 } else { 200 }, ..Answer::default() },
            throttled: false,
            wait: None,
            short: false,
            server_time: None,
            alarms: Vec::new(),
        }
    }
}
