//! The crate from outside: recorded vectors, and the transport against servers of every temper.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod answers;
mod laws;
mod normalise;
mod sandbox;
mod seeds;
mod server;
mod transport;
