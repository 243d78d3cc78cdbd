//! The crate from outside: recorded vectors, the laws of the fuzz targets, and the sandbox.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod answers;
mod laws;
mod normalise;
mod sandbox;
mod seeds;
mod suite;
