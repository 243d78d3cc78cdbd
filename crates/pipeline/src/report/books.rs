//! Checks that the rows of an object add up.

use ports::metric::name;

use super::Reporting;

impl Reporting {
    /// Reads an object's books and raises an alarm when they do not balance.
    pub(super) async fn check_books(&self, object: &str) {
        match self.ledger.receipt(object).await {
            Ok(Some(receipt)) if !receipt.balances() && receipt.refused.is_none() => {
                let sum: u64 = receipt.outcomes.iter().map(|o| o.rows).sum();
                tracing::error!(
                    object,
                    rows_in = receipt.rows_in,
                    outcomes = sum,
                    "the books do not balance"
                );
                self.metrics.count(name::BOOKS_DIFFERENCE, &[], receipt.rows_in.abs_diff(sum));
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(object, error = ?error, "cannot check the books"),
        }
    }
}
