//! What is read back from documents.

use bson::{Bson, DateTime, doc};
use domain::restate::Figures;
use domain::{ConversionKey, Money, Outcome, PixelRef, UnixMillis, UnixSeconds};
use ports::destination::Answer;
use ports::ledger::rules::{Accepted, Increment, Standing};
use ports::ledger::{
    Attempt, Erased, Erasure, MaybeReceived, Portion, Positions, Record, Source, checksum, erased_text,
    odd_amount,
};
use serde::{Deserialize, Deserializer, Serialize};

/// An entry, as far as it decides about newcomers and settlements.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Entry {
    #[serde(rename = "_id")]
    pub(super) key: ConversionKey,
    pub(super) state: Outcome,
    pub(super) reason: String,
    pub(super) object: String,
    pub(super) row: u64,
    pub(super) version: i64,
    pub(super) updated_at: DateTime,
    pub(super) attempt: u32,
    observed_count: i64,
    observed_revenue: Money,
    reported_count: i64,
    reported_revenue: Money,
    #[serde(deserialize_with = "positions")]
    accepted: Positions,
    events: u64,
    /// Empty unless rows stated money that the entry's own events do not report. Absent in what versions before 4 wrote: the
    /// latest figures were meant then.
    #[serde(default, deserialize_with = "present")]
    wanted: Option<Option<StoredFigures>>,
    #[serde(default)]
    part: Option<StoredIncrement>,
    #[serde(default)]
    pub(super) deadline: Option<DateTime>,
    #[serde(default)]
    pub(super) attempts: Vec<StoredAttempt>,
    #[serde(default)]
    pub(super) superseded: Vec<Superseded>,
    /// The legacy system reported it and did not say how much.
    #[serde(default)]
    figures_unknown: bool,
    #[serde(default, deserialize_with = "erasure")]
    pub(super) erased_by: Option<Erasure>,
}

impl Entry {
    /// The fields that it needs; the row's text is large and not among them.
    pub(super) fn fields() -> bson::Document {
        doc! {
            "state": 1, "reason": 1, "object": 1, "row": 1, "version": 1, "attempt": 1, "observed_count": 1,
            "observed_revenue": 1, "reported_count": 1, "reported_revenue": 1, "accepted": 1, "events": 1,
            "deadline": 1, "attempts": 1, "superseded": 1, "figures_unknown": 1, "wanted": 1, "part": 1,
            "erased_by": 1, "updated_at": 1,
        }
    }

    pub(super) fn standing(&self) -> Standing {
        let observed = Figures { count: self.observed_count, revenue: self.observed_revenue };
        let observed_open = Some(observed).filter(|_| !self.state.is_end() && observed.count > 0);
        Standing {
            outcome: self.state,
            attempt: self.attempt,
            observed,
            reported: Figures { count: self.reported_count, revenue: self.reported_revenue },
            wanted: self.wanted.map_or(observed_open, |wanted| wanted.map(Figures::from)),
            odd: odd_amount(self.state, &self.reason),
            portion: self.part.map_or(Portion::Full, Portion::from),
            figures_unknown: self.figures_unknown,
            erased: self.erased_by,
        }
    }

    pub(super) fn accepted(&self) -> Accepted {
        Accepted { positions: self.accepted.clone(), events: self.events }
    }
}

/// An entry by its key: the answer to a question whether a change was made.
#[derive(Debug, Deserialize)]
pub(super) struct Marked {
    #[serde(rename = "_id")]
    pub(super) key: ConversionKey,
}

/// A row whose entry another row took over; its object's receipt counts it by this note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Superseded {
    pub(super) object: String,
    pub(super) row: i64,
    pub(super) outcome: Outcome,
    pub(super) reason: String,
}

/// A settlement, in its entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredAttempt {
    pub(super) number: u32,
    pub(super) at: DateTime,
    pub(super) owner: String,
    pub(super) outcome: Outcome,
    pub(super) reason: String,
    pub(super) events: i64,
    #[serde(deserialize_with = "answer", serialize_with = "answer_text")]
    pub(super) answer: Option<Answer>,
    /// Names the call that wrote it.
    pub(super) by: bson::oid::ObjectId,
}

impl From<StoredAttempt> for Attempt {
    fn from(stored: StoredAttempt) -> Self {
        Self {
            number: stored.number,
            at: UnixMillis(stored.at.timestamp_millis()),
            owner: stored.owner,
            outcome: stored.outcome,
            reason: stored.reason,
            events: u64::try_from(stored.events).unwrap_or_default(),
            answer: stored.answer,
        }
    }
}

/// An entry whole.
#[derive(Debug, Deserialize)]
pub(super) struct Whole {
    #[serde(rename = "_id")]
    key: ConversionKey,
    version: u64,
    state: Outcome,
    reason: String,
    reasons: String,
    object: String,
    row: u64,
    raw: String,
    session_id: Option<String>,
    keyword_clicked: Option<String>,
    click_timestamp: Option<UnixSeconds>,
    pixel: Option<PixelRef>,
    network: String,
    observed_count: i64,
    observed_revenue: Money,
    reported_count: i64,
    reported_revenue: Money,
    events: u64,
    attempt: u32,
    due_at: Option<DateTime>,
    deadline: Option<DateTime>,
    #[serde(default, deserialize_with = "answer")]
    answer: Option<Answer>,
    #[serde(rename = "createdAt")]
    created_at: DateTime,
    updated_at: DateTime,
    /// Absent in what earlier versions wrote.
    #[serde(default)]
    reported_at: Option<DateTime>,
    /// In documents of the legacy system it may be a number.
    #[serde(default)]
    campaign_id: Option<Bson>,
    #[serde(default)]
    erased_at: Option<DateTime>,
    #[serde(default, deserialize_with = "erasure")]
    erased_by: Option<Erasure>,
}

