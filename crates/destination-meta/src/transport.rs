//! HTTP to Meta: one pooled client with time-outs, and failures that tell whether the request can have arrived.

mod body;
mod client;
mod config;
mod endpoint;
mod error;
mod http_date;
mod reply;
mod usage;

pub use client::Transport;
pub use config::{TransportConfig, TransportSetupError};
pub use error::{Failure, TransportError};
pub use reply::Reply;
pub use usage::UsageHeaders;
