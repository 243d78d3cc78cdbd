//! The settlement of a conversion that was not sent.

use domain::restate::Figures;
use ports::ledger::{Due, Positions, Settle, Settlement};

/// A settlement of a conversion of which nothing was sent.
pub(super) fn nothing_sent(due: Due, settle: Settle) -> Settlement {
    Settlement {
        lease: due.lease,
        settle,
        accepted: Positions::default(),
        reported: Figures::default(),
        answer: None,
        maybe_received: due.maybe_received,
    }
}
