//! Writes what became of conversions.

use std::collections::BTreeMap;

use ports::ledger::{Settle, Settled, Settlement};
use ports::metric::name;

use super::Reporting;

impl Reporting {
    /// Writes settlements. When the ledger cannot take them the leases run out, and the same events go out again under
    /// the same ids.
    pub(super) async fn settle(&self, settlements: Vec<Settlement>) {
        if settlements.is_empty() {
            return;
        }
        self.measure(&settlements);
        match self.ledger.settle(settlements, &self.holder()).await {
            Ok(settled) => {
                let late = settled.iter().filter(|s| **s == Settled::Late).count();
                if late > 0 {
                    tracing::warn!(late, "settlements refused: the leases had been lost");
                    self.metrics.count(name::LATE_SETTLEMENTS, &[], late as u64);
                }
            }
            Err(error) => {
                tracing::error!(error = ?error, "cannot settle; what was sent will be sent again under the same ids");
            }
        }
    }

    fn measure(&self, settlements: &[Settlement]) {
        let mut outcomes: BTreeMap<&str, u64> = BTreeMap::new();
        let (mut events, mut micros) = (0, 0);
        for settlement in settlements {
            let outcome = match settlement.settle {
                Settle::Reported => "reported",
                Settle::Retry(_) => "retry",
                Settle::Parked(_) => "parked",
                Settle::Rejected { .. } => "rejected",
                Settle::Expired => "expired",
            };
            *outcomes.entry(outcome).or_default() += 1;
            events += settlement.accepted.len();
            micros += u64::try_from(settlement.reported.revenue.micros()).unwrap_or(0);
        }
        for (outcome, conversions) in outcomes {
            self.metrics.count(name::SETTLED, &[("outcome", outcome)], conversions);
        }
        self.metrics.count(name::EVENTS, &[], events);
        self.metrics.count(name::REPORTED_REVENUE_MICROS, &[], micros);
    }
}
