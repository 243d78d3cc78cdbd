//! The adapters against the suites of their ports, and against failures, over AWS's protocols.
//!
//! `make services-up` starts the emulator. `EFFLUX_TEST_AWS_URL` names another endpoint; `aws` means AWS itself, with the
//! credentials and region of the environment.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod blob;
mod canned;
mod diagnose;
mod failures;
mod metrics;
mod queue;
mod subscriptions;
mod world;
