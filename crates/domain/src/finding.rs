//! What of a row broke a rule: the field, what it says, and the rule. For people, and without a visitor's data.

mod shown;

use std::fmt;

use crate::event::{MAX_EVENT_BYTES_PER_CONVERSION, MAX_EVENTS_PER_CONVERSION};
use crate::money::Money;
use crate::network::Network;
use crate::outcome::{Reason, Reasons};
use crate::pixel::PixelCode;
use crate::placeholder::is_placeholder;
use crate::platform::Platform;
use crate::row::{Conversion, Count, LocalClick, Row, values};

use shown::shown;

/// Something of a row that broke a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is counted as.
    pub reason: Reason,
    /// The field; `None` when it is the row as a whole.
    pub field: Option<&'static str>,
    /// What the field says, as JSON writes it, cut to a length, and never a visitor's data; `None` when the row does not have the field.
    pub value: Option<String>,
    /// The rule that it broke.
    pub rule: String,
}

/// `click_timestamp "yesterday": not a time`.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, value, rule, .. } = self;
        match (field, value) {
            (None, _) => f.write_str(rule),
            (Some(field), None) => write!(f, "{field}: {rule}"),
            (Some(field), Some(value)) => write!(f, "{field} {value}: {rule}"),
        }
    }
}

/// What of a row made it invalid for these reasons; at least one for each. The object's network counts where the row names none.
///
/// ```
/// use domain::finding::findings;
/// use domain::{Reason, Row};
///
/// let row = Row::parse(r#"{"session_id":"s","click_timestamp":"yesterday"}"#);
/// let found = findings(&row, [Reason::Malformed].into_iter().collect(), None);
/// assert_eq!(found[0].to_string(), r#"click_timestamp "yesterday": not a time"#);
/// ```
#[must_use]
pub fn findings(row: &Row<'_>, reasons: Reasons, object_network: Option<&str>) -> Vec<Finding> {
    let search = Search { row, values: values(row.raw).unwrap_or_default(), object_network };
    reasons.iter().flat_map(|reason| search.of(reason)).collect()
}

/// A row in which findings are searched.
struct Search<'r, 'a> {
    row: &'r Row<'a>,
    values: Vec<(&'static str, &'a str)>,
    object_network: Option<&'r str>,
}

impl Search<'_, '_> {
    fn of(&self, reason: Reason) -> Vec<Finding> {
        let found = match (reason, self.row.conversion.as_deref()) {
            (Reason::Malformed, None) => self.without_identity(),
            (_, None) => Vec::new(),
            (reason, Some(conversion)) => self.of_conversion(reason, conversion),
        };
        if found.is_empty() {
            return vec![Finding { reason, field: None, value: None, rule: reason.explanation().to_owned() }];
        }
        found
    }

    fn of_conversion(&self, reason: Reason, conversion: &Conversion<'_>) -> Vec<Finding> {
        let found = |field, rule: String| vec![self.found(reason, field, &rule)];
        match reason {
            Reason::InvalidPixel => found("pixel_id", self.pixel_rule(conversion)),
            Reason::TooOld => found("click_timestamp", "older than the platform takes".to_owned()),
            Reason::FutureClick => found("click_timestamp", "more than 60 s in the future".to_owned()),
            Reason::MissingClickId => {
                let rule = self.missing("ts_click_id", "not a click id");
                found("ts_click_id", format!("{rule}, and no good fbc says which click it was"))
            }
            Reason::Malformed => self.unreadable(conversion),
            Reason::NegativeAmount => self.negative(conversion),
            Reason::UnsupportedTrafficSource => {
                found("traffic_source", "not a platform that events can be sent to".to_owned())
            }
            Reason::TooManyEvents => self.too_many(conversion),
            Reason::InsufficientData => self.insufficient(conversion),
            Reason::Crawler => {
                found("user_agent", "that of a program that visits pages by itself".to_owned())
            }
            Reason::MissingRevenue => {
                let rule = self.missing("revenue", "not an amount");
                found("revenue", format!("{rule}, and the row has paid clicks"))
            }
            Reason::Erased => Vec::new(),
        }
    }

    /// Why a row has no identity.
    fn without_identity(&self) -> Vec<Finding> {
        let reason = Reason::Malformed;
        if let Some(stands) = stand_in(self.row.raw) {
            return vec![Finding { reason, field: None, value: None, rule: stands }];
        }
        if self.row.fields.is_none() {
            let rule = "the row is not an object".to_owned();
            return vec![Finding { reason, field: None, value: None, rule }];
        }
        let twice = self
            .values
            .iter()
            .enumerate()
            .find(|(at, (name, _))| self.values[..*at].iter().any(|(earlier, _)| earlier == name));
        match twice {
            Some((_, (field, _))) => vec![self.found(reason, field, "the field comes twice")],
            None => {
                let rule = self.missing("session_id", "names no visit");
                vec![self.found(reason, "session_id", &rule)]
            }
        }
    }

    fn pixel_rule(&self, conversion: &Conversion<'_>) -> String {
        let Some(code) = conversion.pixel_id.as_deref() else {
            return self.missing("pixel_id", "not a pixel");
        };
        if let Err(error) = PixelCode::new(code) {
            return format!("not a pixel: {error}");
        }
        match Platform::from_feed(conversion.traffic_source.as_deref()) {
            Some(platform) => format!("{platform} has no such pixel in the directory"),
            None => "whose pixel it is, traffic_source does not say".to_owned(),
        }
    }

