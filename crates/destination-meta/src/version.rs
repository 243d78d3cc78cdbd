//! Versions of the Graph API, and how long each is served ([Graph API Changelog], read 2026-11-23). Conversions follow the Graph
//! API's dates, not the shorter ones of the Marketing API ([Using the API], read 2026-11-23).
//!
//! [Graph API Changelog]: https://developers.facebook.com/docs/graph-api/changelog
//! [Using the API]: https://developers.facebook.com/documentation/ads-commerce/conversions-api/using-the-api

use domain::UnixMillis;
use time::macros::date;
use time::{Date, OffsetDateTime};

/// How long before its end a version is warned of: time enough for the operator to plan a move.
const NEAR_DAYS: i64 = 90;

/// A version of the Graph API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GraphVersion {
    /// Its number: 25 for `v25.0`.
    pub major: u32,
    /// The day it appeared.
    pub released: Date,
    /// The day it ends, where Meta has named one.
    pub ends: Option<Date>,
}

const fn version(major: u32, released: Date, ends: Option<Date>) -> GraphVersion {
    GraphVersion { major, released, ends }
}

/// The versions that have been alive in the last two years, the newest first.
pub static VERSIONS: [GraphVersion; 7] = [
    version(26, date!(2026 - 07 - 29), None),
    version(25, date!(2026 - 02 - 18), Some(date!(2028 - 07 - 29))),
    version(24, date!(2025 - 10 - 08), Some(date!(2028 - 02 - 18))),
    version(23, date!(2025 - 05 - 29), Some(date!(2027 - 10 - 08))),
    version(22, date!(2025 - 01 - 21), Some(date!(2027 - 05 - 20))),
    version(21, date!(2024 - 10 - 02), Some(date!(2027 - 01 - 21))),
    version(20, date!(2024 - 05 - 21), Some(date!(2026 - 09 - 24))),
];

/// How a version stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// Served; its end is far or not named.
    Served {
        /// The day it ends, where Meta has named one.
        ends: Option<Date>,
    },
    /// It ends within 90 days.
    EndsSoon {
        /// The day it ends.
        ends: Date,
        /// Days until then.
        days: i64,
    },
    /// It has ended: calls may be refused, or answered by an older or newer version.
    Ended {
        /// The day it ended; `None` for versions from before the table.
        ended: Option<Date>,
    },
    /// Newer than the table, or no version at all.
    Unknown,
}

/// How the version called `name` (`v25.0`) stands at `now`.
#[must_use]
pub fn lifetime(name: &str, now: UnixMillis) -> Lifetime {
    let Some(major) = major(name) else { return Lifetime::Unknown };
    let Some(version) = VERSIONS.iter().find(|v| v.major == major) else {
        let oldest = VERSIONS[VERSIONS.len() - 1].major;
        return if major < oldest { Lifetime::Ended { ended: None } } else { Lifetime::Unknown };
    };
    let (Some(ends), Ok(today)) = (version.ends, OffsetDateTime::from_unix_timestamp(now.seconds().0)) else {
        return Lifetime::Served { ends: version.ends };
    };
    match (ends - today.date()).whole_days() {
        ..=0 => Lifetime::Ended { ended: Some(ends) },
        days @ 1..=NEAR_DAYS => Lifetime::EndsSoon { ends, days },
        _ => Lifetime::Served { ends: Some(ends) },
    }
}

/// What the operator should know of the version, when there is something to do.
#[must_use]
pub fn warning(name: &str, now: UnixMillis) -> Option<String> {
    let newest = VERSIONS[0].major;
    let remedy = format!("set META_GRAPH_VERSION to a later one, v{newest}.0 at best");
    match lifetime(name, now) {
        Lifetime::Served { .. } => None,
        Lifetime::EndsSoon { ends, days } => {
            Some(format!("Graph API {name} ends on {ends}, in {days} days: {remedy}"))
        }
        Lifetime::Ended { ended: Some(ended) } => {
            Some(format!("Graph API {name} ended on {ended} and may refuse calls: {remedy}"))
        }
        Lifetime::Ended { ended: None } => {
            Some(format!("Graph API {name} has ended and may refuse calls: {remedy}"))
        }
        Lifetime::Unknown => Some(format!(
            "Graph API {name} is newer than v{newest}.0, the latest known here: check that Meta has it"
        )),
    }
}

fn major(name: &str) -> Option<u32> {
    name.strip_prefix('v')?.strip_suffix(".0")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: Date) -> UnixMillis {
        UnixMillis(day.midnight().assume_utc().unix_timestamp() * 1000)
    }

    #[test]
    fn lifetimes() {
        let today = at(date!(2026 - 11 - 25));
        assert_eq!(lifetime("v26.0", today), Lifetime::Served { ends: None });
        assert!(matches!(lifetime("v25.0", today), Lifetime::Served { ends: Some(_) }));
        assert_eq!(lifetime("v21.0", today), Lifetime::EndsSoon { ends: date!(2027 - 01 - 21), days: 57 });
        assert_eq!(lifetime("v20.0", today), Lifetime::Ended { ended: Some(date!(2026 - 09 - 24)) });
        assert_eq!(lifetime("v9.0", today), Lifetime::Ended { ended: None });
        for name in ["v27.0", "25.0", "v25", "vx.0", ""] {
            assert_eq!(lifetime(name, today), Lifetime::Unknown, "{name}");
        }
    }

    #[test]
    fn the_last_days_are_counted() {
        let ends = date!(2028 - 07 - 29);
        let days = |n: i64| lifetime("v25.0", at(ends - time::Duration::days(n)));
        assert_eq!(days(91), Lifetime::Served { ends: Some(ends) });
        assert_eq!(days(90), Lifetime::EndsSoon { ends, days: 90 });
        assert_eq!(days(1), Lifetime::EndsSoon { ends, days: 1 });
        assert_eq!(days(0), Lifetime::Ended { ended: Some(ends) });
    }

    #[test]
    fn warnings_say_what_to_do() {
        let today = at(date!(2026 - 11 - 25));
        assert_eq!(warning("v25.0", today), None);
        for (name, part) in
            [("v21.0", "in 57 days"), ("v20.0", "2026-09-24"), ("v3.0", "has ended"), ("v40.0", "newer")]
        {
            let text = warning(name, today).unwrap();
            assert!(text.contains(part) && text.contains(name), "{text}");
        }
    }

    #[test]
    fn the_table_is_in_order() {
        assert!(VERSIONS.is_sorted_by(|a, b| a.major == b.major + 1 && a.released > b.released));
        assert!(VERSIONS.iter().all(|v| v.ends.is_none_or(|ends| ends > v.released)));
    }
}
