//! Faults on demand: which requests they meet, and when.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::glance::{Glance, Stage};

/// One fault. Faults are looked at in the order they were given; several may meet one request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault<A> {
    /// Which requests it meets; left out, all of them.
    #[serde(rename = "match", default)]
    pub matcher: Matcher,
    /// What happens to them.
    pub action: A,
}

/// Which requests a [`Fault`] meets: those for which every condition holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Matcher {
    /// Only requests for this pixel.
    pub pixel: Option<String>,
    /// Only requests that hold an event with one of these ids; empty means any request.
    pub event_ids: Vec<String>,
    /// The share of the matching requests, 0 to 1. Which ones follows from `seed` and their number alone.
    pub share: f64,
    /// Chooses among the sequences that have the same share.
    pub seed: u64,
    /// How many requests at most; left out, no limit.
    pub times: Option<u64>,
}

impl Default for Matcher {
    fn default() -> Self {
        Self { pixel: None, event_ids: Vec::new(), share: 1.0, seed: 0, times: None }
    }
}

/// What a fault of some platform's sandbox does.
pub trait FaultAction: Clone + fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// When it has its effect.
    fn stage(&self) -> Stage;

    /// Whether nothing can follow it.
    fn ends_the_request(&self) -> bool;

    /// Whether it has anything to do with the events of the request.
    fn concerns(&self, _glance: &Glance<'_>) -> bool {
        true
    }

    /// Wraps the action into a fault that meets every request.
    fn always(self) -> Fault<Self> {
        Fault { matcher: Matcher::default(), action: self }
    }

    /// Wraps the action into a fault that meets the next `times` requests.
    fn times(self, times: u64) -> Fault<Self> {
        Fault { matcher: Matcher { times: Some(times), ..Matcher::default() }, action: self }
    }
}

/// Whether `what` falls into the share of all things that `seed` chooses.
#[must_use]
pub fn within(share: f64, seed: u64, what: &[u8]) -> bool {
    if share <= 0.0 || share >= 1.0 {
        return share >= 1.0;
    }
    let hash = Sha256::new().chain_update(seed.to_be_bytes()).chain_update(what).finalize();
    let first = hash.iter().take(4).fold(0_u32, |sum, byte| (sum << 8) | u32::from(*byte));
    f64::from(first) < share * 4_294_967_296.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_about_that_share() {
        let hits = (0..10_000_u32).filter(|n| within(0.25, 7, &n.to_be_bytes())).count();
        assert!((2300..2700).contains(&hits), "{hits}");
        assert!(!within(0.0, 0, b"a") && within(1.0, 0, b"a"));
    }
}
