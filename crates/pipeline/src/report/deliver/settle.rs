//! Writes settlements to the ledger.

use std::collections::BTreeMap;

use domain::{Outcome, PixelRef};
use ports::ledger::{Settle, Settled, Settlement};
use ports::metric::name;

use crate::report::Reporting;

/// Writes settlements in one call, all of `pixel` where one is named. When the ledger cannot take them the leases run out, and the same events are sent again
/// under the same ids.
pub(super) async fn write(reporting: &Reporting, pixel: Option<&PixelRef>, settlements: Vec<Settlement>) {
    if settlements.is_empty() {
        return;
    }
    measure(reporting, pixel, &settlements);
    note(reporting, pixel, &settlements);
    let conversions = settlements.len();
    match reporting.ledger.settle(settlements, &reporting.holder()).await {
        Ok(settled) => {
            let late = settled.iter().filter(|s| **s == Settled::Late).count();
            tracing::debug!(conversions, late, "conversions settled");
            if late > 0 {
                tracing::warn!(late, "settlements refused: the leases had been lost");
                reporting.metrics.count(name::LATE_SETTLEMENTS, &[], late as u64);
            }
        }
        Err(error) => {
            tracing::error!(error = ?error, "cannot settle; what was sent will be sent again under the same ids");
        }
    }
}

/// What is rejected or parked is in the log, too.
fn note(reporting: &Reporting, pixel: Option<&PixelRef>, settlements: &[Settlement]) {
    let Some(pixel) = pixel else { return };
    let mut counts: BTreeMap<(Outcome, &str), u64> = BTreeMap::new();
    for Settlement { settle, .. } in settlements {
        let reason = match settle {
            Settle::Rejected { reason } => reason.as_str(),
            Settle::Parked(later) => later.reason.as_str(),
            _ => continue,
        };
        *counts.entry((settle.outcome(), reason)).or_default() += 1;
    }
    let now = reporting.clock.now();
    for ((outcome, reason), conversions) in counts {
        reporting.causes.note(outcome, pixel, reason, conversions, now);
    }
}

fn measure(reporting: &Reporting, pixel: Option<&PixelRef>, settlements: &[Settlement]) {
    let metrics = &reporting.metrics;
    let platform = ("platform", pixel.map_or("", |pixel| pixel.platform.as_str()));
    let code = ("pixel", pixel.map_or("", |pixel| pixel.code.as_str()));
    let mut outcomes: BTreeMap<&str, u64> = BTreeMap::new();
    let (mut events, mut micros) = (0, 0);
    for settlement in settlements {
        *outcomes.entry(settlement.settle.outcome().as_str()).or_default() += 1;
        events += settlement.accepted.len();
        micros += u64::try_from(settlement.reported.revenue.micros()).unwrap_or(0);
    }
    for (outcome, conversions) in outcomes {
        metrics.count(name::SETTLED, &[platform, code, ("outcome", outcome)], conversions);
    }
    metrics.count(name::EVENTS, &[platform, code], events);
    metrics.count(name::REPORTED_REVENUE, &[platform, code], micros);
}
