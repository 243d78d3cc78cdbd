//! What a sample shall be like, and what follows from that alone.

use std::fmt;

use time::OffsetDateTime;
use time::macros::format_description;

/// Feed networks that samples can imitate. They differ in the counters that a row carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SampleNetwork {
    /// No counters but the conversions.
    Tonic,
    /// `lander_visitors` and `lander_searches`.
    #[default]
    Crossroads,
    /// No counters but the conversions.
    Sedo,
    /// `visits` and `serp`.
    Airfind,
}

impl SampleNetwork {
    /// Every network, for callers that make one sample of each.
    pub const ALL: [Self; 4] = [Self::Tonic, Self::Crossroads, Self::Sedo, Self::Airfind];

    /// The name in keys and rows.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tonic => "tonic",
            Self::Crossroads => "crossroads",
            Self::Sedo => "sedo",
            Self::Airfind => "airfind",
        }
    }

    /// What distinguishes the chance of its samples from that of other networks: their visits are others, whatever the seed.
    pub(crate) const fn salt(self) -> u64 {
        match self {
            Self::Tonic => 0,
            Self::Crossroads => 1 << 56,
            Self::Sedo => 2 << 56,
            Self::Airfind => 3 << 56,
        }
    }

    /// The name of the job that leaves the files: third segment of their keys.
    #[must_use]
    pub const fn job_key(self) -> &'static str {
        match self {
            Self::Tonic => "Tonic-Todays-Interpreted-Data-To-S3",
            Self::Crossroads => "Crossroads-Todays-Interpreted-Data-To-S3",
            Self::Sedo => "Sedo-Todays-Interpreted-Data-To-S3",
            Self::Airfind => "Airfind-Todays-Interpreted-Data-To-S3",
        }
    }
}

impl fmt::Display for SampleNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What to make. Equal specs make equal files.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleSpec {
    /// Whose format.
    pub network: SampleNetwork,
    /// Rows, not counting restatements.
    pub rows: usize,
    /// Where all chance comes from.
    pub seed: u64,
    /// The time of the file, in Unix seconds. Clicks lie before it.
    pub now_unix_s: i64,
    /// How many days back clicks may lie.
    pub days: f64,
    /// Pixel codes; campaign *n* has pixel *n* modulo their number. None stands for [`default_pixels`].
    pub pixels: Vec<String>,
    /// Codes of TikTok's pixels. With some, every third campaign is TikTok's.
    pub tiktok_pixels: Vec<String>,
    /// Number of campaigns; zero counts as one.
    pub campaigns: u32,
    /// Name of the account at the network: a field of each row and a segment of the key.
    pub account: String,
    /// Share of the rows that get one defect each, `0.0..=1.0`.
    pub dirty: f64,
    /// Share of the clean rows that are stated again at the end, `0.0..=1.0`.
    pub restate: f64,
    /// One row per line instead of a JSON array.
    pub ndjson: bool,
}

impl Default for SampleSpec {
    /// A thousand clean Crossroads rows of six days, at the Unix epoch: set `now_unix_s` for rows that a platform would take.
    fn default() -> Self {
        Self {
            network: SampleNetwork::default(),
            rows: 1_000,
            seed: 1,
            now_unix_s: 0,
            days: 6.0,
            pixels: default_pixels(),
            tiktok_pixels: Vec::new(),
            campaigns: 20,
            account: "ExampleMediaLLC".to_owned(),
            dirty: 0.0,
            restate: 0.0,
            ndjson: false,
        }
    }
}

impl SampleSpec {
    /// Whether a campaign runs on TikTok.
    pub(crate) const fn is_on_tiktok(&self, campaign: u32) -> bool {
        !self.tiktok_pixels.is_empty() && campaign % 3 == 2
    }

    /// The pixel of a campaign.
    pub(crate) fn pixel(&self, campaign: u32) -> String {
        if self.is_on_tiktok(campaign) {
            return self.tiktok_pixels[campaign as usize / 3 % self.tiktok_pixels.len()].clone();
        }
        match self.pixels.len() {
            0 => default_pixel(campaign % DEFAULT_PIXELS),
            n => self.pixels[campaign as usize % n].clone(),
        }
    }
}

