//! `efflux meta`: looks at what Meta is told, and whether it listens.

pub(crate) mod check;
pub(crate) mod hash;
pub(crate) mod preview;
