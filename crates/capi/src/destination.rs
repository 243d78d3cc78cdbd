//! Meta's Conversions API as a [`Destination`].

use async_trait::async_trait;
use bytes::Bytes;
use domain::expand::increment;
use domain::validate::Valid;
use domain::{ConversionKey, PixelCode, Reason};
use ports::Destination;
use ports::destination::{Answer, EventOutcome, PreparedEvent, SendReport};
use ports::ledger::Part;
use ports::pixels::Credential;

use crate::errors::{Answer as Reading, MetaError, Success, Verdict};
use crate::map::{MapConfig, prepare, prepare_events};
use crate::transport::{Reply, Transport, TransportError};

/// Meta's limit ("Using the API": 1,000 events in `data`).
pub const MAX_EVENTS_PER_REQUEST: usize = 1_000;

/// What goes into every request.
#[derive(Debug, Clone)]
pub struct MetaConfig {
    /// Graph API version: `v25.0`.
    pub version: String,
    /// Shows events in Events Manager's test view. Meta counts them all the same.
    pub test_event_code: Option<String>,
    /// How conversions become events.
    pub map: MapConfig,
}

/// Meta.
#[derive(Debug)]
pub struct Meta {
    config: MetaConfig,
    transport: Transport,
}

impl Meta {
    /// Meta, or what stands in for it at the transport's address.
    #[must_use]
    pub const fn new(config: MetaConfig, transport: Transport) -> Self {
        Self { config, transport }
    }

    fn body(&self, events: &[PreparedEvent]) -> Bytes {
        let size = events.iter().map(|e| e.payload.len() + 1).sum::<usize>() + 200;
        let mut body = Vec::with_capacity(size);
        body.extend_from_slice(br#"{"data":["#);
        for (i, event) in events.iter().enumerate() {
            if i > 0 {
                body.push(b',');
            }
            body.extend_from_slice(&event.payload);
        }
        body.extend_from_slice(br#"],"partner_agent":"efflux_1_0""#);
        if let Some(code) = &self.config.test_event_code {
            body.extend_from_slice(br#","test_event_code":"#);
            serde_json::to_writer(&mut body, code)
                .expect("text serialises, and writing to memory never fails");
        }
        body.push(b'}');
        Bytes::from(body)
    }
}

#[async_trait]
impl Destination for Meta {
    fn prepare(
        &self,
        key: &ConversionKey,
        valid: &Valid<'_, '_>,
        part: Part,
    ) -> Result<Vec<PreparedEvent>, Reason> {
        match part {
            Part::Whole => prepare(&self.config.map, key, valid),
            Part::Increment { first, purchases, worth } => {
                prepare_events(&self.config.map, valid, increment(key, first, purchases, worth))
            }
        }
    }

    fn max_events(&self) -> usize {
        MAX_EVENTS_PER_REQUEST
    }

    async fn send(&self, pixel: &PixelCode, credential: &Credential, events: &[PreparedEvent]) -> SendReport {
        let body = self.body(events);
        match self.transport.post_events(&self.config.version, pixel.as_str(), &credential.token, body).await
        {
            Ok(reply) => answered(&reply, events.len()),
            Err(error) => unanswered(&error, events.len()),
        }
    }
}

fn answered(reply: &Reply, sent: usize) -> SendReport {
    let reading = Reading::read(reply);
    let mut report = SendReport {
        outcomes: Vec::new(),
        answer: answer(reply.status, &reading),
        throttled: false,
        wait: None,
        alarms: Vec::new(),
    };
    let outcome = match reading.verdict {
        Verdict::Accepted => {
            report.alarms = alarms(reading.success.as_ref(), sent);
            report.answer.message = report.alarms.join("; ");
            EventOutcome::Accepted
        }
        Verdict::Throttled { wait } => {
            (report.throttled, report.wait) = (true, wait);
            EventOutcome::Transient
        }
        Verdict::Blocked { wait } => {
            (report.throttled, report.wait) = (true, Some(wait));
            EventOutcome::Transient
        }
        Verdict::Transient => EventOutcome::Transient,
        Verdict::UnknownOutcome => EventOutcome::Unknown,
        Verdict::Credential | Verdict::Configuration => EventOutcome::Refused,
        Verdict::BadEvent { index: Some(index) } if index < sent => {
            report.outcomes = vec![EventOutcome::Innocent; sent];
            report.outcomes[index] = EventOutcome::Rejected;
            return report;
        }
        Verdict::BadEvent { .. } | Verdict::UnknownPermanent => EventOutcome::Suspect,
    };
    report.outcomes = vec![outcome; sent];
    report
}

fn answer(status: u16, reading: &Reading) -> Answer {
    let of_error = |error: &MetaError| Answer {
        status,
        code: error.code,
        subcode: error.subcode,
        message: error.event_field.clone().unwrap_or_default(),
        trace_id: error.fbtrace_id.clone(),
    };
    let trace_id = || reading.success.as_ref().and_then(|s| s.fbtrace_id.clone());
    reading
        .error
        .as_ref()
        .map_or_else(|| Answer { status, trace_id: trace_id(), ..Answer::default() }, of_error)
}

/// What a success says that does not match what was sent. The events count as taken: sending them again might count twice.
fn alarms(success: Option<&Success>, sent: usize) -> Vec<String> {
    let Some(success) = success else { return vec!["a success without events_received".to_owned()] };
    let mut alarms = Vec::new();
    if success.events_received != sent as u64 {
        alarms.push(format!("{sent} events sent, {} received", success.events_received));
    }
    if !success.messages.is_empty() {
        alarms.push(format!("{} messages with the answer", success.messages.len()));
    }
    alarms
}

fn unanswered(error: &TransportError, sent: usize) -> SendReport {
    let outcome = if error.can_have_arrived() { EventOutcome::Unknown } else { EventOutcome::Transient };
    SendReport {
        outcomes: vec![outcome; sent],
        answer: Answer { message: error.to_string(), ..Answer::default() },
        throttled: false,
        wait: None,
        alarms: Vec::new(),
    }
}
