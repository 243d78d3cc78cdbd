#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod filter;
mod gauges;
mod optimizer;
mod parts;
mod program;
mod reporter;
mod running;

pub use gauges::Measured;
pub use parts::{Parts, StartError};
pub use program::{block_on, healthcheck, main};
pub use running::{Running, Serve, run, start};
