//! Meta: our words for it are the real ones (`destination-meta`), the way to it and its answers are the simulation's.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use destination_meta::destination::{MetaConfig, PLATFORM, answered, unanswered};
use domain::validate::{Requirements, Valid};
use domain::{Conversion, ConversionKey, PixelCode, Platform, PlatformRules, Reason, Reasons};
use outbound_http::{Failure, Reply, RequestError};
use ports::Destination;
use ports::destination::{PreparedEvent, SendReport};
use ports::ledger::Portion;
use ports::pixels::Credential;
use secrecy::ExposeSecret;

use super::{Line, TIME_OUT_MS};
use crate::meta::{HttpAnswer, Meta, Taken, error, success};
use crate::oracle::SharedWitness;
use crate::stage::{Fate, Wait};

/// How many events one request may hold here: few, so that small files need several.
const MAX_EVENTS: usize = 12;

/// Meta, as one worker reaches it.
pub(crate) struct MetaWire {
    pub(crate) line: Line,
    pub(crate) meta: Arc<Mutex<Meta>>,
    pub(crate) config: MetaConfig,
    pub(crate) witness: SharedWitness,
    /// Who holds leases in this process.
    pub(crate) owner: String,
}

/// How Meta, or what stands before it, answers a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    /// As it should.
    Fair,
    /// It asks for less.
    Throttling,
    /// Its trouble passes.
    Troubled,
    /// A proxy answers in its place.
    Proxied {
        /// Whether the request had got through.
        taken: bool,
    },
    /// It takes all and says that it took fewer.
    Short,
    /// It takes all and says nothing.
    Empty,
}

impl Requirements for MetaWire {
    fn rules(&self) -> PlatformRules {
        PlatformRules { max_events: MAX_EVENTS, ..self.config.rules() }
    }

    fn check(&self, conversion: &Conversion<'_>) -> Reasons {
        self.config.check(conversion)
    }
}

impl fmt::Debug for MetaWire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetaWire").finish_non_exhaustive()
    }
}

#[async_trait]
impl Destination for MetaWire {
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

    async fn send(&self, pixel: &PixelCode, credential: &Credential, events: &[PreparedEvent]) -> SendReport {
        let stage = &self.line.stage;
        // By a clock that is set forward everything is old, and by one that is set back nobody could know.
        let wall_ms = stage.core().wall_ms(Some(self.line.worker));
        let true_ms = crate::stage::BEGIN_MS + stage.elapsed_ms();
        self.witness.see().sends(events, wall_ms.min(true_ms));
        let (fate, there_ms, back_ms) = self.line.draw("meta", "send");
        // Our side gives a request up after a while; Meta may take it all the same.
        let (there_ms, in_time_ms) = (there_ms.min(TIME_OUT_MS), back_ms.min(TIME_OUT_MS));
        let fate = if fate == Fate::Works && back_ms > TIME_OUT_MS { Fate::AnswerLost } else { fate };
        Wait::new(stage, there_ms).await;
        match fate {
            Fate::Refused => return unanswered(&lost(false, Failure::Connect), events.len()),
            Fate::Lost => {
                Wait::new(stage, TIME_OUT_MS).await;
                return unanswered(&lost(true, Failure::TimedOut), events.len());
            }
            Fate::Works | Fate::AnswerLost | Fate::Twice => {}
        }
        let (answer, taken) = self.exchange(pixel, credential, events);
        Wait::new(stage, in_time_ms).await;
        if fate == Fate::AnswerLost {
            return unanswered(&lost(true, Failure::Broken), events.len());
        }
        if answer.status == 200 && !answer.body.is_empty() {
            self.witness.see().knows(&self.owner, &taken);
        }
        let reply = Reply { status: answer.status, body: answer.body.into(), ..Reply::default() };
        answered(&reply, events.len())
    }
}

impl MetaWire {
    /// One request and its answer, and what was taken.
    fn exchange(
        &self,
        pixel: &PixelCode,
        credential: &Credential,
        events: &[PreparedEvent],
    ) -> (HttpAnswer, Vec<Taken>) {
        let mood = self.mood();
        let refused = match mood {
            Mood::Throttling => Some(error(400, 80_004, None, "too many calls", "")),
            Mood::Troubled => Some(error(500, 2, None, "Service temporarily unavailable", "")),
            Mood::Proxied { taken: false } => Some(proxy()),
            Mood::Fair | Mood::Proxied { taken: true } | Mood::Short | Mood::Empty => None,
        };
        let answer = refused.map_or_else(|| self.post(pixel, credential, events), Err);
        let (answer, taken) = match answer {
            Err(refusal) => (refusal, Vec::new()),
            Ok(taken) => {
                let answer = match mood {
                    Mood::Proxied { .. } => proxy(),
                    Mood::Empty => HttpAnswer { status: 200, body: String::new() },
                    Mood::Short => success(taken.len() - 1),
                    _ => success(taken.len()),
                };
                (answer, taken)
            }
        };
        self.line.did(format_args!(
            "meta {} {} events for {pixel}, {mood:?}: {} {}",
            if taken.is_empty() { "refuses" } else { "takes" },
            events.len(),
            answer.status,
            answer.body
        ));
        (answer, taken)
    }

    fn post(
        &self,
        pixel: &PixelCode,
        credential: &Credential,
        events: &[PreparedEvent],
    ) -> Result<Vec<Taken>, HttpAnswer> {
        let body = self.config.body(events.iter().map(|e| &*e.payload), &credential.token, true);
        // Meta's clock is right, whatever ours say.
        let now_s = (crate::stage::BEGIN_MS + self.line.stage.elapsed_ms()) / 1_000;
        let meta = self.meta.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = meta.post(pixel.as_str(), credential.token.expose_secret(), &body, now_s)?;
        self.witness.see().taken(&self.owner, &taken);
        Ok(taken)
    }

    fn mood(&self) -> Mood {
        let mut core = self.line.stage.core();
        if !core.faults.happens(crate::stage::Kind::Refuse, "meta") {
            return Mood::Fair;
        }
        match core.faults.between(0, 5) {
            0 => Mood::Throttling,
            1 => Mood::Troubled,
            2 => Mood::Proxied { taken: false },
            3 => Mood::Proxied { taken: true },
            4 => Mood::Short,
            _ => Mood::Empty,
        }
    }
}

fn proxy() -> HttpAnswer {
    HttpAnswer { status: 502, body: "<html>Bad Gateway</html>".to_owned() }
}

fn lost(departed: bool, failure: Failure) -> RequestError {
    if departed {
        RequestError::Unknown { failure, source: None }
    } else {
        RequestError::NotSent { failure, source: None }
    }
}
