//! Measurements, kept here and shown for Prometheus.

mod series;

use std::collections::HashMap;

use ports::MetricSink;
use ports::metric::{Labels, Metric, MetricKind, name};
use prometheus::core::Collector;
use prometheus::{CounterVec, GaugeVec, HistogramOpts, HistogramVec, Opts, Registry, TextEncoder};

use series::Series;

/// Millionths in a unit of money.
const MICROS: f64 = 1e6;

/// The measurements of one process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    kept: HashMap<&'static str, Kept>,
    series: Series,
}

/// A metric and its values.
#[derive(Debug)]
struct Kept {
    labels: &'static [&'static str],
    values: Values,
}

#[derive(Debug)]
enum Values {
    /// And what one of them is counted in.
    Counter(CounterVec, f64),
    Gauge(GaugeVec),
    Histogram(HistogramVec),
}

impl Metrics {
    /// No measurements yet; each amount of money has this currency as a label.
    #[must_use]
    pub fn new(currency: &str) -> Self {
        let registry = Registry::new();
        let kept = name::ALL.iter().filter_map(|metric| match register(metric, currency, &registry) {
            Ok(values) => Some((metric.name, Kept { labels: metric.labels, values })),
            Err(error) => {
                tracing::error!(metric = metric.name, error = %error, "this metric cannot be kept");
                None
            }
        });
        Self { kept: kept.collect(), registry, series: Series::default() }
    }

    /// All measurements in Prometheus' text format.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::new();
        if let Err(error) = TextEncoder::new().encode_utf8(&self.registry.gather(), &mut text) {
            tracing::error!(error = %error, "the metrics cannot be shown");
        }
        text
    }

    /// What is kept of a metric, and the values of its labels in their order.
    fn at(&self, name: &'static str, labels: Labels<'_>) -> Option<(&Values, Vec<String>)> {
        let kept = self.kept.get(name)?;
        debug_assert!(
            labels.iter().all(|(label, _)| kept.labels.contains(label)),
            "{name} is measured with {labels:?}, and its labels are {:?}",
            kept.labels
        );
        Some((&kept.values, self.series.values(name, kept.labels, labels)))
    }
}

fn register(metric: &Metric, currency: &str, registry: &Registry) -> prometheus::Result<Values> {
    let (name, help) = (metric.name, metric.help());
    let options = || match metric.kind.is_money() {
        true => Opts::new(name, help).const_label("currency", currency),
        false => Opts::new(name, help),
    };
    let keep = |collector: Box<dyn Collector>| registry.register(collector);
    Ok(match metric.kind {
        MetricKind::Counter | MetricKind::Money => {
            let unit = if metric.kind == MetricKind::Money { MICROS } else { 1.0 };
            let counter = CounterVec::new(options(), metric.labels)?;
            keep(Box::new(counter.clone()))?;
            Values::Counter(counter, unit)
        }
        MetricKind::Gauge | MetricKind::MoneyGauge => {
            let gauge = GaugeVec::new(options(), metric.labels)?;
            keep(Box::new(gauge.clone()))?;
            Values::Gauge(gauge)
        }
        MetricKind::Histogram(buckets) => {
            let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
            let histogram = HistogramVec::new(options, metric.labels)?;
            keep(Box::new(histogram.clone()))?;
            Values::Histogram(histogram)
        }
    })
}

impl MetricSink for Metrics {
    fn count(&self, name: &'static str, labels: Labels<'_>, by: u64) {
        if let Some((Values::Counter(counter, unit), values)) = self.at(name, labels) {
            counter.with_label_values(&values).inc_by(by as f64 / unit);
        }
    }

    fn gauge(&self, name: &'static str, labels: Labels<'_>, value: f64) {
        if let Some((Values::Gauge(gauge), values)) = self.at(name, labels) {
            gauge.with_label_values(&values).set(value);
        }
    }

    fn observe(&self, name: &'static str, labels: Labels<'_>, value: f64) {
        if let Some((Values::Histogram(histogram), values)) = self.at(name, labels) {
            histogram.with_label_values(&values).observe(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_of_the_table_can_be_kept() {
        assert_eq!(Metrics::new("USD").kept.len(), name::ALL.len());
    }

    #[test]
    fn what_is_measured_is_shown() {
        let metrics = Metrics::new("EUR");
        metrics.count(name::ROWS, &[("outcome", "invalid"), ("reason", "malformed")], 2);
        metrics.count(name::ROWS, &[("outcome", "invalid"), ("reason", "malformed")], 3);
        metrics.gauge(name::READY, &[], 1.0);
        metrics.count(name::REPORTED_REVENUE, &[("platform", "meta"), ("pixel", "1")], 1_250_000);
        metrics.gauge(name::EXPIRING_REVENUE, &[("platform", "meta"), ("pixel", "1")], 0.5);
        metrics.observe(name::REQUEST_SECONDS, &[("platform", "meta")], 0.3);
        let text = metrics.render();
        for line in [
            "efflux_rows_total{outcome=\"invalid\",reason=\"malformed\"} 5",
            "efflux_ready 1",
            "efflux_reported_revenue_total{currency=\"EUR\",pixel=\"1\",platform=\"meta\"} 1.25",
            "efflux_expiring_revenue{currency=\"EUR\",pixel=\"1\",platform=\"meta\"} 0.5",
            "efflux_destination_request_seconds_bucket{platform=\"meta\",le=\"0.25\"} 0",
            "efflux_destination_request_seconds_bucket{platform=\"meta\",le=\"0.5\"} 1",
            "# HELP efflux_destination_request_seconds Duration of requests to the destination in seconds",
            "# TYPE efflux_destination_request_seconds histogram",
            "# TYPE efflux_reported_revenue_total counter",
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line}: {text}");
        }
    }
}
