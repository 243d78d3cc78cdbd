//! The fields of the interpreted record, read in one pass over the row.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::names::{FieldNames, Name, Seen};
use super::{Count, Text, list};
use crate::feed::TimeZone;
use crate::money::Money;
use crate::placeholder::{is_no_number, is_placeholder};
use crate::text::Field;
use crate::time::{LocalSeconds, UnixSeconds, click_time_from_text, local_time_from_text};

/// What one session earned on one keyword, cumulative, as a feed network's interpreter wrote it.
///
/// Every field but the session may be missing. Text is trimmed, never empty, and never an unexpanded macro. An id is never one
/// of the [placeholders](crate::placeholder), and has all its digits. A word for nothing in an amount or in `traffic_source` is
/// read as nothing. In `currency` it is kept, and the row is not sent: what its money is in is not guessed.
#[derive(Debug, Clone, Default)]
pub struct Conversion<'a> {
    /// `session_id`: the landing script's id of the visit.
    pub session_id: Text<'a>,
    /// `keyword_clicked`: the search term that led to the paid click.
    pub keyword_clicked: Option<Text<'a>>,
    /// `click_timestamp`: when the visitor landed; the buyer's clock.
    pub click_time: Option<UnixSeconds>,
    /// What is known of a `click_timestamp` that names no offset from UTC.
    pub local_click: Option<LocalClick>,
    /// `network`: the feed network, in the feed's spelling.
    pub network: Option<Text<'a>>,
    /// `nw_account_name`
    pub nw_account_name: Option<Text<'a>>,
    /// `nw_campaign_id`
    pub nw_campaign_id: Option<Text<'a>>,
    /// `nw_campaign_name`
    pub nw_campaign_name: Option<Text<'a>>,
    /// `domain_name` of the landing page.
    pub domain_name: Option<Text<'a>>,
    /// `event_source_url`, where an interpreter has the full address.
    pub event_source_url: Option<Text<'a>>,
    /// `pixel_id`: the platform's pixel code.
    pub pixel_id: Option<Text<'a>>,
    /// `campaign_id` on the ad platform; what subscriptions name.
    pub campaign_id: Option<Text<'a>>,
    /// `campaign_name`
    pub campaign_name: Option<Text<'a>>,
    /// `adset_id`
    pub adset_id: Option<Text<'a>>,
    /// `ad_id`
    pub ad_id: Option<Text<'a>>,
    /// `traffic_source`, in the feed's spelling.
    pub traffic_source: Option<Text<'a>>,
    /// `ip` of the visitor.
    pub ip: Option<Text<'a>>,
    /// `user_agent` of the visitor.
    pub user_agent: Option<Text<'a>>,
    /// `country_code`
    pub country_code: Option<Text<'a>>,
    /// `region`, CamelCase without blanks.
    pub region: Option<Text<'a>>,
    /// `city`
    pub city: Option<Text<'a>>,
    /// `zp` or `zip`: postcode.
    pub postcode: Option<Text<'a>>,
    /// `ts_click_id`: the platform's click id, case kept.
    pub click_id: Option<Text<'a>>,
    /// `fbc`, as the browser's cookie had it.
    pub fbc: Option<Text<'a>>,
    /// `fbp`, as the browser's cookie had it. Never made up.
    pub fbp: Option<Text<'a>>,
    /// `ttp`, as the browser's cookie had it. Never made up.
    pub ttp: Option<Text<'a>>,
    /// `em`: e-mail address or its hash.
    pub email: Option<Text<'a>>,
    /// Further members of `em`, where it is a list.
    pub more_emails: Vec<Text<'a>>,
    /// `ph`: phone number or its hash.
    pub phone: Option<Text<'a>>,
    /// Further members of `ph`, where it is a list.
    pub more_phones: Vec<Text<'a>>,
    /// `fn`: first name or its hash.
    pub first_name: Option<Text<'a>>,
    /// `ln`: last name or its hash.
    pub last_name: Option<Text<'a>>,
    /// `db`: date of birth or its hash.
    pub date_of_birth: Option<Text<'a>>,
    /// `ge`: gender or its hash.
    pub gender: Option<Text<'a>>,
    /// `external_id`: the advertiser's own id of the person, or its hash.
    pub external_id: Option<Text<'a>>,
    /// `order_id`
    pub order_id: Option<Text<'a>>,
    /// `currency`, ISO 4217.
    pub currency: Option<Text<'a>>,
    /// `lander_visitors` (Crossroads).
    pub lander_visitors: Count,
    /// `lander_searches` (Crossroads).
    pub lander_searches: Count,
    /// `visits` (AirFind).
    pub visits: Count,
    /// `serp` (AirFind).
    pub serp: Count,
    /// `conversions`: paid clicks so far.
    pub conversions: Count,
    /// `revenue` so far; `None` when the row does not say, or not readably. That is not zero.
    pub revenue: Option<Money>,
    /// The fields that the row has.
    pub fields: FieldNames,
    /// Names of fields that say something unreadable where the rules need a value.
    pub unreadable: Vec<&'static str>,
}

