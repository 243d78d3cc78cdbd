//! What is personal leaves; key, figures and outcome stay.

use std::time::Duration;

use domain::{ConversionKey, Outcome, PixelRef, UnixMillis};
use ports::ledger::{
    Claim, ErasedEntry, ErasedStep, Erasure, Holder, Record, Reopening, Restatements, RowClaim, Settle,
    Settled, Settlement,
};

use super::fixture::{
    LEASE, Subject, at, before, deadline, figures, holder, invalid, key, parked, pixel, retry, sendable,
    settlement,
};

/// A day after the deadline of rows that can be sent.
fn later() -> UnixMillis {
    deadline().plus(Duration::from_secs(86_400))
}

/// Erases all whose time is over by a moment, in as many steps as it takes.
async fn erase_until(ledger: &Subject, until: UnixMillis) -> u64 {
    let mut erased = 0;
    loop {
        let step = ledger.0.erase_until(until, later(), 10).await.expect("erase_until");
        erased += step.erased;
        assert!(step.erased <= 20, "{step:?}");
        if !step.more {
            return erased;
        }
    }
}

async fn erase(ledger: &Subject, session: &str, now: UnixMillis) -> ErasedEntry {
    ledger.0.erase(&[key(session)], now).await.expect("erase").remove(0)
}

/// The entry of a session, found by what is left of it.
async fn entry(ledger: &Subject, session: &str) -> Record {
    let found = ledger.0.find(session, Some("shoes")).await.expect("find");
    assert_eq!(found.len(), 1, "one entry of {session}");
    found.into_iter().next().expect("one entry")
}

/// Nothing personal is in it, and it says why.
async fn is_erased(ledger: &Subject, session: &str, why: Erasure) -> Record {
    let record = entry(ledger, session).await;
    assert_eq!(record.erased.map(|erased| erased.why), Some(why));
    assert_eq!((&record.session_id, &record.keyword_clicked, record.raw.as_str()), (&None, &None, "{}"));
    assert_eq!(ledger.0.find(session, None).await.expect("find"), [], "it cannot be found by its session");
    record
}

fn reported(lease: &ports::ledger::Lease) -> Settlement {
    Settlement {
        accepted: [0, 1, 2].into_iter().collect(),
        reported: figures(1, "0.25"),
        ..settlement(lease, Settle::Reported)
    }
}

pub(super) async fn a_text_goes_after_its_deadline_and_no_earlier(ledger: Subject) {
    let lease = ledger.hold(sendable("s", "b/o", 0), 0).await;
    ledger.settle(reported(&lease), 1).await;
    ledger.finish("b/o", 1, 0).await;
    let (whole, receipt) = (entry(&ledger, "s").await, ledger.receipt("b/o").await);
    assert_eq!(erase_until(&ledger, before(deadline())).await, 0);
    assert_eq!(entry(&ledger, "s").await, whole);
    assert_eq!(erase_until(&ledger, deadline()).await, 1);
    let erased = is_erased(&ledger, "s", Erasure::Retention).await;
    let same = |record: &Record| {
        (
            record.key,
            record.outcome,
            record.source.clone(),
            record.observed,
            record.reported,
            record.events,
            record.updated_at,
        )
    };
    assert_eq!(same(&erased), same(&whole), "the rest stays");
    assert_eq!(erased.erased.map(|erased| erased.at), Some(later()));
    assert_eq!(ledger.receipt("b/o").await, receipt);
    assert_eq!(erase_until(&ledger, deadline()).await, 0, "again changes nothing");
    assert_eq!(entry(&ledger, "s").await, erased);
}

pub(super) async fn what_was_never_to_be_sent_goes_by_its_entry(ledger: Subject) {
    ledger.claim(vec![invalid("i", "b/o", 0)], 5).await;
    assert_eq!(erase_until(&ledger, before(at(5))).await, 0);
    assert_eq!(erase_until(&ledger, at(5)).await, 1);
    let record = is_erased(&ledger, "i", Erasure::Retention).await;
    assert_eq!((record.outcome, record.reason.as_str()), (Outcome::Invalid, "invalid_pixel"));
}

