//! Whether a file, as a whole, looks as the files of its network do. A feed that renames a column makes each row look like one that
//! has nothing to say.

use std::collections::BTreeMap;

use crate::network::Network;
use crate::row::{Count, FieldNames, Row};

/// Of so many rows on, shares say something.
const ROWS_FOR_SHARES: u64 = 20;

/// So many earlier files say what is usual.
const FILES_FOR_SHARES: usize = 10;

/// A share that differs by more from the usual one is far from it.
const FAR: f64 = 0.4;

/// So many currencies of a file are counted.
const MOST_CURRENCIES: usize = 64;

/// So many of them are named.
const NAMED_CURRENCIES: usize = 3;

/// What the rows of a file have in common.
#[derive(Debug, Clone, Default)]
pub struct FileProfile {
    rows: u64,
    subscribed: u64,
    /// Rows that are JSON and have no field that is read.
    strange: u64,
    sessions: u64,
    click_ids: u64,
    paid: u64,
    earning: u64,
    fields: FieldNames,
    /// Rows by the currency that they name, in upper case; of those alone that figures may count.
    currencies: BTreeMap<[u8; 3], u64>,
}

/// Shares of a file's rows, by which its network's files are compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shares([f64; 5]);

/// What the shares are of.
const SHARES: [&str; 5] = ["a session", "a click id", "paid clicks", "revenue", "a subscribed campaign"];

impl FileProfile {
    /// Notes a row, and whether its campaign is subscribed, with whatever conditions.
    pub fn note(&mut self, row: &Row<'_>, subscribed: bool) {
        self.rows += 1;
        self.subscribed += u64::from(subscribed);
        self.fields = self.fields.and(row.fields.unwrap_or_default());
        self.strange += u64::from(row.fields.unwrap_or_default().is_empty());
        let Some(conversion) = row.conversion.as_deref() else { return };
        self.sessions += 1;
        self.click_ids += u64::from(conversion.click_id.is_some());
        self.paid += u64::from(matches!(conversion.conversions, Count::Number(n) if n > 0));
        self.earning += u64::from(conversion.revenue.is_some_and(|revenue| !revenue.is_zero()));
        if let Some(code) = conversion.currency.as_deref().and_then(code).filter(|_| subscribed) {
            self.note_currency(code);
        }
    }

    fn note_currency(&mut self, code: [u8; 3]) {
        if self.currencies.len() < MOST_CURRENCIES || self.currencies.contains_key(&code) {
            *self.currencies.entry(code).or_default() += 1;
        }
    }

    /// Notes a row of which nothing is known: it cannot be read.
    pub const fn note_unreadable(&mut self) {
        self.rows += 1;
        self.subscribed += 1;
    }

    /// Whether no row has a field of a row.
    #[must_use]
    pub const fn has_no_field(&self) -> bool {
        self.rows > 0 && self.fields.is_empty()
    }

    /// Whether all rows can be read, and none has a field of a row: what is here is something else than rows.
    #[must_use]
    pub const fn is_strange(&self) -> bool {
        self.rows > 0 && self.strange == self.rows
    }

    /// The shares, if the file has enough rows.
    #[must_use]
    pub fn shares(&self) -> Option<Shares> {
        let share = |rows: u64| rows as f64 / self.rows as f64;
        let shares = [self.sessions, self.click_ids, self.paid, self.earning, self.subscribed].map(share);
        (self.rows >= ROWS_FOR_SHARES).then_some(Shares(shares))
    }

    /// Why the file looks wrong, among earlier ones of its network, where figures are in this currency; nothing if it does not.
    #[must_use]
    pub fn suspicions(&self, network: &Network, currency: &str, earlier: &[Shares]) -> Vec<String> {
        let mut suspicions = Vec::new();
        if self.rows == 0 {
            return suspicions;
        }
        let missing: Vec<_> = network.fields().filter(|name| !self.fields.has(name)).collect();
        if !missing.is_empty() {
            suspicions.push(format!("no row has the field {}", missing.join(", ")));
        }
        if self.sessions == 0 {
            suspicions.push("no row has a session: all are malformed".to_owned());
        } else if self.subscribed == 0 {
            suspicions.push("no row is of a subscribed campaign: all are filtered out".to_owned());
        }
        suspicions.extend(self.other_currencies(currency));
        if let Some(shares) = self.shares() {
            suspicions.extend(shares.far_from(earlier));
        }
        suspicions
    }
}

