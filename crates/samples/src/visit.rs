//! One visit and what it earned: drawn whole, then written as a row.

use crate::catalogue::{AGENTS, CLICK_ID_ALPHABET, DOMAINS, KEYWORDS, PLACES, Place, TOPICS};
use crate::chance::Chance;
use crate::fields::Fields;
use crate::spec::{SampleNetwork, SampleSpec, campaign_id, date_hour};

/// What a restatement adds to the revenue, in ten-thousandths of a US dollar.
const RESTATED_BY: i64 = 3_100;

/// Everything that chance decides about a row.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    clicked_at: i64,
    campaign: u32,
    network_account: u32,
    network_campaign: u32,
    place: Place,
    topic: (&'static str, &'static str),
    domain: &'static str,
    session: String,
    ip: String,
    click_id: String,
    agent: &'static str,
    keyword: &'static str,
    conversions: u32,
    /// Ten-thousandths of a US dollar: the feeds state four decimals.
    revenue: i64,
    lander_visitors: u32,
    lander_searches: u32,
    serp: u32,
}

impl Visit {
    /// Draws a visit. Every spec draws the same number of values in the same order, so networks differ only in format.
    pub(crate) fn draw(chance: &mut Chance, spec: &SampleSpec) -> Self {
        let conversions = chance.weighted([8, 80, 9, 3]);
        Self {
            clicked_at: spec.now_unix_s - age(chance.share(), spec.days),
            campaign: chance.between(0, spec.campaigns.max(1) - 1),
            network_account: chance.between(1, 9),
            network_campaign: chance.between(600_000, 699_999),
            place: chance.pick(PLACES),
            topic: chance.pick(TOPICS),
            domain: chance.pick(DOMAINS),
            session: session(chance.bits()),
            ip: ip(chance),
            click_id: click_id(chance),
            agent: chance.pick(AGENTS),
            keyword: chance.pick(KEYWORDS),
            conversions,
            revenue: (0..conversions).map(|_| chance.click_value()).sum(),
            lander_visitors: 1 + chance.weighted([85, 10, 5]),
            lander_searches: chance.weighted([10, 80, 10]),
            serp: chance.weighted([10, 90]),
        }
    }

    /// The same visit as a later estimate states it: one conversion and 31 cents more.
    pub(crate) fn restated(&self) -> Self {
        Self { conversions: self.conversions + 1, revenue: self.revenue + RESTATED_BY, ..self.clone() }
    }

    pub(crate) const fn clicked_at(&self) -> i64 {
        self.clicked_at
    }

    pub(crate) const fn campaign(&self) -> u32 {
        self.campaign
    }

    pub(crate) const fn conversions(&self) -> u32 {
        self.conversions
    }

    /// The revenue as a feed states it: a JSON number of US dollars.
    pub(crate) fn revenue(&self) -> f64 {
        self.revenue as f64 / 10_000.0
    }

    /// The row, in the interpreter's order of fields.
    pub(crate) fn fields(&self, spec: &SampleSpec) -> Fields {
        let mut row = Fields::default();
        self.network_fields(spec, &mut row);
        self.platform_fields(spec, &mut row);
        self.visitor_fields(spec, &mut row);
        row.push("conversions", self.conversions);
        row.push("revenue", self.revenue());
        row.push("unique_identifier", format!("{}-{}", self.session, self.keyword));
        match spec.network {
            SampleNetwork::Crossroads => {
                row.push("lander_visitors", self.lander_visitors);
                row.push("lander_searches", self.lander_searches);
            }
            SampleNetwork::Airfind => {
                row.push("visits", 1);
                row.push("serp", self.serp);
            }
            SampleNetwork::Tonic | SampleNetwork::Sedo => {}
        }
        row
    }

    fn network_fields(&self, spec: &SampleSpec, row: &mut Fields) {
        let (vertical, category) = self.topic;
        let (n, country) = (self.campaign, self.place.country);
        let kind = if spec.network == SampleNetwork::Crossroads { "Publisher Created" } else { "" };
        row.push("date_hour", date_hour(self.clicked_at));
        row.push("click_timestamp", self.clicked_at);
        row.push("network", spec.network.name());
        row.push("nw_account_id", self.network_account);
        row.push("nw_account_name", spec.account.as_str());
        row.push("nw_campaign_id", self.network_campaign.to_string());
        let platform = if spec.is_on_tiktok(n) { "TT" } else { "FB" };
        row.push("nw_campaign_name", format!("{n:03}_{platform}_{}_{country}", vertical.replace(' ', "")));
        row.push("crossroads_campaign_type", kind);
        row.push("crossroads_campaign_number", "");
        row.push("vertical", vertical);
        row.push("category", category);
        row.push("domain_name", self.domain);
    }