pub(super) async fn erased_rows_are_recognised(ledger: Subject) {
    for (row, session) in ["s", "t"].into_iter().enumerate() {
        let lease = ledger.hold(sendable(session, "b/o", row as u64), 0).await;
        ledger.settle(reported(&lease), 1).await;
    }
    ledger.finish("b/o", 2, 0).await;
    assert_eq!(erase_until(&ledger, deadline()).await, 1 + 1);
    assert_eq!(ledger.claim_one(sendable("s", "b/o", 0), 9).await, Claim::Stands(Outcome::Reported));
    let restated = RowClaim { observed: Some(figures(7, "7")), ..sendable("t", "b/p", 0) };
    let increments = Holder { restatements: Restatements::Increments, ..holder("w", 10) };
    let claims = ledger.0.claim(vec![restated], &increments).await.expect("claim");
    assert_eq!(claims, [Claim::Duplicate]);
    let record = is_erased(&ledger, "t", Erasure::Retention).await;
    assert_eq!(
        (record.outcome, record.observed),
        (Outcome::Reported, figures(7, "7")),
        "nothing grows without its text"
    );
    ledger.balances("b/o", &[(Outcome::Reported, 2)]).await;
}

pub(super) async fn what_is_open_after_its_time_expires(ledger: Subject) {
    let [r, p, _lapsed] = [
        ledger.hold(sendable("r", "b/o", 0), 0).await,
        ledger.hold(sendable("p", "b/o", 1), 0).await,
        ledger.hold(sendable("lapsed", "b/o", 2), 0).await,
    ];
    ledger.done(&r, retry(10), 1).await;
    ledger.done(&p, parked(10), 1).await;
    ledger.finish("b/o", 3, 0).await;
    let step = ledger.0.erase_until(deadline(), later(), 10).await.expect("erase_until");
    assert_eq!((step.erased, step.ended), (3, 3));
    for session in ["r", "p", "lapsed"] {
        assert_eq!(is_erased(&ledger, session, Erasure::Retention).await.outcome, Outcome::Expired);
    }
    ledger.balances("b/o", &[(Outcome::Expired, 3)]).await;
    assert_eq!(
        ledger.0.claim_due(&ports::ledger::DueLimits::of(9), &holder("w", 10_000_000)).await.expect("due"),
        []
    );
    assert_eq!(ledger.settle(reported(&_lapsed), 20).await, Settled::Late);
    let stats = ledger.0.stats().await.expect("stats");
    let counted: Vec<_> = stats.states.iter().map(|s| (s.outcome, s.entries)).collect();
    assert_eq!(counted, [(Outcome::Expired, 3)]);
}

pub(super) async fn what_a_worker_holds_is_not_erased(ledger: Subject) {
    let lease = ledger.hold(sendable("s", "b/o", 0), 0).await;
    let now = at(LEASE - 1);
    assert_eq!(erase(&ledger, "s", now).await, ErasedEntry::InFlight(at(LEASE)));
    let step = ledger.0.erase_until(deadline(), now, 10).await.expect("erase_until");
    assert_eq!(step, ErasedStep::default());
    assert_eq!(ledger.settle(reported(&lease), LEASE - 1).await, Settled::Done);
    assert_eq!(erase(&ledger, "s", now).await, ErasedEntry::Done { ended: false });
    assert_eq!(is_erased(&ledger, "s", Erasure::Request).await.outcome, Outcome::Reported);
}

pub(super) async fn a_wish_ends_what_is_open(ledger: Subject) {
    let r = ledger.hold(sendable("r", "b/o", 0), 0).await;
    let lapsed = ledger.hold(sendable("lapsed", "b/o", 1), 0).await;
    ledger.done(&r, retry(10), 1).await;
    ledger.finish("b/o", 2, 0).await;
    for session in ["r", "lapsed"] {
        assert_eq!(erase(&ledger, session, at(LEASE)).await, ErasedEntry::Done { ended: true });
        let record = is_erased(&ledger, session, Erasure::Request).await;
        assert_eq!(
            (record.outcome, record.reason.as_str(), record.reasons.as_str()),
            (Outcome::Invalid, "erased", "erased")
        );
        assert_eq!((record.due_at, record.erased.map(|e| e.at)), (None, Some(at(LEASE))));
        assert_eq!(erase(&ledger, session, at(LEASE + 1)).await, ErasedEntry::Already);
    }
    assert_eq!(ledger.settle(reported(&lapsed), LEASE).await, Settled::Late);
    assert_eq!(ledger.due(10, 10_000).await, []);
    ledger.balances("b/o", &[(Outcome::Invalid, 2)]).await;
    let unknown = ledger.0.erase(&[ConversionKey::new("u", None)], at(0)).await.expect("erase");
    assert_eq!(unknown, [ErasedEntry::Unknown]);
}

