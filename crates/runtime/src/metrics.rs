//! Measurements, kept here and shown for Prometheus.

use metrics::{Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use ports::MetricSink;
use ports::metric::{Labels, Metric, MetricKind, name};

static ORIGIN: Metadata<'_> = Metadata::new("efflux", Level::INFO, None);

/// The measurements of one process.
pub struct Metrics {
    recorder: PrometheusRecorder,
    shown: PrometheusHandle,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// No measurements yet.
    #[must_use]
    pub fn new() -> Self {
        let recorder = PrometheusBuilder::new().build_recorder();
        name::ALL.iter().for_each(|metric| describe(&recorder, metric));
        Self { shown: recorder.handle(), recorder }
    }

    /// Folds raw observations together; without it they would pile up while no scraper reads them.
    pub fn tidy(&self) {
        self.shown.run_upkeep();
    }

    /// All measurements in Prometheus' text format.
    #[must_use]
    pub fn render(&self) -> String {
        self.tidy();
        self.shown.render()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

fn describe(recorder: &PrometheusRecorder, metric: &Metric) {
    let (name, help) = (metric.name.into(), metric.help().into());
    match metric.kind {
        MetricKind::Counter => recorder.describe_counter(name, None, help),
        MetricKind::Gauge => recorder.describe_gauge(name, None, help),
        MetricKind::Histogram => recorder.describe_histogram(name, None, help),
    }
}

fn key(name: &'static str, labels: Labels<'_>) -> Key {
    Key::from_parts(name, labels.iter().map(|(n, v)| Label::new(*n, (*v).to_owned())).collect::<Vec<_>>())
}

impl MetricSink for Metrics {
    fn count(&self, name: &'static str, labels: Labels<'_>, by: u64) {
        self.recorder.register_counter(&key(name, labels), &ORIGIN).increment(by);
    }

    fn gauge(&self, name: &'static str, labels: Labels<'_>, value: f64) {
        self.recorder.register_gauge(&key(name, labels), &ORIGIN).set(value);
    }

    fn observe(&self, name: &'static str, labels: Labels<'_>, value: f64) {
        self.recorder.register_histogram(&key(name, labels), &ORIGIN).record(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_is_shown() {
        let metrics = Metrics::new();
        metrics.count(name::ROWS, &[("outcome", "reported")], 2);
        metrics.count(name::ROWS, &[("outcome", "reported")], 3);
        metrics.gauge(name::QUEUE_MESSAGES, &[], 7.0);
        let text = metrics.render();
        assert!(text.contains("efflux_rows_total{outcome=\"reported\"} 5"), "{text}");
        assert!(text.contains("efflux_queue_messages 7"), "{text}");
    }

    #[test]
    fn each_kind_is_described_as_what_it_is() {
        let metrics = Metrics::new();
        metrics.count(name::EVENTS, &[], 1);
        metrics.gauge(name::READY, &[], 1.0);
        metrics.observe(name::REQUEST_SECONDS, &[], 0.5);
        let text = metrics.render();
        for line in [
            "# HELP efflux_events_accepted_total Events that the destination accepted",
            "# TYPE efflux_events_accepted_total counter",
            "# HELP efflux_ready 1 while every part of the process can do its work, otherwise 0",
            "# TYPE efflux_ready gauge",
            "# HELP efflux_destination_request_seconds Duration of requests to the destination in seconds",
            "# TYPE efflux_destination_request_seconds summary",
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line}: {text}");
        }
    }
}
