#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod answer;
mod body;
mod config;
mod control;
mod events;
mod fault;
mod fault_book;
mod ingest;
mod json;
mod ledger;
mod money;
mod path;
mod proof;
mod record;
mod refusal;
mod route;
mod rules;
mod sandbox;
mod schema;
mod server;
mod state;
mod stats;
mod tokens;
mod wire;

pub use config::{SandboxClock, SandboxConfig};
pub use events::EventFilter;
pub use fault::{Action, BadEvent, ErrorAnswer, Fault, Matcher};
pub use ledger::{AcceptedId, KeptEvent};
pub use sandbox::Sandbox;
pub use stats::{NameStats, PixelStats, RequestStats, Stats};
