//! One visitor's conversion: its identity, its defects, and the rows that state it.

use crate::chance::{Chance, Purpose};
use crate::input::{PIXELS, SUBSCRIBED};
use crate::oracle::ids;

const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 24 * HOUR_S;

/// The expected treatment of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Its events are to be sent.
    Sendable,
    /// The same, but its deadline passes during the run, or its click is still to come.
    Expiring,
    /// It is valid and waits, because its paid clicks earned nothing.
    Zero,
    /// It is valid and waits, because its paid clicks earned more than the operator believes.
    Implausible,
    /// It is valid and means no event.
    NoEvents,
    /// It may not be sent.
    Invalid,
    /// Its campaign is not subscribed.
    NotSubscribed,
}

/// A row and its expected result.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) text: String,
    /// Its visitor; `None` when it has no session.
    pub(crate) visitor: Option<usize>,
    pub(crate) class: Class,
    /// Its numbers of PageViews, ViewContents and Purchases.
    pub(crate) counts: [u32; 3],
    /// `None` when it does not say.
    pub(crate) revenue_micros: Option<i64>,
}

/// The most that a paid click earns in a run, in US dollars, unless the operator consents.
pub(crate) const MAX_PER_CLICK: i32 = 10;

/// What a row says about money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Amount {
    /// What was earned so far.
    Earned,
    /// Nothing at all.
    Missing,
    /// Zero, because the money comes later.
    Zero,
    /// Far too much.
    Implausible,
}

impl Amount {
    fn draw(chance: &mut Chance) -> Self {
        match chance.between(0, 23) {
            0 => Self::Missing,
            1 => Self::Zero,
            2 => Self::Implausible,
            _ => Self::Earned,
        }
    }

    /// In ten-thousandths, when so much was earned.
    fn of(self, earned: u64) -> Option<u64> {
        match self {
            Self::Earned => Some(earned),
            Self::Missing => None,
            Self::Zero => Some(0),
            Self::Implausible => Some(earned + 100_000_000),
        }
    }
}

/// What is wrong with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Defect {
    UnknownPixel,
    TooOld,
    NoClickId,
    FarFuture,
    NegativeRevenue,
    UnreadableRevenue,
    OtherSource,
}

/// One conversion.
#[derive(Debug)]
pub(crate) struct Visitor {
    pub(crate) key: [u8; 32],
    pub(crate) session: String,
    pub(crate) keyword: Option<String>,
    pub(crate) network: &'static str,
    pub(crate) pixel: &'static str,
    /// The platform refuses its first Purchase; whether it says which event it means.
    pub(crate) bad: Option<bool>,
    /// Its deadline passes during the run, or its click is still to come: what becomes of it depends on when it is claimed.
    pub(crate) expiring: bool,
    /// Its rows in the order of time; figures only grow.
    pub(crate) rows: Vec<Row>,
    pub(crate) click_s: i64,
}

/// The feed networks of a run; each file belongs to one.
pub(super) fn networks(chance: &mut Chance) -> Vec<&'static str> {
    let mut all = ["crossroads", "tonic", "airfind", "system1"];
    chance.shuffle(&mut all);
    all[..chance.pick(&[1, 2])].to_vec()
}

