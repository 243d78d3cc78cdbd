//! Every port on the data directory.

use std::sync::Arc;

use adapter_embedded::DataDir;
use domain::object::FILTERED_PREFIX;
use ports::{AnalyticsStore, Clock, EventQueue};
use settings::Settings;

use crate::{OpenError, Ports};

/// Key prefix of interpreted files; test keys have another.
const INTERPRETED_PREFIX: &str = "";

pub(crate) async fn open(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Ports, OpenError> {
    let folder = &settings.backends.data_dir;
    let data = DataDir::open(folder)?;
    let trigger_queue: Arc<dyn EventQueue> = Arc::new(data.queue("trigger", Arc::clone(clock))?);
    let report_queue: Arc<dyn EventQueue> = Arc::new(data.queue("report", Arc::clone(clock))?);
    let notifications = vec![
        (settings.buckets.interpreted.clone(), INTERPRETED_PREFIX.to_owned(), Arc::clone(&trigger_queue)),
        (settings.buckets.report.clone(), FILTERED_PREFIX.to_owned(), Arc::clone(&report_queue)),
    ];
    let analytics = data.analytics(Arc::clone(clock))?;
    analytics.migrate().await?;
    let ports = Ports {
        blobs: Arc::new(data.blobs(notifications, Arc::clone(clock))),
        subscriptions: Arc::new(data.subscriptions()?),
        pixels: Arc::new(data.pixels()?),
        ledger: Arc::new(data.ledger()?),
        turns: Arc::new(data.turns()?),
        analytics: Arc::new(analytics),
        trigger_queue,
        report_queue,
    };
    for port in
        ["trigger queue", "report queue", "blobs", "subscriptions", "pixels", "ledger", "analytics", "turns"]
    {
        tracing::info!(port, backend = "embedded", folder = %folder.display(), "backend chosen");
    }
    Ok(ports)
}
