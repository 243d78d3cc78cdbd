//! What every service is made of.

use std::sync::{Arc, Mutex, PoisonError};

use backends::{NoticeWebhook, OpenError, OpenPorts, Opener, Ports, Upload};
use pipeline::worker::Company;
use ports::notice::NoNotices;
use ports::{Clock, HealthSink, MetricSink, NoticeSink, Rng};
use runtime::{FanOut, Health, Metrics, SystemRng};
use settings::{Problems, Service, Settings};
use tokio_util::sync::CancellationToken;

use crate::announcing::Announcing;

/// Why a process did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration is wrong; exit 64.
    #[error(transparent)]
    Settings(Problems),
    /// A backend is not in this build, or cannot be reached.
    #[error(transparent)]
    Backend(#[from] OpenError),
}

/// Settings, ports, and what the runtime gives. Each service has the ports that it uses.
#[derive(Debug)]
pub struct Parts<P = Ports> {
    /// The settings.
    pub settings: Settings,
    /// The backends.
    pub ports: P,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub rng: Arc<dyn Rng>,
    /// Numbers about the work.
    pub metrics: Arc<dyn MetricSink>,
    /// How the parts are.
    pub health: Arc<dyn HealthSink>,
    /// What the operator is notified of.
    pub notices: Arc<dyn NoticeSink>,
    /// What the workers of the process share.
    pub(crate) company: Company,
    /// What `/metrics` shows.
    pub(crate) registry: Arc<Metrics>,
    /// What `/health/ready` shows.
    pub(crate) readiness: Arc<Health>,
    /// What carries metrics away, until a service starts it.
    upload: Mutex<Option<Upload>>,
    /// What sends notices, until a service starts it.
    webhook: Mutex<Option<NoticeWebhook>>,
}

impl<P: OpenPorts> Parts<P> {
    /// Opens every backend that the settings name and the service uses.
    ///
    /// # Errors
    /// When one cannot be opened.
    pub async fn open(
        settings: Settings,
        service: Service,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        let ports = P::open(&mut Opener::new(&settings, &clock)).await?;
        Self::with(settings, ports, service, clock).await
    }

    /// The same for a command that only reads: where there is no data directory it fails and makes none.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub async fn open_for_reading(
        settings: Settings,
        service: Service,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        let ports = P::open(&mut Opener::for_reading(&settings, &clock)).await?;
        Self::with(settings, ports, service, clock).await
    }

    async fn with(
        settings: Settings,
        ports: P,
        service: Service,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        let registry = Arc::new(Metrics::new(&settings.reporting.currency));
        let readiness = Arc::new(Health::new());
        let upload = backends::upload(&settings, service, &clock).await?;
        let metrics: Arc<dyn MetricSink> = match &upload {
            Some(upload) => Arc::new(FanOut(Arc::<Metrics>::clone(&registry), Arc::clone(&upload.sink))),
            None => Arc::<Metrics>::clone(&registry),
        };
        let webhook = backends::notices(&settings, service, &clock, &metrics)?;
        let notices: Arc<dyn NoticeSink> = match &webhook {
            Some(webhook) => Arc::new(webhook.clone()),
            None => Arc::new(NoNotices),
        };
        Ok(Self {
            settings,
            ports,
            clock,
            rng: Arc::new(SystemRng::new()),
            metrics,
            health: Arc::new(Announcing::new(Arc::clone(&readiness), Arc::clone(&notices))),
            notices,
            company: Company::default(),
            registry,
            readiness,
            upload: Mutex::new(upload),
            webhook: Mutex::new(webhook),
        })
    }
}

impl<P> Parts<P> {
    /// The same with the ports of one service.
    pub(crate) fn narrow<Q: for<'p> From<&'p P>>(&self) -> Arc<Parts<Q>> {
        Arc::new(Parts {
            settings: self.settings.clone(),
            ports: Q::from(&self.ports),
            clock: Arc::clone(&self.clock),
            rng: Arc::clone(&self.rng),
            metrics: Arc::clone(&self.metrics),
            health: Arc::clone(&self.health),
            notices: Arc::clone(&self.notices),
            company: self.company.clone(),
            registry: Arc::clone(&self.registry),
            readiness: Arc::clone(&self.readiness),
            upload: Mutex::default(),
            webhook: Mutex::default(),
        })
    }

    /// What sends notices; only the first caller gets it.
    pub(crate) fn take_webhook(&self) -> Option<NoticeWebhook> {
        self.webhook.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Sends the notices that wait, for a process that ends.
    pub(crate) async fn send_notices(&self) {
        if let Some(webhook) = self.take_webhook() {
            let at_once = CancellationToken::new();
            at_once.cancel();
            webhook.run(at_once).await;
        }
    }

    /// What carries metrics away; only the first caller gets it.
    pub(crate) fn take_upload(&self) -> Option<Upload> {
        self.upload.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
