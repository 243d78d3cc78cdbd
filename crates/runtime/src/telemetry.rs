//! Logs. They go to standard error: standard output belongs to what a command prints.

use std::io::IsTerminal;

use settings::{LogFormat, TelemetrySettings};
use tracing_subscriber::EnvFilter;

/// Starts logging for this process; later calls change nothing.
pub fn init(settings: &TelemetrySettings) {
    let filter = EnvFilter::try_new(&settings.level).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // The error of a second start says that logging works already.
    drop(match settings.format {
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).try_init(),
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).try_init(),
    });
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let message: String = panic.payload_as_str().unwrap_or_default().chars().take(300).collect();
        tracing::error!(place, message, "a task panicked: this is a bug");
    }));
}
