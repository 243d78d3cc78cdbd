//! Due work, the nearest deadline first.
//!
//! An open entry wakes when it is due or when its deadline has come, whichever is first; the index of that time holds open
//! entries alone, and pixel and deadline with it.

use std::collections::{BTreeSet, HashMap};

use bson::oid::ObjectId;
use bson::{DateTime, Document, doc};
use domain::{ConversionKey, OddAmount, PixelRef, UnixMillis};
use ports::ledger::{Due, DueLimits, Holder, Lease, MaybeReceived, Portion, WaitReason};
use ports::{Result, Retry};
use serde::Deserialize;

use super::damage;
use super::document::{changed, date};
use super::schema::CONVERSIONS;
use super::stored::{Claimed, millis};
use crate::connection::{Connection, Query};

const OPERATION: &str = "ledger.claim_due";

/// Looks for further pixels when one pixel's backlog fills the first answer. What is not found then is found by the next call.
const LOOKS: usize = 4;

/// Reopened entries that one look for their pixels reads.
const REOPENED_AT_ONCE: usize = 1_000;

/// See [`ReportLedger::claim_due`](ports::ReportLedger::claim_due).
pub(super) async fn claim_due(
    connection: &Connection,
    limits: &DueLimits,
    holder: &Holder,
) -> Result<Vec<Due>> {
    let chosen = choose(connection, limits, holder.now).await?;
    let (mut due, mut rest) = (Vec::new(), &chosen[..]);
    let mut portions = Portions::of(limits.bytes);
    while let Some((next, after)) = portions.next(rest) {
        let claimed = claim(connection, next, holder).await?;
        portions.count(&claimed);
        due.extend(claimed);
        rest = after;
    }
    due.sort_by_key(|due| (due.deadline, due.lease.key));
    Ok(due)
}

/// Divides what was chosen, because how long the rows are is known only when they are claimed.
struct Portions {
    /// Text that may still be claimed.
    bytes: u64,
    /// How long the next rows are believed to be.
    guess: u64,
}

impl Portions {
    const FIRST_GUESS: u64 = 16 * 1_024;
    const LEAST_GUESS: u64 = 4 * 1_024;

    const fn of(bytes: u64) -> Self {
        Self { bytes, guess: Self::FIRST_GUESS }
    }

    /// What to claim next, if there is room and anything left.
    fn next<'k>(&self, rest: &'k [ConversionKey]) -> Option<(&'k [ConversionKey], &'k [ConversionKey])> {
        let fits = usize::try_from(self.bytes / self.guess).unwrap_or(usize::MAX).max(1);
        (self.bytes > 0 && !rest.is_empty()).then(|| rest.split_at(fits.min(rest.len())))
    }

    fn count(&mut self, claimed: &[Due]) {
        let texts = || claimed.iter().map(|due| due.raw.len() as u64);
        self.bytes = self.bytes.saturating_sub(texts().sum());
        self.guess = texts().max().unwrap_or_default().max(Self::LEAST_GUESS);
    }
}

