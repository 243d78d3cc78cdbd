//! What every program begins with: the runtime, the settings, the log and the backends.

use std::future::Future;
use std::process::ExitCode;
use std::sync::Arc;

use backends::{OpenError, OpenPorts};
use runtime::terminal::harmless;
use runtime::{ExitStatus, NoInput, NoOutput, SystemClock, Unreachable, WrongUsage, telemetry};
use settings::{Environment, Service, Settings};

use crate::{Parts, StartError};

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

/// Settings by environment, logs, and the backends.
pub(crate) async fn open<P: OpenPorts>(service: Service) -> anyhow::Result<Parts<P>> {
    let settings = Settings::load(&Environment::of_process(), service).map_err(StartError::Settings)?;
    telemetry::init(&settings.telemetry);
    for warning in &settings.warnings {
        tracing::warn!(warning = %warning, "configuration");
    }
    Ok(Parts::open(settings, service, Arc::new(SystemClock::new())).await?)
}

fn status_of(error: &anyhow::Error) -> ExitStatus {
    if error.downcast_ref::<WrongUsage>().is_some() {
        return ExitStatus::Usage;
    }
    if error.downcast_ref::<NoInput>().is_some() {
        return ExitStatus::NoInput;
    }
    if error.downcast_ref::<Unreachable>().is_some() {
        return ExitStatus::Unavailable;
    }
    if error.downcast_ref::<NoOutput>().is_some() {
        return ExitStatus::NotWritten;
    }
    match error.downcast_ref::<StartError>() {
        Some(
            StartError::Settings(_)
            | StartError::Backend(
                OpenError::NotInThisBuild { .. } | OpenError::Destination(_) | OpenError::Notices(_),
            ),
        ) => ExitStatus::Usage,
        Some(StartError::Backend(OpenError::Unreachable(_))) => ExitStatus::Unavailable,
        None if error.downcast_ref::<ports::Error>().is_some() => ExitStatus::Unavailable,
        None => ExitStatus::Incomplete,
    }
}

pub(crate) fn print_error(text: &str) {
    use std::io::Write;
    drop(writeln!(std::io::stderr(), "{}", harmless(text)));
}
