//! Why an entry waits.

use std::fmt;

use domain::{OddAmount, Outcome};

/// Why an entry is `retry` or `parked`. Ledgers, receipts and the command line have it as text, which never changes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum WaitReason {
    /// The platform limits the rate of requests.
    Throttled,
    /// The platform or the way to it failed. Another attempt may succeed.
    Transient,
    /// None of the pixel's credentials works.
    NoWorkingCredential,
    /// The platform refused events, and either it takes nothing else of the pixel, or bisection did not find those that it refuses, or
    /// the reason is not known to be an event's own.
    NotIsolated,
    /// The platform's address, or the version of its interface, is not served.
    WrongEndpoint,
    /// The platform wants something of the pixel's owner first, such as consent to its terms.
    AccountRefused,
    /// The pixel's lane had no room.
    LaneFull,
    /// A restatement added paid clicks; the entry waits to send a [`Portion::Increment`](super::Portion::Increment).
    Restated,
    /// The platform may have received the events, and the outcome is unknown. Parked, the entry waits for the operator, not for a
    /// credential.
    UnknownOutcome,
    /// The ledger cannot read what it stored about the entry, or its row's text is not what was stored. It waits for a person.
    Damaged,
    /// The operator gave the entry another chance.
    Reopened,
    /// This process has no destination for the pixel's platform.
    NoDestination,
    /// There are paid clicks that earned nothing. Parked until a row states their money, or until it is sent as zero.
    ZeroRevenue,
    /// Each paid click would have earned more than the operator believes. Parked until the operator releases it, or until a row states
    /// a plausible amount.
    ImplausibleRevenue,
    /// The click lies a little ahead of our clock. It is sent when its second has come.
    FutureClick,
    /// A text that this version does not know: another version stored it. Made by [`WaitReason::from`] alone.
    Other(String),
}

impl WaitReason {
    /// All that this version knows.
    pub const KNOWN: [Self; 15] = [
        Self::Throttled,
        Self::Transient,
        Self::NoWorkingCredential,
        Self::NotIsolated,
        Self::LaneFull,
        Self::Restated,
        Self::UnknownOutcome,
        Self::Damaged,
        Self::Reopened,
        Self::NoDestination,
        Self::WrongEndpoint,
        Self::AccountRefused,
        Self::ZeroRevenue,
        Self::ImplausibleRevenue,
        Self::FutureClick,
    ];

    /// What a parked entry waits for that no credential makes due: the operator, or a better row.
    pub const WITHOUT_CREDENTIAL: [Self; 4] =
        [Self::UnknownOutcome, Self::Damaged, Self::ZeroRevenue, Self::ImplausibleRevenue];

    /// The stored text.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        match self {
            Self::Throttled => "throttled",
            Self::Transient => "transient",
            Self::NoWorkingCredential => "no_working_credential",
            Self::NotIsolated => "not_isolated",
            Self::LaneFull => "lane_full",
            Self::Restated => "restated",
            Self::UnknownOutcome => "unknown_outcome",
            Self::Damaged => "damaged",
            Self::Reopened => "reopened",
            Self::NoDestination => "no_destination",
            Self::WrongEndpoint => "wrong_endpoint",
            Self::AccountRefused => "account_refused",
            Self::ZeroRevenue => OddAmount::Zero.as_str(),
            Self::ImplausibleRevenue => OddAmount::Implausible.as_str(),
            Self::FutureClick => "future_click",
            Self::Other(text) => text.as_str(),
        }
    }
}

impl From<OddAmount> for WaitReason {
    fn from(odd: OddAmount) -> Self {
        match odd {
            OddAmount::Zero => Self::ZeroRevenue,
            OddAmount::Implausible => Self::ImplausibleRevenue,
        }
    }
}

/// Why the amount of an entry waits in this state for this reason; `None` when it waits for something else.
#[must_use]
pub fn odd_amount(outcome: Outcome, reason: &str) -> Option<OddAmount> {
    (outcome == Outcome::Parked).then(|| OddAmount::of_word(reason)).flatten()
}

impl fmt::Display for WaitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Never fails: an unknown text is kept as it is.
impl From<&str> for WaitReason {
    fn from(text: &str) -> Self {
        let known = Self::KNOWN.into_iter().find(|reason| reason.as_str() == text);
        known.unwrap_or_else(|| Self::Other(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Ledgers hold these words. A change here would orphan what they hold.
    #[test]
    fn stored_words_never_change() {
        let words = WaitReason::KNOWN.map(|reason| reason.to_string());
        let stored = [
            "throttled",
            "transient",
            "no_working_credential",
            "not_isolated",
            "lane_full",
            "restated",
            "unknown_outcome",
            "damaged",
            "reopened",
            "no_destination",
            "wrong_endpoint",
            "account_refused",
            "zero_revenue",
            "implausible_revenue",
            "future_click",
        ];
        assert_eq!(words, stored);
    }

    #[test]
    fn known_words_are_read_back() {
        for reason in WaitReason::KNOWN {
            assert_eq!(WaitReason::from(reason.as_str()), reason);
        }
    }

    proptest! {
        #[test]
        fn no_text_is_lost(text in ".*") {
            prop_assert_eq!(WaitReason::from(text.as_str()).to_string(), text);
        }
    }
}
