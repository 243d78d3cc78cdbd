#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod analytics;
mod connection;
mod error;
mod lock;
mod migrations;

pub use analytics::ClickHouseAnalytics;
pub use connection::ClickHouse;
pub use lock::ClickHouseLock;
