//! No byte of a database tells what was erased, whatever SQLite did with its pages before.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::path::Path;
use std::sync::Arc;

use adapter_embedded::DataDir;
use domain::restate::Figures;
use domain::{ConversionKey, UnixMillis, UnixSeconds};
use port_tests::clock::ManualClock;
use ports::ledger::{
    Claim, Holder, Restatements, RowClaim, RowVerdict, Settle, SettleLater, Settlement, Source, WaitReason,
};
use ports::{AnalyticsStore, LedgerErasure, LedgerExport, ReportLedger};

/// Rows of one claim.
const BATCH: u64 = 300;

/// Claims. More than a generation of keys.
const BATCHES: u64 = 30;

/// What marks the personal data of this test.
const MARK: &str = "of-a-person";

fn row(number: u64) -> RowClaim {
    // Like random ones, so that pages of indexes are divided often.
    let session = format!("{:016x}-{MARK}", number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    // Some of them overflow their page.
    let text =
        "x".repeat(usize::try_from(number % 97).unwrap() * if number.is_multiple_of(11) { 80 } else { 4 });
    RowClaim {
        key: ConversionKey::new(&session, Some(MARK)),
        source: Source { object: format!("b/{}", number / BATCH), row: number % BATCH },
        raw: format!("{{\"session_id\":\"{session}\",\"campaign_id\":\"c\",\"text\":\"{text}\"}}"),
        session_id: Some(session),
        keyword_clicked: Some(MARK.to_owned()),
        click_time: Some(UnixSeconds(1)),
        pixel: "meta:1".parse().ok(),
        network: "tonic".to_owned(),
        observed: Some(Figures::default()),
        verdict: match number % 3 {
            0 => RowVerdict::NoEvents,
            _ => RowVerdict::Sendable { deadline: UnixMillis(900_000) },
        },
    }
}

fn holder(now: i64) -> Holder {
    Holder {
        owner: "test".to_owned(),
        now: UnixMillis(now),
        until: UnixMillis(now + 60_000),
        restatements: Restatements::First,
        max_per_click: domain::Money::from_units(1_000),
    }
}

/// How often the mark is in a folder's files.
fn found(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap();
    let of = |path: &Path| {
        let bytes = std::fs::read(path).unwrap();
        bytes.windows(MARK.len()).filter(|part| *part == MARK.as_bytes()).count()
    };
    entries.map(|entry| of(&entry.unwrap().path())).sum()
}

async fn scrubbed(ledger: &dyn LedgerErasure, analytics: &dyn AnalyticsStore) {
    let mut from = Some(0);
    while let Some(page) = from {
        from = ledger.scrub(page).await.unwrap();
    }
    from = Some(0);
    while let Some(page) = from {
        from = analytics.scrub(page).await.unwrap();
    }
}

async fn settle(ledger: &dyn ReportLedger, claims: Vec<Claim>) {
    let settlements = claims.into_iter().enumerate().filter_map(|(n, claim)| match claim {
        Claim::Held(lease) => Some(Settlement {
            lease,
            settle: match n % 2 {
                0 => Settle::Reported,
                _ => Settle::Parked(SettleLater {
                    due_at: UnixMillis(800_000),
                    reason: WaitReason::NoWorkingCredential,
                    failed: true,
                }),
            },
            accepted: [0, 1].into_iter().collect(),
            reported: Figures::default(),
            answer: None,
            maybe_received: None,
        }),
        _ => None,
    });
    ledger.settle(settlements.collect(), &holder(2)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_in_any_file() {
    let dir = tempfile::tempdir().unwrap();
    let data = DataDir::open(dir.path()).unwrap();
    let (ledger, analytics) =
        (data.ledger().unwrap(), data.analytics(Arc::new(ManualClock::default())).unwrap());
    for batch in 0..BATCHES {
        let rows = (batch * BATCH..(batch + 1) * BATCH).map(row).collect();
        settle(&ledger, ledger.claim(rows, &holder(1)).await.unwrap()).await;
        if batch.is_multiple_of(3) {
            // Takes entries of no events over, with other texts.
            let others =
                (batch * BATCH..(batch + 1) * BATCH).filter(|n| n.is_multiple_of(3)).map(|n| RowClaim {
                    source: Source { object: format!("later/{batch}"), row: n },
                    raw: row(n).raw.replace("text", "other text"),
                    verdict: RowVerdict::Sendable { deadline: UnixMillis(900_000) },
                    ..row(n)
                });
            settle(&ledger, ledger.claim(others.collect(), &holder(1)).await.unwrap()).await;
        }
        let records = ledger.export_batch(1_000, u64::MAX).await.unwrap();
        analytics.insert(&records).await.unwrap();
        ledger.mark_exported(&records).await.unwrap();
    }
    assert!(found(dir.path()) > 20_000, "the data is there");

    // Some are erased by their keys, the rest by its age.
    let keys: Vec<_> = (0..BATCHES * BATCH).filter(|n| n.is_multiple_of(7)).map(|n| row(n).key).collect();
    ledger.erase(&keys, UnixMillis(3)).await.unwrap();
    analytics.forget(&keys).await.unwrap();
    let now = UnixMillis(1_000_000);
    while ledger.erase_until(UnixMillis(900_000), now, 500).await.unwrap().more {}
    while analytics.forget_until(now, 2_000).await.unwrap() > 0 {}
    assert!(found(dir.path()) > 0, "copies are left in the log and on pages");
    scrubbed(&ledger, &analytics).await;
    assert_eq!(found(dir.path()), 0);
    let stats = ports::LedgerAdmin::stats(&ledger).await.unwrap();
    assert_eq!(stats.states.iter().map(|state| state.entries).sum::<u64>(), BATCHES * BATCH);
    for name in ["ledger.db", "analytics.db"] {
        let database = rusqlite::Connection::open(dir.path().join(name)).unwrap();
        let check: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(check, "ok", "{name}");
    }
}

/// Versions before this one did not overwrite what they deleted.
#[tokio::test]
async fn what_was_deleted_before_is_overwritten_too() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = DataDir::open(dir.path()).unwrap().ledger().unwrap();
    let earlier = rusqlite::Connection::open(dir.path().join("ledger.db")).unwrap();
    earlier
        .execute_batch("PRAGMA secure_delete = OFF; CREATE TABLE texts (id INTEGER PRIMARY KEY, text TEXT)")
        .unwrap();
    for number in 0..2_000 {
        let text = format!("{number}-{}-{}", "x".repeat(number % 50 * 100), MARK);
        earlier.execute("INSERT INTO texts (text) VALUES (?)", [text]).unwrap();
    }
    earlier
        .execute_batch("DELETE FROM texts WHERE id % 3 > 0; UPDATE texts SET text = id; DROP TABLE texts")
        .unwrap();
    earlier.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    assert!(found(dir.path()) > 1_000, "free pages hold it");
    let mut from = Some(0);
    while let Some(page) = from {
        from = ledger.scrub(page).await.unwrap();
    }
    assert_eq!(found(dir.path()), 0);
    let check: String = earlier.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
}
