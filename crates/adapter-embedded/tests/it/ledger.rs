//! The ledger: the suite that all ledgers pass, and what only SQLite can get wrong.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use adapter_embedded::Db;
use adapter_embedded::ledger::EmbeddedLedger;
use domain::restate::Figures;
use domain::{ConversionKey, Outcome, Reason, UnixMillis};
use ports::ledger::{Claim, Holder, Restatements, RowClaim, RowVerdict, Source};
use ports::{ErrorKind, Ledger, LedgerAdmin, ReportLedger};

pub(crate) fn open(path: &Path) -> EmbeddedLedger {
    EmbeddedLedger::new(Db::open(path, EmbeddedLedger::SCHEMA).expect("a database"))
}

pub(crate) fn holder() -> Holder {
    Holder {
        owner: "test".to_owned(),
        now: UnixMillis(1_000),
        until: UnixMillis(61_000),
        restatements: Restatements::First,
        max_per_click: domain::Money::from_units(1_000),
    }
}

pub(crate) fn statement(session: &str, object: &str, verdict: RowVerdict) -> RowClaim {
    RowClaim {
        key: ConversionKey::new(session, None),
        source: Source { object: object.to_owned(), row: 0 },
        raw: "{}".to_owned(),
        session_id: Some(session.to_owned()),
        keyword_clicked: None,
        click_time: None,
        pixel: "meta:111".parse().ok(),
        network: String::new(),
        observed: Some(Figures::default()),
        verdict,
    }
}

pub(crate) const SENDABLE: RowVerdict = RowVerdict::Sendable { deadline: UnixMillis(900_000) };

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_rules_in_memory() {
    port_tests::ledger::suite(async || {
        Arc::new(EmbeddedLedger::new(Db::in_memory(EmbeddedLedger::SCHEMA).unwrap())) as Arc<dyn Ledger>
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_rules_in_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let number = AtomicU32::new(0);
    port_tests::ledger::suite(async || {
        let name = format!("ledger-{}.db", number.fetch_add(1, Ordering::Relaxed));
        Arc::new(open(&dir.path().join(name))) as Arc<dyn Ledger>
    })
    .await;
    // Whatever the rules did, the numbers by state are those of the entries.
    for number in 0..number.into_inner() {
        let path = dir.path().join(format!("ledger-{number}.db"));
        let kept = counts(&path, "SELECT state, entries FROM state_counts WHERE entries <> 0 ORDER BY state");
        let counted =
            counts(&path, "SELECT state, count(*) FROM report_conversions GROUP BY state ORDER BY state");
        assert_eq!(kept, counted);
    }
}

fn counts(path: &Path, sql: &str) -> Vec<(String, i64)> {
    let connection = rusqlite::Connection::open(path).expect("a database");
    let mut select = connection.prepare(sql).expect("numbers");
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("numbers");
    rows.map(|row| row.expect("a number")).collect()
}

#[tokio::test]
async fn entries_outlive_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.db");
    let claims = open(&path).claim(vec![statement("s", "b/o", SENDABLE)], &holder()).await.unwrap();
    assert!(matches!(claims[0], Claim::Held(_)), "{claims:?}");
    let again = open(&path).claim(vec![statement("s", "b/o", SENDABLE)], &holder()).await.unwrap();
    assert_eq!(again, [Claim::Stands(Outcome::InFlight)]);
}

/// Each has connections of its own, as two processes have.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_never_hold_the_same_key() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.db");
    let claiming: Vec<_> = (0..4)
        .map(|process| {
            let ledger = open(&path);
            tokio::spawn(async move {
                let mut held = Vec::new();
                for i in 0..50 {
                    let stated = statement(&format!("s{i}"), &format!("b/{process}"), SENDABLE);
                    let claims = ledger.claim(vec![stated], &holder()).await.unwrap();
                    held.extend(claims.into_iter().filter_map(|c| match c {
                        Claim::Held(lease) => Some(lease.key),
                        _ => None,
                    }));
                }
                held
            })
        })
        .collect();
    let mut held = Vec::new();
    for task in claiming {
        held.extend(task.await.unwrap());
    }
    assert_eq!(held.len(), 50);
    assert_eq!(held.into_iter().collect::<HashSet<_>>().len(), 50);
}

/// Reports that were written for the legacy system's collection find its columns under their names.
#[tokio::test]
async fn the_columns_of_the_legacy_system_tell_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.db");
    let invalid = RowVerdict::Invalid([Reason::MissingClickId].into_iter().collect());
    let rows = vec![statement("s", "b/o", SENDABLE), statement("i", "b/p", invalid)];
    open(&path).claim(rows, &holder()).await.unwrap();
    let columns = rusqlite::Connection::open(&path)
        .unwrap()
        .prepare("SELECT reported, valid, invalid_reason FROM report_conversions ORDER BY session_id")
        .unwrap()
        .query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
        .unwrap()
        .collect::<rusqlite::Result<Vec<(bool, bool, Option<String>)>>>()
        .unwrap();
    assert_eq!(columns, [(false, false, Some("missing_click_id".to_owned())), (false, true, None)]);
}

#[tokio::test]
async fn damage_is_reported_as_damage() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.db");
    let ledger = open(&path);
    ledger.claim(vec![statement("s", "b/o", SENDABLE)], &holder()).await.unwrap();
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute("UPDATE report_conversions SET state = 'nonsense'", [])
        .unwrap();
    let error = ledger.find("s", None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
}
