//! Rows to claim, and a ledger whose answers are expected to be good.

use std::sync::Arc;
use std::time::Duration;

use domain::restate::Figures;
use domain::{
    ConversionKey, OddAmount, Outcome, PixelRef, Reason, Reasons, Receipt, UnixMillis, UnixSeconds,
};
use ports::Ledger;
use ports::ledger::{
    Claim, Due, DueLimits, Holder, Lease, ObjectEnd, Positions, Record, Restatements, RowClaim, RowVerdict,
    Settle, SettleLater, Settled, Settlement, Source, WaitReason,
};

/// The moment that tests count from.
const START: i64 = 1_763_800_000;

/// How long leases last here.
pub(super) const LEASE: i64 = 120;

/// Seconds after the start.
pub(super) const fn at(seconds: i64) -> UnixMillis {
    UnixMillis((START + seconds) * 1000)
}

/// A worker that claims at that second, for [`LEASE`] seconds.
pub(super) fn holder(owner: &str, seconds: i64) -> Holder {
    Holder {
        owner: owner.to_owned(),
        now: at(seconds),
        until: at(seconds + LEASE),
        restatements: Restatements::First,
        max_per_click: domain::Money::from_units(1_000),
    }
}

/// The deadline of rows from [`sendable`].
pub(super) fn deadline() -> UnixMillis {
    UnixSeconds(START - 3600 + 7 * 86_400 - 60).millis()
}

/// A pixel as people write it: `111` or `tiktok:111`.
pub(super) fn pixel(code: &str) -> PixelRef {
    PixelRef::of_legacy_or_any(code).expect("a good pixel")
}

/// Figures of that many clicks and that revenue.
pub(super) fn figures(count: i64, revenue: &str) -> Figures {
    Figures { count, revenue: revenue.parse().expect("an amount") }
}

/// The key of a session's conversion on the keyword that all rows here have.
pub(super) fn key(session: &str) -> ConversionKey {
    ConversionKey::new(session, Some("shoes"))
}

/// A row that may be sent.
pub(super) fn sendable(session: &str, object: &str, row: u64) -> RowClaim {
    RowClaim {
        key: key(session),
        source: Source { object: object.to_owned(), row },
        raw: format!("{{\"session_id\":\"{session}\",\"from\":\"{object}\",\"row\":{row}}}"),
        session_id: Some(session.to_owned()),
        keyword_clicked: Some("shoes".to_owned()),
        click_time: Some(UnixSeconds(START - 3600)),
        pixel: Some(pixel("111")),
        network: "tonic".to_owned(),
        observed: Some(figures(1, "0.25")),
        verdict: RowVerdict::Sendable { deadline: deadline() },
    }
}

/// A row that may not be sent, for two reasons.
pub(super) fn invalid(session: &str, object: &str, row: u64) -> RowClaim {
    let reasons: Reasons = [Reason::MissingClickId, Reason::InvalidPixel].into_iter().collect();
    RowClaim { pixel: None, verdict: RowVerdict::Invalid(reasons), ..sendable(session, object, row) }
}

/// A valid row that stands for no event.
pub(super) fn no_events(session: &str, object: &str, row: u64) -> RowClaim {
    RowClaim {
        observed: Some(figures(0, "0")),
        verdict: RowVerdict::NoEvents,
        ..sendable(session, object, row)
    }
}

/// A row of a paid click that waits until that second, for this reason.
pub(super) fn waiting(session: &str, object: &str, odd: OddAmount, seconds: i64) -> RowClaim {
    let verdict = RowVerdict::Waits { deadline: deadline(), due_at: at(seconds), odd };
    let revenue = if odd == OddAmount::Zero { "0" } else { "5000" };
    RowClaim { observed: Some(figures(1, revenue)), verdict, ..sendable(session, object, 0) }
}

/// A row of a page view: it may be sent, and has no money.
pub(super) fn views(session: &str, object: &str) -> RowClaim {
    RowClaim { observed: Some(figures(0, "0")), ..sendable(session, object, 0) }
}

