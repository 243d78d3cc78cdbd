//! What the answers say about a pixel and about the destination.
//!
//! - [`feedback`]: what one batch has seen
//! - [`throttle`]: a pixel's concurrency limit and circuit breaker, which learn from the feedback
//! - [`credentials`]: which of a pixel's credentials were refused
//! - [`reachability`]: whether the destination answers at all, for `/health/ready`

mod credentials;
mod feedback;
mod reachability;
mod throttle;

pub(super) use feedback::{BatchFeedback, DeliveryEnd};
pub(super) use reachability::DestinationReachability;
pub(super) use throttle::{LONGEST_PAUSE, Paused, PixelThrottle, wait_reason};
