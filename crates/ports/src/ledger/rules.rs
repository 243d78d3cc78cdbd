//! What every ledger decides, as pure functions.
//!
//! A ledger fetches entries, asks here what becomes of them, and writes the answer. Nothing here knows how an entry is stored, so
//! all ledgers decide alike, and their rules are tested without a database.
//!
//! - Claiming: [`by_key`] groups the rows of a claim. Where a key has no entry, write the group's leading row and give the answers
//!   of [`entered`](KeyRows::entered). Where it has one, [`apply`](Transition::apply) the group's rows to it and write the
//!   [`Change`].
//! - Erasing: fetch the entry, call [`erase()`], and write the [`Ending`].
//! - Settling: fetch the entry, call [`settle()`], and write the [`Settling`].
//! - Making due what a wrong clock put off: ask [`PutOff`] of what is not due yet.

mod claim;
mod erase;
mod policy;
mod put_off;
mod restatement;
mod settle;
mod standing;

#[cfg(test)]
mod tests;

pub use claim::{Change, KeyRows, Relation, Transition, by_key};
pub use erase::{Ending, erase};
pub use policy::Policy;
pub use put_off::PutOff;
pub use restatement::Increment;
pub use settle::{Accepted, Settling, settle};
pub use standing::Standing;

/// The latest attempts that a ledger keeps beside the first: an entry that waits for days makes hundreds.
pub const LATEST_KEPT: u32 = 15;
