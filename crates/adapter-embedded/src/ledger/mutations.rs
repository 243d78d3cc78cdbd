//! How each deliberate bug of [`ports::mutations`] bends the ledger. Without debug assertions no bug can be on.

use std::borrow::Cow;
use std::time::Duration;

use domain::UnixMillis;
use ports::ledger::rules::Standing;
use ports::ledger::{Lease, Settlement, checksum};
use ports::mutations::{Mutation, is_on};
use rusqlite::OptionalExtension;

use super::key_index::Entries;

/// The settlement under the latest lease, even if another worker holds it.
pub(super) fn settlement<'s>(entry: &Standing, settlement: &'s Settlement) -> Cow<'s, Settlement> {
    if !is_on(Mutation::SettleWithoutLease) {
        return Cow::Borrowed(settlement);
    }
    let lease = Lease { attempt: entry.attempt, ..settlement.lease.clone() };
    Cow::Owned(Settlement { lease, ..settlement.clone() })
}

/// A time at which leases that run now have ended.
pub(super) fn time_of_claim(now: UnixMillis) -> UnixMillis {
    if is_on(Mutation::ClaimDuringLease) { now.plus(Duration::from_secs(120)) } else { now }
}

/// One entry that cannot be read ends the call for all.
pub(super) fn damage_is_fatal() -> bool {
    is_on(Mutation::DamagedIsFatal)
}

/// Whether a text is not the one that was stored with a checksum: it is not looked at.
pub(super) fn is_changed(stored: u32, text: &str) -> bool {
    stored != checksum(text) && !is_on(Mutation::DamagedIsSent)
}

/// The entry of a key; none when its text was erased.
pub(super) fn known(entries: &Entries<'_>, id: Option<i64>) -> rusqlite::Result<Option<i64>> {
    let Some(id) = id.filter(|_| is_on(Mutation::ErasedIsForgotten)) else { return Ok(id) };
    let has_text = "SELECT id FROM report_conversions WHERE id = ? AND erased_at IS NULL";
    entries.tx.prepare_cached(has_text)?.query_row([id], |row| row.get(0)).optional()
}

/// A time by which the deadlines of all entries have passed.
pub(super) fn time_of_retention(until: UnixMillis) -> UnixMillis {
    if is_on(Mutation::ErasedTooEarly) { UnixMillis(i64::MAX) } else { until }
}
