//! A run: the backends, the workers, the plan of actions and faults, and the final check.

mod backends;
mod own_process;
mod plan;
mod run;
mod services;

pub use run::{Options, Report, run};

pub(crate) use backends::Backends;
pub(crate) use plan::{Action, Plan, Rules};
