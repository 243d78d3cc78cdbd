//! The real PostgreSQL against the suites, the legacy system's tables, and failures of every kind.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod counting;
mod database;
mod diagnose;
mod failures;
mod golden;
mod legacy;
mod suites;
