//! Ledgers with more entries than one part of their index holds.

use std::collections::HashSet;

use adapter_embedded::ledger::EmbeddedLedger;
use domain::Outcome;
use ports::ledger::{Claim, Lease, Selection, Settle, Settled, Settlement};
use ports::{LedgerAdmin, ReportLedger};

use crate::ledger::{SENDABLE, holder, open, statement};

/// Rows of one claim.
const ROWS: u64 = 1_000;

/// Claims rows from a number on; the leases that it got.
async fn claim(ledger: &EmbeddedLedger, first: u64, object: &str) -> Vec<Lease> {
    let rows = (first..first + ROWS).map(|n| statement(&n.to_string(), object, SENDABLE)).collect();
    let claims = ledger.claim(rows, &holder()).await.expect("claim");
    let held = claims.into_iter().filter_map(|claim| match claim {
        Claim::Held(lease) => Some(lease),
        _ => None,
    });
    held.collect()
}

fn rejected(lease: &Lease) -> Settlement {
    Settlement {
        lease: lease.clone(),
        accepted: std::iter::empty().collect(),
        reported: domain::restate::Figures::default(),
        answer: None,
        maybe_received: None,
        settle: Settle::Rejected { reason: "100/1".to_owned() },
    }
}

/// Each process learns of the other's entries, in the part that is being filled and in those that are full.
#[tokio::test(flavor = "multi_thread")]
async fn no_key_is_entered_twice_however_long_ago_and_by_whomever_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.db");
    let processes = [open(&path), open(&path)];
    let mut held = HashSet::new();
    for batch in 0..20 {
        // Half of the rows were brought by the other process just before.
        let leases = claim(&processes[batch % 2], batch as u64 * ROWS / 2, &format!("b/{batch}")).await;
        assert_eq!(leases.len() as u64, if batch == 0 { ROWS } else { ROWS / 2 });
        held.extend(leases.into_iter().map(|lease| lease.key));
    }
    assert_eq!(held.len() as u64, 21 * ROWS / 2);
    let started_now = open(&path);
    for ledger in [&processes[0], &processes[1], &started_now] {
        for batch in 0..10 {
            assert_eq!(claim(ledger, batch * ROWS, "b/again").await, [], "{batch}");
        }
    }
    let entries: u64 = started_now.stats().await.unwrap().states.iter().map(|s| s.entries).sum();
    assert_eq!(entries, 21 * ROWS / 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_entries_are_settled_found_and_selected_like_new_ones() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir.path().join("ledger.db"));
    let mut leases = Vec::new();
    for batch in 0..18 {
        leases.extend(claim(&ledger, batch * ROWS, "b/o").await);
    }
    let chosen: Vec<_> = [0, 8_190, 8_191, 8_192, 17_999].into_iter().map(|n| &leases[n]).collect();
    let settled = ledger.settle(chosen.iter().map(|lease| rejected(lease)).collect(), &holder()).await;
    assert_eq!(settled.unwrap(), [Settled::Done; 5]);
    for ledger in [&ledger, &open(&dir.path().join("ledger.db"))] {
        for (session, lease) in ["0", "8190", "8191", "8192", "17999"].iter().zip(&chosen) {
            let found = ledger.find(session, None).await.unwrap();
            assert_eq!(
                found.iter().map(|r| (r.key, r.outcome)).collect::<Vec<_>>(),
                [(lease.key, Outcome::Rejected)]
            );
            assert_eq!(ledger.attempts(&lease.key).await.unwrap().len(), 1);
        }
        let all = Selection { outcome: Outcome::Rejected, reason: None, pixel: None, since: None };
        let first = ledger.select(&all, None, 3).await.unwrap();
        let others = ledger.select(&all, first.last().map(|r| &r.key), 3).await.unwrap();
        let keys: Vec<_> = first.iter().chain(&others).map(|record| record.key).collect();
        assert_eq!(keys, chosen.iter().map(|lease| lease.key).collect::<Vec<_>>());
    }
}
