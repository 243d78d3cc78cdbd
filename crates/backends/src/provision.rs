//! Queues, buckets and tables on an AWS endpoint, for trials on an emulator. In AWS the templates in `infrastructure/` make them.

use std::sync::Arc;

use ports::Clock;
use settings::Settings;

use crate::OpenError;

/// Makes the queues, buckets, notifications and the table that the settings name; one line for each. Doing it again changes nothing.
///
/// # Errors
/// [`OpenError::Unreachable`] when AWS does not answer or refuses something; what was made until then stays, so call it again.
/// [`OpenError::NotInThisBuild`] in a build without AWS.
pub async fn provision(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Vec<String>, OpenError> {
    crate::aws::provision(settings, clock).await
}
