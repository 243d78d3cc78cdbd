//! How each deliberate bug of [`ports::mutations`] bends the ledger. Without debug assertions no bug can be on.

use std::borrow::Cow;
use std::time::Duration;

use domain::UnixMillis;
use ports::ledger::rules::Standing;
use ports::ledger::{Lease, Settlement, checksum};
use ports::mutations::{Mutation, is_on};

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
