//! What Meta's headers say about limits ([Rate Limits], read 2026-11-23).
//!
//! [Rate Limits]: https://developers.facebook.com/docs/graph-api/overview/rate-limiting

use std::time::Duration;

use http::HeaderMap;
use outbound_http::limits::{amount, json, longest, retry_after, wait};
use serde_json::Value;

/// Limits in the headers `Retry-After`, `X-App-Usage`, `X-Ad-Account-Usage` and `X-Business-Use-Case-Usage`. What is missing
/// or not understood is `None`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UsageHeaders {
    /// `Retry-After`: seconds, or a date compared with the answer's own `Date`.
    pub retry_after: Option<Duration>,
    /// `reset_time_duration` (seconds) of an ad account that is used up.
    pub account_reset: Option<Duration>,
    /// The longest `estimated_time_to_regain_access` (minutes) of all businesses.
    pub business_regain: Option<Duration>,
    /// The highest of all percentages of use; 100 is the limit.
    pub busiest_percent: Option<f64>,
}

impl UsageHeaders {
    /// Reads the headers of an answer.
    #[must_use]
    pub fn parse(headers: &HeaderMap) -> Self {
        let app = json(headers, "x-app-usage");
        let account = json(headers, "x-ad-account-usage");
        let business = json(headers, "x-business-use-case-usage");
        let uses =
            || business.as_object().into_iter().flatten().filter_map(|(_, list)| list.as_array()).flatten();
        let percent = |from: &Value, key: &str| amount(&from[key]);
        let account_percent = percent(&account, "acc_id_util_pct");
        let percents = std::iter::once(&app)
            .chain(uses())
            .flat_map(|from| ["call_count", "total_cputime", "total_time"].map(|key| percent(from, key)))
            .chain([account_percent]);
        // An account's reset time is always sent; it is a wait only when the account is used up.
        let used_up = account_percent.is_none_or(|percent| percent >= 100.0);
        Self {
            retry_after: retry_after(headers),
            account_reset: wait(&account["reset_time_duration"], 1.0).filter(|_| used_up),
            business_regain: uses()
                .filter_map(|from| wait(&from["estimated_time_to_regain_access"], 60.0))
                .max(),
            busiest_percent: percents.flatten().reduce(f64::max),
        }
    }

    /// How long to wait: the longest of the times given, at most an hour; `None` when no time is given.
    #[must_use]
    pub fn regain_after(&self) -> Option<Duration> {
        longest([self.retry_after, self.account_reset, self.business_regain])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(headers: &[(&'static str, &str)]) -> UsageHeaders {
        let headers =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        UsageHeaders::parse(&headers)
    }

    #[test]
    fn all_headers() {
        let usage = usage(&[
            ("retry-after", "30"),
            ("x-app-usage", r#"{"call_count":28,"total_time":25.5,"total_cputime":"31"}"#),
            ("x-ad-account-usage", r#"{"acc_id_util_pct":100,"reset_time_duration":90}"#),
            (
                "x-business-use-case-usage",
                r#"{"1":[{"call_count":97,"estimated_time_to_regain_access":0}],
                "2":[{"estimated_time_to_regain_access":4},{"estimated_time_to_regain_access":2}]}"#
                    .replace('\n', "")
                    .as_str(),
            ),
        ]);
        assert_eq!(usage.retry_after, Some(Duration::from_secs(30)));
        assert_eq!(usage.account_reset, Some(Duration::from_secs(90)));
        assert_eq!(usage.business_regain, Some(Duration::from_secs(240)));
        assert_eq!(usage.busiest_percent, Some(100.0));
        assert_eq!(usage.regain_after(), Some(Duration::from_secs(240)));
    }

    #[test]
    fn an_account_with_room_asks_for_no_wait() {
        let usage = usage(&[("x-ad-account-usage", r#"{"acc_id_util_pct":9.67,"reset_time_duration":90}"#)]);
        assert_eq!((usage.regain_after(), usage.busiest_percent), (None, Some(9.67)));
    }

    #[test]
    fn junk_says_nothing() {
        for value in
            ["", "junk", "[]", "{}", r#"{"1":7}"#, r#"{"1":[{"estimated_time_to_regain_access":-5}]}"#]
        {
            let usage = usage(&[
                ("retry-after", value),
                ("x-app-usage", value),
                ("x-ad-account-usage", value),
                ("x-business-use-case-usage", value),
            ]);
            assert_eq!(usage, UsageHeaders::default(), "{value}");
        }
        let endless = r#"{"1":[{"estimated_time_to_regain_access":1e300}]}"#;
        assert_eq!(usage(&[("x-business-use-case-usage", endless)]).regain_after(), None);
    }
}
