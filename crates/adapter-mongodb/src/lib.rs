#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod connection;
mod error;
mod ledger;

pub use ledger::{FromLegacy, MongoDiagnosis, MongoLedger};
pub use ports::configuration::MongoSettings;
