#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod cloudwatch;
mod connect;
pub mod diagnose;
pub mod dynamodb;
mod error;
pub mod provision;
mod requests;
pub mod s3;
pub mod sqs;

pub use connect::{AccessKey, Aws, AwsConfig};
