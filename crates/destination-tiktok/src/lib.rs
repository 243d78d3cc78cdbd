#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod destination;
mod diagnose;
pub mod errors;
pub mod fields;
pub mod map;
mod setup;
pub mod transport;

pub use diagnose::TikTokDiagnosis;
pub use setup::{SetupError, client, config, open};
