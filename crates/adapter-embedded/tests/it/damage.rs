//! What is damaged in the database harms itself alone.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use adapter_embedded::DataDir;
use domain::restate::Figures;
use domain::{ConversionKey, Outcome, PixelRef, UnixMillis};
use ports::ledger::{
    Claim, Due, DueLimits, Holder, Lease, ObjectEnd, Restatements, RowClaim, RowVerdict, Selection, Settle,
    Settled, Settlement, Source, WaitReason,
};
use ports::{Ledger, LedgerAdmin, LedgerExport, ReportLedger};
use rusqlite::Connection;

fn holder(now: i64) -> Holder {
    Holder {
        owner: "test".to_owned(),
        now: UnixMillis(now),
        until: UnixMillis(now + 100),
        restatements: Restatements::Increments,
        max_per_click: domain::Money::from_units(1_000),
    }
}

fn row(number: u64) -> RowClaim {
    let session = format!("s{number}");
    RowClaim {
        key: ConversionKey::new(&session, None),
        source: Source { object: "b/o".to_owned(), row: number },
        raw: format!(r#"{{"session_id":"{session}","revenue":0.7777}}"#),
        session_id: Some(session),
        keyword_clicked: None,
        click_time: None,
        pixel: Some("meta:111".parse::<PixelRef>().unwrap()),
        network: "tonic".to_owned(),
        observed: Some(Figures::default()),
        verdict: RowVerdict::Sendable { deadline: UnixMillis(900_000) },
    }
}

/// A ledger with three entries whose leases have run out at 200, after a statement has damaged it.
async fn damaged_by(statement: &str) -> (tempfile::TempDir, impl Ledger) {
    let folder = tempfile::tempdir().unwrap();
    let ledger = DataDir::open(folder.path()).unwrap().ledger().unwrap();
    let claims = ledger.claim((1..=3).map(row).collect(), &holder(0)).await.unwrap();
    assert!(claims.iter().all(|claim| matches!(claim, Claim::Held(_))), "{claims:?}");
    let database = Connection::open(folder.path().join("ledger.db")).unwrap();
    let changed = database.execute(statement, []).unwrap();
    assert_eq!(changed, 1, "{statement}");
    (folder, ledger)
}

fn sessions(due: &[Due]) -> Vec<&str> {
    due.iter().map(|due| if due.raw.contains("s2") { "s2" } else { "another" }).collect()
}

const STATEMENTS: [&str; 6] = [
    "UPDATE report_conversions SET accepted = 'zz!' WHERE session_id = 's2'",
    "UPDATE report_conversions SET state = 'pondering' WHERE session_id = 's2'",
    "UPDATE report_conversions SET part_first = 1, part_purchases = 1, part_worth = 'much' WHERE session_id = 's2'",
    "UPDATE report_conversions SET attempt = -9 WHERE session_id = 's2'",
    "UPDATE report_conversions SET reported_revenue = 'much' WHERE session_id = 's2'",
    "UPDATE raw_rows SET raw = replace(raw, '0.7777', '9.7777') WHERE raw LIKE '%s2%'",
];

#[tokio::test]
async fn one_entry_that_cannot_be_read_keeps_no_other_from_being_claimed() {
    for statement in STATEMENTS {
        let (_folder, ledger) = damaged_by(statement).await;
        let due = ledger.claim_due(&DueLimits::of(10), &holder(200)).await.expect(statement);
        let claims_s2 = statement.contains("reported_revenue");
        assert_eq!(due.len(), if claims_s2 { 3 } else { 2 }, "{statement}");
        assert_eq!(sessions(&due).contains(&"s2"), claims_s2, "{statement}");
        assert_eq!(ledger.claim_due(&DueLimits::of(10), &holder(250)).await.unwrap(), [], "{statement}");
    }
}

#[tokio::test]
async fn a_row_whose_text_has_changed_is_set_aside_and_never_sent() {
    let (_folder, ledger) = damaged_by(STATEMENTS[5]).await;
    ledger.claim_due(&DueLimits::of(10), &holder(200)).await.unwrap();
    let record = ledger.find("s2", None).await.unwrap().remove(0);
    assert_eq!((record.outcome, record.wait_reason()), (Outcome::Parked, Some(WaitReason::Damaged)));
    assert_eq!(record.due_at, None, "it waits for a person");
    let released = ledger.release_parked(&"meta:111".parse().unwrap(), UnixMillis(300)).await.unwrap();
    assert_eq!(released, 0, "a new credential does not help");
    let states: Vec<_> =
        ledger.stats().await.unwrap().states.iter().map(|s| (s.outcome, s.entries)).collect();
    assert!(states.contains(&(Outcome::Parked, 1)) && states.contains(&(Outcome::InFlight, 2)), "{states:?}");
}

#[tokio::test]
async fn files_and_exports_go_on_beside_it() {
    for statement in STATEMENTS {
        let (_folder, ledger) = damaged_by(statement).await;
        let again: Vec<_> = (1..=4)
            .map(|n| RowClaim { source: Source { object: "b/p".to_owned(), row: n }, ..row(n) })
            .collect();
        let claims = ledger.claim(again, &holder(20)).await.expect(statement);
        assert!(matches!(claims[3], Claim::Held(_)), "{statement}: {claims:?}");
        assert!(!matches!(claims[1], Claim::Held(_)), "it may have been sent: {statement}");
        let exported = ledger.export_batch(10, u64::MAX).await.expect(statement);
        assert!(exported.len() >= 3, "{statement}");
        ledger.mark_exported(&exported).await.unwrap();
        assert_eq!(ledger.export_batch(10, u64::MAX).await.unwrap(), [], "{statement}");
        assert!(ledger.stats().await.is_ok(), "{statement}");
    }
}

#[tokio::test]
async fn a_settlement_of_it_is_late_and_the_others_are_written() {
    let (_folder, ledger) = damaged_by(STATEMENTS[0]).await;
    let settlement = |n: u64| Settlement {
        lease: Lease { key: row(n).key, attempt: 1 },
        settle: Settle::Reported,
        accepted: std::iter::empty().collect(),
        reported: Figures::default(),
        answer: None,
        maybe_received: None,
    };
    let settled = ledger.settle((1..=3).map(settlement).collect(), &holder(20)).await.unwrap();
    assert_eq!(settled, [Settled::Done, Settled::Late, Settled::Done]);
}

/// All questions of status, of the gauges and of the operator's commands, but those for one conversion.
async fn everything_can_be_asked(ledger: &impl Ledger, statement: &str) {
    ledger.stats().await.expect(statement);
    let waiting = ledger.waiting(UnixMillis(1_000)).await.expect(statement);
    assert!(waiting.iter().map(|waiting| waiting.conversions).sum::<u64>() >= 2, "{statement}: {waiting:?}");
    let receipts = ledger.receipts(9).await.expect(statement);
    assert!(receipts[0].receipt.balances(), "{statement}: {receipts:?}");
    for outcome in Outcome::ALL {
        let selection = Selection { outcome, reason: None, pixel: None, since: None };
        // The damaged entry takes no place of a page.
        for limit in [1, 2, 9] {
            let found = ledger.select(&selection, None, limit).await.expect(statement);
            let least = limit.min(2);
            assert!(outcome != Outcome::InFlight || found.len() >= least, "{statement}: {found:?}");
        }
    }
}

#[tokio::test]
async fn all_questions_are_answered_beside_it() {
    for statement in STATEMENTS {
        let (_folder, ledger) = damaged_by(statement).await;
        let end = ObjectEnd::Read { rows_in: 3, duplicates: 0, digest: "d".to_owned() };
        ledger.finish_object("b/o", &end, UnixMillis(1)).await.unwrap();
        everything_can_be_asked(&ledger, statement).await;
        ledger.claim_due(&DueLimits::of(10), &holder(200)).await.expect(statement);
        everything_can_be_asked(&ledger, statement).await;
        let damaged = u64::from(!statement.contains("reported_revenue"));
        assert_eq!(ledger.stats().await.unwrap().damaged, damaged, "{statement}");
    }
}
