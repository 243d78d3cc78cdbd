//! Which adapter serves which port.

use std::fmt;
use std::sync::Arc;

use ports::{
    AnalyticsStore, BlobStore, Clock, EventQueue, ExclusiveLock, FeedDirectory, Ledger, PixelDirectory,
    SubscriptionStore,
};
use settings::Settings;

use crate::OpenError;
use crate::aws::OnAws;
use crate::embedded::Embedded;
use crate::postgres::OnPostgres;
use crate::{clickhouse, mongodb};

/// Opens ports one by one; what several share is opened once, what is not asked for not at all.
pub struct Opener<'s> {
    settings: &'s Settings,
    clock: &'s Arc<dyn Clock>,
    embedded: Embedded<'s>,
    aws: OnAws<'s>,
    postgres: OnPostgres,
}

impl<'s> Opener<'s> {
    /// Nothing is open yet.
    #[must_use]
    pub fn new(settings: &'s Settings, clock: &'s Arc<dyn Clock>) -> Self {
        Self {
            settings,
            clock,
            embedded: Embedded::new(settings, clock),
            aws: OnAws::new(settings, clock),
            postgres: OnPostgres::default(),
        }
    }

    /// The same for a command that only reads: it makes no data directory, and fails where there is none.
    #[must_use]
    pub fn for_reading(settings: &'s Settings, clock: &'s Arc<dyn Clock>) -> Self {
        let opener = Self::new(settings, clock);
        Self { embedded: opener.embedded.of_existing_data(), ..opener }
    }

    /// Notifications of interpreted files.
    ///
    /// # Errors
    /// [`OpenError::NotInThisBuild`] when an address is set whose adapter this build lacks: unset it, or use another build.
    /// [`OpenError::Unreachable`] when the backend does not answer, refuses us or lacks what must exist: its text says what to do.
    pub async fn trigger_queue(&mut self) -> Result<Arc<dyn EventQueue>, OpenError> {
        match self.settings.backends.aws.as_ref().and_then(|aws| aws.trigger.as_ref()) {
            Some(address) => self.aws.trigger_queue(address).await,
            None => self.embedded.trigger_queue(),
        }
    }

    /// Notifications of filtered files.
    ///
    /// # Errors
    /// [`OpenError::NotInThisBuild`] when an address is set whose adapter this build lacks: unset it, or use another build.
    /// [`OpenError::Unreachable`] when the backend does not answer, refuses us or lacks what must exist: its text says what to do.
    pub async fn report_queue(&mut self) -> Result<Arc<dyn EventQueue>, OpenError> {
        match self.settings.backends.aws.as_ref().and_then(|aws| aws.report.as_ref()) {
            Some(address) => self.aws.report_queue(address).await,
            None => self.embedded.report_queue(),
        }
    }

    /// Files are where their notifications are.
    ///
    /// # Errors
    /// [`OpenError::NotInThisBuild`] when an address is set whose adapter this build lacks: unset it, or use another build.
    /// [`OpenError::Unreachable`] when the backend does not answer, refuses us or lacks what must exist: its text says what to do.
    pub async fn blobs(&mut self) -> Result<Arc<dyn BlobStore>, OpenError> {
        match &self.settings.backends.aws {
            Some(_) => self.aws.blobs().await,
            None => self.embedded.blobs(),
        }
    }

    /// Subscriptions are where the files are.
    ///
    /// # Errors
    /// [`OpenError::NotInThisBuild`] when an address is set whose adapter this build lacks: unset it, or use another build.
    /// [`OpenError::Unreachable`] when the backend does not answer, refuses us or lacks what must exist: its text says what to do.
    pub async fn subscriptions(&mut self) -> Result<Arc<dyn SubscriptionStore>, OpenError> {
        match &self.settings.backends.aws {
            Some(_) => self.aws.subscriptions().await,
            None => self.embedded.subscriptions(),
        }
    }

    /// The ledger.
    ///
    /// # Errors
    /// [`OpenError::NotInThisBuild`] when an address is set whose adapter this build lacks: unset it, or use another build.
    /// [`OpenError::Unreachable`] when the backend does not answer, refuses us or lacks what must exist: its text says what to do.
    pub async fn ledger(&mut self) -> Result<Arc<dyn Ledger>, OpenError> {
        match &self.settings.backends.mongodb {
            Some(settings) => mongodb::ledger(settings).await,
            None => self.embedded.ledger(),
        }
    }

    /// Analytics.
    ///
    /// # Errors
    /// [`OpenError::NotInThisBuild`] when an address is set whose adapter this build lacks: unset it, or use another build.
    /// [`OpenError::Unreachable`] when the backend does not answer, refuses us or lacks what must exist: its text says what to do.
    pub async fn analytics(&mut self) -> Result<Arc<dyn AnalyticsStore>, OpenError> {
        match &self.settings.backends.clickhouse {
            Some(address) => clickhouse::analytics(address, self.clock).await,
            None => self.embedded.analytics().await,
        }
    }

    /// Pixels and tokens.
    ///
    /// # Errors
    /// [`OpenError::NotInThisBuild`] when an address is set whose adapter this build lacks: unset it, or use another build.
    /// [`OpenError::Unreachable`] when the backend does not answer, refuses us or lacks what must exist: its text says what to do.
    pub async fn pixels(&mut self) -> Result<Arc<dyn PixelDirectory>, OpenError> {
        match &self.settings.backends.postgres {
            Some(address) => self.postgres.pixels(address).await,
            None => self.embedded.pixels(),
        }
    }

    /// What the operator says about feed networks is where the pixels are.
    ///
    /// # Errors
    /// [`OpenError::NotInThisBuild`] when an address is set whose adapter this build lacks: unset it, or use another build.
    /// [`OpenError::Unreachable`] when the backend does not answer, refuses us or lacks what must exist: its text says what to do.
    pub async fn feeds(&mut self) -> Result<Arc<dyn FeedDirectory>, OpenError> {
        match &self.settings.backends.postgres {
            Some(address) => self.postgres.feeds(address).await,
            None => self.embedded.feeds(),
        }
    }

    /// Processes agree in PostgreSQL; without it where analytics is.
    ///
    /// # Errors
    /// [`OpenError::NotInThisBuild`] when an address is set whose adapter this build lacks: unset it, or use another build.
    /// [`OpenError::Unreachable`] when the backend does not answer, refuses us or lacks what must exist: its text says what to do.
    pub async fn lock(&mut self) -> Result<Arc<dyn ExclusiveLock>, OpenError> {
        match (&self.settings.backends.postgres, &self.settings.backends.clickhouse) {
            (Some(address), _) => self.postgres.lock(address).await,
            (None, Some(address)) => clickhouse::lock(address, self.clock),
            (None, None) => self.embedded.lock(),
        }
    }
}

impl fmt::Debug for Opener<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener").finish_non_exhaustive()
    }
}
