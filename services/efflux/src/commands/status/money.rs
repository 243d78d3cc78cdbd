//! The money of conversions, as analytics has it.

use domain::UnixMillis;
use domain::{Money as Amount, Outcome};
use ports::AnalyticsStore;
use ports::analytics::{CountedAt, Grouping, Only, Totals};

/// No more feed networks than this have conversions.
const NETWORKS: usize = 10_000;

/// What was stated, and what became of it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Money {
    pub(super) stated: Amount,
    pub(super) reported: Amount,
    /// Stated of each conversion and not reported, whether it waits, is lost, or has no paid click that could carry it.
    pub(super) unreported: Amount,
    /// Stated of conversions that were rejected, expired or are invalid, and not reported.
    pub(super) lost: Amount,
}

impl Money {
    /// Of conversions that were entered since then.
    pub(super) async fn entered_since(
        analytics: &dyn AnalyticsStore,
        since: UnixMillis,
    ) -> ports::Result<Self> {
        let wanted = Totals {
            by: Grouping::Network,
            counted_at: CountedAt::Entered,
            when: since..UnixMillis(i64::MAX),
            only: Only::default(),
            limit: NETWORKS,
        };
        let mut money = Self::default();
        for total in analytics.totals(&wanted).await? {
            money.stated = money.stated + total.stated;
            money.reported = money.reported + total.reported;
            money.unreported = money.unreported + total.unreported;
            if matches!(total.outcome, Outcome::Rejected | Outcome::Expired | Outcome::Invalid) {
                money.lost = money.lost + total.unreported;
            }
        }
        Ok(money)
    }
}
