//! The oracle: what must be true, worked out from the input alone.
//!
//! The witness watches while the run goes on: what was promised, what was told to the platform, and whether the two fit.
//! The verdict is given at the end, when everything has come to rest.

mod books;
mod entries;
pub(crate) mod ids;
mod remains;
mod verdict;
mod witness;

pub(crate) use remains::Remains;
pub(crate) use verdict::verdict;
pub(crate) use witness::{SharedWitness, Witness};
