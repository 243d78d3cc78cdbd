//! Amounts as exact decimals: sums of floats do not reconcile.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Sub};
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Fraction digits that shares of a split amount have at least; feeds state four.
const SHARE_SCALE: u32 = 6;

/// More fraction digits than any feed means; the rest is float noise and rounded away, so that sums stay exact.
const MAX_SCALE: u32 = 12;

/// An amount in the currency of the feed (US dollars unless configured), exact to twelve decimals.
///
/// ```
/// use domain::Money;
///
/// let revenue: Money = "0.10".parse()?;
/// let shares: Vec<Money> = revenue.split(3).collect();
/// assert_eq!(shares[0].to_string(), "0.033334");
/// assert_eq!(shares.into_iter().sum::<Money>(), revenue, "nothing is lost to rounding");
/// # Ok::<(), domain::money::NotMoney>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(Decimal);

/// The text is not a decimal number, or too large to add up safely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an amount of money")]
pub struct NotMoney;

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// A decimal as an amount; refused beyond a trillion, so that no sum can overflow.
    fn new(value: Decimal) -> Result<Self, NotMoney> {
        if value.abs() > Decimal::from(1_000_000_000_000_i64) {
            return Err(NotMoney);
        }
        let value = if value.scale() > MAX_SCALE { value.round_dp(MAX_SCALE) } else { value };
        Ok(Self(value))
    }

    /// A whole number of units.
    #[must_use]
    pub fn from_units(units: i32) -> Self {
        Self(Decimal::from(units))
    }

    /// An amount in millionths, as databases without decimals keep it.
    #[must_use]
    pub fn from_micros(micros: i64) -> Self {
        Self(Decimal::new(micros, 6))
    }

    /// Millionths, rounded, for counters. Amounts are below a trillion, so they always fit.
    #[must_use]
    pub fn micros(self) -> i64 {
        use rust_decimal::prelude::ToPrimitive;
        (self.0 * Decimal::from(1_000_000)).round().to_i64().unwrap_or(i64::MAX)
    }

    /// The amount that many times.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self(self.0 * Decimal::from(count))
    }

    /// Below zero.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.0.is_sign_negative() && !self.0.is_zero()
    }

    /// Exactly zero.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// The amount as a decimal, for adapters that bind one.
    #[must_use]
    pub fn decimal(self) -> Decimal {
        self.0
    }

    /// Splits a non-negative amount into `parts` shares that differ by at most the smallest unit and add up to it exactly.
    ///
    /// The larger shares come first. The iterator is empty when `parts` is 0.
    pub fn split(self, parts: u32) -> impl Iterator<Item = Self> {
        let scale = self.0.scale().max(SHARE_SCALE);
        let mut scaled = self.0;
        scaled.rescale(scale);
        let total = scaled.mantissa();
        let (each, extra) = match i128::from(parts) {
            0 => (0, 0),
            n => (total.div_euclid(n), total.rem_euclid(n)),
        };
        (0..i128::from(parts)).map(move |i| {
            let share = each + i128::from(i < extra);
            Self(Decimal::from_i128_with_scale(share, scale))
        })
    }
}

impl FromStr for Money {
    type Err = NotMoney;

    /// Reads `12.5`, `-0.25`, `1e-4`, with blanks or a leading `$` tolerated.
    fn from_str(text: &str) -> Result<Self, NotMoney> {
        let text = text.trim();
        let text = text.strip_prefix('$').map_or(text, str::trim_start);
        // The decimal parser skips them.
        if text.contains('_') {
            return Err(NotMoney);
        }
        let parsed = if text.contains(['e', 'E']) {
            Decimal::from_scientific(text)
        } else {
            // Rounds digits beyond the decimal's reach instead of failing.
            Decimal::from_str(text)
        };
        Self::new(parsed.map_err(|_| NotMoney)?)
    }
}

impl Add for Money {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Money {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

/// Without trailing zeros: this is the one place where the form matters.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.normalize().fmt(f)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    #[test]
    fn amounts_are_read_exactly() {
        assert_eq!(money("0.1") + money("0.2"), money("0.3"));
        assert_eq!(money(" 0.2500 ").to_string(), "0.25");
        assert_eq!(money("1e-4").to_string(), "0.0001");
        assert_eq!(money("$3.10").to_string(), "3.1");
        assert_eq!(money("$ 3.10\r").to_string(), "3.1");
        assert_eq!(money("0.033333333333333333").to_string(), "0.033333333333");
        assert!(money("-0.25").is_negative());
        assert!(!money("-0.0").is_negative());
        for junk in ["", "abc", "NaN", "1e40", "99999999999999", "1_000", "$", "1,000", "0,50"] {
            assert_eq!(junk.parse::<Money>(), Err(NotMoney), "{junk}");
        }
        // Other countries mean other things by them: none is guessed.
        for doubtful in ["1,234.56", "1.234,56", "1 234.50", "1.50 USD", "\u{20ac}0.50", "(0.50)", "-$0.50"] {
            assert_eq!(doubtful.parse::<Money>(), Err(NotMoney), "{doubtful}");
        }
    }

    #[test]
    fn shares_differ_by_one_unit_at_most() {
        let shares: Vec<_> = money("1").split(3).map(|m| m.to_string()).collect();
        assert_eq!(shares, ["0.333334", "0.333333", "0.333333"]);
        assert_eq!(money("5").split(0).count(), 0);
    }

    proptest! {
        #[test]
        fn shares_add_up_exactly(micros in 0_i64..1_000_000_000_000, parts in 1_u32..3_000) {
            let amount = Money::from_micros(micros);
            prop_assert_eq!(amount.split(parts).sum::<Money>(), amount);
        }

        #[test]
        fn printing_and_reading_is_the_same(micros in any::<i32>()) {
            let amount = Money::from_micros(i64::from(micros));
            prop_assert_eq!(amount.to_string().parse::<Money>(), Ok(amount));
        }
    }
}
