//! Reconciliation: the rows of a file must equal the sum of their outcomes.

use ports::metric::name;

use crate::report::Reporting;

/// Reads a file's receipt and raises an alarm when it does not balance.
pub(super) async fn check(reporting: &Reporting, object: &str) {
    match reporting.ledger.receipt(object).await {
        Ok(Some(receipt)) if !receipt.balances() && receipt.refused.is_none() => {
            let sum: u64 = receipt.outcomes.iter().map(|o| o.rows).sum();
            tracing::error!(
                object,
                rows_in = receipt.rows_in,
                outcomes = sum,
                "the receipt of a file does not balance"
            );
            reporting.metrics.count(name::BOOKS_DIFFERENCE, &[], receipt.rows_in.abs_diff(sum));
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(object, error = ?error, "cannot check the receipt of a file"),
    }
}
