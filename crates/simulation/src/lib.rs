#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod chance;
mod input;
mod meta;
mod oracle;
mod stage;
mod trace;
mod wires;
mod worker;
mod world;

pub use world::{Options, Report, run};