    fn unreadable(&self, conversion: &Conversion<'_>) -> Vec<Finding> {
        let found = |field: &'static str| {
            let rule = match field {
                "click_timestamp" => click_rule(conversion),
                "revenue" => "not an amount",
                _ => "not a whole number",
            };
            self.found(Reason::Malformed, field, &self.missing(field, rule))
        };
        let mut all: Vec<_> = conversion.unreadable.iter().map(|field| found(field)).collect();
        if conversion.click_time.is_none() && !conversion.unreadable.contains(&"click_timestamp") {
            all.push(found("click_timestamp"));
        }
        if all.is_empty() && conversion.currency.is_some() {
            all.push(self.found(Reason::Malformed, "currency", "not an ISO 4217 code"));
        }
        all
    }

    fn negative(&self, conversion: &Conversion<'_>) -> Vec<Finding> {
        let is_negative = |count: Count| matches!(count, Count::Number(n) if n < 0);
        let counts = self.counts(conversion).filter(|(_, count)| is_negative(*count)).map(|(field, _)| field);
        let revenue = conversion.revenue.is_some_and(Money::is_negative).then_some("revenue");
        counts.chain(revenue).map(|field| self.found(Reason::NegativeAmount, field, "below zero")).collect()
    }

    fn too_many(&self, conversion: &Conversion<'_>) -> Vec<Finding> {
        let rule = format!(
            "together with its other counts more events than one conversion may have: {MAX_EVENTS_PER_CONVERSION}, or {} MiB",
            MAX_EVENT_BYTES_PER_CONVERSION >> 20
        );
        let most = self.counts(conversion).max_by_key(|(_, count)| count.events());
        most.map(|(field, _)| self.found(Reason::TooManyEvents, field, &rule)).into_iter().collect()
    }

    fn insufficient(&self, conversion: &Conversion<'_>) -> Vec<Finding> {
        let mut all = Vec::new();
        let mut lacks = |field| {
            let rule = format!("{}, and the platform requires it", self.missing(field, "says nothing"));
            all.push(self.found(Reason::InsufficientData, field, &rule));
        };
        if conversion.user_agent.is_none() {
            lacks("user_agent");
        }
        if conversion.domain_name.is_none() && conversion.event_source_url.is_none() {
            lacks("event_source_url");
            lacks("domain_name");
        }
        if all.is_empty() {
            all.push(self.unusable(conversion));
        }
        all
    }

    /// What a platform refuses of data that are there.
    fn unusable(&self, conversion: &Conversion<'_>) -> Finding {
        if conversion.user_agent.as_deref().is_some_and(is_placeholder) {
            return self.found(
                Reason::InsufficientData,
                "user_agent",
                "says nothing, and the platform requires it",
            );
        }
        let page = if conversion.event_source_url.is_some() { "event_source_url" } else { "domain_name" };
        self.found(Reason::InsufficientData, page, "not an address of a page that the platform takes")
    }

    /// The counts that the row's network sends as events, by field.
    fn counts<'c>(&self, conversion: &'c Conversion<'_>) -> impl Iterator<Item = (&'static str, Count)> + 'c {
        let network = Network::of(conversion, self.object_network);
        let sources = [network.page_views, network.view_contents, network.purchases];
        sources.into_iter().filter_map(|source| Some((source.field()?, source.of(conversion))))
    }

    /// The rule that a field broke, where it may be that the row does not have it.
    fn missing(&self, field: &str, rule: &str) -> String {
        match self.value(field) {
            None => "missing".to_owned(),
            Some("null" | "\"\"") => "empty".to_owned(),
            Some(_) => rule.to_owned(),
        }
    }

    fn value(&self, field: &str) -> Option<&str> {
        self.values.iter().rev().find(|(name, _)| *name == field).map(|(_, value)| *value)
    }

    fn found(&self, reason: Reason, field: &'static str, rule: &str) -> Finding {
        let value = self.value(field).map(|value| shown(field, value));
        Finding { reason, field: Some(field), value, rule: rule.to_owned() }
    }
}

/// The rule that a click time broke.
const fn click_rule(conversion: &Conversion<'_>) -> &'static str {
    match conversion.local_click {
        Some(LocalClick::WithoutZone(_)) => "a time without a zone, and none was set for its feed",
        Some(LocalClick::InDoubt) => "clocks in the time zone of its feed show it twice or never",
        Some(LocalClick::InZone) | None => "not a time",
    }
}

/// What stands for a row that is not JSON or too long says why. A feed may imitate it.
fn stand_in(raw: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Stands {
        malformed: String,
        row: u64,
        byte: u64,
    }
    let Stands { malformed, row, byte } = serde_json::from_str(raw).ok()?;
    let is_ours = ["a row of ", "not valid JSON at byte "].iter().any(|begin| malformed.starts_with(begin));
    is_ours
        .then(|| format!("{} (row {row}, byte {byte} of the interpreted file)", shown::cut(&malformed, 160)))
}

#[cfg(test)]
mod tests;
