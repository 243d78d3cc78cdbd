//! Depths and states, measured now and then.

use std::sync::Arc;
use std::time::Duration;

use backends::{FilterPorts, OptimizerPorts, Ports, ReporterPorts};
use domain::UnixMillis;
use ports::metric::name;
use ports::{EventQueue, Ledger, LedgerAdmin, MetricSink};
use tokio_util::sync::CancellationToken;

use crate::Parts;

const INTERVAL: Duration = Duration::from_secs(15);

/// What a service has that can be measured.
pub trait Measured {
    /// Its queues, by the name that the metric has for them.
    fn queues(&self) -> Vec<(&'static str, Arc<dyn EventQueue>)>;
    /// Its ledger.
    fn ledger(&self) -> Option<Arc<dyn LedgerAdmin>>;
}

impl Measured for FilterPorts {
    fn queues(&self) -> Vec<(&'static str, Arc<dyn EventQueue>)> {
        vec![("trigger", Arc::clone(&self.trigger_queue))]
    }
    fn ledger(&self) -> Option<Arc<dyn LedgerAdmin>> {
        None
    }
}

impl Measured for ReporterPorts {
    fn queues(&self) -> Vec<(&'static str, Arc<dyn EventQueue>)> {
        vec![("report", Arc::clone(&self.report_queue))]
    }
    fn ledger(&self) -> Option<Arc<dyn LedgerAdmin>> {
        Some(Arc::<dyn Ledger>::clone(&self.ledger))
    }
}

impl Measured for OptimizerPorts {
    fn queues(&self) -> Vec<(&'static str, Arc<dyn EventQueue>)> {
        Vec::new()
    }
    fn ledger(&self) -> Option<Arc<dyn LedgerAdmin>> {
        None
    }
}

impl Measured for Ports {
    fn queues(&self) -> Vec<(&'static str, Arc<dyn EventQueue>)> {
        vec![("trigger", Arc::clone(&self.trigger_queue)), ("report", Arc::clone(&self.report_queue))]
    }
    fn ledger(&self) -> Option<Arc<dyn LedgerAdmin>> {
        Some(Arc::<dyn Ledger>::clone(&self.ledger))
    }
}

/// Measures until `stop`. What cannot be measured is left as it was; what uses it reports the failure.
pub(crate) async fn run<P: Measured>(parts: Arc<Parts<P>>, stop: CancellationToken) {
    let (queues, ledger) = (parts.ports.queues(), parts.ports.ledger());
    while !stop.is_cancelled() {
        parts.registry.tidy();
        let ready = parts.readiness.missing().is_empty();
        parts.metrics.gauge(name::READY, &[], if ready { 1.0 } else { 0.0 });
        for (queue, port) in &queues {
            measure_queue(&*parts.metrics, queue, &**port).await;
        }
        if let Some(ledger) = &ledger {
            measure_ledger(&*parts.metrics, &**ledger, parts.clock.now()).await;
        }
        tokio::select! { () = stop.cancelled() => {}, () = parts.clock.sleep(INTERVAL) => {} }
    }
}

async fn measure_queue(metrics: &dyn MetricSink, queue: &str, port: &dyn EventQueue) {
    let Ok(depth) = port.depth().await else { return };
    for (state, messages) in [("visible", depth.visible), ("hidden", depth.hidden), ("dead", depth.dead)] {
        metrics.gauge(name::QUEUE_MESSAGES, &[("queue", queue), ("state", state)], messages as f64);
    }
}

async fn measure_ledger(metrics: &dyn MetricSink, ledger: &dyn LedgerAdmin, now: UnixMillis) {
    let Ok(stats) = ledger.stats().await else { return };
    for state in stats.states {
        let labels = [("state", state.outcome.as_str())];
        metrics.gauge(name::LEDGER_ENTRIES, &labels, state.entries as f64);
    }
    metrics.gauge(name::UNEXPORTED, &[], stats.unexported as f64);
    let lag = stats.oldest_unexported.map_or(Duration::ZERO, |changed| now.since(changed));
    metrics.gauge(name::EXPORT_LAG_SECONDS, &[], lag.as_secs_f64());
}
