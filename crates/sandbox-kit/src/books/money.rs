//! Exact decimal arithmetic for `value`: no float ever touches it.

use rust_decimal::Decimal;

/// The number as written in JSON, or `None` when it has more digits than the arithmetic holds.
#[must_use]
pub fn parse(text: &str) -> Option<Decimal> {
    if text.contains(['e', 'E']) {
        return Decimal::from_scientific(text).ok();
    }
    Decimal::from_str_exact(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_every_digit() {
        assert_eq!(parse("0.1").unwrap() + parse("0.2").unwrap(), parse("0.3").unwrap());
        assert_eq!(parse("1.5e3").unwrap(), parse("1500").unwrap());
        assert!(parse("1e400").is_none());
        assert!(parse("0.12345678901234567890123456789012").is_none());
    }
}
