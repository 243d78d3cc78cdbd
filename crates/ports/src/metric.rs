//! Numbers about the work. A sink never fails and never waits: metrics are not in the way of the work.

/// Labels of a measurement: name and value. Values come from small sets, never from rows.
pub type Labels<'l> = &'l [(&'static str, &'l str)];

/// Where measurements go.
pub trait MetricSink: Send + Sync {
    /// Adds to a counter.
    fn count(&self, name: &'static str, labels: Labels<'_>, by: u64);
    /// Sets a gauge.
    fn gauge(&self, name: &'static str, labels: Labels<'_>, value: f64);
    /// Records one observation of a distribution.
    fn observe(&self, name: &'static str, labels: Labels<'_>, value: f64);
}

/// A sink that forgets, for tools that report by themselves.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoMetrics;

impl MetricSink for NoMetrics {
    fn count(&self, _: &'static str, _: Labels<'_>, _: u64) {}
    fn gauge(&self, _: &'static str, _: Labels<'_>, _: f64) {}
    fn observe(&self, _: &'static str, _: Labels<'_>, _: f64) {}
}
