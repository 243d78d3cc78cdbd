//! The program that handles one message and ends.

use std::io::{self, BufRead, Read, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use backends::{FilterPorts, ReporterPorts};
use pipeline::worker::{Handled, Handler, NoResult};
use ports::queue::Delivery;
use runtime::ExitStatus;
use settings::Service;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::own_process::wire::{Answer, BEGUN, Question};
use crate::start::{block_on, open};
use crate::{filter, reporter};

/// Handles the message of the first line of standard input, for a service whose name is given.
pub(crate) fn main(service: Option<&str>) -> ExitCode {
    let service = [Service::Filter, Service::Reporter].into_iter().find(|s| service == Some(s.name()));
    let (Some(service), Some(delivery)) = (service, question()) else { return ExitStatus::Usage.into() };
    die_first();
    let stop = CancellationToken::new();
    stop_at_end_of_input(stop.clone());
    block_on(service, async move {
        let listening = tokio::spawn(stop_at_signal(stop.clone()));
        match service {
            // The futures are large: opening the drivers takes kilobytes of them.
            Service::Filter => {
                let parts = Arc::new(Box::pin(open::<FilterPorts>(service)).await?);
                let (filter, budget) =
                    (filter::handler(&parts, filter::subscriptions(&parts)), parts.settings.process.shutdown);
                answer(work(Arc::new(filter), delivery, &stop, budget).await)?;
                parts.send_notices().await;
            }
            _ => {
                let parts = Arc::new(Box::pin(open::<ReporterPorts>(service)).await?);
                let destinations = backends::destinations(&parts.settings, &parts.clock)?;
                let (lanes, intake) = reporter::handler(&parts, destinations, &stop).await;
                let result = work(Arc::new(intake), delivery, &stop, parts.settings.process.shutdown).await;
                // What this message claimed is sent by this process, or its death would be another's.
                lanes.drain().await;
                answer(result)?;
                parts.send_notices().await;
            }
        }
        listening.abort();
        Ok(ExitStatus::Done)
    })
}

fn question() -> Option<Delivery> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).ok()?;
    serde_json::from_str::<Question>(&line).ok().map(Delivery::from)
}

/// When memory is short, the system ends this process rather than the one that started it.
fn die_first() {
    // Where there is no such file, or it may not be written, the system decides.
    drop(std::fs::write("/proc/self/oom_score_adj", "1000"));
}

/// The input ends when the process that started this one wants it to stop, or is gone.
fn stop_at_end_of_input(stop: CancellationToken) {
    std::thread::spawn(move || {
        drop(io::stdin().lock().read_to_end(&mut Vec::new()));
        stop.cancel();
    });
}

/// Ctrl-C in a terminal reaches this process too.
async fn stop_at_signal(stop: CancellationToken) {
    let (terminate, interrupt) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    if let (Ok(mut terminate), Ok(mut interrupt)) = (terminate, interrupt) {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        stop.cancel();
    }
}

/// Handles the message; after a stop it has `budget` to end.
async fn work(
    handler: Arc<dyn Handler>,
    delivery: Delivery,
    stop: &CancellationToken,
    budget: Duration,
) -> Result<Handled, NoResult> {
    if say(BEGUN).is_err() {
        return Err(NoResult::NotBegun("the process that asked is gone".to_owned()));
    }
    let span = tracing::error_span!("message", message.id = %delivery.message_id, alone = true);
    let inner = stop.clone();
    let handling = async move { handler.handle(&delivery, &inner).await };
    let mut handling = tokio::spawn(handling.instrument(span));
    tokio::select! {
        handled = &mut handling => handled.map_err(|_| NoResult::Died("a panic: this is a bug, see the log".to_owned())),
        () = async { stop.cancelled().await; tokio::time::sleep(budget).await } => {
            Ok(Handled::Later { unavailable: None, reason: "the process is stopping".to_owned() })
        }
    }
}

fn answer(result: Result<Handled, NoResult>) -> anyhow::Result<()> {
    Ok(say(&serde_json::to_string(&Answer::from(result))?)?)
}

fn say(line: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}")?;
    output.flush()
}
