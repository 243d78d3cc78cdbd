//! What was taken: events, counts and exact sums, kept and recorded.

pub(crate) mod checked;
pub(crate) mod events;
pub(crate) mod ledger;
pub mod money;
pub(crate) mod record;
pub(crate) mod stats;
