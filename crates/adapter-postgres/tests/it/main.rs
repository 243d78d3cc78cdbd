//! The real PostgreSQL against the suites, the original's tables, and trouble of every kind.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod counting;
mod database;
mod golden;
mod original;
mod suites;
mod trouble;
