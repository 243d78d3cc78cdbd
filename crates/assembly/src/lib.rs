#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod filter;
mod gauges;
mod optimizer;
mod parts;
mod program;
mod reporter;
mod running;

pub use gauges::Measured;
pub use parts::{Parts, StartError};
pub use program::{block_on, healthcheck, main};
pub use running::{Running, Serve, run, start};

/// The limits of rows by the settings: the same in every program, so that what one passes on the next takes.
#[must_use]
pub const fn row_limits(settings: &settings::Settings) -> pipeline::RowLimits {
    pipeline::RowLimits::new(settings.limits.max_row_bytes, settings.limits.max_rows)
}
