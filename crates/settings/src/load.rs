//! From the environment to [`Settings`], with everything that is wrong named at once.

use std::time::Duration;

use crate::backends::{BackendSettings, BucketSettings};
use crate::destinations::DestinationSettings;
use crate::environment::Environment;
use crate::notices::NoticeSettings;
use crate::optimizer::OptimizerSettings;
use crate::reader::{Problems, Reader};
use crate::service::{HttpSettings, Location, LocationSettings, ProcessSettings, TelemetrySettings};
use crate::setting::{Service, Setting};
use crate::table::table;
use crate::transport::{self, Transport};
use crate::work::{IntervalSettings, LimitSettings, QueueSettings, ReportingSettings, Toggles};

/// Between the end of a request and the end of the lease there must be time to settle.
const LEASE_MARGIN: Duration = Duration::from_secs(10);

/// Everything that a service is configured with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The HTTP surface.
    pub http: HttpSettings,
    /// Logs.
    pub telemetry: TelemetrySettings,
    /// How the process ends.
    pub process: ProcessSettings,
    /// Where the backends are.
    pub backends: BackendSettings,
    /// Names of buckets and tables.
    pub buckets: BucketSettings,
    /// What is switched off.
    pub toggles: Toggles,
    /// Bounds.
    pub limits: LimitSettings,
    /// Queues.
    pub queues: QueueSettings,
    /// How long things last, and how often they are done.
    pub intervals: IntervalSettings,
    /// Rules of reporting that hold for every destination.
    pub reporting: ReportingSettings,
    /// How the operator is notified of changes.
    pub notices: NoticeSettings,
    /// The platforms that events are sent to.
    pub destinations: DestinationSettings,
    /// The optimizer.
    pub optimizer: OptimizerSettings,
    /// What looks like a mistake and stops nothing.
    pub warnings: Vec<String>,
    /// What they were read from, for processes that are started with the same.
    pub environment: Environment,
}

impl Settings {
    /// Reads and checks everything.
    ///
    /// ```
    /// use settings::{Environment, Service, Settings};
    ///
    /// let environment = Environment::from_pairs([("PORT", "8080"), ("CURRENCY", "eur")]);
    /// let settings = Settings::load(&environment, Service::Reporter)?;
    /// assert_eq!(settings.http.port, 8080);
    /// assert_eq!(settings.reporting.currency, "EUR");
    ///
    /// let environment = Environment::from_pairs([("PORT", "many"), ("CURRENCY", "$")]);
    /// let problems = Settings::load(&environment, Service::Reporter).unwrap_err();
    /// assert_eq!(problems.lines().len(), 2, "all at once: {problems}");
    /// # Ok::<(), settings::Problems>(())
    /// ```
    ///
    /// # Errors
    /// When a value cannot be read, is out of bounds or contradicts another, or an address is missing in AWS. The
    /// problems are all named at once, each with what to do: show them and end with exit code 64.
    pub fn load(environment: &Environment, service: Service) -> Result<Self, Problems> {
        let reader = &mut Reader::new(environment, service);
        let http = HttpSettings::read(reader);
        let telemetry = TelemetrySettings::read(reader);
        let location = LocationSettings::read(reader);
        if location.location == Location::Aws {
            all_addresses(reader);
        }
        if location.transport() == Transport::Encrypted {
            refuse_plaintext(reader);
        }
        let settings = Self {
            http,
            telemetry,
            process: ProcessSettings::read(reader),
            backends: BackendSettings::read(reader, &location),
            buckets: BucketSettings::read(reader),
            toggles: Toggles::read(reader),
            limits: LimitSettings::read(reader),
            queues: QueueSettings::read(reader),
            intervals: IntervalSettings::read(reader),
            reporting: ReportingSettings::read(reader),
            notices: NoticeSettings::read(reader),
            destinations: DestinationSettings::read(reader),
            optimizer: OptimizerSettings::read(reader),
            warnings: warnings(environment),
            environment: environment.clone(),
        };
        one_name_each(reader);
        settings.check(reader);
        reader.finish(settings)
    }

    /// Settings that are fine alone and wrong together.
    fn check(&self, reader: &mut Reader<'_>) {
        self.destinations.check(reader);
        if self.notices.secret.is_some() && self.notices.url.is_none() {
            reader.problem("NOTIFY_SECRET: it signs notices, and NOTIFY_URL is not set; set both or neither");
        }
        // Leases are renewed after a third of their time, and the settling needs some too.
        let (longest, setting) = self.destinations.longest_request();
        let needed = longest + LEASE_MARGIN;
        if self.intervals.lease * 2 / 3 < needed {
            let needed = (needed * 3 / 2).as_secs();
            reader.problem(format!(
                "LEASE_SECONDS: with this {setting} at least {needed} are needed, or another worker claims a conversion while its request is under way"
            ));
        }
        if self.buckets.interpreted == self.buckets.report {
            reader.problem("REPORT_CONVERSIONS_BUCKET: must not be INTERPRETED_EVENTS_BUCKET, or the filter would be fed what it writes");
        }
    }
}

