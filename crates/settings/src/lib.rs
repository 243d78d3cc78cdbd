#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod address;
mod backends;
pub mod destinations;
mod environment;
mod help;
mod load;
mod notices;
mod optimizer;
mod reader;
mod service;
mod setting;
mod table;
mod transport;
mod work;

pub use backends::{AwsSettings, BackendSettings, BucketSettings, CloudWatchSettings, QueueAddress};
pub use destinations::DestinationSettings;
pub use environment::Environment;
pub use help::{help_text, markdown_table};
pub use load::Settings;
pub use notices::{NoticeFormat, NoticeSettings};
pub use optimizer::OptimizerSettings;
pub use reader::Problems;
pub use service::{HttpSettings, LogFormat, ProcessSettings, TelemetrySettings};
pub use setting::Service;
pub use work::{IntervalSettings, LimitSettings, QueueSettings, ReportingSettings, Toggles};
