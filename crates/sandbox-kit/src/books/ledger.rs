//! What the sandbox accepted: ids, repeats, sums, and the newest events in full.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io;
use std::path::Path;
use std::sync::Arc;

use rust_decimal::Decimal;
use sha2::{Digest, Sha256};

use crate::books::checked::CheckedEvent;
use crate::books::record::{Line, Record};
use crate::books::stats::{NameStats, PixelStats, RequestStats, Stats};

/// An accepted event, kept in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptEvent {
    /// The pixel it was sent to.
    pub pixel: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Its id.
    pub id: Option<Box<str>>,
    /// Its time, Unix seconds.
    pub event_time: i64,
    /// When the sandbox took it, Unix seconds by the sandbox's clock.
    pub received_at: i64,
    /// Whether an event with the same pixel, name and id had been accepted before.
    pub repeated: bool,
    /// The event's JSON as sent.
    pub json: Box<str>,
}

/// One id that was accepted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AcceptedId {
    /// The pixel.
    pub pixel: String,
    /// The event's name.
    pub name: String,
    /// The event's id.
    pub id: String,
    /// How often it was accepted, 1 or more.
    pub times: u32,
}

/// For so long an id is recognised, in seconds from when it was first received. Then a repetition is a new event.
const DEDUPLICATION_S: i64 = 48 * 3_600;

/// How often an id came, and since when it has been recognised, in Unix seconds.
#[derive(Debug, Clone, Copy)]
struct Times {
    count: u32,
    since: i64,
}

/// How often each id came; hashes stand for the ids when nothing is to be listed.
#[derive(Debug)]
enum Seen {
    Ids(HashMap<Box<str>, Times>),
    Hashes(HashMap<[u8; 16], Times>),
}

#[derive(Debug)]
struct NameBooks {
    pixel: Arc<str>,
    name: Arc<str>,
    stats: NameStats,
    seen: Seen,
}

#[derive(Debug, Default)]
struct PixelBooks {
    requests: u64,
    names: BTreeMap<String, NameBooks>,
}

/// All books together.
#[derive(Debug)]
pub struct Ledger {
    keep: usize,
    kept: VecDeque<KeptEvent>,
    pixels: BTreeMap<String, PixelBooks>,
    refused: BTreeMap<String, u64>,
    requests: RequestStats,
    record: Option<Record>,
}

impl Ledger {
    /// Opens the books, with what the record file holds already.
    ///
    /// # Errors
    /// When the record file cannot be read, or is not one.
    pub fn open(keep: usize, record: Option<&Path>) -> io::Result<Self> {
        let (kept, pixels, refused) = (VecDeque::new(), BTreeMap::new(), BTreeMap::new());
        let mut ledger =
            Self { keep, kept, pixels, refused, requests: RequestStats::default(), record: None };
        if let Some(path) = record {
            ledger.record = Some(Record::open(path, |line| ledger.replay(line))?);
        }
        Ok(ledger)
    }

    /// Takes the events of one request, all or (when the record file cannot be written) none.
    ///
    /// # Errors
    /// When the record file cannot be written.
    pub fn accept(&mut self, pixel: &str, now: i64, events: &[CheckedEvent<'_>]) -> io::Result<()> {
        if let Some(record) = &mut self.record {
            record.append(events.iter().map(|event| line(pixel, now, event)))?;
        }
        self.pixels.entry(pixel.to_owned()).or_default().requests += 1;
        for event in events {
            let books = self.books(pixel, &event.name);
            let first = books.enter(event.id.as_deref(), now, event.value, event.currency.as_deref());
            if self.keep > 0 {
                let books = self.books(pixel, &event.name);
                let kept = books.keep(event, now, !first);
                self.kept.push_back(kept);
            }
        }
        let surplus = self.kept.len().saturating_sub(self.keep);
        self.kept.drain(..surplus);
        Ok(())
    }

    fn replay(&mut self, line: &Line<'_>) {
        let value = line.value.as_deref().and_then(|text| Decimal::from_str_exact(text).ok());
        let books = self.books(&line.pixel, &line.name);
        books.enter(line.id.as_deref(), line.received_at, value, line.currency.as_deref());
    }

    fn books(&mut self, pixel: &str, name: &str) -> &mut NameBooks {
        let with_ids = self.keep > 0;
        if !self.pixels.contains_key(pixel) {
            self.pixels.insert(pixel.to_owned(), PixelBooks::default());
        }
        let names = &mut self.pixels.get_mut(pixel).expect("inserted above").names;
        if !names.contains_key(name) {
            names.insert(name.to_owned(), NameBooks::new(pixel, name, with_ids));
        }
        names.get_mut(name).expect("inserted above")
    }

    /// Counts a request.
    pub fn count(&mut self, count: impl FnOnce(&mut RequestStats)) {
        count(&mut self.requests);
    }

    /// Counts a refused request under what it was refused for.
    pub fn count_refusal(&mut self, label: String) {
        self.requests.refused += 1;
        *self.refused.entry(label).or_default() += 1;
    }

    /// Everything counted so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let of_pixel = |books: &PixelBooks| PixelStats {
            requests: books.requests,
            names: books.names.iter().map(|(name, books)| (name.clone(), books.stats.clone())).collect(),
        };
        Stats {
            requests: self.requests.clone(),
            refused: self.refused.clone(),
            pixels: self.pixels.iter().map(|(pixel, books)| (pixel.clone(), of_pixel(books))).collect(),
        }
    }

    /// The kept events, oldest first.
    pub fn kept(&self) -> impl Iterator<Item = &KeptEvent> {
        self.kept.iter()
    }

    /// Every id in order, or `None` when only hashes are kept.
    #[must_use]
    pub fn ids(&self) -> Option<Vec<AcceptedId>> {
        if self.keep == 0 {
            return None;
        }
        let books = self.pixels.values().flat_map(|pixel| pixel.names.values());
        let mut ids: Vec<_> = books.flat_map(NameBooks::ids).collect();
        ids.sort_unstable();
        Some(ids)
    }

    /// Forgets every event and every count.
    ///
    /// # Errors
    /// When the record file cannot be emptied.
    pub fn clear(&mut self) -> io::Result<()> {
        if let Some(record) = &mut self.record {
            record.clear()?;
        }
        self.kept.clear();
        self.pixels.clear();
        self.refused.clear();
        self.requests = RequestStats::default();
        Ok(())
    }
}