/// In AWS nothing may fall back to an embedded backend.
fn all_addresses(reader: &mut Reader<'_>) {
    let addresses = table().filter(|setting| setting.address && setting.used_by(reader.service));
    let missing: Vec<_> = addresses.filter(|s| reader.given(s).is_none()).map(|s| s.name).collect();
    if !missing.is_empty() {
        let missing = missing.join(", ");
        reader.problem(format!("ENVIRONMENT_LOCATION=aws needs {missing}: set each, or use local"));
    }
}

/// Pages that conversions and notices name; nothing connects to them.
const NO_CONNECTION: [&str; 3] = ["META_DEFAULT_EVENT_SOURCE_URL", "TIKTOK_DEFAULT_PAGE_URL", "CONSOLE_URL"];

/// How the AWS SDK's own settings of addresses begin.
const AWS_ENDPOINTS: &str = "AWS_ENDPOINT_URL";

/// Names each address that leads over plain text, or to a server whose certificate is not checked.
fn refuse_plaintext(reader: &mut Reader<'_>) {
    let connects = |setting: &&Setting| !NO_CONNECTION.contains(&setting.name);
    let ours = table().filter(|setting| setting.used_by(reader.service)).filter(connects);
    let known = ours.filter_map(|setting| Some((setting.name, reader.given(setting)?)));
    let names = reader.names().filter(|name| name.starts_with(AWS_ENDPOINTS));
    let of_the_sdk = names.filter(|name| !table().any(|setting| setting.name == *name));
    let all = known.chain(of_the_sdk.filter_map(|name| Some((name, reader.value(name)?))));
    let refused: Vec<_> = all.filter_map(|(name, value)| Some((name, transport::advice(value)?))).collect();
    for (name, advice) in refused {
        reader.problem(format!(
            "{name}: with ENVIRONMENT_LOCATION=aws {advice}, or set ALLOW_PLAINTEXT=true if its network may be trusted"
        ));
    }
}

/// A setting that was renamed may be set under either name, not to two values.
fn one_name_each(reader: &mut Reader<'_>) {
    for setting in table() {
        let Some(former) = setting.former else { continue };
        let (new, old) = (reader.value(setting.name), reader.value(former));
        if new.is_some() && old.is_some() && new != old {
            reader.problem(format!(
                "{}: it is also set by its former name {former}, to another value; remove {former}",
                setting.name
            ));
        }
    }
}

/// Names that look like ours and are unknown, most likely typing errors, and names of the past.
fn warnings(environment: &Environment) -> Vec<String> {
    let ours = |name: &str| {
        name.starts_with("EFFLUX_")
            || name.starts_with("NOTIFY_")
            || DestinationSettings::PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    };
    let known = |name: &str| table().any(|setting| setting.names().any(|known| known == name));
    let strange = environment.names().filter(|name| !known(name) && !name.starts_with("EFFLUX_TEST_"));
    let unknown = strange.filter_map(|name| match meant(name) {
        Some(meant) => Some(format!("{name} is set and means nothing: is {meant} meant?")),
        None => ours(name).then(|| format!("{name} is set and means nothing")),
    });
    let renamed = table().filter_map(|setting| {
        let former = setting.former.filter(|former| environment.get(former).is_some())?;
        Some(format!("{former} is the former name of {}: use that", setting.name))
    });
    unknown.chain(renamed).collect()
}

/// So many letters of a name may be wrong, missing, too many or swapped.
const MISSPELT: usize = 2;

/// The setting whose name this is most likely a misspelling of: it begins with the same word, and few letters differ.
fn meant(name: &str) -> Option<&'static str> {
    let first = |name: &str| name.split_once('_').map(|(first, _)| first.to_ascii_uppercase());
    let alike = |known: &'static str| {
        let differing = strsim::damerau_levenshtein(known, &name.to_ascii_uppercase());
        (first(known).is_some() && first(known) == first(name) && differing <= MISSPELT)
            .then_some((differing, known))
    };
    table().flat_map(Setting::names).filter_map(alike).min().map(|(_, known)| known)
}

#[cfg(test)]
mod tests;
