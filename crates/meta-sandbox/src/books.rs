//! What was taken: events, counts and exact sums, kept and recorded.

pub(crate) mod events;
pub(crate) mod ledger;
pub(crate) mod money;
pub(crate) mod record;
pub(crate) mod stats;
