//! Values of the configuration that settings read and an adapter, a destination or a use case takes. They stand here because neither side
//! knows the other; each enum lists its words once.

use std::time::Duration;

use domain::{OddAmount, UnixMillis};
use secrecy::SecretString;
use strum::{EnumString, VariantNames};

/// What happens to events whose request the destination may or may not have received (`ON_UNKNOWN_OUTCOME`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case", ascii_case_insensitive)]
pub enum OnUnknown {
    /// Send them again under the same event ids.
    #[default]
    Resend,
    /// Park them for an operator.
    Hold,
}

/// What becomes of paid clicks that earned nothing when their deadline comes, if no row has stated their money (`ZERO_REVENUE`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case", ascii_case_insensitive)]
pub enum ZeroRevenue {
    /// They end unsent.
    #[default]
    Hold,
    /// They are sent as Purchases worth zero, an hour before.
    Send,
}

impl ZeroRevenue {
    /// So long before their deadline they are sent: a request may fail and be repeated.
    const SENT_BEFORE: Duration = Duration::from_secs(3_600);

    /// Until when an amount waits, unless something happens before.
    #[must_use]
    pub fn due_at(self, odd: OddAmount, deadline: UnixMillis) -> UnixMillis {
        match (odd, self) {
            (OddAmount::Zero, Self::Send) => deadline.minus(Self::SENT_BEFORE),
            _ => deadline,
        }
    }
}

/// A ledger in MongoDB.
#[derive(Debug, Clone)]
pub struct MongoSettings {
    /// `MONGODB_URI`. May hold a password, so it cannot be printed.
    pub uri: SecretString,
    /// `MONGODB_DATABASE`.
    pub database: String,
    /// `LEDGER_LEGACY`: look for what the legacy system reported before anything is sent.
    pub legacy: bool,
}
