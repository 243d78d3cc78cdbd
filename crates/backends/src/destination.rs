//! The platforms that events are sent to, or their sandboxes.

use std::error::Error;
use std::sync::Arc;

use ports::{Clock, Destination, Destinations};
use settings::Settings;

use crate::OpenError;

/// The destinations that the settings describe.
///
/// # Errors
/// [`OpenError::Destination`] when no connection could ever be made with these settings.
pub fn destinations(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Destinations, OpenError> {
    // A further platform is a further line.
    let mut all = vec![opened(destination_meta::open(settings, clock))?];
    if settings.destinations.tiktok.enabled {
        all.push(opened(destination_tiktok::open(settings))?);
    }
    Ok(all.into_iter().collect())
}

fn opened<D, E>(destination: Result<D, E>) -> Result<Arc<dyn Destination>, OpenError>
where
    D: Destination + 'static,
    E: Error + Send + Sync + 'static,
{
    Ok(Arc::new(destination.map_err(OpenError::of_destination)?))
}
