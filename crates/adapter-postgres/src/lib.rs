#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod address;
mod connection;
mod error;
mod lock;
mod migrations;
mod pixels;
mod tls;

pub use connection::Postgres;
pub use lock::PostgresLock;
pub use pixels::PostgresPixels;
