//! What a process is: its HTTP surface, its logs, its end.

use std::net::IpAddr;
use std::time::Duration;

use strum::{EnumString, VariantNames};

use crate::environment::Environment;
use crate::reader::{Problems, Reader};
use crate::setting::{ALL, Service, section};
use crate::transport::Transport;

section! {
    /// The HTTP surface.
    #[derive(Copy)]
    pub struct HttpSettings in "Service";
    /// Port of the HTTP surface; 0 takes any free one.
    port: u16 = "PORT", "5000", ALL, number(0..=u16::MAX);
    /// Address the HTTP surface binds to.
    bind: IpAddr = "HTTP_BIND", "127.0.0.1", ALL, parsed(str::parse::<IpAddr>);
}

impl HttpSettings {
    /// Reads and checks the HTTP surface alone, for a caller that only asks a service how it is.
    ///
    /// # Errors
    /// All problems at once, each with what to do.
    pub fn load(environment: &Environment) -> Result<Self, Problems> {
        let mut reader = Reader::new(environment, Service::Efflux);
        let settings = Self::read(&mut reader);
        reader.finish(settings)
    }
}

section! {
    /// Where the process runs.
    pub(crate) struct LocationSettings in "Service";
    /// local: backends without an address are embedded; aws: every address must be set.
    location: Location = "ENVIRONMENT_LOCATION", "local", ALL, word();
    /// With ENVIRONMENT_LOCATION=aws: connect without TLS, or without checking certificates, where an address says so.
    allow_plaintext: bool = "ALLOW_PLAINTEXT", "false", ALL, switch();
}

impl LocationSettings {
    /// How backends and platforms may be connected to.
    pub(crate) const fn transport(&self) -> Transport {
        match self.location {
            Location::Aws if !self.allow_plaintext => Transport::Encrypted,
            Location::Aws | Location::Local => Transport::Any,
        }
    }
}

/// Where a process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case", ascii_case_insensitive)]
pub(crate) enum Location {
    /// On a developer's machine.
    #[default]
    Local,
    /// In AWS, where nothing may fall back to an embedded backend.
    Aws,
}

section! {
    /// Logs.
    pub struct TelemetrySettings in "Service";
    /// production: JSON lines; development: readable text.
    format: LogFormat = "LOGGING_ENVIRONMENT", "development", ALL, word();
    /// error, warn, info, debug, trace, or a filter such as info,pipeline=debug.
    level: String = "LOG_LEVEL", "info", ALL, parsed(log_level);
    /// Any value: the log has no colours, on a terminal either.
    no_color: Option<String> = "NO_COLOR", "", ALL, optional_text();
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, VariantNames)]
#[strum(ascii_case_insensitive)]
pub enum LogFormat {
    /// One JSON object a line.
    #[strum(serialize = "production")]
    Json,
    /// For people.
    #[default]
    #[strum(serialize = "development")]
    Text,
}

/// A level, or `module=level` pairs. The legacy system's levels (`verbose`, `http`, `silly`) mean the nearest of ours: taken for a
/// module's name they would silence every line.
fn log_level(text: &str) -> Result<String, String> {
    let level = |word: &str| match word.to_ascii_lowercase().as_str() {
        "off" | "error" | "warn" | "info" | "debug" | "trace" => Some(word.to_ascii_lowercase()),
        "verbose" | "http" => Some("debug".to_owned()),
        "silly" => Some("trace".to_owned()),
        _ => None,
    };
    let directive = |part: &str| match part.split_once('=') {
        None => level(part),
        Some((module, word)) => level(word).map(|word| format!("{module}={word}")),
    };
    let parts: Option<Vec<_>> = text.split(',').map(|part| directive(part.trim())).collect();
    parts
        .map(|parts| parts.join(","))
        .ok_or_else(|| "the levels are off, error, warn, info, debug and trace".to_owned())
}

section! {
    /// How the process ends.
    #[derive(Copy)]
    pub struct ProcessSettings in "Service";
    /// Time to finish in-flight work after SIGTERM.
    shutdown: Duration = "SHUTDOWN_SECONDS", "25", ALL, seconds(1..=3_600);
}