    fn platform_fields(&self, spec: &SampleSpec, row: &mut Fields) {
        let n = self.campaign;
        let numbered = |base: u64| (base + u64::from(n)).to_string();
        row.push("pixel_id", spec.pixel(n));
        row.push("campaign_id", campaign_id(n));
        row.push("campaign_name", format!("{n:03} {} {}", self.topic.0, self.place.country));
        row.push("adset_name", "");
        row.push("adset_id", numbered(120_210_000_000_200_000));
        row.push("ad_id", numbered(120_210_000_000_300_000));
        row.push("traffic_source", if spec.is_on_tiktok(n) { "tiktok" } else { "facebook" });
    }

    fn visitor_fields(&self, spec: &SampleSpec, row: &mut Fields) {
        row.push("session_id", self.session.as_str());
        row.push("ip", self.ip.as_str());
        row.push("country_code", self.place.country);
        row.push("region", self.place.region);
        row.push("city", self.place.city);
        if spec.is_on_tiktok(self.campaign) {
            row.push("ts_click_id", tiktok_click_id(&self.click_id));
            row.push("ttp", tiktok_cookie(&self.session));
        } else {
            row.push("ts_click_id", self.click_id.as_str());
        }
        row.push("user_agent", self.agent);
        row.push("keyword_clicked", self.keyword);
    }
}

/// Seconds before now: at least a minute, and 2 % short of `days`, so that a test may take its time.
fn age(share: f64, days: f64) -> i64 {
    60 + (share * days * 86_400.0 * 0.98) as i64
}

/// A version 4 UUID.
fn session(bits: u128) -> String {
    let bits = bits & !(0xf << 76) & !(0b11 << 62) | 4 << 76 | 0b10 << 62;
    let hex = format!("{bits:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// An address of a documentation range, as often of version 6 (RFC 3849) as of version 4 (RFC 5737).
fn ip(chance: &mut Chance) -> String {
    let host = chance.between(1, 254);
    let groups: [u16; 6] = std::array::from_fn(|_| chance.word());
    if chance.share() < 0.5 {
        return format!("203.0.113.{host}");
    }
    groups.iter().fold("2001:db8".to_owned(), |address, group| format!("{address}:{group:x}"))
}

/// A click id in the shape of Meta's: a constant beginning, then 60 to 110 characters.
fn click_id(chance: &mut Chance) -> String {
    let length = chance.between(60, 110);
    let tail = (0..length).map(|_| char::from(chance.pick(CLICK_ID_ALPHABET)));
    "IwZXh0bgNhZW0BMABhZGlkA".chars().chain(tail).collect()
}

/// A click id in the shape of TikTok's: a constant beginning, then hundreds of characters. Nothing is drawn for it.
fn tiktok_click_id(click_id: &str) -> String {
    format!("E.C.P.{}", click_id.repeat(3))
}

/// A value of TikTok's cookie `_ttp`: 27 characters.
fn tiktok_cookie(session: &str) -> String {
    session.chars().filter(|c| *c != '-').take(27).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_random_uuids() {
        assert_eq!(session(0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(session(u128::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }

    #[test]
    fn clicks_lie_within_the_days() {
        assert_eq!(age(0.0, 6.0), 60);
        assert!(age(0.999_999, 6.0) < 6 * 86_400);
    }

    #[test]
    fn rows_of_tiktok_look_like_its_own() {
        let spec = SampleSpec { tiktok_pixels: vec!["T".into()], campaigns: 3, ..SampleSpec::default() };
        let visits = (0..200).map(|row| Visit::draw(&mut Chance::of_row(3, row), &spec));
        let visit = visits.into_iter().find(|visit| visit.campaign() == 2).unwrap();
        let row: serde_json::Value = serde_json::from_str(&visit.fields(&spec).json()).unwrap();
        assert_eq!((&row["traffic_source"], &row["pixel_id"]), (&"tiktok".into(), &"T".into()));
        assert!(row["ts_click_id"].as_str().is_some_and(|id| id.starts_with("E.C.P.") && id.len() > 200));
        assert_eq!(row["ttp"].as_str().map(str::len), Some(27));
    }

    #[test]
    fn a_restatement_has_the_same_identity() {
        let spec = SampleSpec::default();
        let visit = Visit::draw(&mut Chance::of_row(3, 0), &spec);
        let later = visit.restated();
        assert_eq!((&later.session, later.keyword), (&visit.session, visit.keyword));
        assert_eq!(later.conversions(), visit.conversions() + 1);
        assert!(later.revenue() > visit.revenue());
    }
}
