//! Ports on the data directory.

use std::sync::Arc;

use adapter_embedded::{DataDir, DataDirDiagnosis};
use domain::object::FILTERED_PREFIX;
use ports::{
    AnalyticsStore, BlobStore, Clock, Diagnose, EventQueue, ExclusiveLock, FeedDirectory, Ledger,
    PixelDirectory, SubscriptionStore,
};
use settings::Settings;

use crate::OpenError;
use crate::log::backend_chosen;

/// Key prefix of interpreted files; test keys have another.
const INTERPRETED_PREFIX: &str = "";

/// What examines the data directory.
pub(crate) fn diagnosis(settings: &Settings) -> Box<dyn Diagnose> {
    Box::new(DataDirDiagnosis::new(&settings.backends.data_dir))
}

/// The data directory, opened when the first port needs it.
pub(crate) struct Embedded<'s> {
    settings: &'s Settings,
    clock: &'s Arc<dyn Clock>,
    data: Option<DataDir>,
    must_exist: bool,
}

impl<'s> Embedded<'s> {
    pub(crate) const fn new(settings: &'s Settings, clock: &'s Arc<dyn Clock>) -> Self {
        Self { settings, clock, data: None, must_exist: false }
    }

    /// Fails where there is no data directory yet.
    pub(crate) fn of_existing_data(self) -> Self {
        Self { must_exist: true, ..self }
    }

    pub(crate) fn trigger_queue(&mut self) -> Result<Arc<dyn EventQueue>, OpenError> {
        self.queue("trigger")
    }

    pub(crate) fn report_queue(&mut self) -> Result<Arc<dyn EventQueue>, OpenError> {
        self.queue("report")
    }

    /// The folder of objects; what is put into it is announced in the queues of the same data directory.
    pub(crate) fn blobs(&mut self) -> Result<Arc<dyn BlobStore>, OpenError> {
        let clock = Arc::clone(self.clock);
        let data = self.data("blobs")?;
        let trigger: Arc<dyn EventQueue> = Arc::new(data.queue("trigger", Arc::clone(&clock))?);
        let report: Arc<dyn EventQueue> = Arc::new(data.queue("report", Arc::clone(&clock))?);
        let buckets = &self.settings.buckets;
        let notifications = vec![
            (buckets.interpreted.clone(), INTERPRETED_PREFIX.to_owned(), trigger),
            (buckets.report.clone(), FILTERED_PREFIX.to_owned(), report),
        ];
        Ok(Arc::new(data.blobs(notifications, clock)))
    }

    pub(crate) fn subscriptions(&mut self) -> Result<Arc<dyn SubscriptionStore>, OpenError> {
        Ok(Arc::new(self.data("subscriptions")?.subscriptions()?))
    }

    pub(crate) fn pixels(&mut self) -> Result<Arc<dyn PixelDirectory>, OpenError> {
        Ok(Arc::new(self.data("pixels")?.pixels()?))
    }

    pub(crate) fn feeds(&mut self) -> Result<Arc<dyn FeedDirectory>, OpenError> {
        Ok(Arc::new(self.data("feeds")?.feeds()?))
    }

    pub(crate) fn ledger(&mut self) -> Result<Arc<dyn Ledger>, OpenError> {
        Ok(Arc::new(self.data("ledger")?.ledger()?))
    }

    pub(crate) async fn analytics(&mut self) -> Result<Arc<dyn AnalyticsStore>, OpenError> {
        let clock = Arc::clone(self.clock);
        let analytics = self.data("analytics")?.analytics(clock)?;
        analytics.migrate().await?;
        Ok(Arc::new(analytics))
    }

    pub(crate) fn lock(&mut self) -> Result<Arc<dyn ExclusiveLock>, OpenError> {
        Ok(Arc::new(self.data("exclusive lock")?.lock()?))
    }

    fn queue(&mut self, name: &'static str) -> Result<Arc<dyn EventQueue>, OpenError> {
        let clock = Arc::clone(self.clock);
        Ok(Arc::new(self.data(name)?.queue(name, clock)?))
    }

    fn data(&mut self, port: &str) -> Result<DataDir, OpenError> {
        let folder = &self.settings.backends.data_dir;
        backend_chosen(port, "embedded", &folder.display().to_string());
        let data = match self.data.take() {
            Some(data) => data,
            None if self.must_exist => DataDir::open_existing(folder)?,
            None => DataDir::open(folder)?,
        };
        self.data = Some(data.clone());
        Ok(data)
    }
}
