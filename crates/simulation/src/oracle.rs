//! The oracle: what must be true, derived from the input alone.
//!
//! The online checker watches the ports during the run: it compares what the ledger promised with what the platform
//! received. The final check reads the backends once the system has come to rest.

mod entries;
mod final_check;
mod final_state;
pub(crate) mod ids;
mod money;
mod online_checker;
mod reconciliation;

pub(crate) use final_check::final_check;
pub(crate) use final_state::FinalState;
pub(crate) use online_checker::{OnlineChecker, SharedChecker};
