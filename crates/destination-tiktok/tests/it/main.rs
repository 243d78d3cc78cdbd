//! The crate from outside: recorded vectors, and the sandbox.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod hashing;
mod sandbox;
mod suite;
