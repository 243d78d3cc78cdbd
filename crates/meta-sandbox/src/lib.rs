#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod books;
mod config;
mod faults;
mod http;
mod json;
mod refusal;
mod rules;
mod sandbox;
mod schema;
mod state;
mod tokens;

pub use books::events::EventFilter;
pub use books::ledger::{AcceptedId, KeptEvent};
pub use books::stats::{NameStats, PixelStats, RequestStats, Stats};
pub use config::{SandboxClock, SandboxConfig};
pub use faults::fault::{Action, BadEvent, ErrorAnswer, Fault, Matcher};
pub use sandbox::Sandbox;
