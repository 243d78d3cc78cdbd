#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod message;
mod queue;
mod signature;
mod webhook;

pub use message::Format;
pub use webhook::{NotDelivered, SetupError, Webhook, WebhookConfig};
