//! What Meta asks of the conversions that are reported to it.

use std::time::Duration;

use domain::validate::Requirements;
use domain::{Conversion, Platform, PlatformRules, Reason, Reasons};
use user_data::normalise::is_crawler;

use super::{MAX_EVENTS_PER_REQUEST, MetaConfig};
use crate::click::read_click;
use crate::map::refusals;

/// Meta: Facebook and Instagram.
pub const PLATFORM: Platform = match Platform::new("meta") {
    Ok(platform) => platform,
    Err(_) => panic!("a good name"),
};

/// Meta refuses a whole request that holds one website event older than this: 7 days ([Using the API], read 2026-11-23).
///
/// [Using the API]: https://developers.facebook.com/documentation/ads-commerce/conversions-api/using-the-api
pub const REPORTING_WINDOW: Duration = Duration::from_secs(7 * 24 * 3600);

/// Kept free before the end of [`REPORTING_WINDOW`], so that an event is not too old when the request arrives.
pub const DEADLINE_MARGIN: Duration = Duration::from_secs(60);

/// Meta discards an event whose id and name it received for the same pixel within 48 hours before ([Deduplicate events], read
/// 2026-11-23). Later it counts again.
///
/// [Deduplicate events]: https://developers.facebook.com/documentation/ads-commerce/conversions-api/deduplicate-pixel-and-server-events
const DEDUPLICATION: Duration = Duration::from_secs(48 * 3600);

/// Kept free before the end of [`DEDUPLICATION`].
const DEDUPLICATION_MARGIN: Duration = Duration::from_secs(3600);

/// Meta's pages name no limit in bytes; no request need be larger.
const MAX_BYTES_PER_REQUEST: usize = 4 << 20;

impl Requirements for MetaConfig {
    fn rules(&self) -> PlatformRules {
        PlatformRules {
            window: REPORTING_WINDOW,
            margin: DEADLINE_MARGIN,
            deduplication: DEDUPLICATION,
            deduplication_margin: DEDUPLICATION_MARGIN,
            max_events: MAX_EVENTS_PER_REQUEST,
            max_bytes: MAX_BYTES_PER_REQUEST,
        }
    }

    /// Meta requires the visitor's agent and the page of website events; an event without them may be accepted and then serves
    /// nothing. Nobody is behind a crawler's click.
    fn check(&self, conversion: &Conversion<'_>) -> Reasons {
        let mut reasons = refusals(&self.map, conversion);
        if !self.reports_crawlers && conversion.user_agent.as_deref().is_some_and(is_crawler) {
            reasons.insert(Reason::Crawler);
        }
        reasons
    }

    /// The cookie's `fbc` holds the click id.
    fn has_click(&self, conversion: &Conversion<'_>) -> bool {
        conversion.click_id.is_some() || has_good_fbc(conversion)
    }
}

fn has_good_fbc(conversion: &Conversion<'_>) -> bool {
    let click_ms = conversion.click_time.and_then(|time| u64::try_from(time.millis().0).ok());
    let (Some(fbc), Some(click_ms)) = (conversion.fbc.as_deref(), click_ms) else { return false };
    read_click(fbc, click_ms).is_ok()
}

#[cfg(test)]
mod tests {
    use domain::Row;

    use super::*;
    use crate::map::{DataProcessing, EventNames, MapConfig};

    fn config(default_event_source_url: Option<&str>) -> MetaConfig {
        let map = MapConfig {
            event_names: EventNames::Standard,
            currency: "USD".to_owned(),
            default_event_source_url: default_event_source_url.map(str::to_owned),
            data_processing: DataProcessing::Unsaid,
        };
        MetaConfig::new("v25.0", map)
    }

    #[test]
    fn crawlers_are_invalid_unless_they_are_wanted() {
        let raw = r#"{"session_id":"s","user_agent":"facebookexternalhit/1.1","domain_name":"a.example"}"#;
        let row = Row::parse(raw);
        let conversion = row.conversion.as_deref().unwrap();
        assert_eq!(config(None).check(conversion).to_string(), "crawler");
        let wanted = MetaConfig { reports_crawlers: true, ..config(None) };
        assert_eq!(wanted.check(conversion).to_string(), "");
    }

    #[test]
    fn a_good_cookie_is_a_click() {
        for (raw, has) in [
            (r#"{"session_id":"s","click_timestamp":1763700000,"fbc":"fb.1.1763600000000.IwAR"}"#, true),
            (r#"{"session_id":"s","click_timestamp":1763700000,"fbc":"fb.1.1753600000000.IwAR"}"#, false),
            (r#"{"session_id":"s","click_timestamp":1763700000,"fbc":"a b"}"#, false),
            (r#"{"session_id":"s","fbc":"fb.1.1763600000000.IwAR"}"#, false),
            (r#"{"session_id":"s","click_timestamp":1763700000}"#, false),
            (r#"{"session_id":"s","ts_click_id":"a b"}"#, true),
        ] {
            let row = Row::parse(raw);
            assert_eq!(config(None).has_click(row.conversion.as_deref().unwrap()), has, "{raw}");
        }
    }

    #[test]
    fn agent_and_page_are_required() {
        let (strict, lenient) = (config(None), config(Some("https://a.example/")));
        let cases = [
            (r#"{"session_id":"s","user_agent":"UA","domain_name":"a.example"}"#, "", ""),
            (r#"{"session_id":"s","user_agent":"UA","event_source_url":"https://b.example/"}"#, "", ""),
            (r#"{"session_id":"s","user_agent":"UA"}"#, "insufficient_data", ""),
            (
                r#"{"session_id":"s","user_agent":"UA","event_source_url":"ftp://b.example/"}"#,
                "insufficient_data",
                "",
            ),
            (
                r#"{"session_id":"s","user_agent":"null","domain_name":"a.example"}"#,
                "insufficient_data",
                "insufficient_data",
            ),
            (
                r#"{"session_id":"s","user_agent":"UA","domain_name":"a.example","currency":"US$"}"#,
                "malformed",
                "malformed",
            ),
            (r#"{"session_id":"s","user_agent":"UA","domain_name":null}"#, "insufficient_data", ""),
            (
                r#"{"session_id":"s","user_agent":"","domain_name":"a.example"}"#,
                "insufficient_data",
                "insufficient_data",
            ),
        ];
        for (raw, without_default, with_default) in cases {
            let row = Row::parse(raw);
            let conversion = row.conversion.as_deref().unwrap();
            assert_eq!(strict.check(conversion).to_string(), without_default, "{raw}");
            assert_eq!(lenient.check(conversion).to_string(), with_default, "{raw}");
        }
    }
}
