//! Which adapter serves which port.

use std::fmt;
use std::sync::Arc;

use ports::{AnalyticsStore, BlobStore, Clock, EventQueue, Ledger, PixelDirectory, SubscriptionStore, Turns};
use settings::{QueueAddress, Settings};

use crate::OpenError;
use crate::embedded::Embedded;

/// Opens ports one by one; what several share is opened once, what nobody asks for not at all.
pub struct Opener<'s> {
    settings: &'s Settings,
    #[cfg_attr(not(any(feature = "aws", feature = "clickhouse")), expect(dead_code))]
    clock: &'s Arc<dyn Clock>,
    embedded: Embedded<'s>,
    #[cfg(feature = "aws")]
    aws: Option<adapter_aws::Aws>,
    #[cfg(feature = "postgres")]
    postgres: Option<adapter_postgres::Postgres>,
}

impl<'s> Opener<'s> {
    /// Nothing is open yet.
    #[must_use]
    pub fn new(settings: &'s Settings, clock: &'s Arc<dyn Clock>) -> Self {
        Self {
            settings,
            clock,
            embedded: Embedded::new(settings, clock),
            #[cfg(feature = "aws")]
            aws: None,
            #[cfg(feature = "postgres")]
            postgres: None,
        }
    }

    /// Notifications of interpreted files.
    ///
    /// # Errors
    /// [`OpenError::NotInThisBuild`] when an address is set whose adapter this build lacks: unset it, or use another build.
    /// [`OpenError::Unreachable`] when the backend does not answer, refuses us or lacks what must exist: its text says what to do.
    pub async fn trigger_queue(&mut self) -> Result<Arc<dyn EventQueue>, OpenError> {
        match self.settings.backends.aws.as_ref().and_then(|aws| aws.trigger.as_ref()) {
            Some(address) => self.sqs("trigger queue", "TRIGGER_CONVERSION_REPORTS_QUEUE_URL", address).await,
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
            Some(address) => self.sqs("report queue", "REPORT_CONVERSIONS_QUEUE_URL", address).await,
            None => self.embedded.report_queue(),
        }
    }

    /// Files are where their notifications are.
    ///
    /// # Errors
    /// [`OpenError::NotInThisBuild`] when an address is set whose adapter this build lacks: unset it, or use another build.
    /// [`OpenError::Unreachable`] when the backend does not answer, refuses us or lacks what must exist: its text says what to do.
    pub async fn blobs(&mut self) -> Result<Arc<dyn BlobStore>, OpenError> {
        if self.settings.backends.aws.is_none() {
            return self.embedded.blobs();
        }
        #[cfg(feature = "aws")]
        {
            let settings = self.settings;
            crate::aws::blobs(self.aws().await?, settings).await
        }
        #[cfg(not(feature = "aws"))]
        Err(OpenError::NotInThisBuild { setting: "REPORT_CONVERSIONS_BUCKET" })
    }

    /// Subscriptions are where the files are.
    ///
    /// # Errors
    /// [`OpenError::NotInThisBuild`] when an address is set whose adapter this build lacks: unset it, or use another build.
    /// [`OpenError::Unreachable`] when the backend does not answer, refuses us or lacks what must exist: its text says what to do.
    pub async fn subscriptions(&mut self) -> Result<Arc<dyn SubscriptionStore>, OpenError> {
        if self.settings.backends.aws.is_none() {
            return self.embedded.subscriptions();
        }
        #[cfg(feature = "aws")]
        {
            let settings = self.settings;
            crate::aws::subscriptions(self.aws().await?, settings).await
        }
        #[cfg(not(feature = "aws"))]
        Err(OpenError::NotInThisBuild { setting: "SUBSCRIPTIONS_TABLE" })
    }

    /// The ledger.
    ///
    /// # Errors
    /// [`OpenError::NotInThisBuild`] when an address is set whose adapter this build lacks: unset it, or use another build.
    /// [`OpenError::Unreachable`] when the backend does not answer, refuses us or lacks what must exist: its text says what to do.
    pub async fn ledger(&mut self) -> Result<Arc<dyn Ledger>, OpenError> {
        match &self.settings.backends.mongodb {
            None => self.embedded.ledger(),
            #[cfg(feature = "mongodb")]
            Some(settings) => Ok(Arc::new(crate::mongodb::ledger(settings).await?)),
            #[cfg(not(feature = "mongodb"))]
            Some(_) => Err(OpenError::NotInThisBuild { setting: "MONGODB_URI" }),
        }
    }

