//! Large calls.

use domain::Outcome;
use ports::ledger::{Claim, Settle, Settled};

use super::fixture::{Subject, holder, key, sendable, settlement};

const ROWS: u64 = 5_000;

pub(super) async fn thousands_in_one_call(ledger: Subject) {
    let rows = (0..ROWS).map(|i| sendable(&format!("s{i}"), "b/o", i)).collect();
    let settlements: Vec<_> = ledger
        .claim(rows, 0)
        .await
        .into_iter()
        .map(|claim| match claim {
            Claim::Held(lease) => settlement(&lease, Settle::Reported),
            other => panic!("held was expected: {other:?}"),
        })
        .collect();
    assert_eq!(settlements.len() as u64, ROWS);
    assert_eq!(settlements[4_321].lease.key, key("s4321"), "answers keep the order");
    let settled = ledger.0.settle(settlements, &holder("tester", 1)).await.expect("settle");
    assert!(settled.iter().all(|s| *s == Settled::Done));
    ledger.finish("b/o", ROWS, 0).await;
    ledger.balances("b/o", &[(Outcome::Reported, ROWS)]).await;
    let records = ledger.0.export_batch(usize::MAX, u64::MAX).await.expect("export_batch");
    assert_eq!(records.len() as u64, ROWS);
    ledger.0.mark_exported(&records).await.expect("mark_exported");
    assert_eq!(ledger.0.stats().await.expect("stats").unexported, 0);
}
