//! Faults that a test asks for.

pub(crate) mod book;
pub(crate) mod fault;
pub(crate) mod glance;