impl Visitor {
    pub(super) fn draw(
        chance: &mut Chance,
        (seed, number): (u64, u64),
        networks: &[&'static str],
        now_s: i64,
        pause_s: i64,
    ) -> Self {
        let session = format!("s{seed}-{number}");
        let mut dirt = Chance::new(seed ^ (number << 32), Purpose::Dirt);
        let word = if dirt.happens(0.3) { "cl\u{e9} \u{fc}ber" } else { "key word" };
        let keyword = chance.happens(0.8).then(|| format!("{word} {}", chance.between(0, 3)));
        let soon = chance.happens(0.05);
        let expiring = soon || chance.happens(0.06);
        let age_s = if soon {
            // Never so far ahead that a row is invalid first and can be sent later.
            -i64::try_from(chance.between(1, 50)).unwrap_or(0)
        } else if expiring {
            7 * DAY_S - i64::try_from(chance.between(120, 2_400)).unwrap_or(0)
        } else {
            i64::try_from(chance.between(3, 120)).unwrap_or(3) * HOUR_S
        };
        // Whether its deadline passes in a run with a long pause depends on when the pause begins.
        let expiring = expiring || (pause_s > 0 && age_s + pause_s + DAY_S > 7 * DAY_S);
        let mut visitor = Self {
            key: ids::key(&session, keyword.as_deref()),
            session,
            keyword,
            network: chance.pick(networks),
            pixel: chance.pick(&PIXELS),
            bad: chance.happens(0.1).then(|| chance.happens(0.5)),
            expiring,
            rows: Vec::new(),
            click_s: now_s - age_s,
        };
        visitor.rows = visitor.statements(chance, &mut dirt, usize::try_from(number).unwrap_or(0));
        visitor
    }

    /// The rows that state this conversion: usually one, sometimes more with higher figures, sometimes valid only later.
    fn statements(&self, chance: &mut Chance, dirt: &mut Chance, place: usize) -> Vec<Row> {
        let defect = chance.happens(0.25).then(|| {
            chance.pick(&[
                Defect::UnknownPixel,
                Defect::TooOld,
                Defect::NoClickId,
                Defect::FarFuture,
                Defect::NegativeRevenue,
                Defect::UnreadableRevenue,
                Defect::OtherSource,
            ])
        });
        let not_subscribed = chance.happens(0.12);
        let number = if chance.happens(0.35) { chance.between(2, 4) } else { 1 };
        let defective_until = if chance.happens(0.5) { chance.between(0, number) } else { number };
        let mut figures =
            [chance.between(0, 2), chance.between(0, 2), chance.between(u64::from(self.bad.is_some()), 2)];
        let mut revenue = chance.between(0, 40_000);
        let mut rows = Vec::new();
        for statement in 0..number {
            let defect = defect.filter(|_| statement < defective_until);
            let amount = Amount::draw(chance).of(revenue);
            rows.push(self.row(place, figures, amount, defect, not_subscribed).dressed(dirt));
            let more = [chance.between(0, 1), chance.between(0, 1), chance.between(0, 2)];
            figures = [0, 1, 2].map(|i| figures[i] + more[i]);
            revenue += chance.between(more[2], 20_000);
        }
        rows
    }

    /// Writes a row. `revenue` is in ten-thousandths; `None` when the row does not say.
    fn row(
        &self,
        place: usize,
        [views, searches, paid]: [u64; 3],
        revenue: Option<u64>,
        defect: Option<Defect>,
        not_subscribed: bool,
    ) -> Row {
        let amount = match (defect, revenue) {
            (Some(Defect::NegativeRevenue), _) => "-0.25".to_owned(),
            (Some(Defect::UnreadableRevenue), _) => "\"a lot\"".to_owned(),
            (_, Some(revenue)) => format!("{}.{:04}", revenue / 10_000, revenue % 10_000),
            (_, None) => "null".to_owned(),
        };
        let revenue_micros = match defect {
            Some(Defect::NegativeRevenue) => Some(-250_000),
            Some(Defect::UnreadableRevenue) => None,
            _ => revenue.map(|revenue| i64::try_from(revenue).unwrap_or(0) * 100),
        };
        let click_s = match defect {
            Some(Defect::TooOld) => self.click_s - 8 * DAY_S,
            Some(Defect::FarFuture) => self.click_s + 60 * DAY_S,
            _ => self.click_s,
        };
        let pixel = if defect == Some(Defect::UnknownPixel) { "999" } else { self.pixel };
        let click_id = if defect == Some(Defect::NoClickId) { "" } else { "IwAR0abcDEF" };
        let source = if defect == Some(Defect::OtherSource) { "taboola" } else { "facebook" };
        let campaign = if not_subscribed { "77" } else { SUBSCRIBED };
        let keyword =
            self.keyword.as_ref().map_or_else(|| "null".to_owned(), |keyword| format!("\"{keyword}\""));
        let (counts, counters) = match self.network {
            "tonic" => ([1, 1, paid], String::new()),
            "crossroads" => (
                [views, searches, paid],
                format!(r#""lander_visitors":{views},"lander_searches":"{searches}","#),
            ),
            "airfind" => ([views, searches, paid], format!(r#""visits":{views},"serp":{searches},"#)),
            _ => ([0, 0, paid], String::new()),
        };
        let counts = counts.map(|n| u32::try_from(n).unwrap_or(0));
        let text = format!(
            r#"{{"session_id":"{}","keyword_clicked":{keyword},"click_timestamp":{click_s},"domain_name":"search.example.com","pixel_id":"{pixel}","campaign_id":"{campaign}","traffic_source":"{source}","ip":"203.0.113.9","user_agent":"Mozilla/5.0","country_code":"US","city":"Springfield","ts_click_id":"{click_id}",{counters}"conversions":{paid},"revenue":{amount}}}"#,
            self.session
        );
        let most_micros = i64::try_from(paid).ok().map(|paid| paid * i64::from(MAX_PER_CLICK) * 1_000_000);
        let class = match defect {
            _ if not_subscribed => Class::NotSubscribed,
            Some(_) => Class::Invalid,
            None if paid > 0 && revenue_micros.is_none() => Class::Invalid,
            None if paid > 0 && revenue_micros == Some(0) => Class::Zero,
            None if paid > 0 && revenue_micros > most_micros => Class::Implausible,
            None if counts == [0; 3] => Class::NoEvents,
            None if self.expiring => Class::Expiring,
            None => Class::Sendable,
        };
        Row { text, visitor: Some(place), class, counts, revenue_micros }
    }

    /// When the platform no longer accepts it. Efflux stops a minute earlier: a request, and its repetition with another
    /// credential, take time.
    pub(crate) const fn too_old_ms(&self) -> i64 {
        (self.click_s + 7 * DAY_S) * 1_000
    }

    /// Ids of the events of a row with these counts.
    pub(crate) fn ids_of(&self, counts: [u32; 3]) -> Vec<String> {
        let names = ["PageView", "ViewContent", "Purchase"];
        let of = |(name, count): (&'static str, u32)| (0..count).map(move |i| ids::event(&self.key, name, i));
        names.into_iter().zip(counts).flat_map(of).collect()
    }

    /// Ids of all events that any of its rows could mean.
    pub(crate) fn all_ids(&self) -> Vec<String> {
        let most = self
            .rows
            .iter()
            .fold([0; 3], |most: [u32; 3], row| [0, 1, 2].map(|i| most[i].max(row.counts[i])));
        self.ids_of(most)
    }
}

impl Row {
    /// The same row as some feeds would write it: spelt otherwise, or with a number that JSON does not have.
    fn dressed(self, chance: &mut Chance) -> Self {
        let text = match chance.between(0, 9) {
            0 => self.text.replace('\u{e9}', "e\u{301}").replace('\u{fc}', "\\u0075\\u0308"),
            1 => self.text.replace('\u{e9}', "\u{200b}\u{e9}").replace("key word", "key w\\u200bord"),
            2 => self.text.replacen('{', "{\"score\":NaN,", 1),
            3 => self.text.replacen('{', "{\"campaign_name\":\"cut \\ud83d\",", 1),
            _ => self.text,
        };
        Self { text, ..self }
    }

    /// A row that is not a conversion.
    pub(super) fn unreadable(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            visitor: None,
            class: Class::Invalid,
            counts: [0; 3],
            revenue_micros: None,
        }
    }

    /// Whether its events are to be sent, if time allows.
    pub(crate) const fn is_sendable(&self) -> bool {
        matches!(self.class, Class::Sendable | Class::Expiring)
    }

    /// Whether it is valid and has events.
    pub(crate) const fn has_events(&self) -> bool {
        self.is_sendable() || self.waits()
    }

    /// Whether it is valid, and its amount keeps it from being sent.
    pub(crate) const fn waits(&self) -> bool {
        matches!(self.class, Class::Zero | Class::Implausible)
    }

    /// Its paid clicks and what they earned, when it says so, valid or not.
    pub(crate) fn figures(&self) -> Option<(i64, i64)> {
        let [.., paid] = self.counts;
        self.revenue_micros.map(|revenue| (i64::from(paid), revenue))
    }

    /// Its Purchases and what they earned, when it may be sent and states both.
    pub(crate) fn money(&self) -> Option<(u32, i64)> {
        let [.., paid] = self.counts;
        self.revenue_micros.filter(|_| self.is_sendable() && paid > 0).map(|revenue| (paid, revenue))
    }
}
