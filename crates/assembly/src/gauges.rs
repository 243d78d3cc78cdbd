//! Depths and states, measured now and then.

use std::sync::Arc;
use std::time::Duration;

use ports::metric::name;
use tokio_util::sync::CancellationToken;

use crate::Parts;

const INTERVAL: Duration = Duration::from_secs(15);

/// Measures until `stop`. What cannot be measured is left as it was; those who use it report the trouble.
pub(crate) async fn run(parts: Arc<Parts>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        parts.registry.tidy();
        let ready = parts.readiness.missing().is_empty();
        parts.metrics.gauge(name::READY, &[], if ready { 1.0 } else { 0.0 });
        for (queue, port) in [("trigger", &parts.ports.trigger_queue), ("report", &parts.ports.report_queue)]
        {
            if let Ok(depth) = port.depth().await {
                for (state, messages) in
                    [("visible", depth.visible), ("hidden", depth.hidden), ("dead", depth.dead)]
                {
                    parts.metrics.gauge(
                        name::QUEUE_MESSAGES,
                        &[("queue", queue), ("state", state)],
                        messages as f64,
                    );
                }
            }
        }
        if let Ok(stats) = parts.ports.ledger.stats().await {
            for state in stats.states {
                parts.metrics.gauge(
                    name::LEDGER_ENTRIES,
                    &[("state", state.outcome.as_str())],
                    state.entries as f64,
                );
            }
        }
        tokio::select! { () = stop.cancelled() => {}, () = parts.clock.sleep(INTERVAL) => {} }
    }
}
