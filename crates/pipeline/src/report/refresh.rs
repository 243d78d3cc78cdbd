//! Keeps the pixels and the feeds current. Conversions that are parked for a pixel go out as soon as its credentials change.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Reporting;

/// Reads the pixels and the feeds again every `interval`, until `stop`.
pub async fn run(reporting: Arc<Reporting>, interval: Duration, stop: CancellationToken) {
    while !stop.is_cancelled() {
        refresh_once(&reporting).await;
        tokio::select! { biased; () = stop.cancelled() => {}, () = reporting.clock.sleep(interval) => {} }
    }
}

/// Reads both again.
pub(super) async fn refresh_once(reporting: &Reporting) {
    tokio::join!(refresh_feeds(reporting), refresh_pixels(reporting));
}

async fn refresh_feeds(reporting: &Reporting) {
    match reporting.feeds.refresh().await {
        Ok(_) => reporting.health.ready("feeds"),
        Err(error) => {
            reporting.health.not_ready("feeds", &error.to_string());
            tracing::warn!(error = ?error, "cannot read the feeds; the last good copy stays in use");
        }
    }
}

/// Reads the pixels again and releases what was parked for those whose credentials changed. Each refresh must release, because
/// the next one sees no change any more.
async fn refresh_pixels(reporting: &Reporting) {
    let changed = match reporting.pixels.refresh().await {
        Ok(changed) => changed,
        Err(error) => {
            reporting.health.not_ready("pixels", &error.to_string());
            tracing::warn!(error = ?error, "cannot read the pixels; the last good copy stays in use");
            return;
        }
    };
    reporting.health.ready("pixels");
    for pixel in changed {
        match reporting.ledger.release_parked(&pixel, reporting.clock.now()).await {
            Ok(released) => tracing::info!(%pixel, released, "credentials changed"),
            Err(error) => {
                tracing::warn!(%pixel, error = ?error, "cannot release parked conversions");
            }
        }
    }
}
