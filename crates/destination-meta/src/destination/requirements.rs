//! What Meta asks of the conversions that are reported to it.

use std::time::Duration;

use domain::validate::Requirements;
use domain::{Conversion, Platform, PlatformRules, Reason, Reasons};

use super::{MAX_EVENTS_PER_REQUEST, MetaConfig};

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

impl Requirements for MetaConfig {
    fn rules(&self) -> PlatformRules {
        PlatformRules {
            window: REPORTING_WINDOW,
            margin: DEADLINE_MARGIN,
            deduplication: DEDUPLICATION,
            deduplication_margin: DEDUPLICATION_MARGIN,
            max_events: MAX_EVENTS_PER_REQUEST,
        }
    }

    /// Meta requires the visitor's agent and the page of website events; an event without them may be accepted and then serves
    /// nothing.
    fn check(&self, conversion: &Conversion<'_>) -> Reasons {
        let has_page = conversion.event_source_url.is_some()
            || conversion.domain_name.is_some()
            || self.map.default_event_source_url.is_some();
        let is_lacking = conversion.user_agent.is_none() || !has_page;
        is_lacking.then_some(Reason::InsufficientData).into_iter().collect()
    }
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
    fn agent_and_page_are_required() {
        let (strict, lenient) = (config(None), config(Some("https://a.example/")));
        let cases = [
            (r#"{"session_id":"s","user_agent":"UA","domain_name":"a.example"}"#, "", ""),
            (r#"{"session_id":"s","user_agent":"UA","event_source_url":"https://b.example/"}"#, "", ""),
            (r#"{"session_id":"s","user_agent":"UA"}"#, "insufficient_data", ""),
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
