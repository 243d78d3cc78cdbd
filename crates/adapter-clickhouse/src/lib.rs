#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod analytics;
mod connection;
mod error;
mod migrations;
mod turns;

pub use analytics::ClickHouseAnalytics;
pub use connection::ClickHouse;
pub use turns::ClickHouseTurns;