/// Claims entries, if they are still due. One that the server cannot change is set aside, so that it keeps no other from it.
async fn claim(connection: &Connection, keys: &[ConversionKey], holder: &Holder) -> Result<Vec<Due>> {
    match claim_all(connection, keys, holder).await {
        Err(error) if error.retry() == Retry::Never => {}
        claimed => return claimed,
    }
    let mut claimed = Vec::new();
    for key in keys {
        match claim_all(connection, std::slice::from_ref(key), holder).await {
            Ok(due) => claimed.extend(due),
            Err(error) if error.retry() == Retry::Never => {
                damage::set_aside(connection, OPERATION, vec![key.to_string().into()], holder.now).await?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(claimed)
}

async fn claim_all(connection: &Connection, keys: &[ConversionKey], holder: &Holder) -> Result<Vec<Due>> {
    let ids: Vec<_> = keys.iter().map(ToString::to_string).collect();
    let token = ObjectId::new();
    // Each document by itself: a second worker finds that it does not wake any more.
    let condition = doc! { "_id": { "$in": &ids }, "wakes_at": { "$lte": date(holder.now) } };
    let mut set = doc! {
        "state": "in_flight", "owner": holder.owner.as_str(), "claimed_by": token, "due_at": date(holder.until),
        "wakes_at": date(holder.until),
    };
    set.extend(changed(holder.now));
    // An amount that waits is remembered: a wrong clock may have made it due.
    let odd = [OddAmount::Zero, OddAmount::Implausible].map(OddAmount::as_str);
    let updates = [("$in", None), ("$nin", Some(""))].map(|(operator, reason)| {
        let (mut condition, mut set) = (condition.clone(), set.clone());
        condition.insert("reason", doc! { operator: odd });
        set.extend(reason.map(|reason| ("reason".to_owned(), reason.into())));
        let change = doc! { "$set": set, "$inc": { "attempt": 1, "version": 1 } };
        doc! { "q": condition, "u": change, "multi": true }
    });
    if connection.update(OPERATION, CONVERSIONS, updates.into()).await? == 0 {
        return Ok(Vec::new());
    }
    let claimed = Query {
        filter: doc! { "_id": { "$in": ids }, "claimed_by": token },
        fields: Some(fields()),
        ..Query::default()
    };
    let claimed = connection.find_each(OPERATION, CONVERSIONS, claimed).await?;
    let claimed: Vec<Claimed> = damage::readable(connection, OPERATION, claimed, holder.now).await?;
    let (whole, changed): (Vec<_>, Vec<_>) = claimed.into_iter().partition(Claimed::is_whole);
    let changed = changed.iter().map(|one| one.key.to_string().into()).collect();
    damage::set_aside(connection, OPERATION, changed, holder.now).await?;
    Ok(whole.into_iter().map(Due::from).collect())
}

fn fields() -> Document {
    doc! {
        "attempt": 1, "raw": 1, "network": 1, "pixel": 1, "deadline": 1, "accepted": 1, "failures": 1, "part": 1,
        "maybe_received": 1, "checksum": 1, "reason": 1,
    }
}

impl From<Claimed> for Due {
    fn from(claimed: Claimed) -> Self {
        Self {
            lease: Lease { key: claimed.key, attempt: claimed.attempt },
            raw: claimed.raw,
            network: claimed.network,
            pixel: claimed.pixel,
            deadline: millis(claimed.deadline),
            odd: OddAmount::of_word(&claimed.reason),
            portion: claimed.part.map_or(Portion::Full, Portion::from),
            accepted: claimed.accepted,
            maybe_received: claimed.maybe_received.map(MaybeReceived::from),
            failures: claimed.failures,
        }
    }
}

#[derive(Deserialize)]
struct Candidate {
    #[serde(rename = "_id")]
    key: ConversionKey,
    pixel: PixelRef,
    deadline: DateTime,
}

/// What to claim. A pixel that has its share is left out of the next look, so that others come up.
async fn choose(connection: &Connection, limits: &DueLimits, now: UnixMillis) -> Result<Vec<ConversionKey>> {
    let mut closed: Vec<String> = limits.except.iter().map(PixelRef::to_string).collect();
    let mut choice = Choice::default();
    for _ in 0..LOOKS {
        let found = look(connection, &closed, limits.total, now).await?;
        let all = found.len() < limits.total;
        choice.take(found, limits, now);
        if all || choice.keys.len() >= limits.total {
            break;
        }
        closed.extend(choice.full(limits.per_pixel));
    }
    Ok(choice.keys.into_iter().take(limits.total).map(|(_, key)| key).collect())
}

/// Entries that wake now: all that are past their deadline, and others of pixels that are not closed.
async fn look(
    connection: &Connection,
    closed: &[String],
    limit: usize,
    now: UnixMillis,
) -> Result<Vec<Candidate>> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let mut filter = doc! { "wakes_at": { "$lte": date(now) } };
    if !closed.is_empty() {
        let open = doc! { "pixel": { "$nin": closed } };
        filter.insert("$or", vec![doc! { "deadline": { "$lte": date(now) } }, open]);
    }
    let query = Query {
        filter,
        fields: Some(doc! { "_id": 1, "pixel": 1, "deadline": 1 }),
        sort: Some(doc! { "deadline": 1, "_id": 1 }),
        limit: Some(limit),
        bytes: None,
    };
    let found = connection.find_each(OPERATION, CONVERSIONS, query).await?;
    damage::readable(connection, OPERATION, found, now).await
}

/// What was chosen so far, by deadline.
#[derive(Default)]
struct Choice {
    keys: BTreeSet<(DateTime, ConversionKey)>,
    shares: HashMap<String, usize>,
}

impl Choice {
    fn take(&mut self, found: Vec<Candidate>, limits: &DueLimits, now: UnixMillis) {
        for candidate in found {
            let place = (candidate.deadline, candidate.key);
            if millis(candidate.deadline) <= now {
                self.keys.insert(place);
            } else if !self.keys.contains(&place) {
                let share = self.shares.entry(candidate.pixel.into()).or_default();
                if *share < limits.per_pixel {
                    *share += 1;
                    self.keys.insert(place);
                }
            }
        }
    }

    /// Pixels that have their share.
    fn full(&self, share: usize) -> impl Iterator<Item = String> {
        self.shares.iter().filter(move |(_, has)| **has >= share).map(|(pixel, _)| pixel.clone())
    }
}

#[derive(Deserialize)]
struct Reopened {
    pixel: PixelRef,
}

/// See [`ReportLedger::reopened`](ports::ReportLedger::reopened). The choice goes by the index of open entries.
pub(super) async fn reopened(
    connection: &Connection,
    pixels: &[PixelRef],
    now: UnixMillis,
) -> Result<Vec<PixelRef>> {
    let wanted: Vec<_> = pixels.iter().map(PixelRef::to_string).collect();
    let query = Query {
        filter: doc! {
            "wakes_at": { "$lte": date(now) }, "pixel": { "$in": wanted }, "state": "retry",
            "reason": WaitReason::Reopened.as_str(),
        },
        fields: Some(doc! { "_id": 0, "pixel": 1 }),
        limit: Some(REOPENED_AT_ONCE),
        ..Query::default()
    };
    let found: Vec<Reopened> = connection.find("ledger.reopened", CONVERSIONS, query).await?;
    let found: BTreeSet<_> = found.into_iter().map(|one| one.pixel).collect();
    Ok(found.into_iter().collect())
}

/// See [`ReportLedger::release_parked`](ports::ReportLedger::release_parked). The entries stay parked, so the version stays.
pub(super) async fn release_parked(
    connection: &Connection,
    pixel: &PixelRef,
    now: UnixMillis,
) -> Result<u64> {
    let sooner = doc! { "$min": { "due_at": date(now), "wakes_at": date(now) } };
    let others: Vec<_> = WaitReason::WITHOUT_CREDENTIAL.iter().map(WaitReason::as_str).collect();
    let parked = doc! {
        "state": "parked", "pixel": pixel.to_string(), "reason": { "$nin": others },
    };
    let update = doc! { "q": parked, "u": sooner, "multi": true };
    connection.update("ledger.release_parked", CONVERSIONS, vec![update]).await
}