pub(super) async fn a_wish_gives_up_an_increment(ledger: Subject) {
    let increments = |seconds| Holder { restatements: Restatements::Increments, ..holder("w", seconds) };
    let lease = ledger.hold(sendable("s", "b/o", 0), 0).await;
    ledger.settle(reported(&lease), 1).await;
    let grown = RowClaim { observed: Some(figures(2, "0.50")), ..sendable("s", "b/p", 0) };
    ledger.0.claim(vec![grown], &increments(2)).await.expect("claim");
    assert_eq!(entry(&ledger, "s").await.outcome, Outcome::Retry);
    assert_eq!(erase(&ledger, "s", at(3)).await, ErasedEntry::Done { ended: true });
    let record = is_erased(&ledger, "s", Erasure::Request).await;
    assert_eq!((record.outcome, record.reported), (Outcome::Reported, figures(1, "0.25")));
}

pub(super) async fn no_row_takes_the_place_of_one_that_was_forgotten(ledger: Subject) {
    ledger.claim(vec![invalid("wish", "b/o", 0), invalid("time", "b/o", 1)], 0).await;
    ledger.finish("b/o", 2, 0).await;
    assert_eq!(erase(&ledger, "wish", at(1)).await, ErasedEntry::Done { ended: false });
    assert_eq!(erase_until(&ledger, at(0)).await, 1);
    assert_eq!(ledger.claim_one(sendable("wish", "b/p", 0), 5).await, Claim::Duplicate);
    is_erased(&ledger, "wish", Erasure::Request).await;
    // Nothing was ever sent of the other, and its new row is kept as long as any.
    ledger.hold(sendable("time", "b/p", 1), 5).await;
    let again = entry(&ledger, "time").await;
    assert_eq!((again.erased, again.session_id.as_deref()), (None, Some("time")));
    ledger.balances("b/o", &[(Outcome::Invalid, 2)]).await;
    assert_eq!(erase_until(&ledger, before(deadline())).await, 0);
    assert_eq!(erase_until(&ledger, deadline()).await, 1);
    is_erased(&ledger, "time", Erasure::Retention).await;
    // A wish counts also for what has no text any more.
    ledger.claim(vec![invalid("both", "b/q", 0)], 6).await;
    assert_eq!(erase_until(&ledger, at(6)).await, 1);
    assert_eq!(erase(&ledger, "both", at(7)).await, ErasedEntry::Already);
    assert_eq!(ledger.claim_one(sendable("both", "b/r", 0), 8).await, Claim::Duplicate);
}

pub(super) async fn what_was_erased_gets_no_other_chance(ledger: Subject) {
    let lease = ledger.hold(sendable("s", "b/o", 0), 0).await;
    ledger.done(&lease, Settle::Rejected { reason: "100/1".to_owned() }, 1).await;
    erase(&ledger, "s", at(2)).await;
    let Record { key, version, .. } = entry(&ledger, "s").await;
    let pixel: PixelRef = pixel("111");
    let reopening = Reopening { key, version, pixel, deadline: deadline() };
    assert_eq!(ledger.0.reopen(&[reopening], at(3)).await.expect("reopen"), [Settled::Late]);
    assert_eq!(is_erased(&ledger, "s", Erasure::Request).await.outcome, Outcome::Rejected);
}

pub(super) async fn a_wish_is_exported_and_the_campaign_stays(ledger: Subject) {
    let row = RowClaim {
        raw: r#"{"campaign_id":"c\"1","ip":"203.0.113.9"}"#.to_owned(),
        ..sendable("s", "b/o", 0)
    };
    let lease = ledger.hold(row, 0).await;
    ledger.settle(reported(&lease), 1).await;
    let exported = ledger.0.export_batch(10, u64::MAX).await.expect("export");
    ledger.0.mark_exported(&exported).await.expect("mark");
    erase(&ledger, "s", at(2)).await;
    let changed = ledger.0.export_batch(10, u64::MAX).await.expect("export");
    assert_eq!(changed.len(), 1, "analytics hears of it");
    assert!(changed[0].version > exported[0].version);
    assert_eq!((changed[0].raw.as_str(), &changed[0].session_id), (r#"{"campaign_id":"c\"1"}"#, &None));
    ledger.0.mark_exported(&changed).await.expect("mark");
    assert_eq!(ledger.0.export_batch(10, u64::MAX).await.expect("export"), []);
}

pub(super) async fn many_are_erased_step_by_step(ledger: Subject) {
    let rows = (0..35).map(|n| invalid(&format!("s{n}"), "b/o", n)).collect();
    ledger.claim(rows, 0).await;
    ledger.claim((0..5).map(|n| sendable(&format!("t{n}"), "b/o", 35 + n)).collect(), 0).await;
    assert_eq!(erase_until(&ledger, at(0)).await, 35);
    for n in 0..35 {
        is_erased(&ledger, &format!("s{n}"), Erasure::Retention).await;
    }
    assert_eq!(entry(&ledger, "t4").await.erased, None);
    assert_eq!(ledger.0.scrub(0).await.expect("scrub"), None, "it is small");
}
