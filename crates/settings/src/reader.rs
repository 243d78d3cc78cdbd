//! Reads typed values and gathers what is wrong.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;
use strum::VariantNames;

use crate::address::{UNCLEAR, is_clear, web_page};
use crate::environment::Environment;
use crate::setting::{Service, Setting};

/// Everything that is wrong with a configuration, one line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub(crate) Vec<String>);

impl Problems {
    /// The lines.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration is wrong:")?;
        self.0.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

impl std::error::Error for Problems {}

/// Reads settings one by one. A value that is wrong becomes a problem, and something of its type stands in for it.
pub(crate) struct Reader<'e> {
    environment: &'e Environment,
    pub(crate) service: Service,
    problems: Vec<String>,
}

impl<'e> Reader<'e> {
    pub(crate) const fn new(environment: &'e Environment, service: Service) -> Self {
        Self { environment, service, problems: Vec::new() }
    }

    /// What was read, if nothing was wrong.
    pub(crate) fn finish<T>(&mut self, settings: T) -> Result<T, Problems> {
        let problems = std::mem::take(&mut self.problems);
        if problems.is_empty() { Ok(settings) } else { Err(Problems(problems)) }
    }

    pub(crate) fn problem(&mut self, line: impl Into<String>) {
        self.problems.push(line.into());
    }

    /// The value of one name.
    pub(crate) fn value(&self, name: &str) -> Option<&'e str> {
        self.environment.get(name)
    }

    /// Every name that is set.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'e str> + use<'e> {
        self.environment.names()
    }

    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// The value given under any of the setting's names.
    pub(crate) fn given(&self, setting: &Setting) -> Option<&'e str> {
        setting.names().find_map(|name| self.value(name))
    }

    /// The value given, or the default of the table; empty when there is neither.
    fn raw(&self, setting: &Setting) -> &'e str {
        self.given(setting).unwrap_or(setting.default)
    }

    /// The value given or the default; `None` when there is neither.
    fn some(&self, setting: &Setting) -> Option<&'e str> {
        Some(self.raw(setting)).filter(|value| !value.is_empty())
    }

    /// A value that something else can read.
    pub(crate) fn read<T, E: fmt::Display>(
        &mut self,
        name: &str,
        value: &str,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let shown = shown(value);
        read(value).map_err(|e| self.problem(format!("{name}: `{shown}` cannot be read: {e}"))).ok()
    }
}

/// A value as a message may show it: what stands before an `@` of an address, or after its `?` or `#`, may be a password.
fn shown(value: &str) -> &str {
    if value.contains(['@', '?', '#']) { "***" } else { value }
}

