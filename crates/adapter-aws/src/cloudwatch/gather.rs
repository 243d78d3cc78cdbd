//! Numbers of one interval: per metric and service how many, how much, the least and the most.

use std::collections::BTreeMap;

use domain::UnixMillis;
use ports::metric::name;

/// Metrics that go to CloudWatch.
pub(super) const SENT: [&str; 9] = [
    name::TOTAL_RECORDS_PROCESSED,
    name::TOTAL_RECORDS_FILTERED,
    name::FILTERING_RATIO,
    name::PROCESSED_MESSAGES,
    name::FAILED_MESSAGES,
    name::UNKNOWN_OUTCOMES,
    name::ANSWER_ALARMS,
    name::BOOKS_DIFFERENCE,
    name::EXPIRED_REVENUE_MICROS,
];

/// CloudWatch's statistic set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Statistics {
    pub(super) samples: u64,
    pub(super) sum: f64,
    pub(super) least: f64,
    pub(super) most: f64,
}

/// A metric of a service.
type Series = (&'static str, String);

/// What was gathered since an instant. Its size is bounded: few names, few services.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) since: UnixMillis,
    pub(super) series: BTreeMap<Series, Statistics>,
}

impl Gathered {
    pub(super) const fn starting(since: UnixMillis) -> Self {
        Self { since, series: BTreeMap::new() }
    }

    /// Adds a sample.
    pub(super) fn add(&mut self, name: &'static str, service: &str, value: f64) {
        let none = Statistics { samples: 0, sum: 0.0, least: value, most: value };
        let all = self.series.entry((name, service.to_owned())).or_insert(none);
        all.samples += 1;
        all.sum += value;
        all.least = all.least.min(value);
        all.most = all.most.max(value);
    }

    /// What was gathered; from now on it is gathered anew.
    pub(super) fn close(&mut self, now: UnixMillis) -> Self {
        std::mem::replace(self, Self::starting(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_add_up_per_series() {
        let mut gathered = Gathered::starting(UnixMillis(1));
        for value in [3.0, 1.0, 2.0] {
            gathered.add(name::FILTERING_RATIO, "filter-svc", value);
        }
        gathered.add(name::FILTERING_RATIO, "other", 9.0);
        let closed = gathered.close(UnixMillis(2));
        assert_eq!((closed.since, closed.series.len()), (UnixMillis(1), 2));
        let statistics = closed.series[&(name::FILTERING_RATIO, "filter-svc".to_owned())];
        assert_eq!(statistics, Statistics { samples: 3, sum: 6.0, least: 1.0, most: 3.0 });
        assert!(gathered.series.is_empty() && gathered.since == UnixMillis(2));
    }
}
