//! A row that can be sent takes over what an earlier one entered as invalid or without events.

use domain::{Outcome, UnixSeconds};
use ports::ledger::{Claim, Lease, RowClaim, Settle};

use super::fixture::{
    LEASE, Subject, at, deadline, figures, invalid, key, no_events, parked, pixel, retry, sendable,
};

pub(super) async fn a_sendable_row_takes_over(ledger: Subject) {
    ledger.claim(vec![invalid("i", "b/o", 0), no_events("n", "b/o", 1)], 0).await;
    for (row, session) in [(0, "i"), (1, "n")] {
        let before = ledger.record(session).await;
        let newcomer = RowClaim {
            pixel: Some(pixel("222")),
            network: "sedo".to_owned(),
            click_time: Some(UnixSeconds(1_763_700_000)),
            observed: Some(figures(2, "1.5")),
            ..sendable(session, "b/p", row)
        };
        let lease = ledger.hold(newcomer.clone(), 10).await;
        assert_eq!(lease.key, key(session));
        let after = ledger.record(session).await;
        assert_eq!(after.outcome, Outcome::InFlight);
        assert_eq!((&after.source, &after.raw), (&newcomer.source, &newcomer.raw));
        assert_eq!((&after.pixel, &after.network), (&newcomer.pixel, &newcomer.network));
        assert_eq!((after.click_time, Some(after.observed)), (newcomer.click_time, newcomer.observed));
        assert_eq!((after.reason.as_str(), after.reasons.as_str()), ("", ""));
        assert_eq!((after.deadline, after.due_at), (Some(deadline()), Some(at(10 + LEASE))));
        assert!(after.version > before.version);
        ledger.done(&lease, Settle::Reported, 11).await;
    }
    assert_eq!(ledger.due(10, 100_000).await, [], "nothing is left over");
}

pub(super) async fn the_earlier_row_stays_in_its_books(ledger: Subject) {
    ledger.claim(vec![invalid("i", "b/o", 0), no_events("n", "b/o", 1)], 0).await;
    ledger.finish("b/o", 2, 0).await;
    let claims = ledger.claim(vec![sendable("i", "b/p", 0), sendable("n", "b/p", 1)], 10).await;
    assert!(claims.iter().all(|c| matches!(c, Claim::Held(_))), "{claims:?}");
    ledger.finish("b/p", 2, 0).await;
    ledger.balances("b/o", &[(Outcome::Invalid, 1), (Outcome::NoEvents, 1), (Outcome::InFlight, 0)]).await;
    ledger.balances("b/p", &[(Outcome::InFlight, 2)]).await;
    let reasons: Vec<_> =
        ledger.receipt("b/o").await.outcomes.into_iter().map(|o| (o.outcome, o.reason)).collect();
    assert!(reasons.contains(&(Outcome::Invalid, "invalid_pixel".to_owned())), "{reasons:?}");
}

pub(super) async fn redelivery_after_it_changes_no_books(ledger: Subject) {
    // One object holds both rows and was read in two calls.
    ledger.claim_one(invalid("s", "b/o", 0), 0).await;
    let lease = ledger.hold(sendable("s", "b/o", 1), 1).await;
    ledger.finish("b/o", 2, 0).await;
    ledger.balances("b/o", &[(Outcome::Invalid, 1), (Outcome::InFlight, 1)]).await;
    let again = ledger.claim(vec![invalid("s", "b/o", 0), sendable("s", "b/o", 1)], 2).await;
    let expected = [Claim::Stands(Outcome::Invalid), Claim::Stands(Outcome::InFlight)];
    assert_eq!(again, expected, "the row that was taken over is known by its source");
    ledger.finish("b/o", 2, 0).await;
    ledger.balances("b/o", &[(Outcome::Invalid, 1), (Outcome::InFlight, 1)]).await;
    ledger.done(&lease, Settle::Reported, 3).await;
    ledger.balances("b/o", &[(Outcome::Invalid, 1), (Outcome::Reported, 1)]).await;
}

pub(super) async fn what_was_ever_sendable_is_not_taken_over(ledger: Subject) {
    let ends = [
        Settle::Reported,
        retry(9_000),
        parked(9_000),
        Settle::Rejected { reason: "100/1".to_owned() },
        Settle::Expired,
    ];
    for (row, settle) in ends.into_iter().enumerate() {
        let session = format!("s{row}");
        let lease = ledger.hold(sendable(&session, "b/o", row as u64), 0).await;
        ledger.done(&lease, settle, 1).await;
        let newcomer = sendable(&session, "b/p", row as u64);
        assert_eq!(ledger.claim_one(newcomer, 2).await, Claim::Duplicate, "{session}");
    }
    ledger.claim_one(invalid("i", "b/o", 90), 0).await;
    assert_eq!(ledger.claim_one(no_events("i", "b/p", 90), 0).await, Claim::Duplicate);
    let lease = ledger.hold(sendable("i", "b/q", 90), 0).await;
    assert!(matches!(lease, Lease { attempt: 1.., .. }), "attempts count from 1");
    assert_eq!(ledger.claim_one(sendable("i", "b/r", 90), 0).await, Claim::Duplicate, "only once");
}
