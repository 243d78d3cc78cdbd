//! A few hundred seeds; and that the simulation can fail at all.

mod mutations;
mod seeds;
