//! The `main` of every binary: arguments, runtime, exit code.

use std::future::Future;
use std::process::ExitCode;
use std::sync::Arc;

use backends::{FilterPorts, OpenError, OpenPorts, OptimizerPorts, ReporterPorts};
use pipeline::optimise::Run;
use runtime::terminal::harmless;
use runtime::{ExitStatus, SystemClock, probe, telemetry};
use settings::{Environment, HttpSettings, Service, Settings};

use tokio_util::sync::CancellationToken;

use crate::running::Serve;
use crate::{Parts, StartError, optimizer, run};

/// What a service understands besides its environment.
#[derive(Debug, PartialEq, Eq)]
enum Invocation {
    Run,
    /// One optimising run, for schedulers.
    Once,
    /// Ask the running service of the same settings whether it lives.
    Healthcheck,
    Help,
    Version,
    Unknown(String),
}

fn invocation(service: Service, mut arguments: impl Iterator<Item = String>) -> Invocation {
    match arguments.next().as_deref() {
        None => Invocation::Run,
        Some("--help" | "-h") => Invocation::Help,
        Some("--version" | "-V") => Invocation::Version,
        Some("--healthcheck") => Invocation::Healthcheck,
        Some("--once") if service == Service::Optimizer => Invocation::Once,
        Some(other) => Invocation::Unknown(other.to_owned()),
    }
}

/// Runs one service to its end.
#[must_use]
pub fn main(service: Service) -> ExitCode {
    let name = service.name();
    match invocation(service, std::env::args().skip(1)) {
        Invocation::Run => match service {
            Service::Filter => block_on(service, serve::<FilterPorts>(service)),
            Service::Reporter => block_on(service, serve::<ReporterPorts>(service)),
            Service::Optimizer => block_on(service, serve::<OptimizerPorts>(service)),
            Service::Efflux => block_on(service, serve::<backends::Ports>(service)),
        },
        Invocation::Once => block_on(service, once(service)),
        Invocation::Healthcheck => healthcheck(service),
        Invocation::Help => {
            let once = if service == Service::Optimizer { " [--once]" } else { "" };
            print(&format!(
                "Usage: {name}{once} [--healthcheck] [--help] [--version]\n\n{}",
                settings::help_text(service)
            ));
            ExitStatus::Done.into()
        }
        Invocation::Version => {
            print(&format!("{name} {}\n", env!("CARGO_PKG_VERSION")));
            ExitStatus::Done.into()
        }
        Invocation::Unknown(argument) => {
            print_error(&format!("{name} does not understand `{argument}`; see {name} --help"));
            ExitStatus::Usage.into()
        }
    }
}

/// Asks the service that runs with the same `PORT` and `HTTP_BIND` whether it lives; exit code 0 says that it does.
#[must_use]
pub fn healthcheck(service: Service) -> ExitCode {
    block_on(service, async {
        let http = HttpSettings::load(&Environment::of_process()).map_err(StartError::Settings)?;
        probe::live(&http).await?;
        Ok(ExitStatus::Done)
    })
}

/// Runs a future on a new runtime; an error becomes one message on standard error and the exit code for its kind.
pub fn block_on(service: Service, work: impl Future<Output = anyhow::Result<ExitStatus>>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            print_error(&format!("{}: the system gives no threads: {error}", service.name()));
            return ExitStatus::Unavailable.into();
        }
    };
    match runtime.block_on(work) {
        Ok(status) => status.into(),
        Err(error) => {
            print_error(&format!("{}: {error:#}", service.name()));
            status_of(&error).into()
        }
    }
}

async fn serve<P: Serve + OpenPorts>(service: Service) -> anyhow::Result<ExitStatus> {
    run(Arc::new(open::<P>(service).await?)).await
}

/// One optimising run, for schedulers.
async fn once(service: Service) -> anyhow::Result<ExitStatus> {
    let parts = open(service).await?;
    let done = optimizer::once(&parts, &CancellationToken::new()).await;
    if let Some(upload) = parts.take_upload() {
        let at_once = CancellationToken::new();
        at_once.cancel();
        (upload.run)(at_once).await;
    }
    // A lock that another process has is not a failure: the work is done all the same.
    match done? {
        Run::Done(_) | Run::NotOurs => Ok(ExitStatus::Done),
        Run::Lost(_) | Run::Stopped(_) | Run::Interrupted(_) => Ok(ExitStatus::Incomplete),
    }
}

/// Settings by environment, logs, and the backends.
async fn open<P: OpenPorts>(service: Service) -> anyhow::Result<Parts<P>> {
    let settings = Settings::load(&Environment::of_process(), service).map_err(StartError::Settings)?;
    telemetry::init(&settings.telemetry);
    for warning in &settings.warnings {
        tracing::warn!(warning = %warning, "configuration");
    }
    Ok(Parts::open(settings, service, Arc::new(SystemClock::new())).await?)
}

fn status_of(error: &anyhow::Error) -> ExitStatus {
    match error.downcast_ref::<StartError>() {
        Some(
            StartError::Settings(_)
            | StartError::Backend(OpenError::NotInThisBuild { .. } | OpenError::Destination(_)),
        ) => ExitStatus::Usage,
        Some(StartError::Backend(OpenError::Unreachable(_))) => ExitStatus::Unavailable,
        None if error.downcast_ref::<ports::Error>().is_some() => ExitStatus::Unavailable,
        None => ExitStatus::Incomplete,
    }
}

/// Writes what was asked for. A reader that has closed the pipe has seen enough.
fn print(text: &str) {
    use std::io::Write;
    drop(std::io::stdout().write_all(text.as_bytes()));
}

fn print_error(text: &str) {
    use std::io::Write;
    drop(writeln!(std::io::stderr(), "{}", harmless(text)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_few() {
        let of = |service, words: &[&str]| invocation(service, words.iter().map(|w| (*w).to_owned()));
        assert_eq!(of(Service::Filter, &[]), Invocation::Run);
        assert_eq!(of(Service::Filter, &["-h"]), Invocation::Help);
        assert_eq!(of(Service::Filter, &["--healthcheck"]), Invocation::Healthcheck);
        assert_eq!(of(Service::Optimizer, &["--once"]), Invocation::Once);
        assert_eq!(of(Service::Reporter, &["--once"]), Invocation::Unknown("--once".to_owned()));
    }
}
