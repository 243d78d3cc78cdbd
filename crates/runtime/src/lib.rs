#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod clock;
pub mod diagnose;
pub mod disk;
pub mod exit;
mod fan_out;
pub mod health;
pub mod http;
pub mod lifecycle;
pub mod metrics;
pub mod probe;
pub mod telemetry;
pub mod terminal;

pub use clock::{SystemClock, SystemRng};
pub use diagnose::SystemDiagnosis;
pub use disk::DiskRoom;
pub use exit::{ExitStatus, NoInput, NoOutput, Unreachable, WrongUsage};
pub use fan_out::FanOut;
pub use health::Health;
pub use lifecycle::{Lifecycle, TaskResult};
pub use metrics::Metrics;
