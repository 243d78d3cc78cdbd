//! What becomes of an entry whose text is erased.

use domain::{Outcome, Reason};

use crate::ledger::erasure::Erasure;

/// The end of an entry that was open when its text was erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// Its state.
    pub outcome: Outcome,
    /// Why.
    pub reason: &'static str,
}

/// How an entry ends whose text is erased; `None` when it has ended already. `increment`: it waits to send further Purchases only.
/// Call it for entries that no worker holds.
#[must_use]
pub const fn erase(outcome: Outcome, increment: bool, why: Erasure) -> Option<Ending> {
    let ending = match (outcome.is_end(), increment, why) {
        (true, ..) => return None,
        // All that its row stood for was accepted before.
        (false, true, _) => Ending { outcome: Outcome::Reported, reason: "" },
        (false, false, Erasure::Retention) => Ending { outcome: Outcome::Expired, reason: "" },
        (false, false, Erasure::Request) => {
            Ending { outcome: Outcome::Invalid, reason: Reason::Erased.as_str() }
        }
    };
    Some(ending)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_open_ends() {
        for outcome in Outcome::ALL {
            for why in [Erasure::Retention, Erasure::Request] {
                let ending = erase(outcome, false, why);
                assert_eq!(ending.is_none(), outcome.is_end(), "{outcome}");
                assert!(ending.is_none_or(|ending| ending.outcome.is_end()), "{ending:?}");
            }
        }
    }
}
