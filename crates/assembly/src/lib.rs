#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod announcing;
mod audience;
mod filter;
mod gauges;
mod one_message;
mod optimizer;
mod own_process;
mod parts;
mod program;
mod reporter;
mod running;
mod start;

pub use gauges::Measured;
pub use parts::{Parts, StartError};
pub use program::{main, special};
pub use running::{Running, Serve, run, start};
pub use start::block_on;

/// The limits of rows by the settings: the same in every program, so that what one passes on the next takes.
#[must_use]
pub const fn row_limits(settings: &settings::Settings) -> pipeline::RowLimits {
    pipeline::RowLimits::new(settings.limits.max_row_bytes, settings.limits.max_rows)
}
