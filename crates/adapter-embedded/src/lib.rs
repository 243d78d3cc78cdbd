#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod analytics;
pub mod blob;
mod data_dir;
mod db;
mod diagnose;
pub mod feeds;
mod io;
pub mod ledger;
pub mod lock;
pub mod pixels;
pub mod queue;
pub mod subscriptions;

pub use data_dir::DataDir;
pub use db::{Db, Schema};
pub use diagnose::DataDirDiagnosis;
pub(crate) use io::{blocking, io_error};

/// The tables of subscriptions, pixels, feeds and locks, which share a database; made when absent.
pub const DIRECTORY_SCHEMA: Schema =
    Schema::new(include_str!("directory.sql"), &[include_str!("directory/upgrade_1.sql")]);
