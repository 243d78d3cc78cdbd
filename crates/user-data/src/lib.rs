#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod currency;
pub mod hash;
pub mod normalise;
pub mod object;
pub mod page;

pub use hash::Sha256Hex;
pub use normalise::{CustomerKey, Field, Hints, Normal, Reason, customer_key, normalise};
