//! A command as a value, and the context that it runs in.

use std::sync::Arc;

use assembly::{Parts, StartError};
use backends::OpenPorts;
use ports::Clock;
use runtime::{ExitStatus, SystemClock};
use settings::{Environment, Service, Settings};

/// A command with its arguments.
pub(crate) trait Run {
    /// Runs the command. It reads the settings and opens backends only when it asks `context` for them.
    async fn run(self, context: Context) -> anyhow::Result<ExitStatus>;
}

/// The context of a command. Nothing is read or opened before a command asks.
pub(crate) struct Context {
    environment: Environment,
    /// The time.
    pub(crate) clock: Arc<dyn Clock>,
    /// Whether the log shows the progress of the work, as that of a service does.
    stays_up: bool,
    /// Whether the command only reads, and makes no data directory.
    only_reads: bool,
}

impl Context {
    /// The environment of this process.
    pub(crate) fn of_process() -> Self {
        Self {
            environment: Environment::of_process(),
            clock: Arc::new(SystemClock::new()),
            stays_up: false,
            only_reads: false,
        }
    }

    /// For a command that works until a signal. One that ends by itself prints its results, so it logs only warnings unless
    /// `LOG_LEVEL` is set.
    pub(crate) fn staying_up(self) -> Self {
        Self { stays_up: true, ..self }
    }

    /// For a command that only reads: it fails where there is no data yet.
    pub(crate) fn reading(self) -> Self {
        Self { only_reads: true, ..self }
    }

    /// Another environment in place of the process's own.
    pub(crate) fn with_environment(self, environment: Environment) -> Self {
        Self { environment, ..self }
    }

    /// Reads the settings and starts the log with them.
    pub(crate) fn settings(&self) -> Result<Settings, StartError> {
        let mut settings =
            Settings::load(&self.environment, Service::Efflux).map_err(StartError::Settings)?;
        if !self.stays_up && self.environment.get("LOG_LEVEL").is_none() {
            settings.telemetry.level = "warn".to_owned();
        }
        runtime::telemetry::init(&settings.telemetry);
        for warning in &settings.warnings {
            tracing::warn!(warning = %warning, "configuration");
        }
        Ok(settings)
    }

    /// Reads the settings and opens the ports of one command. It opens no others: an operator needs the tool during an outage.
    pub(crate) async fn open<P: OpenPorts>(&self) -> Result<Parts<P>, StartError> {
        let settings = self.settings()?;
        let clock = Arc::clone(&self.clock);
        // The futures are large: opening the drivers takes kilobytes of them.
        if self.only_reads {
            Box::pin(Parts::open_for_reading(settings, Service::Efflux, clock)).await
        } else {
            Box::pin(Parts::open(settings, Service::Efflux, clock)).await
        }
    }
}
