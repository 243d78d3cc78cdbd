//! The binaries, started as a user starts them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bad_input;
mod chaos;
mod deployment;
mod descriptors;
mod disk;
mod erasure;
mod golden;
mod harness;
mod kill;
mod logs;
mod memory;
mod meta;
mod operator;
mod production;
mod recovery;
mod refused;
mod reporting;
mod secrets;
mod services;
mod signals;
mod soak;
mod wire;
