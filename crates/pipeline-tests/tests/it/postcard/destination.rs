//! The destination: what the platform asks for, its format, its answers.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::expand::{expand, increment};
use domain::validate::{Requirements, Valid};
use domain::{
    Conversion, ConversionKey, Event, PixelCode, Platform, PlatformRules, Reason, Reasons, UnixMillis,
};
use http::header::AUTHORIZATION;
use outbound_http::{Client, ClientConfig, Reply, secret_header};
use ports::Destination;
use ports::destination::{Answer, EventOutcome, PixelRefusal, PreparedEvent, SendReport};
use ports::ledger::Portion;
use ports::pixels::Credential;
use serde_json::{Value, json};

use super::WINDOW;

pub(crate) const PLATFORM: Platform = match Platform::new("postcard") {
    Ok(platform) => platform,
    Err(_) => panic!("a good name"),
};

#[derive(Debug)]
pub(crate) struct Postcard(Client);

impl Postcard {
    pub(crate) fn new(url: &str) -> Self {
        let request_timeout = Duration::from_secs(2);
        let config = ClientConfig { request_timeout, ..ClientConfig::new(url.parse().unwrap()) };
        Self(Client::new(config).unwrap())
    }
}

impl Requirements for Postcard {
    fn rules(&self) -> PlatformRules {
        PlatformRules {
            window: WINDOW,
            margin: Duration::from_secs(60),
            deduplication: Duration::from_secs(24 * 3600),
            deduplication_margin: Duration::from_secs(3600),
            max_events: 20,
            max_bytes: 1 << 20,
        }
    }

    fn check(&self, _: &Conversion<'_>) -> Reasons {
        Reasons::NONE
    }
}

#[async_trait]
impl Destination for Postcard {
    fn platform(&self) -> Platform {
        PLATFORM
    }

    fn prepare(
        &self,
        key: &ConversionKey,
        valid: &Valid<'_, '_>,
        portion: Portion,
    ) -> Result<Vec<PreparedEvent>, Reason> {
        let events: Vec<Event> = match portion {
            Portion::Full => expand(key, valid).collect(),
            Portion::Increment { first, purchases, value } => {
                increment(key, first, purchases, value).collect()
            }
        };
        let prepared = events.into_iter().map(|Event { position, id, value, .. }| {
            let payload = json!({ "id": id.as_str(), "value": value.map(|value| value.to_string()) });
            PreparedEvent { position, id, value, payload: payload.to_string().into() }
        });
        Ok(prepared.collect())
    }

    async fn send(&self, pixel: &PixelCode, credential: &Credential, events: &[PreparedEvent]) -> SendReport {
        let body: Vec<Value> = events.iter().map(|e| serde_json::from_slice(&e.payload).unwrap()).collect();
        let headers = secret_header("Bearer ", &credential.token).map(|token| (AUTHORIZATION, token));
        let body = Bytes::from(Value::from(body).to_string());
        match self.0.post_json(&[pixel.as_str()], headers.into_iter().collect(), body).await {
            Ok(reply) => answered(&reply, events.len()),
            Err(error) if error.can_have_arrived() => report(0, vec![EventOutcome::Unknown; events.len()]),
            Err(_) => report(0, vec![EventOutcome::Transient; events.len()]),
        }
    }

    async fn server_time(&self) -> Option<UnixMillis> {
        None
    }
}

fn answered(reply: &Reply, sent: usize) -> SendReport {
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let all = |outcome| report(reply.status, vec![outcome; sent]);
    match reply.status {
        200 => {
            let short = body["taken"] != sent;
            let alarms = short.then(|| format!("{sent} events sent, {} taken", body["taken"]));
            let outcome = if short { EventOutcome::Unknown } else { EventOutcome::Accepted };
            SendReport { short, alarms: alarms.into_iter().collect(), ..all(outcome) }
        }
        401 => all(EventOutcome::Refused),
        402 => all(EventOutcome::PixelRefused(PixelRefusal::Account)),
        410 => all(EventOutcome::PixelRefused(PixelRefusal::Endpoint)),
        418 => all(EventOutcome::Unexplained),
        422 => match body["bad"].as_u64().and_then(|bad| usize::try_from(bad).ok()) {
            Some(bad) => {
                let mut report = all(EventOutcome::NotProcessed);
                report.outcomes[bad] = EventOutcome::Rejected;
                report
            }
            None => all(EventOutcome::BatchRefused),
        },
        status => {
            let wait = body["seconds"].as_u64().map(Duration::from_secs);
            SendReport { throttled: status == 429, wait, ..all(EventOutcome::Transient) }
        }
    }
}

fn report(status: u16, outcomes: Vec<EventOutcome>) -> SendReport {
    let answer = Answer { status, ..Answer::default() };
    SendReport {
        outcomes,
        answer,
        throttled: false,
        wait: None,
        short: false,
        server_time: None,
        alarms: Vec::new(),
    }
}
