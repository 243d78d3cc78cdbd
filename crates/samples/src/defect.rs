//! The ways in which a row can be odd, and what must become of it.

use std::fmt;

use serde_json::{Value, json};

use crate::spec::{SampleSpec, campaign_id};
use crate::visit::Visit;

const DAY: i64 = 86_400;

/// What an odd row amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Meaning {
    /// Odd to look at but sound: it must be treated as if it were clean.
    Good,
    /// It cannot be reported, and this is why: the name of the invalid reason that it must end with.
    Invalid(&'static str),
    /// It says nothing new: a copy of an earlier row.
    Repeat,
    /// It states an earlier row again with higher figures, so what becomes of it depends on the restatement policy.
    Restatement,
}

impl fmt::Display for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Good => f.write_str("good data"),
            Self::Invalid(reason) => write!(f, "invalid: {reason}"),
            Self::Repeat => f.write_str("a repeat"),
            Self::Restatement => f.write_str("a restatement"),
        }
    }
}

/// One thing that is odd about a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Defect {
    /// The pixel is unknown. Invalid: `invalid_pixel`.
    UnknownPixel,
    /// The click is eight days old. Invalid: `older_than_7_days`.
    OlderThan7Days,
    /// The click id is empty text. Invalid: `missing_click_id`.
    EmptyClickId,
    /// The click id is null. Invalid: `missing_click_id`.
    NullClickId,
    /// There is no session, hence no identity. Invalid: `malformed`.
    MissingSession,
    /// The click is three days ahead. Invalid: `future_click`.
    FutureClick,
    /// The click time is a number in quotes. Good.
    TimestampText,
    /// The click time is in milliseconds. Good.
    TimestampMs,
    /// The click time is a word. Invalid: `malformed`.
    TimestampJunk,
    /// The city is null. Good: it is optional.
    NullCity,
    /// The region is empty text. Good: it is optional.
    EmptyRegion,
    /// Pixel and campaign are JSON numbers. Good.
    NumericIds,
    /// Count and revenue are numbers in quotes. Good.
    TextNumbers,
    /// The revenue is below zero. Invalid: `negative_amount`.
    NegativeRevenue,
    /// The revenue is null, and there are paid clicks. Invalid: `missing_revenue`.
    NullRevenue,
    /// The row is an array. Invalid: `malformed`.
    NotAnObject,
    /// Macros that were not filled in stand in place of campaign and click id. Invalid: `missing_click_id`; a filter by campaign
    /// drops the row first, because it names no campaign.
    UnexpandedMacro,
    /// 2500 conversions worth 300 dollars. Good, and more events than one request can hold.
    HugeCounts,
    /// A copy, byte for byte, of an earlier clean row.
    DuplicateInFile,
    /// An earlier clean row again, with one conversion and 31 cents more. Never drawn as dirt: see `SampleSpec::restate`.
    Restatement,
}

/// What may be drawn for a dirty row. A duplicate needs something to repeat and stands last, so that a slice can leave it out.
pub(crate) const DIRT: [Defect; 19] = [
    Defect::UnknownPixel,
    Defect::OlderThan7Days,
    Defect::EmptyClickId,
    Defect::NullClickId,
    Defect::MissingSession,
    Defect::FutureClick,
    Defect::TimestampText,
    Defect::TimestampMs,
    Defect::TimestampJunk,
    Defect::NullCity,
    Defect::EmptyRegion,
    Defect::NumericIds,
    Defect::TextNumbers,
    Defect::NegativeRevenue,
    Defect::NullRevenue,
    Defect::NotAnObject,
    Defect::UnexpandedMacro,
    Defect::HugeCounts,
    Defect::DuplicateInFile,
];

