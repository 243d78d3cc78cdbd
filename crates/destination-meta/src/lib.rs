#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod destination;
pub mod errors;
pub mod hash;
pub mod map;
pub mod normalise;
pub mod proof;
pub mod transport;
pub mod version;
