//! From claimed conversions to settled ones: each pixel has a lane, so that one pixel's problems never delay another's.
//!
//! The way of a conversion, in the order of the modules:
//!
//! 1. `lanes`: it is submitted to the lane of its pixel, or goes back to the ledger when there is no room.
//! 2. `lane`: the lane's task prepares it (`prepared`), gathers a `batch`, and sends as many at once as the pixel bears.
//! 3. `send`: one batch from its leases to its settlements.
//! 4. `delivery`: the requests of that batch, more than one when `bisect` must find bad events; each is a `request`.
//! 5. `conclude`: the outcomes of its events become its settlement; `lost` counts the money of what is not sent any more.
//! 6. `settle`: all settlements of the batch are written in one call.
//!
//! `pixel_context` is what these steps share for one pixel; `weight` says how much memory a conversion takes in them.

mod batch;
mod bisect;
mod conclude;
mod delivery;
mod lane;
mod lanes;
mod lost;
mod nothing_sent;
mod pixel_context;
mod prepared;
mod request;
mod send;
mod settle;
mod suspects;
mod unknown_outcome;
mod weight;

pub(super) use lanes::CLAIM_DUE_BYTES;
pub use lanes::Lanes;
pub(super) use weight::Weighed;
