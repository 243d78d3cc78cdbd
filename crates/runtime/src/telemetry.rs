//! Logs. They go to standard error: standard output belongs to what a command prints.

use std::io::IsTerminal;

use settings::{LogFormat, TelemetrySettings};
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{LevelFilter, Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

/// How the names of drivers begin. Below `info` they log what they are given: PostgreSQL's the parameters of a statement, and with them tokens.
const DRIVERS: [&str; 8] =
    ["aws_", "clickhouse", "h2", "hyper", "mongodb", "rustls", "tokio_postgres", "deadpool"];

/// Starts logging for this process; later calls change nothing.
pub fn init(settings: &TelemetrySettings) {
    let filter = settings.level.parse().unwrap_or_else(|_| Targets::new().with_default(LevelFilter::INFO));
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = match settings.format {
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).boxed(),
        LogFormat::Text => {
            lines.with_ansi(settings.no_color.is_none() && std::io::stderr().is_terminal()).boxed()
        }
    };
    let subscriber = tracing_subscriber::registry().with(filter).with(filter_fn(is_shown)).with(lines);
    // The error of a second start says that logging works already.
    drop(subscriber.try_init());
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let message: String = panic.payload_as_str().unwrap_or_default().chars().take(300).collect();
        tracing::error!(place, message, "a task panicked: this is a bug");
    }));
}

/// Whether lines of a place may be shown at all, whatever `LOG_LEVEL` asks for.
fn is_shown(place: &Metadata<'_>) -> bool {
    *place.level() <= Level::INFO || !DRIVERS.iter().any(|driver| place.target().starts_with(driver))
}
