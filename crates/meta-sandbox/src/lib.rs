#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod config;
mod faults;
mod http;
mod refusal;
mod rules;
mod sandbox;
mod schema;
mod state;
mod tokens;

pub use config::SandboxConfig;
pub use faults::{Action, BadEvent, ErrorAnswer, Fault};
pub use sandbox::Sandbox;
pub use sandbox_kit::{
    AcceptedId, EventFilter, KeptEvent, Matcher, NameStats, PixelStats, RequestStats, SandboxClock, Stats,
};
