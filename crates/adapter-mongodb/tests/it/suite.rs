//! The suite of the port.

use std::sync::Arc;

use ports::{Ledger, LedgerAdmin, ReportLedger};

use super::world::{at, holder, lease, ledger, sendable, settlement};

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_rules() {
    port_tests::ledger::suite(async || Arc::new(ledger().await) as Arc<dyn Ledger>).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn migrating_again_changes_nothing_and_check_is_content() {
    let ledger = ledger().await;
    ledger.migrate().await.unwrap();
    ledger.check().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_and_a_restatement_of_the_same_moment_are_both_kept() {
    use ports::ledger::{Restatements, Settle};
    let ledger = ledger().await;
    let increments =
        |seconds| ports::ledger::Holder { restatements: Restatements::Increments, ..holder(seconds) };
    for round in 0..20 {
        let session = format!("s{round}");
        let held =
            lease(&ledger.claim(vec![sendable(&session, "b/o", round)], &increments(0)).await.unwrap()[0]);
        let mut restated = sendable(&session, "b/p", round);
        restated.observed = Some(super::world::figures(3, "0.75"));
        let (claiming, settling) = (increments(1), increments(1));
        let (claimed, settled) = tokio::join!(
            ledger.claim(vec![restated], &claiming),
            ledger.settle(vec![settlement(&held, Settle::Reported)], &settling),
        );
        assert_eq!(claimed.unwrap(), [ports::ledger::Claim::Duplicate]);
        assert_eq!(settled.unwrap(), [ports::ledger::Settled::Done]);
        let record = ledger.find(&session, None).await.unwrap().remove(0);
        assert_eq!(
            record.outcome,
            domain::Outcome::Retry,
            "the later writer saw that two Purchases are lacking"
        );
        assert_eq!(record.due_at, Some(at(1)));
    }
}
