//! What a wrong clock put off.

use std::time::Duration;

use domain::Outcome;
use ports::ledger::{Claim, LongestWaits, RowClaim, Settle, SettleLater, WaitReason};

use super::fixture::{LEASE, Subject, at, deadline, figures, key, parked, pixel, retry, sendable};

const HOUR: i64 = 3_600;

/// What two right clocks may differ by.
const APART: i64 = 180;

/// Makes due what was put off, at that second.
async fn release(ledger: &Subject, seconds: i64) -> u64 {
    let longest = LongestWaits {
        lease: Duration::from_secs(LEASE.unsigned_abs()),
        pause: Duration::from_secs(HOUR.unsigned_abs()),
    };
    ledger.0.release_put_off(&longest, at(seconds)).await.expect("release_put_off")
}

pub(super) async fn a_lease_that_a_wrong_clock_took_is_not_respected(ledger: Subject) {
    let lease = ledger.hold(sendable("ahead", "b/o", 0), 5 * HOUR).await;
    ledger.hold(sendable("right", "b/o", 1), 0).await;
    ledger.hold(sendable("nearly", "b/o", 2), APART).await;
    assert_eq!(ledger.due(10, 1).await, []);
    assert_eq!(release(&ledger, 0).await, 1);
    assert_eq!(ledger.record("ahead").await.outcome, Outcome::InFlight);
    let due = ledger.due(10, 1).await;
    assert_eq!(due.iter().map(|due| due.lease.key).collect::<Vec<_>>(), [key("ahead")]);
    assert_eq!(due[0].lease.attempt, lease.attempt + 1, "its former holder may not settle it any more");
    assert_eq!(release(&ledger, 0).await, 0, "there is nothing left");
}

pub(super) async fn a_lease_that_a_wrong_clock_renewed_is_not_respected(ledger: Subject) {
    let lease = ledger.hold(sendable("s", "b/o", 0), 0).await;
    ledger.0.extend(std::slice::from_ref(&lease), at(50 * HOUR)).await.expect("extend");
    assert_eq!(release(&ledger, 10).await, 1);
    assert_eq!(ledger.due(10, 10).await.len(), 1);
}

pub(super) async fn a_mark_outlives_a_lease_that_is_not_respected(ledger: Subject) {
    let lease = ledger.hold(sendable("s", "b/o", 0), 0).await;
    let ahead = super::fixture::holder("ahead", 5 * HOUR);
    ledger.0.begin_sending(std::slice::from_ref(&lease), &ahead).await.expect("begin_sending");
    assert_eq!(release(&ledger, 10).await, 1);
    assert!(ledger.due(10, 10).await[0].maybe_received.is_some());
}

pub(super) async fn a_pause_that_a_wrong_clock_began_is_over(ledger: Subject) {
    // By a clock that is five hours ahead; then by right ones: a usual pause, and one that is longer than any.
    let pauses = [(5 * HOUR, 5 * HOUR + 30, true), (0, HOUR, false), (0, 2 * HOUR, true)];
    let mut expected = Vec::new();
    for (row, (from, until, is_wrong)) in (0..).zip(pauses) {
        for (kind, settle) in [("retry", retry(until)), ("parked", parked(until))] {
            let session = format!("{kind} {row}");
            let lease = ledger.hold(sendable(&session, "b/o", row), from).await;
            ledger.done(&lease, settle, from).await;
            expected.extend(is_wrong.then(|| key(&session)));
        }
    }
    assert_eq!(release(&ledger, 10).await, 4);
    let mut due: Vec<_> = ledger.due(10, 10).await.into_iter().map(|due| due.lease.key).collect();
    due.sort_unstable();
    expected.sort_unstable();
    assert_eq!(due, expected);
}

pub(super) async fn a_row_that_states_other_figures_hides_no_pause_of_a_wrong_clock(ledger: Subject) {
    let lease = ledger.hold(sendable("s", "b/o", 0), 5 * HOUR).await;
    // Shorter than the longest pause, by the clock of the one that states the figures.
    ledger.done(&lease, retry(5 * HOUR + 30), 5 * HOUR).await;
    let restated = RowClaim { observed: Some(figures(2, "7")), ..sendable("s", "b/other", 0) };
    assert_eq!(ledger.claim_one(restated, 4 * HOUR + 1_800).await, Claim::Duplicate);
    assert_eq!(release(&ledger, 4 * HOUR + 1_800).await, 1);
}

pub(super) async fn what_waits_for_a_person_stays_put_off(ledger: Subject) {
    for (row, reason) in (0..).zip(WaitReason::WITHOUT_CREDENTIAL) {
        let lease = ledger.hold(sendable(reason.as_str(), "b/o", row), 5 * HOUR).await;
        let until = SettleLater { due_at: deadline(), reason, failed: false };
        ledger.done(&lease, Settle::Parked(until), 5 * HOUR).await;
    }
    assert_eq!(release(&ledger, 0).await, 0);
    assert_eq!(ledger.due(10, 20 * HOUR).await, []);
}

/// More than a ledger looks at in one step, and some that a wrong clock has handed out in part.
pub(super) async fn many_are_made_due(ledger: Subject) {
    const MANY: u64 = 2_500;
    let rows: Vec<_> = (0..MANY)
        .map(|row| RowClaim {
            pixel: Some(pixel(&format!("{}", 100 + row % 7))),
            ..sendable(&format!("s{row}"), "b/o", row)
        })
        .collect();
    // As many at once as a file's rows are claimed.
    for rows in rows.chunks(500) {
        ledger.claim(rows.to_vec(), 5 * HOUR).await;
    }
    assert_eq!(ledger.due(1, 9 * HOUR).await.len(), 1, "by a clock that is further ahead");
    assert_eq!(release(&ledger, 0).await, MANY);
    let mut due = 0;
    while due < MANY {
        let some = ledger.due(500, 1).await.len() as u64;
        assert_ne!(some, 0, "{due} of {MANY} are due");
        due += some;
    }
}
