#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod chance;
mod faulty_ports;
mod input;
mod meta;
mod oracle;
mod scheduler;
mod trace;
mod worker;
mod world;

pub use world::{Options, Report, run};
