//! The ledger carries the work: claims due work again.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Reporting;
use super::deliver::{CLAIM_DUE_BYTES, Lanes};
use crate::memory::while_claimed;

/// Pause before the next look at a ledger where nothing is due.
const IDLE: Duration = Duration::from_secs(1);

/// Pause while a lane has enough to do and more may be due for it.
const BUSY: Duration = Duration::from_millis(100);

/// Claims due work and submits it to the lanes, until `stop`.
pub async fn run(reporting: Arc<Reporting>, lanes: Arc<Lanes>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        if !reporting.knows_the_time() {
            tokio::select! { biased; () = stop.cancelled() => {}, () = reporting.clock.sleep(IDLE) => {} }
            continue;
        }
        let claimed = claim(&reporting, &lanes, &stop).await;
        let now = reporting.clock.now();
        reporting.reachability.values().for_each(|one| one.expire(now, &*reporting.health));
        reporting.causes.log_due(now);
        lanes.end_idle();
        if claimed == 0 {
            let pause = if lanes.any_has_enough() { BUSY } else { IDLE };
            tokio::select! { biased; () = stop.cancelled() => {}, () = reporting.clock.sleep(pause) => {} }
        }
    }
    reporting.causes.log_all(reporting.clock.now());
}

/// Claims once what is due, as soon as there is memory for it; how much it was.
async fn claim(reporting: &Reporting, lanes: &Lanes, stop: &CancellationToken) -> usize {
    let bytes = while_claimed(CLAIM_DUE_BYTES + reporting.config.rows.row_bytes() as u64);
    let _memory = tokio::select! {
        biased;
        () = stop.cancelled() => return 0,
        memory = reporting.config.memory.reading().reserve(bytes) => memory,
    };
    if let Err(error) = lanes.probe_reopened().await {
        tracing::warn!(error = ?error, "cannot find out for which pixels the operator asks for another try");
    }
    if let Err(error) = reporting.feeds.current().await {
        tracing::warn!(error = ?error, "cannot read the feeds; due work waits in the ledger");
        return 0;
    }
    let limits = lanes.limits().await;
    let holder = reporting.holder();
    // The clock may have stepped since this was asked last; by a wrong one, everything is due.
    if !reporting.knows_the_time() {
        return 0;
    }
    match reporting.ledger.claim_due(&limits, &holder).await {
        Ok(due) => {
            reporting.health.ready("ledger");
            let claimed = due.len();
            if claimed > 0 {
                tracing::debug!(conversions = claimed, "due work claimed");
            }
            lanes.submit(due, &holder).await;
            claimed
        }
        Err(error) => {
            reporting.health.not_ready("ledger", &error.to_string());
            tracing::warn!(error = ?error, "cannot claim due work");
            0
        }
    }
}
