//! Databases that the first version made go on working.

use std::path::Path;

use adapter_embedded::DataDir;
use domain::restate::Figures;
use domain::{ConversionKey, Outcome, UnixMillis};
use ports::ledger::{DueLimits, Holder, Part, Restatements};
use ports::subscriptions::Subscription;
use ports::{ReportLedger, SubscriptionStore, Turns};
use rusqlite::{Connection, params};

/// A database as the first version made it.
fn made_by_version_1(path: &Path, schema: &str) -> Connection {
    let connection = Connection::open(path).expect("a database");
    connection.execute_batch(schema).expect("the first version's tables");
    connection.pragma_update(None, "user_version", 1).expect("its number");
    connection
}

#[tokio::test]
async fn a_ledger_keeps_its_entries_and_what_is_due() {
    let dir = tempfile::tempdir().unwrap();
    let old = made_by_version_1(&dir.path().join("ledger.db"), include_str!("version_1/ledger.sql"));
    old.execute("INSERT INTO objects (id, name, rows_in, at) VALUES (1, 'b/o', 2, 5)", []).unwrap();
    for (n, state, due_at) in [(1, "reported", None), (2, "parked", Some(50))] {
        old.execute(
            "INSERT INTO report_conversions (key, state, object, row, session_id, pixel, network, observed_count,
                 observed_revenue, attempt, due_at, deadline, created_at, updated_at, raw)
             VALUES (?, ?, 1, ?, ?, '111', 'tonic', 1, '0.25', 1, ?, 900, 1, 1, ?)",
            params![
                ConversionKey::new(&format!("s{n}"), None).as_bytes(),
                state,
                n,
                format!("s{n}"),
                due_at,
                format!("{{\"n\":{n}}}")
            ],
        )
        .unwrap();
    }
    drop(old);

    let ledger = DataDir::open(dir.path()).unwrap().ledger().unwrap();
    let record = ledger.find("s1", None).await.unwrap().remove(0);
    assert_eq!((record.outcome, record.raw.as_str()), (Outcome::Reported, "{\"n\":1}"));
    assert_eq!(record.observed, Figures { count: 1, revenue: "0.25".parse().unwrap() });
    let receipt = ledger.receipt("b/o").await.unwrap().unwrap();
    assert!(receipt.balances() && receipt.digest.is_none(), "{receipt:?}");
    let holder = |now| Holder {
        owner: "test".to_owned(),
        now: UnixMillis(now),
        until: UnixMillis(now + 100),
        restatements: Restatements::First,
    };
    assert_eq!(ledger.claim_due(&DueLimits::of(9), &holder(49)).await.unwrap(), []);
    let due = ledger.claim_due(&DueLimits::of(9), &holder(50)).await.unwrap();
    assert_eq!(due.len(), 1);
    assert_eq!((due[0].raw.as_str(), due[0].part), ("{\"n\":2}", Part::Whole));
}

#[tokio::test]
async fn subscriptions_take_every_row_as_before() {
    let dir = tempfile::tempdir().unwrap();
    let old = made_by_version_1(&dir.path().join("directory.db"), include_str!("version_1/directory.sql"));
    old.execute("INSERT INTO subscriptions (id, note) VALUES ('1', 'why')", []).unwrap();
    drop(old);
    let data = DataDir::open(dir.path()).unwrap();
    let expected = Subscription { note: Some("why".to_owned()), ..Subscription::of("1") };
    assert_eq!(data.subscriptions().unwrap().snapshot().await.unwrap(), [expected]);
    assert!(data.turns().unwrap().take("t", "a", UnixMillis(0), UnixMillis(1)).await.unwrap());
}
