//! The ledger carries the work: claims again what is due, and keeps the directories fresh.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Reporting;
use super::lanes::Lanes;

/// Pause between looks at a ledger where nothing is due.
const IDLE: Duration = Duration::from_secs(1);

/// Pause while a lane has enough to do and more may be due for it.
const BUSY: Duration = Duration::from_millis(100);

/// Claims what is due and hands it to the lanes, until `stop`.
pub async fn run(reporting: Arc<Reporting>, lanes: Arc<Lanes>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let holder = reporting.holder();
        let limits = lanes.limits().await;
        let claimed = match reporting.ledger.claim_due(&limits, &holder).await {
            Ok(due) => {
                reporting.health.ready("ledger");
                let claimed = due.len();
                lanes.submit(due, &holder).await;
                claimed
            }
            Err(error) => {
                reporting.health.not_ready("ledger", &error.to_string());
                tracing::warn!(error = ?error, "cannot claim what is due");
                0
            }
        };
        reporting.silence.fade(reporting.clock.now(), &*reporting.health);
        lanes.end_idle();
        if claimed == 0 {
            let pause = if lanes.any_has_enough() { BUSY } else { IDLE };
            tokio::select! { biased; () = stop.cancelled() => {}, () = reporting.clock.sleep(pause) => {} }
        }
    }
}

/// Reads the pixels anew every `interval`; conversions parked for a pixel go out as soon as its credentials change.
pub async fn refresh_pixels(reporting: Arc<Reporting>, interval: Duration, stop: CancellationToken) {
    while !stop.is_cancelled() {
        refresh_once(&reporting).await;
        tokio::select! { biased; () = stop.cancelled() => {}, () = reporting.clock.sleep(interval) => {} }
    }
}

/// Reads the pixels anew and releases what waited for those whose credentials changed. Whoever refreshes must release: the
/// next reader sees no change any more.
pub(super) async fn refresh_once(reporting: &Reporting) {
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
            Ok(released) => tracing::info!(pixel.id = %pixel, released, "credentials changed"),
            Err(error) => {
                tracing::warn!(pixel.id = %pixel, error = ?error, "cannot release parked conversions");
            }
        }
    }
}