    /// Analytics.
    ///
    /// # Errors
    /// [`OpenError::NotInThisBuild`] when an address is set whose adapter this build lacks: unset it, or use another build.
    /// [`OpenError::Unreachable`] when the backend does not answer, refuses us or lacks what must exist: its text says what to do.
    pub async fn analytics(&mut self) -> Result<Arc<dyn AnalyticsStore>, OpenError> {
        match &self.settings.backends.clickhouse {
            None => self.embedded.analytics().await,
            #[cfg(feature = "clickhouse")]
            Some(address) => crate::clickhouse::analytics(address, self.clock).await,
            #[cfg(not(feature = "clickhouse"))]
            Some(_) => Err(OpenError::NotInThisBuild { setting: "CLICKHOUSE_URL" }),
        }
    }

    /// Pixels and tokens.
    ///
    /// # Errors
    /// [`OpenError::NotInThisBuild`] when an address is set whose adapter this build lacks: unset it, or use another build.
    /// [`OpenError::Unreachable`] when the backend does not answer, refuses us or lacks what must exist: its text says what to do.
    pub async fn pixels(&mut self) -> Result<Arc<dyn PixelDirectory>, OpenError> {
        match &self.settings.backends.postgres {
            None => self.embedded.pixels(),
            #[cfg(feature = "postgres")]
            Some(address) => crate::postgres::pixels(self.postgres(address)?).await,
            #[cfg(not(feature = "postgres"))]
            Some(_) => Err(OpenError::NotInThisBuild { setting: "DATABASE_URL" }),
        }
    }

    /// Processes agree in PostgreSQL; without it where analytics is.
    ///
    /// # Errors
    /// [`OpenError::NotInThisBuild`] when an address is set whose adapter this build lacks: unset it, or use another build.
    /// [`OpenError::Unreachable`] when the backend does not answer, refuses us or lacks what must exist: its text says what to do.
    pub async fn turns(&mut self) -> Result<Arc<dyn Turns>, OpenError> {
        match (&self.settings.backends.postgres, &self.settings.backends.clickhouse) {
            #[cfg(feature = "postgres")]
            (Some(address), _) => crate::postgres::turns(self.postgres(address)?).await,
            #[cfg(not(feature = "postgres"))]
            (Some(_), _) => Err(OpenError::NotInThisBuild { setting: "DATABASE_URL" }),
            #[cfg(feature = "clickhouse")]
            (None, Some(address)) => crate::clickhouse::turns(address, self.clock),
            #[cfg(not(feature = "clickhouse"))]
            (None, Some(_)) => Err(OpenError::NotInThisBuild { setting: "CLICKHOUSE_URL" }),
            (None, None) => self.embedded.turns(),
        }
    }

    #[cfg(feature = "aws")]
    async fn sqs(
        &mut self,
        port: &'static str,
        _: &'static str,
        address: &QueueAddress,
    ) -> Result<Arc<dyn EventQueue>, OpenError> {
        crate::aws::queue(self.aws().await?, port, address).await
    }

    #[cfg(not(feature = "aws"))]
    async fn sqs(
        &mut self,
        _: &'static str,
        setting: &'static str,
        _: &QueueAddress,
    ) -> Result<Arc<dyn EventQueue>, OpenError> {
        Err(OpenError::NotInThisBuild { setting })
    }

    #[cfg(feature = "aws")]
    async fn aws(&mut self) -> Result<&adapter_aws::Aws, OpenError> {
        if self.aws.is_none() {
            self.aws = Some(crate::aws::connect(self.settings, self.clock).await?);
        }
        Ok(self.aws.as_ref().expect("it was connected above"))
    }

    #[cfg(feature = "postgres")]
    fn postgres(
        &mut self,
        address: &secrecy::SecretString,
    ) -> Result<&adapter_postgres::Postgres, OpenError> {
        if self.postgres.is_none() {
            self.postgres = Some(crate::postgres::connect(address)?);
        }
        Ok(self.postgres.as_ref().expect("it was connected above"))
    }
}

impl fmt::Debug for Opener<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener").finish_non_exhaustive()
    }
}
