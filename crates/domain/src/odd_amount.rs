//! Amounts that are valid and are not reported at once: they wait for a better row, or for a person.

use crate::money::Money;

/// Why the amount of a valid row waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OddAmount {
    /// Paid clicks that earned nothing. A later row mostly states their money, which could not be reported once a zero was.
    Zero,
    /// More for each paid click than the operator believes (`MAX_REVENUE_PER_CLICK`).
    Implausible,
}

impl OddAmount {
    /// What is odd about an amount for so many paid clicks, when each may earn `max_per_click` at most.
    ///
    /// ```
    /// use domain::{Money, OddAmount};
    ///
    /// let most = Money::from_units(1_000);
    /// assert_eq!(OddAmount::of(2, Money::from_units(2_000), most), None);
    /// assert_eq!(OddAmount::of(2, Money::from_units(2_001), most), Some(OddAmount::Implausible));
    /// assert_eq!(OddAmount::of(2, Money::ZERO, most), Some(OddAmount::Zero));
    /// assert_eq!(OddAmount::of(0, Money::ZERO, most), None);
    /// ```
    #[must_use]
    pub fn of(paid_clicks: u32, revenue: Money, max_per_click: Money) -> Option<Self> {
        match paid_clicks {
            0 => None,
            _ if revenue.is_zero() => Some(Self::Zero),
            clicks => (revenue > max_per_click.times(u64::from(clicks))).then_some(Self::Implausible),
        }
    }

    /// The word for it in ledgers and receipts. It never changes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Zero => "zero_revenue",
            Self::Implausible => "implausible_revenue",
        }
    }

    /// What a word stands for.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Zero, Self::Implausible].into_iter().find(|odd| odd.as_str() == word)
    }
}
