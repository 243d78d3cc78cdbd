//! The use cases on the embedded adapters, against the stand-in for Meta.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod books;
mod credentials;
mod isolation;
mod messages;
mod model;
mod neighbours;
mod optimise;
mod redelivery;
mod refusals;
mod replay;
mod restatements;
mod trouble;
mod world;
