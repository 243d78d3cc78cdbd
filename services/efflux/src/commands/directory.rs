//! `efflux subscriptions`, `efflux pixels` and `efflux feeds`: what the operator says, and what has changed by it.

mod change;
pub(crate) mod feeds;
pub(crate) mod pixels;
pub(crate) mod subscriptions;

pub(crate) use feeds::Feeds;
pub(crate) use pixels::Pixels;
pub(crate) use subscriptions::Subscriptions;
