//! Reconciliation: the rows of a file must equal the sum of their outcomes.

use ports::metric::name;

use crate::report::Reporting;

/// The rows of a file and the sum of their outcomes, where they are not equal.
#[derive(Debug)]
pub(super) struct Difference {
    source: String,
    rows_in: u64,
    outcomes: u64,
}

impl Difference {
    /// Says that books do not balance: in the log, and in the metric that an alert watches.
    pub(super) fn alarm(&self, reporting: &Reporting) {
        let Self { source, rows_in, outcomes } = self;
        tracing::error!(source, rows_in, outcomes, "the receipt of a file does not balance");
        reporting.metrics.count(name::BOOKS_DIFFERENCE, &[], rows_in.abs_diff(*outcomes));
    }
}

/// Reads the receipt of a file's content.
pub(super) async fn check(reporting: &Reporting, source: &str) -> Option<Difference> {
    let receipt = match reporting.ledger.receipt(source).await {
        Ok(receipt) => receipt?,
        Err(error) => {
            tracing::warn!(source, error = ?error, "cannot check the receipt of a file");
            return None;
        }
    };
    if !receipt.balances() && receipt.refused.is_none() {
        let outcomes = receipt.outcomes.iter().map(|o| o.rows).sum();
        return Some(Difference { source: source.to_owned(), rows_in: receipt.rows_in, outcomes });
    }
    if receipt.is_all_invalid() {
        tracing::warn!(source, rows_in = receipt.rows_in, "every row of the file is invalid");
        reporting.metrics.count(name::SUSPICIOUS_FILES, &[("held", "false")], 1);
    }
    None
}
