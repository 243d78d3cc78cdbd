#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod click;
pub mod destination;
mod diagnose;
pub mod errors;
pub mod fbc;
pub mod fields;
pub mod map;
pub mod proof;
mod setup;
pub mod transport;
pub mod usage;
pub mod version;

pub use diagnose::MetaDiagnosis;
pub use setup::{SetupError, client, config, open};