/// A click time that names no offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalClick {
    /// It is not known whose clock showed this.
    WithoutZone(LocalSeconds),
    /// Clocks in the zone of its feed show it twice, or never.
    InDoubt,
    /// It was read in the zone of its feed.
    InZone,
}

impl<'de: 'a, 'a> Deserialize<'de> for Conversion<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Conversion<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Conversion<'de>, A::Error> {
                let (mut conversion, mut seen) = (Conversion::default(), Seen::default());
                while let Some(name) = map.next_key::<Name<'de>>()? {
                    conversion.take(&name.0, &mut seen, &mut map)?;
                }
                conversion.fields = seen.names();
                Ok(conversion)
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

impl<'a> Conversion<'a> {
    /// Reads the value of one field. Fields that no rule knows are skipped; they stay in the row's text.
    fn take<A: MapAccess<'a>>(&mut self, name: &str, seen: &mut Seen, map: &mut A) -> Result<(), A::Error> {
        if let Some((number, slot)) = self.text_slot(name.as_bytes()) {
            seen.note(number)?;
            let field = map.next_value::<Field<'a>>()?;
            *slot = match name {
                "campaign_id" | "pixel_id" | "adset_id" | "ad_id" | "nw_campaign_id" => {
                    field.into_platform_id()
                }
                "ts_click_id" | "order_id" => field.into_id(),
                "traffic_source" => field.into_text().filter(|text| !is_placeholder(text)),
                _ => field.into_text(),
            };
            return Ok(());
        }
        match name {
            "session_id" => {
                seen.note(32)?;
                self.session_id = map.next_value::<Field<'a>>()?.into_id().unwrap_or_default();
            }
            "em" => {
                seen.note(23)?;
                (self.email, self.more_emails) = first_and_more(map.next_value()?);
            }
            "ph" => {
                seen.note(24)?;
                (self.phone, self.more_phones) = first_and_more(map.next_value()?);
            }
            "click_timestamp" => {
                seen.note(33)?;
                let field = map.next_value()?;
                self.click_time = self.click_time_of(&field);
            }
            "revenue" => {
                seen.note(34)?;
                let field = map.next_value()?;
                self.revenue = self.revenue_of(&field);
            }
            _ => return self.take_count(name, seen, map),
        }
        Ok(())
    }

    fn take_count<A: MapAccess<'a>>(
        &mut self,
        name: &str,
        seen: &mut Seen,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let (number, name, slot) = match name {
            "lander_visitors" => (35, "lander_visitors", &mut self.lander_visitors),
            "lander_searches" => (36, "lander_searches", &mut self.lander_searches),
            "visits" => (37, "visits", &mut self.visits),
            "serp" => (38, "serp", &mut self.serp),
            "conversions" => (39, "conversions", &mut self.conversions),
            _ => return map.next_value::<IgnoredAny>().map(drop),
        };
        seen.note(number)?;
        *slot = count(map.next_value()?);
        if *slot == Count::Unreadable {
            self.unreadable.push(name);
        }
        Ok(())
    }

    /// The number of a text field, and where it is kept.
    fn text_slot(&mut self, name: &[u8]) -> Option<(u32, &mut Option<Text<'a>>)> {
        Some(match name {
            b"keyword_clicked" => (0, &mut self.keyword_clicked),
            b"network" => (1, &mut self.network),
            b"nw_account_name" => (2, &mut self.nw_account_name),
            b"nw_campaign_id" => (3, &mut self.nw_campaign_id),
            b"nw_campaign_name" => (4, &mut self.nw_campaign_name),
            b"domain_name" => (5, &mut self.domain_name),
            b"event_source_url" => (6, &mut self.event_source_url),
            b"pixel_id" => (7, &mut self.pixel_id),
            b"campaign_id" => (8, &mut self.campaign_id),
            b"campaign_name" => (9, &mut self.campaign_name),
            b"adset_id" => (10, &mut self.adset_id),
            b"ad_id" => (11, &mut self.ad_id),
            b"traffic_source" => (12, &mut self.traffic_source),
            b"ip" => (13, &mut self.ip),
            b"user_agent" => (14, &mut self.user_agent),
            b"country_code" => (15, &mut self.country_code),
            b"region" => (16, &mut self.region),
            b"city" => (17, &mut self.city),
            b"zp" => (18, &mut self.postcode),
            b"zip" => (19, &mut self.postcode),
            b"ts_click_id" => (20, &mut self.click_id),
            b"fbc" => (21, &mut self.fbc),
            b"fbp" => (22, &mut self.fbp),
            b"fn" => (25, &mut self.first_name),
            b"ln" => (26, &mut self.last_name),
            b"db" => (27, &mut self.date_of_birth),
            b"ge" => (28, &mut self.gender),
            b"external_id" => (29, &mut self.external_id),
            b"order_id" => (30, &mut self.order_id),
            b"currency" => (31, &mut self.currency),
            b"ttp" => (40, &mut self.ttp),
            _ => return None,
        })
    }

    fn click_time_of(&mut self, field: &Field<'a>) -> Option<UnixSeconds> {
        let time = match field {
            Field::Number(number) => click_time_from_text(number),
            Field::Text(text) => click_time_from_text(text),
            Field::Absent | Field::Other => None,
        };
        if time.is_none() {
            if let Field::Text(text) = field {
                self.local_click = local_time_from_text(text).map(LocalClick::WithoutZone);
            }
            // Unlike other fields this one is needed: without it neither age nor event time is known.
            self.unreadable.push("click_timestamp");
        }
        time
    }

    /// Reads a click time that names no offset by the clocks of its feed's zone.
    pub(super) fn read_local_click(&mut self, zone: &TimeZone) {
        let Some(LocalClick::WithoutZone(shown)) = self.local_click else { return };
        self.click_time = zone.instant(shown);
        self.local_click = Some(match self.click_time {
            Some(_) => LocalClick::InZone,
            None => LocalClick::InDoubt,
        });
        if self.click_time.is_some() {
            self.unreadable.retain(|field| *field != "click_timestamp");
        }
    }

    /// Reads an amount digit by digit: a float would lose the last ones.
    fn revenue_of(&mut self, field: &Field<'a>) -> Option<Money> {
        let text = match field {
            Field::Absent => return None,
            Field::Number(number) => number,
            Field::Text(text) => text.trim(),
            Field::Other => "",
        };
        let says_nothing = text.is_empty() || text.starts_with('{') || is_no_number(text);
        if matches!(field, Field::Text(_)) && says_nothing {
            return None;
        }
        let amount = text.parse().ok();
        if amount.is_none() {
            self.unreadable.push("revenue");
        }
        amount
    }
}

/// The first text of a value or of a list, and the others.
fn first_and_more(raw: &RawValue) -> (Option<Text<'_>>, Vec<Text<'_>>) {
    let mut texts = list::texts(raw).into_iter();
    (texts.next(), texts.collect())
}

fn count(field: Field<'_>) -> Count {
    match field {
        Field::Absent => Count::Absent,
        Field::Other => Count::Unreadable,
        Field::Number(number) => count_of(number),
        text @ Field::Text(_) => {
            let said = text.into_text().filter(|text| !is_no_number(text));
            said.map_or(Count::Absent, |text| count_of(&text))
        }
    }
}

fn count_of(text: &str) -> Count {
    text.parse::<i64>()
        .map(Count::Number)
        .or_else(|_| text.parse::<f64>().map(whole))
        .unwrap_or(Count::Unreadable)
}

/// `2.0` is a count, `1.5` is not.
fn whole(f: f64) -> Count {
    // 2^53: beyond it floats skip whole numbers.
    if f.fract() == 0.0 && f.abs() <= 9_007_199_254_740_992.0 {
        Count::Number(f as i64)
    } else {
        Count::Unreadable
    }
}
