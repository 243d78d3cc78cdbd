#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod catalogue;
mod chance;
mod defect;
mod fields;
mod rows;
mod sample;
mod spec;
mod visit;

pub use defect::{Defect, Meaning};
pub use rows::{Rows, SampleRow, rows};
pub use sample::{Sample, Truth, generate, write_rows};
pub use spec::{SampleNetwork, SampleSpec, campaign_ids, default_pixels, default_tiktok_pixels, object_key};
