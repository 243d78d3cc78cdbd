//! From the environment to [`Settings`], with everything that is wrong named at once.

mod backends;
mod meta;

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use croner::Cron;
use url::Url;

use crate::environment::Environment;
use crate::reader::{Problems, Reader};
use crate::table::{ALSO_KNOWN, Service, TABLE};
use crate::types::{
    BucketSettings, HttpSettings, LimitSettings, LogFormat, OptimizerSettings, QueueSettings, Restatements,
    RetrySettings, Settings, TelemetrySettings, Toggles,
};

/// Between the end of a request and the end of the lease there must be time to settle.
const LEASE_MARGIN: Duration = Duration::from_secs(10);

impl HttpSettings {
    /// Reads and checks the HTTP surface alone, for those who only ask a service how it is.
    ///
    /// # Errors
    /// All problems at once, each with what to do.
    pub fn load(environment: &Environment) -> Result<Self, Problems> {
        let mut reader = Reader::new(environment);
        let settings = http(&mut reader);
        if reader.problems.is_empty() { Ok(settings) } else { Err(Problems(reader.problems)) }
    }
}

impl Settings {
    /// Reads and checks everything.
    ///
    /// # Errors
    /// All problems at once, each with what to do.
    pub fn load(environment: &Environment, service: Service) -> Result<Self, Problems> {
        let mut reader = Reader::new(environment);
        let settings = Self {
            http: http(&mut reader),
            telemetry: telemetry(&mut reader),
            backends: backends::load(&mut reader, service),
            buckets: BucketSettings {
                interpreted: reader.text("INTERPRETED_EVENTS_BUCKET").to_owned(),
                report: reader.text("REPORT_CONVERSIONS_BUCKET").to_owned(),
                subscriptions_table: reader.text("SUBSCRIPTIONS_TABLE").to_owned(),
            },
            toggles: Toggles {
                disable_trigger_polling: reader.switch("DISABLE_POLLING_FOR_CONVERSION_REPORTS_TRIGGER"),
                disable_report_polling: reader.switch("DISABLE_POLLING_FOR_CONVERSION_REPORTING"),
                disable_subscription_filtering: reader.switch("DISABLE_SUBSCRIPTION_FILTERING"),
            },
            queues: QueueSettings {
                visibility: reader.seconds("QUEUE_VISIBILITY_SECONDS", 3, 43_200),
                max_receives: reader.number("MAX_RECEIVES", 1, 1_000),
            },
            limits: limits(&mut reader),
            restatements: reader.choice(
                "RESTATEMENTS",
                &[("first", Restatements::First), ("increments", Restatements::Increments)],
            ),
            meta: meta::load(&mut reader),
            optimizer: optimizer(&mut reader),
            warnings: warnings(environment),
        };
        settings.check(&mut reader);
        if reader.problems.is_empty() { Ok(settings) } else { Err(Problems(reader.problems)) }
    }

    /// Settings that are fine alone and wrong together.
    fn check(&self, reader: &mut Reader<'_>) {
        // Leases are renewed after a third of their time, and the settling needs some too.
        if self.limits.lease * 2 / 3 < self.meta.request_timeout + LEASE_MARGIN {
            let needed = (self.meta.request_timeout + LEASE_MARGIN) * 3 / 2;
            reader.problems.push(format!(
                "LEASE_SECONDS: with this META_REQUEST_TIMEOUT_MS at least {} are needed, or a conversion is claimed by somebody else while its request is under way",
                needed.as_secs()
            ));
        }
        if self.meta.connect_timeout > self.meta.request_timeout {
            reader
                .problems
                .push("META_CONNECT_TIMEOUT_MS: must not exceed META_REQUEST_TIMEOUT_MS".to_owned());
        }
        if self.buckets.interpreted == self.buckets.report {
            reader.problems.push("REPORT_CONVERSIONS_BUCKET: must not be INTERPRETED_EVENTS_BUCKET, or the filter would be fed what it writes".to_owned());
        }
    }
}

fn http(reader: &mut Reader<'_>) -> HttpSettings {
    let bind = reader.parsed("HTTP_BIND", str::parse::<IpAddr>).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    HttpSettings { bind, port: reader.number("PORT", 0, u16::MAX) }
}

fn telemetry(reader: &mut Reader<'_>) -> TelemetrySettings {
    let production = reader.text("LOGGING_ENVIRONMENT").eq_ignore_ascii_case("production");
    let format = if production { LogFormat::Json } else { LogFormat::Text };
    TelemetrySettings {
        format,
        level: reader.parsed("LOG_LEVEL", log_level).unwrap_or_else(|| "info".to_owned()),
    }
}

/// A level, or `module=level` pairs. The original's levels (`verbose`, `http`, `silly`) mean the nearest of ours: taken for a
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

fn limits(reader: &mut Reader<'_>) -> LimitSettings {
    LimitSettings {
        max_object_bytes: reader.number("MAX_OBJECT_BYTES", 1, 1 << 40),
        filter_concurrency: reader.number("FILTER_CONCURRENCY", 1, 256),
        report_concurrency: reader.number("REPORT_CONCURRENCY", 1, 256),
        requests_per_pixel: reader.number("REQUESTS_PER_PIXEL", 1, 64),
        lease: reader.seconds("LEASE_SECONDS", 5, 3_600),
        retry: RetrySettings {
            first: reader.seconds("RETRY_FIRST_SECONDS", 1, 3_600),
            longest: reader.seconds("RETRY_LONGEST_SECONDS", 1, 86_400),
            probe: reader.seconds("PARKED_PROBE_SECONDS", 1, 86_400),
        },
        subscriptions_refresh: reader.seconds("SUBSCRIPTIONS_REFRESH_SECONDS", 1, 86_400),
        pixels_refresh: reader.seconds("PIXELS_REFRESH_SECONDS", 1, 86_400),
        shutdown: reader.seconds("SHUTDOWN_SECONDS", 1, 3_600),
    }
}

pub(crate) fn web_address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|e| e.to_string())?;
    if matches!(url.scheme(), "http" | "https") {
        Ok(url)
    } else {
        Err("it must start with http:// or https://".to_owned())
    }
}

fn optimizer(reader: &mut Reader<'_>) -> OptimizerSettings {
    reader.parsed("OPTIMIZE_SCHEDULE", str::parse::<Cron>);
    let tables = reader.text("OPTIMIZE_TABLES").split(',').map(str::trim).filter(|t| !t.is_empty());
    OptimizerSettings {
        schedule: reader.text("OPTIMIZE_SCHEDULE").to_owned(),
        tables: tables.map(str::to_owned).collect(),
        settle: Duration::from_secs(60 * reader.number::<u64>("OPTIMIZE_SETTLE_MINUTES", 0, 44_640)),
    }
}

/// Names that look like ours and are none: most likely typing errors.
fn warnings(environment: &Environment) -> Vec<String> {
    let ours = |name: &str| name.starts_with("EFFLUX_") || name.starts_with("META_");
    let known = |name: &str| TABLE.iter().any(|s| s.name == name) || ALSO_KNOWN.contains(&name);
    let unknown =
        environment.names().filter(|name| ours(name) && !known(name) && !name.starts_with("EFFLUX_TEST_"));
    unknown.map(|name| format!("{name} is set and means nothing")).collect()
}

#[cfg(test)]
mod tests;
