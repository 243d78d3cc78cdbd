#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod address;
mod body;
mod client;
mod config;
mod error;
mod header;
pub mod limits;
mod reply;

pub use client::Client;
pub use config::{ClientConfig, ClientSetupError};
pub use error::{Failure, RequestError};
pub use header::secret_header;
pub use reply::Reply;
