//! Reconciliation: the rows of a file must equal the sum of their outcomes.

use ports::metric::name;

use crate::report::Reporting;

/// Reads the receipt of a file's content and raises an alarm when it does not balance.
pub(super) async fn check(reporting: &Reporting, source: &str) {
    match reporting.ledger.receipt(source).await {
        Ok(Some(receipt)) if !receipt.balances() && receipt.refused.is_none() => {
            let sum: u64 = receipt.outcomes.iter().map(|o| o.rows).sum();
            tracing::error!(
                source,
                rows_in = receipt.rows_in,
                outcomes = sum,
                "the receipt of a file does not balance"
            );
            reporting.metrics.count(name::BOOKS_DIFFERENCE, &[], receipt.rows_in.abs_diff(sum));
        }
        Ok(Some(receipt)) if receipt.is_all_invalid() => {
            tracing::warn!(source, rows_in = receipt.rows_in, "every row of the file is invalid");
            reporting.metrics.count(name::SUSPICIOUS_FILES, &[("held", "false")], 1);
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(source, error = ?error, "cannot check the receipt of a file"),
    }
}
