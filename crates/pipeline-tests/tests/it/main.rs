//! The use cases on the embedded adapters, against the sandboxes of the platforms.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod amounts;
mod bisection;
mod credentials;
mod crossing;
mod damage;
mod doubt;
mod erasure;
mod feeds;
mod filtering;
mod identity;
mod limits;
mod memory;
mod messages;
mod model;
mod neighbours;
mod odd_files;
mod optimise;
mod outages;
mod postcard;
mod reconciliation;
mod redelivery;
mod refusals;
mod replay;
mod restatements;
mod tiktok;
mod two_platforms;
mod world;
