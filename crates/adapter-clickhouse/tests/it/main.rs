//! ClickHouse's engine against the suites, and what is its own: errors, outages, dashboards.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod dashboards;
mod diagnose;
mod failures;
mod golden;
mod merges;
mod server;
mod suites;
