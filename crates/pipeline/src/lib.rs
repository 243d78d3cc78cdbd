#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod blocking;
mod cached;
pub mod export;
pub mod filter;
mod mutations;
mod object;
pub mod optimise;
pub mod replay;
pub mod report;
pub mod worker;

pub use blocking::Blocking;
pub use cached::{Pixels, Subscriptions};
