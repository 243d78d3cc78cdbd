//! What is damaged in the ledger is not sent, and does not keep what is personal from being erased.

use std::time::Duration;

use domain::Outcome;
use meta_sandbox::{Action, ErrorAnswer};
use pipeline::erase::Subject;
use ports::LedgerAdmin;
use ports::ledger::{Selection, WaitReason};
use rusqlite::{Connection, params};

use crate::erasure::{erase_in, session};
use crate::world::World;

/// A world in which Meta has refused a file for the moment, so that all of its rows wait.
async fn waiting(rows: usize) -> (World, Connection, Vec<String>) {
    let (world, database) = World::on_disk().await;
    let answer = ErrorAnswer { status: 503, code: 2, ..ErrorAnswer::default() };
    world.sandbox.add_fault(Action::Error(answer).times(1));
    let rows = world.rows(rows, 5, &["1"]);
    let receipt = world.report("a", &rows).await;
    assert_eq!(receipt.rows(Outcome::Retry), rows.len() as u64, "{receipt:?}");
    (world, database, rows)
}

fn entry(database: &Connection, session: &str) -> i64 {
    let id = "SELECT id FROM report_conversions WHERE session_id = ?";
    database.query_one(id, [session], |row| row.get(0)).unwrap()
}

/// A disk that wrote two pages to each other's place: each text comes with its own checksum.
fn swap_texts(database: &Connection, sessions: [&str; 2]) {
    let [one, other] = sessions.map(|session| entry(database, session));
    let text = |id: i64| -> (String, Option<u32>) {
        let stored = "SELECT raw, checksum FROM raw_rows WHERE id = ?";
        database.query_one(stored, [id], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    };
    for (id, (raw, checksum)) in [(one, text(other)), (other, text(one))] {
        let update = "UPDATE raw_rows SET raw = ?, checksum = ? WHERE id = ?";
        assert_eq!(database.execute(update, params![raw, checksum, id]).unwrap(), 1);
    }
}

#[tokio::test]
async fn the_text_of_another_conversion_is_not_sent() {
    let (world, database, rows) = waiting(5).await;
    swap_texts(&database, [&session(&rows[1]), &session(&rows[3])]);
    world.settled().await;
    assert_eq!((world.entries(Outcome::Reported).await, world.entries(Outcome::Parked).await), (3, 2));
    let reason = Some(WaitReason::Damaged.to_string());
    let damaged = Selection { outcome: Outcome::Parked, reason, pixel: None, since: None };
    let found = world.ledger.select(&damaged, None, 9).await.unwrap();
    assert_eq!((found.len(), world.ledger.stats().await.unwrap().damaged), (2, 2), "{found:?}");
    assert!(found.iter().all(|entry| entry.events == 0), "{found:?}");
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_is_erased_all_the_same() {
    let statements = [
        "attempt = -9",
        "reported_revenue = 'much'",
        "state = 'pondering'",
        "pixel = 7",
        "accepted = 'zz!', observed_revenue = 'much'",
    ];
    for change in statements {
        let (world, database, rows) = waiting(3).await;
        let session = session(&rows[1]);
        let id = entry(&database, &session);
        database.execute(&format!("UPDATE report_conversions SET {change} WHERE id = ?"), [id]).unwrap();
        let (erase, mut subject) = (erase_in(&world), Subject::of_session(&session));
        let plan = erase.plan(&mut subject).await.expect(change);
        assert_eq!(plan.entries.len(), 1, "{change}: {plan:?}");
        let record = erase.apply(&mut subject, plan, Duration::ZERO).await.expect(change);
        assert!(record.complete, "{change}: {record:?}");
        let left = "SELECT count(*) FROM raw_rows WHERE id = ?";
        let left: i64 = database.query_one(left, [id], |row| row.get(0)).unwrap();
        assert_eq!(left, 0, "{change}: its text is still there");
    }
}

#[tokio::test]
async fn what_cannot_be_erased_is_named() {
    let (world, database, rows) = waiting(3).await;
    let id = entry(&database, &session(&rows[1]));
    database.execute("UPDATE report_conversions SET key = x'00' WHERE id = ?", [id]).unwrap();
    let (erase, mut subject) = (erase_in(&world), Subject::of_session(&session(&rows[1])));
    let plan = erase.plan(&mut subject).await.unwrap();
    let record = erase.apply(&mut subject, plan, Duration::ZERO).await.unwrap();
    assert_eq!((record.complete, record.unreadable), (false, vec![id.to_string()]));
}
