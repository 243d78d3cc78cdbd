#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod click;
pub mod destination;
pub mod errors;
pub mod fbc;
pub mod fields;
pub mod map;
pub mod proof;
mod setup;
pub mod transport;
pub mod usage;
pub mod version;

pub use setup::{SetupError, client, config, open};
