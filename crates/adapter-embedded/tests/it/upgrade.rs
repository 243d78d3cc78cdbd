//! Databases that earlier versions made go on working.

use std::collections::BTreeSet;
use std::path::Path;

use adapter_embedded::DataDir;
use domain::restate::Figures;
use domain::{ConversionKey, Outcome, UnixMillis};
use ports::ledger::{Claim, DueLimits, Holder, Portion, Restatements, RowClaim, RowVerdict, Source};
use ports::subscriptions::Subscription;
use ports::{ExclusiveLock, LedgerAdmin, ReportLedger, SubscriptionStore};
use rusqlite::{Connection, params};

/// A database as an earlier version made it.
fn made_by(version: u32, path: &Path, schema: &str) -> Connection {
    let connection = Connection::open(path).expect("a database");
    connection.execute_batch(schema).expect("the version's tables");
    connection.pragma_update(None, "user_version", version).expect("its number");
    connection
}

/// Entries of one object, by the number of their row: when each is due.
const ENTRIES: [(u64, Outcome, Option<i64>); 6] = [
    (1, Outcome::Reported, None),
    (2, Outcome::Parked, Some(50)),
    (3, Outcome::InFlight, Some(50)),
    (4, Outcome::Retry, Some(50)),
    (5, Outcome::Invalid, None),
    (6, Outcome::Expired, None),
];

/// The entries as an earlier version stored them.
fn entries(old: &Connection, texts_apart: bool) {
    old.execute("INSERT INTO objects (id, name, rows_in, at) VALUES (1, 'b/o', 6, 5)", [])
        .expect("an insert");
    for (n, state, due_at) in ENTRIES {
        let (n, state) = (i64::try_from(n).expect("a row"), state.as_str());
        let (key, raw) = (ConversionKey::new(&format!("s{n}"), None), format!("{{\"n\":{n}}}"));
        let columns = "key, state, object, row, session_id, pixel, network, observed_count, observed_revenue,
            attempt, due_at, deadline, created_at, updated_at";
        let values = "?1, ?2, 1, ?3, 's' || ?3, '111', 'tonic', 1, '0.25', 1, ?4, 900, 1, 1";
        if texts_apart {
            let insert = format!("INSERT INTO report_conversions ({columns}) VALUES ({values})");
            old.execute(&insert, params![key.as_bytes(), state, n, due_at]).expect("an insert");
            old.execute("INSERT INTO raw_rows VALUES (last_insert_rowid(), ?)", [raw]).expect("an insert");
        } else {
            let insert = format!("INSERT INTO report_conversions ({columns}, raw) VALUES ({values}, ?5)");
            old.execute(&insert, params![key.as_bytes(), state, n, due_at, raw]).expect("an insert");
        }
    }
}

#[tokio::test]
async fn a_ledger_of_version_1_keeps_its_entries_and_what_is_due() {
    let dir = tempfile::tempdir().unwrap();
    entries(&made_by(1, &dir.path().join("ledger.db"), include_str!("version_1/ledger.sql")), false);
    goes_on(dir.path()).await;
}

#[tokio::test]
async fn a_ledger_of_version_2_keeps_its_entries_and_what_is_due() {
    let dir = tempfile::tempdir().unwrap();
    entries(&made_by(2, &dir.path().join("ledger.db"), include_str!("version_2/ledger.sql")), true);
    goes_on(dir.path()).await;
}

async fn goes_on(folder: &Path) {
    let ledger = DataDir::open(folder).expect("an answer").ledger().expect("an answer");
    let record = ledger.find("s1", None).await.expect("an answer").remove(0);
    assert_eq!((record.outcome, record.raw.as_str()), (Outcome::Reported, "{\"n\":1}"));
    assert_eq!(record.observed, Figures { count: 1, revenue: "0.25".parse().expect("an answer") });
    let receipt = ledger.receipt("b/o").await.expect("an answer").expect("an answer");
    assert!(receipt.balances() && receipt.digest.is_none(), "{receipt:?}");
    let holder = |now| Holder {
        owner: "test".to_owned(),
        now: UnixMillis(now),
        until: UnixMillis(now + 100),
        restatements: Restatements::First,
        max_per_click: domain::Money::from_units(1_000),
    };
    let states: BTreeSet<_> = ENTRIES.into_iter().map(|(_, outcome, _)| (outcome.as_str(), 1)).collect();
    let stats = ledger.stats().await.expect("an answer");
    let counted: BTreeSet<_> = stats.states.iter().map(|s| (s.outcome.as_str(), s.entries)).collect();
    assert_eq!(counted, states);
    let again = ENTRIES.map(|(n, ..)| sendable(&format!("s{n}"), "b/o", n));
    let known = ledger.claim(again.into(), &holder(40)).await.expect("an answer");
    assert_eq!(known, ENTRIES.map(|(_, outcome, _)| Claim::Stands(outcome)), "the file comes again");
    let another = vec![sendable("s1", "b/p", 1), sendable("s2", "b/p", 2), sendable("s3", "b/p", 3)];
    let known = ledger.claim(another, &holder(40)).await.expect("an answer");
    assert_eq!(known, [Claim::Duplicate, Claim::Duplicate, Claim::Duplicate]);
    assert_eq!(ledger.claim_due(&DueLimits::of(9), &holder(49)).await.expect("an answer"), []);
    let mut due = ledger.claim_due(&DueLimits::of(9), &holder(50)).await.expect("an answer");
    due.sort_by(|one, other| one.raw.cmp(&other.raw));
    let handed_out: Vec<_> = due.iter().map(|d| (d.raw.as_str(), d.maybe_received.is_some())).collect();
    let expected = [("{\"n\":2}", false), ("{\"n\":3}", true), ("{\"n\":4}", false)];
    assert_eq!(handed_out, expected, "what was in flight may have been sent");
    assert!(
        due.iter().all(|due| due.portion == Portion::Full && due.pixel.to_string() == "meta:111"),
        "{due:?}"
    );
    assert_eq!(ledger.claim_due(&DueLimits::of(9), &holder(51)).await.expect("an answer"), [], "once");
    let receipt = ledger.receipt("b/o").await.expect("an answer").expect("an answer");
    assert!(receipt.balances(), "{receipt:?}");
}

fn sendable(session: &str, object: &str, row: u64) -> RowClaim {
    RowClaim {
        key: ConversionKey::new(session, None),
        source: Source { object: object.to_owned(), row },
        raw: "{}".to_owned(),
        session_id: Some(session.to_owned()),
        keyword_clicked: None,
        click_time: None,
        pixel: None,
        network: String::new(),
        observed: Some(Figures::default()),
        verdict: RowVerdict::Sendable { deadline: UnixMillis(900) },
    }
}

#[tokio::test]
async fn subscriptions_take_every_row_as_before() {
    let dir = tempfile::tempdir().unwrap();
    let old = made_by(1, &dir.path().join("directory.db"), include_str!("version_1/directory.sql"));
    old.execute("INSERT INTO subscriptions (id, note) VALUES ('1', 'why')", []).unwrap();
    drop(old);
    let data = DataDir::open(dir.path()).unwrap();
    let expected = Subscription { note: Some("why".to_owned()), ..Subscription::of("1") };
    assert_eq!(data.subscriptions().unwrap().snapshot().await.unwrap(), [expected]);
    assert!(data.lock().unwrap().acquire("t", "a", UnixMillis(0), UnixMillis(1)).await.unwrap());
}
