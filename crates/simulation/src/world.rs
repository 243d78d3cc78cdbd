//! A run: the backends, the workers, what happens to them, and the verdict.

mod backends;
mod plan;
mod run;
mod services;

pub use run::{Options, Report, run};

pub(crate) use backends::Backends;
pub(crate) use plan::{Happening, Plan, Rules};
