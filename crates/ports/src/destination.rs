//! Platforms that receive events.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::expand::Event;
use domain::validate::{Platforms, Requirements, Valid};
use domain::{ConversionKey, EventId, Money, PixelCode, Platform, Reason, UnixMillis};

pub use crate::answer::Answer;

use crate::ledger::Portion;
use crate::pixels::Credential;

/// An event in the platform's format, ready to be sent.
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

/// Writes the events of a conversion into one piece of memory, one behind the other; `event_bytes` is about what one takes.
pub fn write_events(
    events: impl Iterator<Item = Event>,
    event_bytes: usize,
    mut write: impl FnMut(&mut Vec<u8>, &Event),
) -> Vec<PreparedEvent> {
    let (total, _) = events.size_hint();
    let mut text = Vec::with_capacity(total * event_bytes);
    let mut spans: Vec<(Event, Range<usize>)> = Vec::with_capacity(total);
    for event in events {
        let start = text.len();
        write(&mut text, &event);
        spans.push((event, start..text.len()));
    }
    let text = Bytes::from(text);
    let prepared = spans.into_iter().map(|(event, span)| PreparedEvent {
        position: event.position,
        id: event.id,
        value: event.value,
        payload: text.slice(span),
    });
    prepared.collect()
}

/// The outcome of one event of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventOutcome {
    /// The platform has it.
    Accepted,
    /// It was not taken; trying again may help.
    Transient,
    /// It was not processed because of another event of the request, which is named; it may be sent again at once.
    NotProcessed,
    /// The request was refused for one of its events, and the answer does not say which.
    BatchRefused,
    /// The request was refused, and the destination does not know the reason. Alone, an event waits: only a reason that is known to
    /// be its own may reject it.
    Unexplained,
    /// The platform will never take this event.
    Rejected,
    /// The platform may or may not have it.
    Unknown,
    /// Not the event but the credential was refused, or the pixel as this credential sees it. Another credential may help.
    Refused,
    /// Nothing of the pixel would be taken, whatever the events, with any credential.
    PixelRefused(PixelRefusal),
}

/// Why a platform takes nothing of a pixel, where no other credential helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PixelRefusal {
    /// The platform's address or the version of its interface is not served (any more).
    Endpoint,
    /// The platform wants something of the pixel's owner first, such as consent to its terms.
    Account,
}

/// The platform's answer to one request.
#[derive(Debug, Clone)]
pub struct SendReport {
    /// One per event of the request, in its order.
    pub outcomes: Vec<EventOutcome>,
    /// What it said.
    pub answer: Answer,
    /// Whether it asked for fewer requests.
    pub throttled: bool,
    /// How long to pause the pixel, where it said so, with a rate limit or a failure.
    pub wait: Option<Duration>,
    /// Whether it counted fewer events than the request had. The outcome of each is then unknown.
    pub short: bool,
    /// What the platform's clock showed when it answered.
    pub server_time: Option<UnixMillis>,
    /// What does not match what was sent, for people.
    pub alarms: Vec<String>,
}

impl SendReport {
    /// No usable answer came to a request of `sent` events, for a reason that holds no data of the request.
    #[must_use]
    pub fn unanswered(reason: &dyn fmt::Display, can_have_arrived: bool, sent: usize) -> Self {
        let outcome = if can_have_arrived { EventOutcome::Unknown } else { EventOutcome::Transient };
        Self {
            outcomes: vec![outcome; sent],
            answer: Answer { message: reason.to_string(), ..Answer::default() },
            throttled: false,
            wait: None,
            short: false,
            server_time: None,
            alarms: Vec::new(),
        }
    }
}

/// Our client for a platform: what the platform requires of conversions, and how they are sent to it.
#[async_trait]
pub trait Destination: Requirements {
    /// The platform that it sends to.
    fn platform(&self) -> Platform;

    /// Puts the events of a conversion, or of a part of it, into the platform's format. Pure; costs no round trip.
    ///
    /// # Errors
    /// The reason why the platform would refuse the conversion.
    fn prepare(
        &self,
        key: &ConversionKey,
        valid: &Valid<'_, '_>,
        portion: Portion,
    ) -> Result<Vec<PreparedEvent>, Reason>;

    /// Sends events of one pixel in one request.
    async fn send(&self, pixel: &PixelCode, credential: &Credential, events: &[PreparedEvent]) -> SendReport;

    /// Another form of an event that was refused with this answer, which the platform may take: without what it refused. `None` when
    /// the answer leaves nothing to try.
    fn without_what_was_refused(&self, _event: &PreparedEvent, _answer: &Answer) -> Option<PreparedEvent> {
        None
    }

    /// What the platform's clock shows, if it says so without a credential; `None` when no answer came.
    async fn server_time(&self) -> Option<UnixMillis>;
}

/// The destinations of a process, one for each platform that it sends to.
#[derive(Debug, Clone, Default)]
pub struct Destinations(BTreeMap<Platform, Arc<dyn Destination>>);

impl Destinations {
    /// The destination of a platform; `None` when this process sends nothing to it.
    #[must_use]
    pub fn get(&self, platform: Platform) -> Option<&Arc<dyn Destination>> {
        self.0.get(&platform)
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Arc<dyn Destination>> {
        self.0.values()
    }

    /// The platforms that this process sends to.
    pub fn platforms(&self) -> impl Iterator<Item = Platform> + '_ {
        self.0.keys().copied()
    }
}

impl FromIterator<Arc<dyn Destination>> for Destinations {
    fn from_iter<I: IntoIterator<Item = Arc<dyn Destination>>>(all: I) -> Self {
        Self(all.into_iter().map(|destination| (destination.platform(), destination)).collect())
    }
}

impl Platforms for Destinations {
    fn requirements(&self, platform: Platform) -> Option<&dyn Requirements> {
        let destination: &dyn Destination = &**self.get(platform)?;
        Some(destination)
    }
}
