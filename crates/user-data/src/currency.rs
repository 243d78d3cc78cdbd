//! `currency`: the ISO 4217 code of a Purchase's value.

use std::borrow::Cow;

use domain::Reason;

/// The codes of money in use, sorted.
static ISO_4217: [&str; 157] = [
    "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BHD",
    "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CLP", "CNY",
    "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP",
    "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR",
    "IQD", "IRR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "KZT",
    "LAK", "LBP", "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR",
    "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK",
    "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD",
    "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TND", "TOP", "TRY",
    "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VED", "VES", "VND", "VUV", "WST", "XAF", "XCD",
    "XCG", "XOF", "XPF", "YER", "ZAR", "ZMW", "ZWG",
];

/// The row's currency, in upper case; the configured one where the row names none.
///
/// # Errors
///
/// [`Reason::Malformed`] when the row names something else: sending its amount in another currency would be worse than not
/// sending it.
pub fn currency<'c>(of_row: Option<&'c str>, configured: &'c str) -> Result<Cow<'c, str>, Reason> {
    let Some(code) = of_row else { return Ok(Cow::Borrowed(configured)) };
    let upper = if code.bytes().any(|b| b.is_ascii_lowercase()) {
        Cow::Owned(code.to_ascii_uppercase())
    } else {
        Cow::Borrowed(code)
    };
    if ISO_4217.binary_search(&&*upper).is_ok() { Ok(upper) } else { Err(Reason::Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes() {
        assert!(ISO_4217.is_sorted_by(|a, b| a < b));
        assert_eq!(currency(Some("eur"), "USD").as_deref(), Ok("EUR"));
        assert_eq!(currency(None, "USD").as_deref(), Ok("USD"));
        for code in ["$", "US$", "EURO", "XYZ", "XXX", "\u{20ac}"] {
            assert_eq!(currency(Some(code), "USD"), Err(Reason::Malformed), "{code}");
        }
    }
}