/// A settlement without accepted events.
pub(super) fn settlement(lease: &Lease, settle: Settle) -> Settlement {
    Settlement {
        lease: lease.clone(),
        settle,
        accepted: Positions::default(),
        reported: Figures::default(),
        answer: None,
        maybe_received: None,
    }
}

/// A retry at that second, after a failed attempt.
pub(super) fn retry(seconds: i64) -> Settle {
    Settle::Retry(SettleLater { due_at: at(seconds), reason: WaitReason::Throttled, failed: true })
}

/// Parked until that second, without an attempt.
pub(super) fn parked(seconds: i64) -> Settle {
    Settle::Parked(SettleLater {
        due_at: at(seconds),
        reason: WaitReason::NoWorkingCredential,
        failed: false,
    })
}

/// The ledger under test.
pub(super) struct Subject(pub(super) Arc<dyn Ledger>);

impl Subject {
    pub(super) fn new(ledger: Arc<dyn Ledger>) -> Self {
        Self(ledger)
    }

    /// Claims rows at that second.
    pub(super) async fn claim(&self, rows: Vec<RowClaim>, seconds: i64) -> Vec<Claim> {
        let asked = rows.len();
        let claims = self.0.claim(rows, &holder("tester", seconds)).await.expect("claim");
        assert_eq!(claims.len(), asked, "one answer per row");
        claims
    }

    /// Claims one row.
    pub(super) async fn claim_one(&self, row: RowClaim, seconds: i64) -> Claim {
        self.claim(vec![row], seconds).await.pop().expect("one answer")
    }

    /// Claims one row that must be held.
    pub(super) async fn hold(&self, row: RowClaim, seconds: i64) -> Lease {
        match self.claim_one(row, seconds).await {
            Claim::Held(lease) => lease,
            other => panic!("held was expected: {other:?}"),
        }
    }

    /// Writes one outcome.
    pub(super) async fn settle(&self, settlement: Settlement, seconds: i64) -> Settled {
        let mut settled = self.0.settle(vec![settlement], &holder("tester", seconds)).await.expect("settle");
        assert_eq!(settled.len(), 1, "one answer per settlement");
        settled.remove(0)
    }

    /// Writes one outcome without accepted events, which must be taken.
    pub(super) async fn done(&self, lease: &Lease, settle: Settle, seconds: i64) {
        assert_eq!(self.settle(settlement(lease, settle), seconds).await, Settled::Done);
    }

    /// Claims the due work of that second.
    pub(super) async fn due(&self, limit: usize, seconds: i64) -> Vec<Due> {
        self.0.claim_due(&DueLimits::of(limit), &holder("due", seconds)).await.expect("claim_due")
    }

    /// The one entry of a session.
    pub(super) async fn record(&self, session: &str) -> Record {
        let mut found = self.0.find(session, None).await.expect("find");
        assert_eq!(found.len(), 1, "one entry of {session}");
        found.remove(0)
    }

    /// Notes that an object was read to its end.
    pub(super) async fn finish(&self, object: &str, rows_in: u64, duplicates: u64) {
        let end = ObjectEnd::Read { rows_in, duplicates, digest: digest_of(object) };
        self.0.finish_object(object, &end, at(50)).await.expect("finish_object");
    }

    /// The receipt of an object that was read.
    pub(super) async fn receipt(&self, object: &str) -> Receipt {
        self.0.receipt(object).await.expect("receipt").expect("an object that was read")
    }

    /// The receipt must balance, with these rows of the outcomes.
    pub(super) async fn balances(&self, object: &str, rows: &[(Outcome, u64)]) {
        let receipt = self.receipt(object).await;
        assert!(receipt.balances(), "{receipt:?}");
        for (outcome, expected) in rows {
            assert_eq!(receipt.rows(*outcome), *expected, "{outcome}: {receipt:?}");
        }
    }
}

/// What stands for the digest of an object's content.
pub(super) fn digest_of(object: &str) -> String {
    format!("digest of {object}")
}

/// Time between two seconds of a test.
pub(super) fn before(moment: UnixMillis) -> UnixMillis {
    moment.minus(Duration::from_millis(1))
}
