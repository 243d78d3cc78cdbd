//! The embedded adapters against the suites of their ports, on files and in memory.

mod analytics;
mod blob;
mod damage;
mod diagnose;
mod erasure;
mod feeds;
mod golden;
mod history;
mod ledger;
mod lock;
mod pixels;
mod queue;
mod subscriptions;
mod upgrade;
