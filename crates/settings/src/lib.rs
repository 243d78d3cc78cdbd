#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod environment;
mod help;
mod load;
mod reader;
mod table;
mod types;

pub use environment::Environment;
pub use help::{help_text, markdown_table};
pub use reader::Problems;
pub use table::Service;
pub use types::{
    AwsSettings, BackendSettings, BucketSettings, CloudWatchSettings, DataProcessing, EventNames,
    HttpSettings, LimitSettings, LogFormat, MetaSettings, MongoSettings, OnUnknownOutcome, OptimizerSettings,
    QueueAddress, QueueSettings, Restatements, RetrySettings, Settings, TelemetrySettings, Toggles,
};
