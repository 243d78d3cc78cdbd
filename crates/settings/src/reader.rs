//! Reads typed values and gathers what is wrong.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::environment::Environment;
use crate::table::TABLE;

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

pub(crate) struct Reader<'e> {
    environment: &'e Environment,
    pub(crate) problems: Vec<String>,
}

impl<'e> Reader<'e> {
    pub(crate) const fn new(environment: &'e Environment) -> Self {
        Self { environment, problems: Vec::new() }
    }

    /// The value given, or the default of the table.
    pub(crate) fn text(&self, name: &'static str) -> &'e str {
        self.environment.get(name).unwrap_or_else(|| default_of(name))
    }

    /// The value given or the default; `None` when there is neither.
    pub(crate) fn optional(&self, name: &'static str) -> Option<String> {
        Some(self.text(name)).filter(|v| !v.is_empty()).map(str::to_owned)
    }

    /// A number within bounds.
    pub(crate) fn number<T: FromStr + PartialOrd + fmt::Display + Copy>(
        &mut self,
        name: &'static str,
        least: T,
        most: T,
    ) -> T {
        match self.text(name).parse() {
            Ok(n) if n >= least && n <= most => n,
            _ => {
                self.problems.push(format!(
                    "{name}: a number from {least} to {most} is needed, not `{}`",
                    self.text(name)
                ));
                least
            }
        }
    }

    pub(crate) fn seconds(&mut self, name: &'static str, least: u64, most: u64) -> Duration {
        Duration::from_secs(self.number(name, least, most))
    }

    pub(crate) fn millis(&mut self, name: &'static str, least: u64, most: u64) -> Duration {
        Duration::from_millis(self.number(name, least, most))
    }

    pub(crate) fn switch(&mut self, name: &'static str) -> bool {
        match self.text(name).to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => true,
            "false" | "0" | "no" | "off" => false,
            other => {
                self.problems.push(format!("{name}: true or false is needed, not `{other}`"));
                false
            }
        }
    }

    /// One of these words.
    pub(crate) fn choice<T: Copy>(&mut self, name: &'static str, choices: &[(&str, T)]) -> T {
        let value = self.text(name);
        if let Some((_, chosen)) = choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(value)) {
            return *chosen;
        }
        let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
        self.problems.push(format!("{name}: one of {} is needed, not `{value}`", words.join(", ")));
        choices[0].1
    }

    /// A value that something else can read.
    pub(crate) fn parsed<T, E: fmt::Display>(
        &mut self,
        name: &'static str,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let value = self.optional(name)?;
        read(&value).map_err(|e| self.problems.push(format!("{name}: `{value}` cannot be read: {e}"))).ok()
    }
}

fn default_of(name: &str) -> &'static str {
    TABLE.iter().find(|s| s.name == name).map_or("", |s| s.default)
}
