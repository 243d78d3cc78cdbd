//! `efflux subscriptions` and `efflux pixels`: what the operator says, and what has changed by it.

mod change;
pub(crate) mod pixels;
pub(crate) mod subscriptions;

pub(crate) use pixels::Pixels;
pub(crate) use subscriptions::Subscriptions;
