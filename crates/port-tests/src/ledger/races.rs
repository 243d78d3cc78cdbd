//! Many at once.

use std::collections::HashMap;
use std::sync::Arc;

use ports::ledger::Claim;

use super::fixture::{Subject, holder, retry, sendable};

const TASKS: usize = 16;
const KEYS: usize = 100;

pub(super) async fn each_key_is_held_once(ledger: Subject) {
    let claiming: Vec<_> = (0..TASKS)
        .map(|task| {
            let ledger = Arc::clone(&ledger.0);
            tokio::spawn(async move {
                // Each task starts elsewhere, so that they meet in the middle.
                let rows = (0..KEYS)
                    .map(|i| sendable(&format!("s{}", (i + task * 7) % KEYS), &format!("b/{task}"), i as u64))
                    .collect();
                ledger.claim(rows, &holder(&format!("task {task}"), 0)).await.expect("claim")
            })
        })
        .collect();
    let mut held: HashMap<_, u32> = HashMap::new();
    let mut duplicates = 0;
    for task in claiming {
        for claim in task.await.expect("no panic") {
            match claim {
                Claim::Held(lease) => *held.entry(lease.key).or_default() += 1,
                Claim::Duplicate => duplicates += 1,
                Claim::Stands(outcome) => panic!("no source is the same: {outcome}"),
            }
        }
    }
    assert_eq!(held.len(), KEYS);
    assert!(held.values().all(|times| *times == 1), "{held:?}");
    assert_eq!(duplicates, (TASKS - 1) * KEYS);
}

pub(super) async fn each_due_entry_is_handed_out_once(ledger: Subject) {
    let rows = (0..KEYS).map(|i| sendable(&format!("s{i}"), "b/o", i as u64)).collect();
    for claim in ledger.claim(rows, 0).await {
        let Claim::Held(lease) = claim else { panic!("new rows are held: {claim:?}") };
        ledger.done(&lease, retry(10), 1).await;
    }
    let asking: Vec<_> = (0..TASKS)
        .map(|task| {
            let ledger = Arc::clone(&ledger.0);
            tokio::spawn(async move {
                ledger
                    .claim_due(&ports::ledger::DueLimits::of(30), &holder(&format!("task {task}"), 20))
                    .await
                    .expect("claim_due")
            })
        })
        .collect();
    let mut times: HashMap<_, u32> = HashMap::new();
    for task in asking {
        for due in task.await.expect("no panic") {
            *times.entry(due.lease.key).or_default() += 1;
        }
    }
    // A task that loses a race may come back with less than there is; what is left is still due.
    for due in ledger.due(KEYS, 20).await {
        *times.entry(due.lease.key).or_default() += 1;
    }
    assert_eq!(times.len(), KEYS);
    assert!(times.values().all(|times| *times == 1), "{times:?}");
}
