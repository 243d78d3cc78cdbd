//! What every service is made of.

use std::sync::{Arc, Mutex, PoisonError};

use backends::{OpenError, OpenPorts, Opener, Ports, Upload};
use pipeline::worker::Company;
use ports::{Clock, HealthSink, MetricSink, Rng};
use runtime::{FanOut, Health, Metrics, SystemRng};
use settings::{Problems, Service, Settings};

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
    /// What the workers of the process share.
    pub(crate) company: Company,
    /// What `/metrics` shows.
    pub(crate) registry: Arc<Metrics>,
    /// What `/health/ready` shows.
    pub(crate) readiness: Arc<Health>,
    /// What carries metrics away, until a service starts it.
    upload: Mutex<Option<Upload>>,
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
        let registry = Arc::new(Metrics::new());
        let readiness = Arc::new(Health::new());
        let upload = backends::upload(&settings, service, &clock).await?;
        let metrics: Arc<dyn MetricSink> = match &upload {
            Some(upload) => Arc::new(FanOut(Arc::<Metrics>::clone(&registry), Arc::clone(&upload.sink))),
            None => Arc::<Metrics>::clone(&registry),
        };
        Ok(Self {
            settings,
            ports,
            clock,
            rng: Arc::new(SystemRng::new()),
            metrics,
            health: Arc::<Health>::clone(&readiness),
            company: Company::default(),
            registry,
            readiness,
            upload: Mutex::new(upload),
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
            company: self.company.clone(),
            registry: Arc::clone(&self.registry),
            readiness: Arc::clone(&self.readiness),
            upload: Mutex::default(),
        })
    }

    /// What carries metrics away; only the first caller gets it.
    pub(crate) fn take_upload(&self) -> Option<Upload> {
        self.upload.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