impl Whole {
    fn erased(&self) -> Option<Erased> {
        self.erased_at.zip(self.erased_by).map(|(at, why)| Erased { why, at: millis(at) })
    }
}

impl From<Whole> for Record {
    fn from(stored: Whole) -> Self {
        let erased = stored.erased();
        let raw = match erased {
            None => stored.raw,
            Some(_) => erased_text(stored.campaign_id.as_ref().and_then(Bson::as_str)),
        };
        Self {
            erased,
            key: stored.key,
            version: stored.version,
            outcome: stored.state,
            reason: stored.reason,
            reasons: stored.reasons,
            source: Source { object: stored.object, row: stored.row },
            raw,
            session_id: stored.session_id,
            keyword_clicked: stored.keyword_clicked,
            click_time: stored.click_timestamp,
            pixel: stored.pixel,
            network: stored.network,
            observed: Figures { count: stored.observed_count, revenue: stored.observed_revenue },
            reported: Figures { count: stored.reported_count, revenue: stored.reported_revenue },
            events: stored.events,
            attempts: stored.attempt,
            due_at: stored.due_at.map(millis),
            deadline: stored.deadline.map(millis),
            answer: stored.answer,
            created_at: millis(stored.created_at),
            updated_at: millis(stored.updated_at),
            reported_at: stored.reported_at.map(millis),
        }
    }
}

/// An entry that was just claimed.
#[derive(Debug, Deserialize)]
pub(super) struct Claimed {
    #[serde(rename = "_id")]
    pub(super) key: ConversionKey,
    pub(super) attempt: u32,
    pub(super) raw: String,
    pub(super) network: String,
    pub(super) pixel: PixelRef,
    pub(super) deadline: DateTime,
    pub(super) reason: String,
    #[serde(deserialize_with = "positions")]
    pub(super) accepted: Positions,
    pub(super) failures: u32,
    #[serde(default)]
    pub(super) maybe_received: Option<StoredMark>,
    /// Absent in what versions before 3 wrote.
    #[serde(default)]
    checksum: Option<i64>,
    #[serde(default)]
    pub(super) part: Option<StoredIncrement>,
}

impl Claimed {
    /// Whether the row's text is what was stored.
    pub(super) fn is_whole(&self) -> bool {
        self.checksum.is_none_or(|stored| stored == i64::from(checksum(&self.raw)))
    }
}

/// What paid clicks earned.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct StoredFigures {
    count: i64,
    revenue: Money,
}

impl From<Figures> for StoredFigures {
    fn from(Figures { count, revenue }: Figures) -> Self {
        Self { count, revenue }
    }
}

impl From<StoredFigures> for Figures {
    fn from(StoredFigures { count, revenue }: StoredFigures) -> Self {
        Self { count, revenue }
    }
}

/// A field that may be empty, and is there.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<StoredFigures>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Purchases that a restatement added.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct StoredIncrement {
    pub(super) first: u32,
    pub(super) purchases: u32,
    #[serde(rename = "worth")]
    pub(super) value: Money,
}

impl From<Increment> for StoredIncrement {
    fn from(Increment { first, purchases, value, .. }: Increment) -> Self {
        Self { first, purchases, value }
    }
}

impl From<StoredIncrement> for Portion {
    fn from(stored: StoredIncrement) -> Self {
        Self::Increment { first: stored.first, purchases: stored.purchases, value: stored.value }
    }
}

/// Since when the platform may have events that are not known to be accepted.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct StoredMark {
    since: DateTime,
    #[serde(default)]
    short_answers: u32,
}

impl From<MaybeReceived> for StoredMark {
    fn from(mark: MaybeReceived) -> Self {
        Self { since: DateTime::from_millis(mark.since.0), short_answers: mark.short_answers }
    }
}

impl From<StoredMark> for MaybeReceived {
    fn from(stored: StoredMark) -> Self {
        Self { since: millis(stored.since), short_answers: stored.short_answers }
    }
}

/// A date as an instant.
pub(super) const fn millis(date: DateTime) -> UnixMillis {
    UnixMillis(date.timestamp_millis())
}

fn positions<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Positions, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

fn erasure<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Erasure>, D::Error> {
    let word = Option::<String>::deserialize(deserializer)?;
    word.map(|word| word.parse()).transpose().map_err(serde::de::Error::custom)
}

/// What the platform said is kept as JSON text.
fn answer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Answer>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| serde_json::from_str(&text)).transpose().map_err(serde::de::Error::custom)
}

fn answer_text<S: serde::Serializer>(answer: &Option<Answer>, serializer: S) -> Result<S::Ok, S::Error> {
    match answer {
        Some(answer) => {
            serializer.serialize_str(&serde_json::to_string(answer).map_err(serde::ser::Error::custom)?)
        }
        None => serializer.serialize_none(),
    }
}

/// A value of ours as BSON. All of them are numbers, texts and dates, which cannot fail to be written.
pub(super) fn bson<T: Serialize>(value: &T) -> Bson {
    bson::serialize_to_bson(value).unwrap_or(Bson::Null)
}
