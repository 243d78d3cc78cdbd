//! The client from outside, against servers of every temper.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod client;
mod server;