fn line<'a>(pixel: &'a str, received_at: i64, event: &'a CheckedEvent<'_>) -> Line<'a> {
    Line {
        pixel: pixel.into(),
        received_at,
        name: event.name.as_ref().into(),
        id: event.id.as_deref().map(Into::into),
        value: event.value.map(|value| value.to_string()),
        currency: event.currency.as_deref().map(Into::into),
    }
}

impl NameBooks {
    fn new(pixel: &str, name: &str, with_ids: bool) -> Self {
        let seen = if with_ids { Seen::Ids(HashMap::new()) } else { Seen::Hashes(HashMap::new()) };
        Self { pixel: pixel.into(), name: name.into(), stats: NameStats::default(), seen }
    }

    /// Enters one event; `false` when it is a repeat.
    fn enter(&mut self, id: Option<&str>, now: i64, value: Option<Decimal>, currency: Option<&str>) -> bool {
        if let Some(id) = id {
            match self.seen.count(id, now) {
                Arrival::First => {}
                Arrival::Recognised => {
                    self.stats.repeated += 1;
                    return false;
                }
                Arrival::Forgotten => self.stats.counted_again += 1,
            }
        } else {
            self.stats.without_id += 1;
        }
        self.stats.accepted += 1;
        if let (Some(value), Some(currency)) = (value, currency) {
            let sum = self.stats.value.entry(currency.to_owned()).or_default();
            *sum = sum.saturating_add(value);
        }
        true
    }

    fn keep(&self, event: &CheckedEvent<'_>, now: i64, repeated: bool) -> KeptEvent {
        KeptEvent {
            pixel: Arc::clone(&self.pixel),
            name: Arc::clone(&self.name),
            id: event.id.as_deref().map(Into::into),
            event_time: event.time,
            received_at: now,
            repeated,
            json: event.json.into(),
        }
    }

    fn ids(&self) -> Vec<AcceptedId> {
        let Seen::Ids(ids) = &self.seen else {
            return Vec::new();
        };
        let (pixel, name) = (&self.pixel, &self.name);
        let row = |id: &str, times| AcceptedId {
            pixel: pixel.to_string(),
            name: name.to_string(),
            id: id.to_owned(),
            times,
        };
        ids.iter().map(|(id, times)| row(id, times.count)).collect()
    }
}

/// How an id is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arrival {
    First,
    Recognised,
    /// It came before, too long ago to be recognised.
    Forgotten,
}

impl Seen {
    /// Counts `id`, received now.
    fn count(&mut self, id: &str, now: i64) -> Arrival {
        let new = Times { count: 0, since: now };
        let times = match self {
            Self::Ids(ids) => match ids.get_mut(id) {
                Some(times) => times,
                None => ids.entry(id.into()).or_insert(new),
            },
            Self::Hashes(hashes) => hashes.entry(short_hash(id)).or_insert(new),
        };
        times.count += 1;
        if times.count == 1 {
            Arrival::First
        } else if now - times.since < DEDUPLICATION_S {
            Arrival::Recognised
        } else {
            times.since = now;
            Arrival::Forgotten
        }
    }
}

/// 16 bytes distinguish as many ids as any run will ever see.
fn short_hash(id: &str) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&Sha256::digest(id.as_bytes())[..16]);
    short
}
