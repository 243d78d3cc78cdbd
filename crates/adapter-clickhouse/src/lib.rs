#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod analytics;
mod connection;
mod diagnose;
mod error;
mod lock;
mod migrations;

pub use analytics::ClickHouseAnalytics;
pub use connection::ClickHouse;
pub use diagnose::ClickHouseDiagnosis;
pub use lock::ClickHouseLock;
