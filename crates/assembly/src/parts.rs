//! What every service is made of.

use std::sync::Arc;

use backends::{OpenError, Ports};
use ports::{Clock, HealthSink, MetricSink, Rng};
use runtime::{Health, Metrics, SystemRng};
use settings::{Problems, Settings};

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

/// Settings, ports, and what the runtime gives.
pub struct Parts {
    /// The settings.
    pub settings: Settings,
    /// The backends.
    pub ports: Ports,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub rng: Arc<dyn Rng>,
    /// Numbers about the work.
    pub metrics: Arc<dyn MetricSink>,
    /// How the parts are.
    pub health: Arc<dyn HealthSink>,
    /// What `/metrics` shows.
    pub(crate) registry: Arc<Metrics>,
    /// What `/health/ready` shows.
    pub(crate) readiness: Arc<Health>,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").finish_non_exhaustive()
    }
}

impl Parts {
    /// Opens every backend that the settings name.
    ///
    /// # Errors
    /// When one cannot be opened.
    pub async fn open(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        let ports = backends::open(&settings, &clock).await?;
        let registry = Arc::new(Metrics::new());
        let readiness = Arc::new(Health::new());
        Ok(Self {
            settings,
            ports,
            clock,
            rng: Arc::new(SystemRng::new()),
            metrics: Arc::<Metrics>::clone(&registry),
            health: Arc::<Health>::clone(&readiness),
            registry,
            readiness,
        })
    }
}
