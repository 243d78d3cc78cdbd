//! Measurements for two.

use std::sync::Arc;

use ports::MetricSink;
use ports::metric::Labels;

/// Gives each measurement to both sinks.
#[derive(Debug)]
pub struct FanOut(pub Arc<dyn MetricSink>, pub Arc<dyn MetricSink>);

impl MetricSink for FanOut {
    fn count(&self, name: &'static str, labels: Labels<'_>, by: u64) {
        self.0.count(name, labels, by);
        self.1.count(name, labels, by);
    }

    fn gauge(&self, name: &'static str, labels: Labels<'_>, value: f64) {
        self.0.gauge(name, labels, value);
        self.1.gauge(name, labels, value);
    }

    fn observe(&self, name: &'static str, labels: Labels<'_>, value: f64) {
        self.0.observe(name, labels, value);
        self.1.observe(name, labels, value);
    }
}
