//! filter-svc: takes messages of the trigger queue and keeps the rows of subscribed campaigns.

use std::sync::Arc;
use std::time::Duration;

use pipeline::filter::{FileWatch, Filter};
use pipeline::worker::{Worker, WorkerConfig};
use pipeline::{Blocking, Subscriptions};
use ports::metric::name;
use tokio_util::sync::CancellationToken;

use backends::FilterPorts;
use settings::Service;

use crate::own_process::OwnProcesses;
use crate::{Parts, row_limits};

/// Filters until `stop`, then finishes in-flight work.
pub(crate) async fn run(parts: Arc<Parts<FilterPorts>>, stop: CancellationToken) {
    let settings = &parts.settings;
    if settings.toggles.disable_trigger_polling {
        tracing::warn!("polling of the trigger queue is switched off");
        return stop.cancelled().await;
    }
    let subscriptions = subscriptions(&parts);
    let filter = handler(&parts, subscriptions.clone());
    let worker = Arc::new(Worker {
        config: WorkerConfig {
            service: "filter-svc",
            queue: "trigger-queue",
            concurrency: settings.limits.filter_concurrency,
            visibility: settings.queues.visibility,
            max_receives: settings.queues.max_receives,
        },
        queue: Arc::clone(&parts.ports.trigger_queue),
        handler: Arc::new(filter),
        own_process: Arc::new(OwnProcesses::new(Service::Filter, settings)),
        company: parts.company.clone(),
        clock: Arc::clone(&parts.clock),
        metrics: Arc::clone(&parts.metrics),
        health: Arc::clone(&parts.health),
        notices: Arc::clone(&parts.notices),
    });
    let refreshing = refresh(&parts, subscriptions, settings.intervals.subscriptions_refresh, &stop);
    tokio::join!(worker.run(stop.clone()), refreshing);
}

/// What handles a message.
pub(crate) fn handler(parts: &Parts<FilterPorts>, subscriptions: Option<Arc<Subscriptions>>) -> Filter {
    let settings = &parts.settings;
    Filter {
        subscriptions,
        blobs: Arc::clone(&parts.ports.blobs),
        output_bucket: settings.buckets.report.clone(),
        max_object_bytes: settings.limits.max_object_bytes,
        rows: row_limits(settings),
        blocking: Blocking::Pool,
        clock: Arc::clone(&parts.clock),
        metrics: Arc::clone(&parts.metrics),
        watch: FileWatch::new(settings.toggles.hold_suspicious_files, &settings.reporting.currency),
        notices: Arc::clone(&parts.notices),
    }
}

/// The subscribed campaigns, unless every campaign is kept.
pub(crate) fn subscriptions(parts: &Parts<FilterPorts>) -> Option<Arc<Subscriptions>> {
    let filters = !parts.settings.toggles.disable_subscription_filtering;
    filters.then(|| Arc::new(Subscriptions::new(Arc::clone(&parts.ports.subscriptions))))
}

/// Reads the subscriptions again now and then; the last good copy stays in use while the store is unavailable.
async fn refresh(
    parts: &Parts<FilterPorts>,
    subscriptions: Option<Arc<Subscriptions>>,
    interval: Duration,
    stop: &CancellationToken,
) {
    let Some(subscriptions) = subscriptions else { return };
    let mut read_at = None;
    while !stop.is_cancelled() {
        match subscriptions.refresh().await {
            Ok(()) => {
                parts.health.ready("subscriptions");
                read_at = Some(parts.clock.now());
            }
            Err(error) => {
                parts.health.not_ready("subscriptions", &error.to_string());
                tracing::warn!(error = ?error, "cannot read the subscriptions; the last good copy stays in use");
            }
        }
        if let Some(read_at) = read_at {
            let age = parts.clock.now().since(read_at);
            parts.metrics.gauge(name::SUBSCRIPTIONS_AGE, &[], age.as_secs_f64());
        }
        tokio::select! { () = stop.cancelled() => {}, () = parts.clock.sleep(interval) => {} }
    }
}