impl Defect {
    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnknownPixel => "unknown_pixel",
            Self::OlderThan7Days => "older_than_7_days",
            Self::EmptyClickId => "empty_click_id",
            Self::NullClickId => "null_click_id",
            Self::MissingSession => "missing_session",
            Self::FutureClick => "future_click",
            Self::TimestampText => "timestamp_text",
            Self::TimestampMs => "timestamp_ms",
            Self::TimestampJunk => "timestamp_junk",
            Self::NullCity => "null_city",
            Self::EmptyRegion => "empty_region",
            Self::NumericIds => "numeric_ids",
            Self::TextNumbers => "text_numbers",
            Self::NegativeRevenue => "negative_revenue",
            Self::NullRevenue => "null_revenue",
            Self::NotAnObject => "not_an_object",
            Self::UnexpandedMacro => "unexpanded_macro",
            Self::HugeCounts => "huge_counts",
            Self::DuplicateInFile => "duplicate_in_file",
            Self::Restatement => "restatement",
        }
    }

    /// What must become of a row with this defect and no other.
    #[must_use]
    pub const fn meaning(self) -> Meaning {
        match self {
            Self::TimestampText
            | Self::TimestampMs
            | Self::NullCity
            | Self::EmptyRegion
            | Self::NumericIds
            | Self::TextNumbers
            | Self::HugeCounts => Meaning::Good,
            Self::UnknownPixel => Meaning::Invalid("invalid_pixel"),
            Self::OlderThan7Days => Meaning::Invalid("older_than_7_days"),
            Self::EmptyClickId | Self::NullClickId | Self::UnexpandedMacro => {
                Meaning::Invalid("missing_click_id")
            }
            Self::MissingSession | Self::TimestampJunk | Self::NotAnObject => Meaning::Invalid("malformed"),
            Self::FutureClick => Meaning::Invalid("future_click"),
            Self::NegativeRevenue => Meaning::Invalid("negative_amount"),
            Self::NullRevenue => Meaning::Invalid("missing_revenue"),
            Self::DuplicateInFile => Meaning::Repeat,
            Self::Restatement => Meaning::Restatement,
        }
    }

    /// Writes the visit with this defect. Repeats and restatements change no field: their visit is another one.
    pub(crate) fn write(self, visit: &Visit, spec: &SampleSpec) -> String {
        let mut row = visit.fields(spec);
        let now = spec.now_unix_s;
        match self {
            Self::UnknownPixel => row.set("pixel_id", "999999999999999"),
            Self::OlderThan7Days => {
                // TikTok attributes clicks of 28 days.
                let days = if spec.is_on_tiktok(visit.campaign()) { 30 } else { 8 };
                row.set("click_timestamp", now - days * DAY);
            }
            Self::FutureClick => row.set("click_timestamp", now + 3 * DAY),
            Self::TimestampText => row.set("click_timestamp", visit.clicked_at().to_string()),
            Self::TimestampMs => row.set("click_timestamp", visit.clicked_at() * 1_000),
            Self::TimestampJunk => row.set("click_timestamp", "yesterday"),
            Self::EmptyClickId => row.set("ts_click_id", ""),
            Self::NullClickId => row.set("ts_click_id", Value::Null),
            Self::MissingSession => row.remove("session_id"),
            Self::NullCity => row.set("city", Value::Null),
            Self::EmptyRegion => row.set("region", ""),
            Self::NumericIds => {
                row.set("pixel_id", number_if_possible(&spec.pixel(visit.campaign())));
                row.set("campaign_id", number_if_possible(&campaign_id(visit.campaign())));
            }
            Self::TextNumbers => {
                row.set("conversions", visit.conversions().to_string());
                row.set("revenue", visit.revenue().to_string());
            }
            Self::NegativeRevenue => row.set("revenue", -0.25),
            Self::NullRevenue => {
                row.set("conversions", visit.conversions().max(1));
                row.set("revenue", Value::Null);
            }
            Self::NotAnObject => return json!(["not", "an", "object"]).to_string(),
            Self::UnexpandedMacro => {
                row.set("campaign_id", "{{campaign.id}}");
                row.set("ts_click_id", "{fbclid}");
            }
            Self::HugeCounts => {
                row.set("conversions", 2_500);
                row.set("revenue", 300.0);
            }
            Self::DuplicateInFile | Self::Restatement => {}
        }
        row.json()
    }
}

/// A pixel code is the caller's text; one that is not a number stays as it is.
fn number_if_possible(id: &str) -> Value {
    id.parse::<u64>().map_or_else(|_| Value::from(id), Value::from)
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
