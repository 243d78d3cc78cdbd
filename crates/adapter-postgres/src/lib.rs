#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod address;
mod connection;
mod error;
mod migrations;
mod pixels;
mod tls;
mod turns;

pub use connection::Postgres;
pub use pixels::PostgresPixels;
pub use turns::PostgresTurns;