/// How a row of the table is read.
impl Reader<'_> {
    pub(crate) fn text(&mut self, setting: &Setting) -> String {
        self.raw(setting).to_owned()
    }

    pub(crate) fn optional_text(&mut self, setting: &Setting) -> Option<String> {
        self.some(setting).map(str::to_owned)
    }

    /// What stands between commas.
    pub(crate) fn list(&mut self, setting: &Setting) -> Vec<String> {
        let parts = self.raw(setting).split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(str::to_owned).collect()
    }

    /// A number within bounds.
    pub(crate) fn number<T: FromStr + PartialOrd + fmt::Display + Copy>(
        &mut self,
        setting: &Setting,
        bounds: RangeInclusive<T>,
    ) -> T {
        let value = self.raw(setting);
        value.parse().ok().filter(|number| bounds.contains(number)).unwrap_or_else(|| {
            let (least, most) = (bounds.start(), bounds.end());
            let name = setting.name;
            self.problem(format!("{name}: a number from {least} to {most} is needed, not `{value}`"));
            *least
        })
    }

    pub(crate) fn minutes(&mut self, setting: &Setting, bounds: RangeInclusive<u64>) -> Duration {
        Duration::from_secs(60 * self.number(setting, bounds))
    }

    pub(crate) fn seconds(&mut self, setting: &Setting, bounds: RangeInclusive<u64>) -> Duration {
        Duration::from_secs(self.number(setting, bounds))
    }

    pub(crate) fn days(&mut self, setting: &Setting, bounds: RangeInclusive<u64>) -> Duration {
        Duration::from_secs(86_400 * self.number(setting, bounds))
    }

    pub(crate) fn millis(&mut self, setting: &Setting, bounds: RangeInclusive<u64>) -> Duration {
        Duration::from_millis(self.number(setting, bounds))
    }

    pub(crate) fn switch(&mut self, setting: &Setting) -> bool {
        match self.raw(setting).to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => true,
            "false" | "0" | "no" | "off" => false,
            other => {
                self.problem(format!("{}: true or false is needed, not `{other}`", setting.name));
                false
            }
        }
    }

    /// One of the words that an enum lists.
    pub(crate) fn word<T: FromStr + VariantNames + Default>(&mut self, setting: &Setting) -> T {
        self.optional_word(setting).unwrap_or_default()
    }

    /// One of the words that an enum lists; `None` when there is neither value nor default.
    pub(crate) fn optional_word<T: FromStr + VariantNames>(&mut self, setting: &Setting) -> Option<T> {
        let value = self.some(setting)?;
        let word = value.parse().ok();
        if word.is_none() {
            let words = T::VARIANTS.join(", ");
            self.problem(format!("{}: one of {words} is needed, not `{value}`", setting.name));
        }
        word
    }

    /// A text that must look like something.
    pub(crate) fn shaped<T>(&mut self, setting: &Setting, what: &str, read: fn(&str) -> Option<T>) -> T {
        let value = self.raw(setting);
        read(value).unwrap_or_else(|| {
            self.problem(format!("{}: {what} is needed, not `{value}`", setting.name));
            read(setting.default).expect(DEFAULTS)
        })
    }

    /// A value that something else can read.
    pub(crate) fn parsed<T, E: fmt::Display>(
        &mut self,
        setting: &Setting,
        read: fn(&str) -> Result<T, E>,
    ) -> T {
        let value = self.raw(setting);
        self.read(setting.name, value, read).unwrap_or_else(|| read(setting.default).ok().expect(DEFAULTS))
    }

    /// A value that something else can read, if there is one.
    pub(crate) fn optional<T, E: fmt::Display>(
        &mut self,
        setting: &Setting,
        read: fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        self.read(setting.name, self.some(setting)?, read)
    }

    /// The address of a backend, for a service that uses it.
    pub(crate) fn address<T, E: fmt::Display>(
        &mut self,
        setting: &Setting,
        read: fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        if setting.used_by(self.service) { self.optional(setting, read) } else { None }
    }

    /// The same as it was given.
    pub(crate) fn given_address(&mut self, setting: &Setting) -> Option<String> {
        self.optional_text(setting).filter(|_| setting.used_by(self.service))
    }

    /// The same where it may hold a password.
    pub(crate) fn secret_address(&mut self, setting: &Setting) -> Option<SecretString> {
        let address = self.given_address(setting)?;
        if !is_clear(&address) {
            self.problem(format!("{}: {UNCLEAR}", setting.name));
            return None;
        }
        Some(SecretString::from(address))
    }

    /// A page whose path or query is a secret. It never stands in the message.
    pub(crate) fn secret_page(&mut self, setting: &Setting) -> Option<SecretString> {
        let page = self.some(setting)?;
        match web_page(page) {
            Ok(url) if url.fragment().is_some() => {
                self.problem(format!("{}: it must not hold a #", setting.name));
                None
            }
            Ok(_) => Some(SecretString::from(page)),
            Err(why) => {
                self.problem(format!("{}: it cannot be read: {why}", setting.name));
                None
            }
        }
    }

    /// A secret of visible characters. It never stands in the message.
    pub(crate) fn graphic_secret(&mut self, setting: &Setting) -> Option<SecretString> {
        let secret = self.some(setting)?;
        if !secret.bytes().all(|b| b.is_ascii_graphic()) {
            let name = setting.name;
            self.problem(format!("{name}: the secret holds characters that none has; copy it again"));
        }
        Some(SecretString::from(secret))
    }
}

/// Why the default of a setting can be read.
const DEFAULTS: &str = "a test reads every default";
