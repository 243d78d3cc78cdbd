#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod blocking;
pub mod erase;
pub mod export;
pub mod filter;
mod memory;
mod mutations;
mod object;
pub mod optimise;
pub mod replay;
pub mod report;
pub mod retention;
mod snapshot;
pub mod worker;

pub use blocking::Blocking;
pub use filter::Subscriptions;
pub use memory::MemoryBudget;
pub use report::{Feeds, Pixels};
pub use row_files::RowLimits;
