//! The sandbox over real HTTP.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod books;
mod client;
mod faults;
mod http;
