#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod analytics;
pub mod blob;
mod data_dir;
mod db;
mod edge;
pub mod ledger;
pub mod pixels;
pub mod queue;
pub mod subscriptions;

pub use data_dir::DataDir;
pub use db::Db;
pub(crate) use edge::{blocking, io_error};

/// The tables of subscriptions and pixels, which share a database; made when absent.
pub const DIRECTORY_SCHEMA: &str = include_str!("directory.sql");
