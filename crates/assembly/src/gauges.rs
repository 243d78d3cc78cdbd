//! Depths and states, measured now and then.

mod money;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use backends::{FilterPorts, OptimizerPorts, Ports, ReporterPorts};
use domain::UnixMillis;
use ports::metric::name;
use ports::{EventQueue, Ledger, LedgerAdmin, MetricSink};
use runtime::DiskRoom;
use tokio_util::sync::CancellationToken;

use crate::Parts;
use money::MoneyGauges;

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
    let mut money = MoneyGauges::default();
    while !stop.is_cancelled() {
        let ready = parts.readiness.missing().is_empty();
        parts.metrics.gauge(name::READY, &[], yes_or_no(ready));
        for (part, works) in parts.readiness.parts() {
            parts.metrics.gauge(name::PART_READY, &[("part", &part)], yes_or_no(works));
        }
        measure_disks(&*parts.metrics, &parts.settings.backends.data_dir);
        for (queue, port) in &queues {
            measure_queue(&*parts.metrics, queue, &**port).await;
        }
        if let Some(ledger) = &ledger {
            measure_ledger(&*parts.metrics, &**ledger, parts.clock.now()).await;
            money.measure((&*parts.metrics, &*parts.notices), &**ledger, parts.clock.now()).await;
        }
        tokio::select! { () = stop.cancelled() => {}, () = parts.clock.sleep(INTERVAL) => {} }
    }
}

/// A folder that is not there, as that of backends that are not embedded, is left out.
fn measure_disks(metrics: &dyn MetricSink, data: &Path) {
    for (folder, path) in [("data", data), ("spool", &std::env::temp_dir())] {
        if let Ok(room) = DiskRoom::of(path) {
            metrics.gauge(name::DISK_FREE_BYTES, &[("folder", folder)], room.free as f64);
            metrics.gauge(name::DISK_SIZE_BYTES, &[("folder", folder)], room.size as f64);
        }
    }
}

const fn yes_or_no(yes: bool) -> f64 {
    if yes { 1.0 } else { 0.0 }
}

async fn measure_queue(metrics: &dyn MetricSink, queue: &str, port: &dyn EventQueue) {
    let Ok(depth) = port.depth().await else { return };
    let none_waits = (depth.visible == 0).then_some(Duration::ZERO);
    if let Some(age) = depth.oldest_age.or(none_waits) {
        metrics.gauge(name::QUEUE_OLDEST_MESSAGE_AGE, &[("queue", queue)], age.as_secs_f64());
    }
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
    metrics.gauge(name::DAMAGED_ENTRIES, &[], stats.damaged as f64);
    metrics.gauge(name::UNEXPORTED, &[], stats.unexported as f64);
    let lag = stats.oldest_unexported.map_or(Duration::ZERO, |changed| now.since(changed));
    metrics.gauge(name::EXPORT_LAG_SECONDS, &[], lag.as_secs_f64());
}
