//! Another chance for entries that ended, or that wait: planned first, checked against the current pixels, and given through
//! the ledger, which lets nothing be sent twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::validate::{Rules, check};
use domain::{ConversionKey, FeedMap, Money, Outcome, PixelRef, Reason, Row, UnixMillis};
use ports::ledger::{Record, Reopening, Selection, Settled, WaitReason};
use ports::{Clock, Destinations, LedgerAdmin, Result};

use crate::report::{Feeds, PixelMap, Pixels};

/// Entries that one page holds.
const PAGE: usize = 500;

/// What a replay works with.
#[derive(Debug)]
pub struct Replay {
    /// Where entries are.
    pub ledger: Arc<dyn LedgerAdmin>,
    /// The current pixels.
    pub pixels: Arc<Pixels>,
    /// What the operator says about feed networks.
    pub feeds: Arc<Feeds>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The platforms that events can be sent to.
    pub destinations: Destinations,
}

/// Entries, and the revenue that no event has reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amount {
    /// How many.
    pub entries: u64,
    /// What they have earned beyond what was reported; below zero where a feed states so.
    pub revenue: Money,
}

impl Amount {
    fn add(&mut self, record: &Record) {
        self.entries += 1;
        let stated = record.observed.revenue;
        let missing =
            if stated.is_negative() { stated - record.reported.revenue } else { record.unreported() };
        self.revenue = self.revenue + missing;
    }
}

/// What a replay would do with the entries of a selection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReplayPlan {
    /// What gets another chance, by pixel and by the reason for which it stands where it stands.
    pub reopen: BTreeMap<(PixelRef, String), Amount>,
    /// What is too old for the destination by now.
    pub too_old: Amount,
    /// What may not be sent by the current rules, by the first of the reasons.
    pub not_valid: BTreeMap<&'static str, Amount>,
    /// What is valid and stands for no event.
    pub no_events: Amount,
    /// What was reported already.
    pub already_reported: Amount,
    /// What a worker has claimed.
    pub in_flight: Amount,
    /// What has no text any more: its time is over, or its visitor wished to be forgotten.
    pub erased: Amount,
}

impl ReplayPlan {
    /// All that gets another chance.
    #[must_use]
    pub fn reopened(&self) -> Amount {
        self.reopen.values().fold(Amount::default(), |sum, a| Amount {
            entries: sum.entries + a.entries,
            revenue: sum.revenue + a.revenue,
        })
    }

    fn add(&mut self, record: &Record, verdict: &ReplayVerdict) {
        let amount = match verdict {
            ReplayVerdict::Reopen(reopening) => {
                let group = (reopening.pixel.clone(), record.reason.clone());
                self.reopen.entry(group).or_default()
            }
            ReplayVerdict::TooOld => &mut self.too_old,
            ReplayVerdict::NotValid(reason) => self.not_valid.entry(reason).or_default(),
            ReplayVerdict::NoEvents => &mut self.no_events,
            ReplayVerdict::AlreadyReported => &mut self.already_reported,
            ReplayVerdict::InFlight => &mut self.in_flight,
            ReplayVerdict::Erased => &mut self.erased,
        };
        amount.add(record);
    }
}

/// What a replay did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Replayed {
    /// Entries that are due now.
    pub reopened: u64,
    /// Entries that a worker or another operator changed in between: skipped.
    pub changed_meanwhile: u64,
    /// Entries that stay parked, because nothing can be sent to their pixel.
    pub left_parked: u64,
}

/// Whether an entry waits for what a pixel without a working credential cannot have: it would only be parked again.
#[must_use]
pub fn waits_for_credential(outcome: Outcome, reason: &str) -> bool {
    outcome == Outcome::Parked && !WaitReason::WITHOUT_CREDENTIAL.contains(&WaitReason::from(reason))
}

/// What rows are judged by.
struct Current {
    pixels: Arc<PixelMap>,
    feeds: Arc<FeedMap>,
}

/// What a replay does with one entry.
enum ReplayVerdict {
    Reopen(Reopening),
    TooOld,
    NotValid(&'static str),
    NoEvents,
    AlreadyReported,
    InFlight,
    Erased,
}

impl Replay {
    /// Looks at every entry of a selection and changes nothing.
    ///
    /// # Errors
    /// The ledger's or that of the directory of pixels or feeds.
    pub async fn plan(&self, selection: &Selection) -> Result<ReplayPlan> {
        let current = self.current().await?;
        let (mut plan, mut after) = (ReplayPlan::default(), None);
        while let Some(page) = self.page(selection, &mut after).await? {
            let now = self.clock.now();
            page.iter().for_each(|record| plan.add(record, &self.judge(record, now, &current)));
        }
        Ok(plan)
    }

    /// Gives another chance to the entries of a selection that may have one. What waits for a credential of one of the `closed` pixels
    /// stays parked: nothing can be sent to them.
    ///
    /// # Errors
    /// The ledger's or that of the directory of pixels or feeds; what was reopened before stays so.
    pub async fn apply(&self, selection: &Selection, closed: &BTreeSet<PixelRef>) -> Result<Replayed> {
        let current = self.current().await?;
        let (mut done, mut after) = (Replayed::default(), None);
        while let Some(page) = self.page(selection, &mut after).await? {
            let now = self.clock.now();
            let mut reopenings = Vec::with_capacity(page.len());
            for record in &page {
                let ReplayVerdict::Reopen(reopening) = self.judge(record, now, &current) else { continue };
                if closed.contains(&reopening.pixel) && waits_for_credential(record.outcome, &record.reason) {
                    done.left_parked += 1;
                } else {
                    reopenings.push(reopening);
                }
            }
            for settled in self.ledger.reopen(&reopenings, now).await? {
                match settled {
                    Settled::Done => done.reopened += 1,
                    Settled::Late => done.changed_meanwhile += 1,
                }
            }
        }
        Ok(done)
    }

    async fn page(
        &self,
        selection: &Selection,
        after: &mut Option<ConversionKey>,
    ) -> Result<Option<Vec<Record>>> {
        let page = self.ledger.select(selection, after.as_ref(), PAGE).await?;
        *after = page.last().map(|record| record.key);
        Ok((!page.is_empty()).then_some(page))
    }

    async fn current(&self) -> Result<Current> {
        Ok(Current { pixels: self.pixels.current().await?, feeds: self.feeds.current().await? })
    }

    fn judge(&self, record: &Record, now: UnixMillis, current: &Current) -> ReplayVerdict {
        match record.outcome {
            Outcome::Reported => return ReplayVerdict::AlreadyReported,
            Outcome::InFlight => return ReplayVerdict::InFlight,
            _ if record.erased.is_some() => return ReplayVerdict::Erased,
            _ => {}
        }
        let row = Row::of_feed(&record.raw, &current.feeds, Some(&record.network));
        let rules = Rules {
            now,
            pixels: &*current.pixels,
            platforms: &self.destinations,
            object_network: Some(&record.network),
        };
        match check(&row, rules) {
            Err(reasons) if reasons.contains(Reason::TooOld) => ReplayVerdict::TooOld,
            Err(reasons) => ReplayVerdict::NotValid(reasons.category().map_or("", Reason::as_str)),
            Ok(valid) if valid.counts().total() == 0 => ReplayVerdict::NoEvents,
            Ok(valid) if now >= valid.deadline() => ReplayVerdict::TooOld,
            Ok(valid) => ReplayVerdict::Reopen(Reopening {
                key: record.key,
                version: record.version,
                deadline: valid.deadline(),
                pixel: valid.into_pixel(),
            }),
        }
    }
}
