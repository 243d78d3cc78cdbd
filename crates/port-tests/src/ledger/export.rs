//! Export and looking up.

use std::collections::BTreeSet;

use domain::{ConversionKey, Outcome};
use ports::ledger::{Record, RowClaim, Settle, Settled, Settlement};

use super::fixture::{Subject, at, invalid, key, sendable, settlement};

async fn batch(ledger: &Subject, limit: usize) -> Vec<Record> {
    ledger.0.export_batch(limit, u64::MAX).await.expect("export_batch")
}

pub(super) async fn changes_are_exported_until_marked(ledger: Subject) {
    let lease = ledger.hold(sendable("s", "b/o", 0), 0).await;
    ledger.claim_one(invalid("i", "b/o", 1), 0).await;
    let stats = ledger.0.stats().await.expect("stats");
    assert_eq!((stats.unexported, stats.oldest_unexported), (2, Some(at(0))));
    assert_eq!(batch(&ledger, 1).await.len(), 1, "no more than asked for");
    let first = batch(&ledger, 10).await;
    assert_eq!(first.len(), 2);
    assert_eq!(batch(&ledger, 10).await.len(), 2, "reading is not marking");
    ledger.0.mark_exported(&first).await.expect("mark_exported");
    assert_eq!(batch(&ledger, 10).await, []);
    let stats = ledger.0.stats().await.expect("stats");
    assert_eq!((stats.unexported, stats.oldest_unexported), (0, None));

    ledger.done(&lease, Settle::Reported, 1).await;
    assert_eq!(ledger.0.stats().await.expect("stats").oldest_unexported, Some(at(1)));
    let changed = batch(&ledger, 10).await;
    assert_eq!(changed.len(), 1);
    assert_eq!((changed[0].key, changed[0].outcome), (key("s"), Outcome::Reported));
    assert_eq!(changed[0], ledger.record("s").await);
}

pub(super) async fn an_entry_says_when_events_of_it_were_accepted(ledger: Subject) {
    let lease = ledger.hold(sendable("s", "b/o", 0), 0).await;
    assert_eq!(ledger.record("s").await.reported_at, None, "nothing was accepted yet");
    let reported =
        Settlement { accepted: [0, 1].into_iter().collect(), ..settlement(&lease, Settle::Reported) };
    assert_eq!(ledger.settle(reported, 7).await, Settled::Done);
    assert_eq!(ledger.record("s").await.reported_at, Some(at(7)));
    ledger.claim_one(sendable("s", "b/another", 0), 9).await;
    assert_eq!(ledger.record("s").await.reported_at, Some(at(7)), "a later row changes nothing about it");
    ledger.claim_one(invalid("i", "b/o", 1), 8).await;
    assert_eq!(ledger.record("i").await.reported_at, None);
}

pub(super) async fn a_change_in_between_stays_due(ledger: Subject) {
    let lease = ledger.hold(sendable("s", "b/o", 0), 0).await;
    let read = batch(&ledger, 10).await;
    ledger.done(&lease, Settle::Reported, 1).await;
    ledger.0.mark_exported(&read).await.expect("mark_exported");
    let again = batch(&ledger, 10).await;
    assert_eq!(again.len(), 1, "the change came after the reading");
    assert!(again[0].version > read[0].version);
    ledger.0.mark_exported(&again).await.expect("mark_exported");
    ledger.0.mark_exported(&read).await.expect("mark_exported");
    assert_eq!(batch(&ledger, 10).await, [], "an old mark takes nothing back");
}

pub(super) async fn the_oldest_change_comes_first(ledger: Subject) {
    let first = ledger.hold(sendable("a", "b/o", 0), 0).await;
    ledger.claim_one(invalid("b", "b/o", 1), 1).await;
    ledger.claim_one(invalid("c", "b/o", 2), 2).await;
    ledger.done(&first, Settle::Reported, 3).await;
    let order: Vec<_> = batch(&ledger, 10).await.into_iter().map(|r| r.key).collect();
    assert_eq!(order, [key("b"), key("c"), key("a")]);
    let head: Vec<_> = batch(&ledger, 2).await.into_iter().map(|r| r.key).collect();
    assert_eq!(head, [key("b"), key("c")]);
}

pub(super) async fn long_rows_are_exported_a_few_at_a_time(ledger: Subject) {
    let raw = "x".repeat(10_000);
    let stated = |row| RowClaim { raw: raw.clone(), ..invalid(&format!("s{row}"), "b/o", row) };
    ledger.claim((0..25).map(stated).collect(), 0).await;
    let mut sizes = Vec::new();
    loop {
        let records = ledger.0.export_batch(100, 100_000).await.expect("export_batch");
        if records.is_empty() {
            break;
        }
        sizes.push(records.len());
        ledger.0.mark_exported(&records).await.expect("mark_exported");
    }
    assert_eq!(sizes, [10, 10, 5]);
}

pub(super) async fn entries_are_found_by_session_and_keyword(ledger: Subject) {
    let stated = |row, session: &str, keyword: Option<&str>| RowClaim {
        key: ConversionKey::new(session, keyword),
        keyword_clicked: keyword.map(str::to_owned),
        ..sendable(session, "b/o", row)
    };
    let rows = vec![
        stated(0, "s", Some("shoes")),
        stated(1, "s", Some("boots")),
        stated(2, "s", None),
        stated(3, "t", Some("shoes")),
    ];
    ledger.claim(rows, 0).await;
    let all = ledger.0.find("s", None).await.expect("find");
    let words: BTreeSet<_> = all.iter().map(|r| r.keyword_clicked.as_deref()).collect();
    assert_eq!((all.len(), words), (3, BTreeSet::from([None, Some("boots"), Some("shoes")])));
    let one = ledger.0.find("s", Some("boots")).await.expect("find");
    assert_eq!(one.iter().map(|r| r.source.row).collect::<Vec<_>>(), [1]);
    assert_eq!(ledger.0.find("s", Some("hats")).await.expect("find"), []);
    assert_eq!(ledger.0.find("u", None).await.expect("find"), []);
}
