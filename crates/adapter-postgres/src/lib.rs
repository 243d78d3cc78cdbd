#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod address;
mod connection;
mod diagnose;
mod error;
mod feeds;
mod lock;
mod migrations;
mod pixels;
mod tls;

pub use connection::Postgres;
pub use diagnose::PostgresDiagnosis;
pub use feeds::PostgresFeeds;
pub use lock::PostgresLock;
pub use pixels::PostgresPixels;
