//! What an operator says about the rows of a feed network.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz;

use crate::time::{LocalSeconds, UnixSeconds};

/// A zone of the IANA database, whose rules are part of the program: each process has the same ones.
#[derive(Clone, PartialEq, Eq)]
pub struct TimeZone(tz::TimeZone);

/// A name that no time zone has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no time zone has this name: write one of the IANA database such as Europe/Berlin, or UTC")]
pub struct UnknownZone;

impl TimeZone {
    /// Its name in the database: `Europe/Berlin`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The instant at which its clocks show a time; `None` for one that they show twice, as they are set back, or never, as they are
    /// set forward.
    ///
    /// ```
    /// use domain::feed::TimeZone;
    /// use domain::time::{LocalSeconds, UnixSeconds};
    ///
    /// let berlin: TimeZone = "Europe/Berlin".parse().unwrap();
    /// assert_eq!(berlin.instant(LocalSeconds(1_763_803_600)), Some(UnixSeconds(1_763_800_000)));
    /// ```
    #[must_use]
    pub fn instant(&self, shown: LocalSeconds) -> Option<UnixSeconds> {
        let clock = Timestamp::from_second(shown.0).ok()?.to_zoned_datetime(tz::TimeZone::UTC).datetime();
        let at = self.0.to_ambiguous_timestamp(clock).unambiguous().ok()?;
        Some(UnixSeconds(at.as_second()))
    }
}

impl FromStr for TimeZone {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        let zone = tz::TimeZone::get(name).map_err(|_| UnknownZone)?;
        if zone.is_unknown() || zone.iana_name().is_none() { Err(UnknownZone) } else { Ok(Self(zone)) }
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What was set for one feed network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// Its name in lower case, as [`network_name`] writes it.
    pub network: String,
    /// Where its clocks are: a click time without an offset from UTC is read there.
    pub time_zone: Option<TimeZone>,
}

impl Feed {
    /// A network for which nothing is set yet.
    #[must_use]
    pub fn of(network: &str) -> Self {
        Self { network: network_name(network), time_zone: None }
    }
}

/// How a network's name is written here, whatever its spelling of case in rows and keys.
#[must_use]
pub fn network_name(text: &str) -> String {
    text.trim().to_ascii_lowercase()
}

/// What was set for all feed networks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedMap(BTreeMap<String, Feed>);

impl FeedMap {
    /// What was set for a network, by its name in any spelling of case.
    #[must_use]
    pub fn get(&self, network: &str) -> Option<&Feed> {
        self.0.get(&network_name(network))
    }
}

impl FromIterator<Feed> for FeedMap {
    fn from_iter<I: IntoIterator<Item = Feed>>(feeds: I) -> Self {
        Self(feeds.into_iter().map(|feed| (network_name(&feed.network), feed)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::local_time_from_text;

    fn read(zone: &str, text: &str) -> Option<String> {
        let zone: TimeZone = zone.parse().unwrap();
        Some(zone.instant(local_time_from_text(text)?)?.millis().rfc3339())
    }

    #[test]
    fn a_time_is_read_by_the_clocks_of_its_zone() {
        for (zone, text, expected) in [
            ("Europe/Berlin", "2026-11-27 20:13:59", "2026-11-27T19:13:59.000Z"),
            ("Europe/Berlin", "2026-07-01T20:13:59", "2026-07-01T18:13:59.000Z"),
            ("Europe/Berlin", "2026-11-27 20:13:59.999", "2026-11-27T19:13:59.000Z"),
            ("America/New_York", "2026-11-27T20:13", "2026-11-28T01:13:00.000Z"),
            ("Asia/Kolkata", "2026-11-27 00:00:00", "2026-11-26T18:30:00.000Z"),
            ("UTC", "2026-11-27 20:13:59", "2026-11-27T20:13:59.000Z"),
        ] {
            assert_eq!(read(zone, text).as_deref(), Some(expected), "{zone} {text}");
        }
    }

    #[test]
    fn a_time_that_comes_twice_or_never_is_in_doubt() {
        for (text, expected) in [
            ("2026-10-25 01:59:59", Some("2026-10-24T23:59:59.000Z")),
            ("2026-10-25 02:00:00", None),
            ("2026-10-25 02:59:59", None),
            ("2026-10-25 03:00:00", Some("2026-10-25T02:00:00.000Z")),
            ("2026-03-29 01:59:59", Some("2026-03-29T00:59:59.000Z")),
            ("2026-03-29 02:00:00", None),
            ("2026-03-29 02:59:59", None),
            ("2026-03-29 03:00:00", Some("2026-03-29T01:00:00.000Z")),
        ] {
            assert_eq!(read("Europe/Berlin", text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn only_names_of_the_database_are_zones() {
        for (name, expected) in
            [("Europe/Berlin", "Europe/Berlin"), ("europe/berlin", "Europe/Berlin"), ("UTC", "UTC")]
        {
            assert_eq!(name.parse::<TimeZone>().map(|zone| zone.to_string()), Ok(expected.to_owned()));
        }
        for name in
            ["", "Berlin", "Europe/Berlin ", "+02:00", "CEST", "Etc/Unknown", "../etc/passwd", "\u{1b}[2J"]
        {
            assert_eq!(name.parse::<TimeZone>(), Err(UnknownZone), "{name:?}");
        }
    }

    #[test]
    fn a_network_is_found_in_any_case() {
        let feeds: FeedMap = [Feed::of(" Tonic ")].into_iter().collect();
        assert_eq!(feeds.get("TONIC").map(|feed| &*feed.network), Some("tonic"));
        assert_eq!(feeds.get("sedo"), None);
    }
}
