//! A platform that is told of events.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::validate::Valid;
use domain::{ConversionKey, EventId, Money, PixelCode, Reason};

use crate::ledger::Part;
use crate::pixels::Credential;

/// An event in the platform's words, ready to be sent.
#[derive(Debug, Clone)]
pub struct PreparedEvent {
    /// Position among the events of its conversion.
    pub position: u32,
    /// The platform recognises a repetition by it.
    pub id: EventId,
    /// What a Purchase is worth; `None` for others.
    pub value: Option<Money>,
    /// The JSON of the event.
    pub payload: Bytes,
}

/// What became of one event of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventOutcome {
    /// The platform has it.
    Accepted,
    /// It was not taken; trying again may help.
    Transient,
    /// It was not taken because of another event of the request, which is named; it may be sent again at once.
    Innocent,
    /// The request was refused for one of its events, and nobody said which.
    Suspect,
    /// The platform will never take this event.
    Rejected,
    /// Nobody can know whether the platform has it.
    Unknown,
    /// Not the event but the credential, the pixel or the configuration was refused.
    Refused,
}

/// The platform's answer to one request.
#[derive(Debug, Clone)]
pub struct SendReport {
    /// One per event of the request, in its order.
    pub outcomes: Vec<EventOutcome>,
    /// What it said.
    pub answer: Answer,
    /// Whether it asked for less.
    pub throttled: bool,
    /// How long to leave the pixel alone, where it said so.
    pub wait: Option<Duration>,
    /// What does not match what was sent, for people.
    pub alarms: Vec<String>,
}

/// What a platform said, as far as people and later attempts need it. Never a token, a body or a person's data.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Answer {
    /// HTTP status; 0 when there was no answer.
    pub status: u16,
    /// The platform's error code.
    pub code: Option<i64>,
    /// The platform's error subcode.
    pub subcode: Option<i64>,
    /// The platform's words, or what went wrong on the way.
    pub message: String,
    /// The platform's id of the request, for its support.
    pub trace_id: Option<String>,
}

/// A platform's interface for conversions.
#[async_trait]
pub trait Destination: Send + Sync {
    /// Puts the events of a conversion, or of a part of it, into the platform's words. Pure; costs no round trip.
    ///
    /// # Errors
    /// The reason why the platform would refuse the conversion.
    fn prepare(
        &self,
        key: &ConversionKey,
        valid: &Valid<'_, '_>,
        part: Part,
    ) -> Result<Vec<PreparedEvent>, Reason>;

    /// The most events that one request may hold.
    fn max_events(&self) -> usize;

    /// Sends events of one pixel in one request.
    async fn send(&self, pixel: &PixelCode, credential: &Credential, events: &[PreparedEvent]) -> SendReport;
}
