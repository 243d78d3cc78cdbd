#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod connection;
mod error;
mod ledger;
mod settings;

pub use ledger::{FromOriginal, MongoLedger};
pub use settings::MongoSettings;
