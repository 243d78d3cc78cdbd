//! The `main` of every binary: arguments, runtime, exit code.

use std::process::ExitCode;
use std::sync::Arc;

use backends::{FilterPorts, OpenPorts, OptimizerPorts, ReporterPorts};
use pipeline::optimise::Run;
use runtime::{ExitStatus, probe};
use settings::{Environment, HttpSettings, Service};

use tokio_util::sync::CancellationToken;

use crate::running::Serve;
use crate::start::{block_on, open, print_error};
use crate::{StartError, one_message, optimizer, own_process, run};

/// What a service understands besides its environment.
#[derive(Debug, PartialEq, Eq)]
enum Invocation {
    Run,
    /// One optimising run, for schedulers.
    Once,
    Help,
    Version,
    Unknown(String),
}

fn invocation(service: Service, mut arguments: impl Iterator<Item = String>) -> Invocation {
    match arguments.next().as_deref() {
        None => Invocation::Run,
        Some("--help" | "-h") => Invocation::Help,
        Some("--version" | "-V") => Invocation::Version,
        Some("--once") if service == Service::Optimizer => Invocation::Once,
        Some(other) => Invocation::Unknown(other.to_owned()),
    }
}

/// Runs one service to its end.
#[must_use]
pub fn main(service: Service) -> ExitCode {
    let name = service.name();
    if let Some(code) = special(service) {
        return code;
    }
    match invocation(service, std::env::args().skip(1)) {
        Invocation::Run => match service {
            Service::Filter => block_on(service, serve::<FilterPorts>(service)),
            Service::Reporter => block_on(service, serve::<ReporterPorts>(service)),
            Service::Optimizer => block_on(service, serve::<OptimizerPorts>(service)),
            Service::Efflux => block_on(service, serve::<backends::Ports>(service)),
        },
        Invocation::Once => block_on(service, once(service)),
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

/// What every program does when it is called by other programs: `--healthcheck` asks the running service of the same settings
/// whether it lives, so that one health check serves all images; a service starts itself to have one message handled alone.
#[must_use]
pub fn special(service: Service) -> Option<ExitCode> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--healthcheck"] => Some(healthcheck(service)),
        [own_process::ARGUMENT, ref names @ ..] => Some(one_message::main(names.first().copied())),
        _ => None,
    }
}

/// Asks the service that runs with the same `PORT` and `HTTP_BIND` whether it lives; exit code 0 says that it does.
fn healthcheck(service: Service) -> ExitCode {
    block_on(service, async {
        let http = HttpSettings::load(&Environment::of_process()).map_err(StartError::Settings)?;
        probe::live(&http).await?;
        Ok(ExitStatus::Done)
    })
}

async fn serve<P: Serve + OpenPorts>(service: Service) -> anyhow::Result<ExitStatus> {
    run(Arc::new(open::<P>(service).await?)).await
}

/// One optimising run, for schedulers.
async fn once(service: Service) -> anyhow::Result<ExitStatus> {
    let parts = Box::pin(open(service)).await?;
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

/// Writes what was asked for. A reader that has closed the pipe has seen enough.
fn print(text: &str) {
    use std::io::Write;
    drop(std::io::stdout().write_all(text.as_bytes()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_few() {
        let of = |service, words: &[&str]| invocation(service, words.iter().map(|w| (*w).to_owned()));
        assert_eq!(of(Service::Filter, &[]), Invocation::Run);
        assert_eq!(of(Service::Filter, &["-h"]), Invocation::Help);
        assert_eq!(of(Service::Optimizer, &["--once"]), Invocation::Once);
        assert_eq!(of(Service::Reporter, &["--once"]), Invocation::Unknown("--once".to_owned()));
    }
}
