#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod analytics;
pub mod blob;
pub mod clock;
pub mod destination;
pub mod exclusive_lock;
pub mod feeds;
pub mod golden;
pub mod ledger;
pub mod pixels;
pub mod postgres;
pub mod proxy;
pub mod queue;
pub mod service;
pub mod subscriptions;
pub mod webhook;
