//! The ledger on a MongoDB server: the suite of its port, its cost in round trips, what the legacy system left, and a server that fails.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod damage;
mod diagnose;
mod elections;
mod erasure;
mod failures;
mod golden;
mod increments;
mod legacy;
mod round_trips;
mod suite;
mod versions;
mod world;