impl FileProfile {
    /// What is said of rows in other currencies than that of the figures. The platform is sent the right one.
    fn other_currencies(&self, ours: &str) -> Option<String> {
        let others = || self.currencies.iter().filter(|(code, _)| code.as_slice() != ours.as_bytes());
        let rows: u64 = others().map(|(_, rows)| rows).sum();
        let mut names: Vec<_> =
            others().take(NAMED_CURRENCIES).map(|(code, _)| String::from_utf8_lossy(code)).collect();
        if others().count() > names.len() {
            names.push("others".into());
        }
        let said = || {
            format!(
                "the currency of {rows} of {} rows is {}: figures add them up as if it were {ours}",
                self.rows,
                names.join(" or ")
            )
        };
        (rows > 0).then(said)
    }
}

/// A text that may be the code of a currency, in upper case.
fn code(text: &str) -> Option<[u8; 3]> {
    let code: [u8; 3] = text.as_bytes().try_into().ok()?;
    code.iter().all(u8::is_ascii_alphabetic).then(|| code.map(|byte| byte.to_ascii_uppercase()))
}

impl Shares {
    /// The shares that are far from the usual ones.
    fn far_from(self, earlier: &[Self]) -> impl Iterator<Item = String> {
        let usual = |i: usize| {
            let mut all: Vec<_> = earlier.iter().map(|shares| shares.0[i]).collect();
            all.sort_by(f64::total_cmp);
            all.get(all.len() / 2).copied().filter(|_| all.len() >= FILES_FOR_SHARES)
        };
        let percent = |share: f64| format!("{:.0} %", share * 100.0);
        SHARES.iter().enumerate().filter_map(move |(i, of)| {
            let usual = usual(i).filter(|usual| (usual - self.0[i]).abs() > FAR)?;
            Some(format!("{} of the rows have {of}, of earlier files {}", percent(self.0[i]), percent(usual)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = r#"{"session_id":"s","click_timestamp":1,"pixel_id":"1","campaign_id":"7","traffic_source":"x",
        "ts_click_id":"IwAR1","conversions":1,"revenue":0.5}"#;

    fn profile(rows: &[&str]) -> FileProfile {
        let mut profile = FileProfile::default();
        rows.iter().for_each(|row| profile.note(&Row::parse(row), true));
        profile
    }

    #[test]
    fn a_renamed_column_is_noticed_and_a_null_is_not() {
        let tonic = Network::find("tonic");
        assert_eq!(profile(&[ROW]).suspicions(tonic, "USD", &[]), [""; 0]);
        let null = ROW.replace("0.5", "null");
        assert_eq!(profile(&[&null]).suspicions(tonic, "USD", &[]), [""; 0]);
        let renamed = ROW.replace("revenue", "Revenue").replace("ts_click_id", "click");
        assert_eq!(
            profile(&[&renamed, &renamed]).suspicions(tonic, "USD", &[]),
            ["no row has the field ts_click_id, revenue"]
        );
        assert_eq!(profile(&[&renamed, ROW]).suspicions(tonic, "USD", &[]), [""; 0], "one row has it");
        let crossroads = profile(&[ROW]).suspicions(Network::find("crossroads"), "USD", &[]);
        assert_eq!(crossroads, ["no row has the field lander_visitors, lander_searches"]);
        let session = ROW.replace("session_id", "session_ID");
        let said = ["no row has the field session_id", "no row has a session: all are malformed"];
        assert_eq!(profile(&[&session]).suspicions(tonic, "USD", &[]), said);
    }

    #[test]
    fn what_is_not_rows_is_strange() {
        for rows in [
            &[r#"{"data":[{"session_id":"s"}]}"#][..],
            &["[1]", "17"],
            &["null"],
            &["{}"],
            &[r#"{"error":{"code":1}}"#],
        ] {
            assert!(profile(rows).is_strange() && profile(rows).has_no_field(), "{rows:?}");
        }
        for rows in [&[ROW, "17"][..], &[r#"{"session_id":null}"#], &[]] {
            assert!(!profile(rows).is_strange(), "{rows:?}");
        }
        let mut broken = FileProfile::default();
        broken.note_unreadable();
        assert!(!broken.is_strange() && broken.has_no_field());
    }

    #[test]
    fn rows_in_another_currency_are_noticed() {
        let tonic = Network::find("tonic");
        let said = |currencies: &[&str], ours| {
            let mut profile = FileProfile::default();
            for currency in currencies {
                let row = ROW.replace("0.5}", &format!("0.5,\"currency\":\"{currency}\"}}"));
                profile.note(&Row::parse(&row), true);
            }
            profile.suspicions(tonic, ours, &[])
        };
        assert_eq!(profile(&[ROW]).suspicions(tonic, "EUR", &[]), [""; 0], "no row names one");
        assert_eq!(said(&["USD", "usd", ""], "USD"), [""; 0]);
        assert_eq!(
            said(&["USD", "eur", "EUR"], "USD"),
            ["the currency of 2 of 3 rows is EUR: figures add them up as if it were USD"]
        );
        assert_eq!(
            said(&["USD", "EUR", "GBP"], "GBP"),
            ["the currency of 2 of 3 rows is EUR or USD: figures add them up as if it were GBP"]
        );
        assert_eq!(said(&["US$", "$", "null", "Euro"], "USD"), [""; 0], "such rows are malformed");
        let mut unsubscribed = FileProfile::default();
        let row = ROW.replace("0.5}", r#"0.5,"currency":"EUR"}"#);
        unsubscribed.note(&Row::parse(ROW), true);
        unsubscribed.note(&Row::parse(&row), false);
        assert_eq!(unsubscribed.suspicions(tonic, "USD", &[]), [""; 0], "it is in no figure");
    }

    #[test]
    fn any_number_of_currencies_is_noticed_in_bounded_memory() {
        let mut profile = FileProfile::default();
        for n in 0..20_000_u32 {
            let code: String =
                [n / 676, n / 26, n].map(|n| char::from(b'a' + (n % 26) as u8)).iter().collect();
            let row = ROW.replace("0.5}", &format!("0.5,\"currency\":\"{code}\"}}"));
            profile.note(&Row::parse(&row), true);
        }
        assert_eq!(profile.currencies.len(), MOST_CURRENCIES);
        let said = profile.suspicions(Network::find("tonic"), "USD", &[]);
        assert!(said[0].contains(" rows is AAA or AAB or AAC or others: "), "{said:?}");
    }

    #[test]
    fn shares_far_from_the_usual_are_noticed() {
        let tonic = Network::find("tonic");
        let no_click = ROW.replace("IwAR1", "{fbclid}");
        let usual: Vec<_> = (0..20).filter_map(|_| profile(&[ROW; 30]).shares()).collect();
        assert_eq!(profile(&[ROW; 30]).suspicions(tonic, "USD", &usual), [""; 0]);
        let odd = profile(&[&*no_click; 30]).suspicions(tonic, "USD", &usual);
        assert_eq!(odd, ["0 % of the rows have a click id, of earlier files 100 %"]);
        assert_eq!(
            profile(&[&*no_click; 30]).suspicions(tonic, "USD", &usual[..9]),
            [""; 0],
            "too few to know"
        );
        assert_eq!(profile(&[&*no_click; 19]).suspicions(tonic, "USD", &usual), [""; 0], "too few rows");
        let mut unsubscribed = FileProfile::default();
        (0..30).for_each(|_| unsubscribed.note(&Row::parse(ROW), false));
        assert_eq!(
            unsubscribed.suspicions(tonic, "USD", &[]),
            ["no row is of a subscribed campaign: all are filtered out"]
        );
    }
}
