//! Numbers of one interval: per metric and service how many, how much, the least and the most.

use std::collections::BTreeMap;

use domain::UnixMillis;
use ports::metric::{Labels, name};

/// CloudWatch's statistic set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Statistics {
    pub(super) samples: u64,
    pub(super) sum: f64,
    pub(super) least: f64,
    pub(super) most: f64,
}

/// A metric of a service, and the value of its label where it has one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Series {
    pub(super) name: &'static str,
    /// The metric's name at CloudWatch.
    pub(super) there: &'static str,
    pub(super) service: String,
    pub(super) label: Option<(&'static str, String)>,
}

impl Series {
    /// The series of a measurement; `None` when the metric is not sent.
    pub(super) fn of(metric: &'static str, labels: Labels<'_>, own_service: &str) -> Option<Self> {
        let metric = name::ALL.iter().find(|known| known.name == metric)?;
        let sent = metric.cloudwatch?;
        let value = |wanted: &str| labels.iter().find(|(label, _)| *label == wanted).map(|(_, value)| *value);
        Some(Self {
            name: metric.name,
            there: sent.name,
            service: value("service").unwrap_or(own_service).to_owned(),
            label: sent.dimension.and_then(|label| Some((label, value(label)?.to_owned()))),
        })
    }
}

/// What was gathered since an instant. Its size is bounded: few names, few services, few values.
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
    pub(super) fn add(&mut self, series: Series, value: f64) {
        let none = Statistics { samples: 0, sum: 0.0, least: value, most: value };
        let all = self.series.entry(series).or_insert(none);
        all.samples += 1;
        all.sum += value;
        all.least = all.least.min(value);
        all.most = all.most.max(value);
    }

    /// What was gathered; from now on it is gathered again.
    pub(super) fn close(&mut self, now: UnixMillis) -> Self {
        std::mem::replace(self, Self::starting(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_add_up_per_series() {
        let ratio =
            |service: &str| Series::of(name::FILTER_KEPT_RATIO, &[("network", "sedo")], service).unwrap();
        let mut gathered = Gathered::starting(UnixMillis(1));
        for value in [3.0, 1.0, 2.0] {
            gathered.add(ratio("filter-svc"), value);
        }
        gathered.add(ratio("other"), 9.0);
        let closed = gathered.close(UnixMillis(2));
        assert_eq!((closed.since, closed.series.len()), (UnixMillis(1), 2));
        let statistics = closed.series[&ratio("filter-svc")];
        assert_eq!(statistics, Statistics { samples: 3, sum: 6.0, least: 1.0, most: 3.0 });
        assert!(gathered.series.is_empty() && gathered.since == UnixMillis(2));
    }

    #[test]
    fn a_label_that_alarms_look_at_is_kept() {
        let of = |metric, labels| Series::of(metric, labels, "reporter-svc");
        let series = of(name::REQUESTS, &[("result", "throttled"), ("pixel", "1")]).unwrap();
        assert_eq!(series.label, Some(("result", "throttled".to_owned())));
        assert_eq!(of(name::EVENTS, &[("result", "x")]).unwrap().label, None);
        assert_eq!(of(name::MESSAGES_FAILED, &[("service", "filter-svc")]).unwrap().service, "filter-svc");
        assert_eq!(of(name::QUEUE_MESSAGES, &[]), None);
    }
}
