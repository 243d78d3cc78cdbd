//! reporter-svc: takes messages of the report queue, reports their conversions, and exports what changed.

use std::sync::Arc;

use backends::ReporterPorts;
use pipeline::export::Export;
use pipeline::filter::max_filtered_bytes;
use pipeline::report::{
    Backoff, CLAIM_ROWS, Intake, Lanes, ReportConfig, ReportPorts, Reporting, clock_watch, due, refresh,
};
use pipeline::retention::Retention;
use pipeline::worker::{Worker, WorkerConfig};
use pipeline::{Blocking, MemoryBudget};
use ports::{Destinations, Ledger};
use settings::Service;
use tokio_util::sync::CancellationToken;

use crate::own_process::OwnProcesses;
use crate::{Parts, row_limits};

/// Reports until `stop`, then finishes the work in flight: messages first, then the lanes, then the export.
pub(crate) async fn run(
    parts: Arc<Parts<ReporterPorts>>,
    destinations: Destinations,
    stop: CancellationToken,
) {
    let memory = MemoryBudget::new(parts.settings.limits.memory_budget);
    let reporting = Arc::new(reporting(&parts, destinations, memory.clone()));
    let lanes = Lanes::new(Arc::clone(&reporting));
    let export = Export {
        ledger: Arc::<dyn Ledger>::clone(&parts.ports.ledger),
        analytics: Arc::clone(&parts.ports.analytics),
        memory,
        clock: Arc::clone(&parts.clock),
        metrics: Arc::clone(&parts.metrics),
        health: Arc::clone(&parts.health),
    };
    let retention = Retention::new(
        (Arc::<dyn Ledger>::clone(&parts.ports.ledger), Arc::clone(&parts.ports.blobs)),
        vec![parts.settings.buckets.interpreted.clone(), parts.settings.buckets.report.clone()],
        parts.settings.intervals.retention,
        Arc::clone(&parts.clock),
        Arc::clone(&parts.metrics),
    );
    let refresh = refresh::run(Arc::clone(&reporting), parts.settings.intervals.pixels_refresh, stop.clone());
    let due = due::run(Arc::clone(&reporting), Arc::clone(&lanes), stop.clone());
    let take_in = take_in(&parts, &reporting, &lanes, &stop);
    ask_for_the_time(&reporting, &stop).await;
    let watch = clock_watch::run(Arc::clone(&reporting), stop.clone());
    tokio::join!(take_in, due, refresh, watch, export.run(stop.clone()), retention.run(stop.clone()));
    lanes.drain().await;
}

async fn take_in(
    parts: &Arc<Parts<ReporterPorts>>,
    reporting: &Arc<Reporting>,
    lanes: &Arc<Lanes>,
    stop: &CancellationToken,
) {
    let settings = &parts.settings;
    if settings.toggles.disable_report_polling {
        tracing::warn!("polling of the report queue is switched off; due work in the ledger is still sent");
        return;
    }
    let worker = Worker {
        config: WorkerConfig {
            service: "reporter-svc",
            queue: "report-queue",
            concurrency: settings.limits.report_concurrency,
            visibility: settings.queues.visibility,
            max_receives: settings.queues.max_receives,
        },
        queue: Arc::clone(&parts.ports.report_queue),
        handler: Arc::new(Intake::new(Arc::clone(reporting), Arc::clone(lanes))),
        own_process: Arc::new(OwnProcesses::new(Service::Reporter, settings)),
        company: parts.company.clone(),
        clock: Arc::clone(&parts.clock),
        metrics: Arc::clone(&parts.metrics),
        health: Arc::clone(&parts.health),
        notices: Arc::clone(&parts.notices),
    };
    Arc::new(worker).run(stop.clone()).await;
}

/// Before anything is judged by its age.
async fn ask_for_the_time(reporting: &Reporting, stop: &CancellationToken) {
    tokio::select! { biased; () = stop.cancelled() => {}, () = clock_watch::ask_first(reporting) => {} }
}

/// What handles one message, and the lanes that it fills.
pub(crate) async fn handler(
    parts: &Parts<ReporterPorts>,
    destinations: Destinations,
    stop: &CancellationToken,
) -> (Arc<Lanes>, Intake) {
    let memory = MemoryBudget::new(parts.settings.limits.memory_budget);
    let reporting = Arc::new(reporting(parts, destinations, memory));
    ask_for_the_time(&reporting, stop).await;
    let lanes = Lanes::new(Arc::clone(&reporting));
    (Arc::clone(&lanes), Intake::new(reporting, lanes))
}

fn reporting(parts: &Parts<ReporterPorts>, destinations: Destinations, memory: MemoryBudget) -> Reporting {
    let settings = &parts.settings;
    let config = ReportConfig {
        owner: format!("{}-{:016x}", std::process::id(), parts.rng.next_u64()),
        lease: settings.intervals.lease,
        // Whatever the filter accepts with this limit is accepted here.
        max_object_bytes: max_filtered_bytes(settings.limits.max_object_bytes),
        rows: row_limits(settings),
        on_unknown: settings.reporting.on_unknown_outcome,
        backoff: Backoff {
            first: settings.intervals.retry_first,
            longest: settings.intervals.retry_longest,
            probe: settings.intervals.parked_probe,
        },
        requests_per_pixel: settings.limits.requests_per_pixel,
        restatements: settings.reporting.restatements,
        max_per_click: settings.reporting.max_revenue_per_click,
        zero_revenue: settings.reporting.zero_revenue,
        claim_rows: CLAIM_ROWS,
        memory,
        blocking: Blocking::Pool,
    };
    let ports = ReportPorts {
        pixels: Arc::clone(&parts.ports.pixels),
        feeds: Arc::clone(&parts.ports.feeds),
        blobs: Arc::clone(&parts.ports.blobs),
        ledger: Arc::<dyn Ledger>::clone(&parts.ports.ledger),
        destinations,
        clock: Arc::clone(&parts.clock),
        rng: Arc::clone(&parts.rng),
        metrics: Arc::clone(&parts.metrics),
        health: Arc::clone(&parts.health),
        notices: Arc::clone(&parts.notices),
    };
    Reporting::new(config, ports)
}
