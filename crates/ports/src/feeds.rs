//! What the operator says about feed networks.

use std::fmt;

use async_trait::async_trait;
use domain::feed::{Feed, TimeZone};

use crate::{Error, ErrorKind, Result, Retry};

/// The directory of feeds.
#[async_trait]
pub trait FeedDirectory: fmt::Debug + Send + Sync {
    /// All feeds, in the order of their names.
    async fn snapshot(&self) -> Result<Vec<Feed>>;

    /// Adds a feed or replaces it.
    async fn put(&self, feed: &Feed) -> Result<()>;

    /// Removes the feed of a network; `false` when there was none.
    async fn remove(&self, network: &str) -> Result<bool>;
}

/// A feed as a directory has stored it.
///
/// # Errors
/// When this program does not know its time zone. None of its rows may be judged as if it had none, so this passes once the zone is
/// set again, or another version reads it.
pub fn stored(operation: &'static str, network: String, time_zone: Option<&str>) -> Result<Feed> {
    let zone = time_zone.map(str::parse::<TimeZone>).transpose().map_err(|error| {
        let detail = format!(
            "the time zone of the feed {network:?} is not known to this version; set it again with `efflux feeds set`"
        );
        Error::new(ErrorKind::Corrupt, operation).detail(detail).source(error).retry_with(Retry::After(None))
    })?;
    Ok(Feed { network, time_zone: zone })
}
