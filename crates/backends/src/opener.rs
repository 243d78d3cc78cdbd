//! Which adapter serves which port.

use std::sync::Arc;

use ports::{
    AnalyticsStore, BlobStore, Clock, EventQueue, PixelDirectory, ReportLedger, SubscriptionStore, Turns,
};
use settings::Settings;

use crate::OpenError;
use crate::embedded::Embedded;

/// Opens ports one by one; what several share is opened once.
pub(crate) struct Opener<'s> {
    settings: &'s Settings,
    embedded: Embedded<'s>,
}

impl<'s> Opener<'s> {
    pub(crate) fn new(settings: &'s Settings, clock: &'s Arc<dyn Clock>) -> Self {
        Self { settings, embedded: Embedded::new(settings, clock) }
    }

    pub(crate) async fn trigger_queue(&mut self) -> Result<Arc<dyn EventQueue>, OpenError> {
        if self.settings.backends.aws.is_some() {
            return Err(OpenError::NotInThisBuild { setting: "TRIGGER_CONVERSION_REPORTS_QUEUE_URL" });
        }
        self.embedded.trigger_queue()
    }

    pub(crate) async fn report_queue(&mut self) -> Result<Arc<dyn EventQueue>, OpenError> {
        if self.settings.backends.aws.is_some() {
            return Err(OpenError::NotInThisBuild { setting: "REPORT_CONVERSIONS_QUEUE_URL" });
        }
        self.embedded.report_queue()
    }

    pub(crate) async fn blobs(&mut self) -> Result<Arc<dyn BlobStore>, OpenError> {
        self.embedded.blobs()
    }

    pub(crate) async fn subscriptions(&mut self) -> Result<Arc<dyn SubscriptionStore>, OpenError> {
        self.embedded.subscriptions()
    }

    pub(crate) async fn ledger(&mut self) -> Result<Arc<dyn ReportLedger>, OpenError> {
        if self.settings.backends.mongodb.is_some() {
            return Err(OpenError::NotInThisBuild { setting: "MONGODB_URI" });
        }
        self.embedded.ledger()
    }

    pub(crate) async fn analytics(&mut self) -> Result<Arc<dyn AnalyticsStore>, OpenError> {
        if self.settings.backends.clickhouse.is_some() {
            return Err(OpenError::NotInThisBuild { setting: "CLICKHOUSE_URL" });
        }
        self.embedded.analytics().await
    }

    pub(crate) async fn pixels(&mut self) -> Result<Arc<dyn PixelDirectory>, OpenError> {
        if self.settings.backends.postgres.is_some() {
            return Err(OpenError::NotInThisBuild { setting: "DATABASE_URL" });
        }
        self.embedded.pixels()
    }

    pub(crate) async fn turns(&mut self) -> Result<Arc<dyn Turns>, OpenError> {
        self.embedded.turns()
    }
}

/// Says which backend a port has; once per port and start.
pub(crate) fn chosen(port: &str, backend: &str, place: &str) {
    tracing::info!(port, backend, place, "backend chosen");
}
