//! The sandbox over real connections.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod books;
mod client;
mod control;
mod faults;
mod http;
mod speed;
