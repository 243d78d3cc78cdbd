//! How each deliberate bug of [`ports::mutations`] bends the ledger. Without debug assertions no bug can be on.

use std::borrow::Cow;
use std::time::Duration;

use domain::UnixMillis;
use ports::ledger::Lease;
use ports::mutations::{Mutation, is_on};
use rusqlite::Transaction;

/// The latest lease, whoever settles.
pub(super) fn lease_to_settle<'a>(
    tx: &Transaction<'_>,
    entry: i64,
    lease: &'a Lease,
) -> rusqlite::Result<Cow<'a, Lease>> {
    if !is_on(Mutation::SettleWithoutLease) {
        return Ok(Cow::Borrowed(lease));
    }
    let attempt = tx
        .prepare_cached("SELECT attempt FROM report_conversions WHERE id = ?")?
        .query_row([entry], |row| row.get(0))?;
    Ok(Cow::Owned(Lease { attempt, ..lease.clone() }))
}

/// A time at which leases that run now have ended.
pub(super) fn time_of_claim(now: UnixMillis) -> UnixMillis {
    if is_on(Mutation::ClaimDuringLease) { now.plus(Duration::from_secs(120)) } else { now }
}