const DEFAULT_PIXELS: u32 = 3;

fn default_pixel(n: u32) -> String {
    format!("11100000000000{}", n + 1)
}

/// Three pixel codes in the shape of Meta's, which belong to no one.
#[must_use]
pub fn default_pixels() -> Vec<String> {
    (0..DEFAULT_PIXELS).map(default_pixel).collect()
}

/// Two pixel codes in the shape of TikTok's, which belong to no one.
#[must_use]
pub fn default_tiktok_pixels() -> Vec<String> {
    (1..=2).map(|n| format!("C0EXAMPLETIKTOK0000{n}")).collect()
}

pub(crate) fn campaign_id(campaign: u32) -> String {
    (120_210_000_000_100_000_u64 + u64::from(campaign)).to_string()
}

/// Every ad platform campaign id that the rows of a sample may carry: what to subscribe so that the filter lets them through.
#[must_use]
pub fn campaign_ids(spec: &SampleSpec) -> Vec<String> {
    (0..spec.campaigns.max(1)).map(campaign_id).collect()
}

/// The key under which the interpreter would leave this file:
/// `networks/<network>/<jobKey>/<account>/<YYYY-MM-DD>/<H>/<ISO 8601 with milliseconds>Z.json`, in UTC, the hour not padded.
///
/// The milliseconds come from the seed, so that samples of one second do not replace each other.
#[must_use]
pub fn object_key(spec: &SampleSpec) -> String {
    let at = utc(spec.now_unix_s);
    let SampleSpec { network, account, .. } = spec;
    let job = network.job_key();
    format!(
        "networks/{network}/{job}/{account}/{}/{}/{}.{:03}Z.json",
        at.date(),
        at.hour(),
        iso_seconds(at),
        spec.seed % 1_000,
    )
}

/// `date_hour` of a row: the hour that holds the instant, UTC, without a zone.
pub(crate) fn date_hour(unix_s: i64) -> String {
    iso_seconds(utc(unix_s - unix_s.rem_euclid(3_600)))
}

fn utc(unix_s: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(unix_s).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn iso_seconds(at: OffsetDateTime) -> String {
    at.format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]"))
        .expect("a date and time has every component of this format")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_has_the_layout_of_the_bucket() {
        let spec = SampleSpec {
            network: SampleNetwork::Airfind,
            seed: 12_007,
            now_unix_s: 1_767_315_723,
            ..SampleSpec::default()
        };
        assert_eq!(
            object_key(&spec),
            "networks/airfind/Airfind-Todays-Interpreted-Data-To-S3/ExampleMediaLLC/2026-01-02/1/2026-01-02T01:02:03.007Z.json"
        );
    }

    #[test]
    fn an_hour_begins_at_its_zeroth_minute() {
        assert_eq!(date_hour(1_767_315_723), "2026-01-02T01:00:00");
        assert_eq!(date_hour(-1), "1969-12-31T23:00:00");
    }

    #[test]
    fn campaigns_share_the_pixels_in_turn() {
        let spec = SampleSpec { pixels: vec!["a".into(), "b".into()], campaigns: 3, ..SampleSpec::default() };
        assert_eq!([0, 1, 2].map(|c| spec.pixel(c)), ["a", "b", "a"]);
        assert_eq!(campaign_ids(&spec).len(), 3);
        assert_eq!(SampleSpec { pixels: vec![], ..spec }.pixel(4), default_pixels()[1]);
    }

    #[test]
    fn every_third_campaign_is_tiktoks_if_there_are_pixels_of_it() {
        let spec = SampleSpec { tiktok_pixels: vec!["T0".into(), "T1".into()], ..SampleSpec::default() };
        assert_eq!([2, 5, 8].map(|c| spec.pixel(c)), ["T0", "T1", "T0"]);
        assert_eq!([0, 1, 3].map(|c| spec.pixel(c)), [0, 1, 0].map(default_pixel));
        assert!(!SampleSpec::default().is_on_tiktok(2));
    }

    #[test]
    fn an_impossible_time_does_not_panic() {
        assert!(
            object_key(&SampleSpec { now_unix_s: i64::MAX, ..SampleSpec::default() }).contains("1970-01-01")
        );
    }
}
