//! What nextest writes about each test.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::part::Part;
use crate::tally::Tally;

/// One test that ran.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Case {
    /// The test binary, as nextest names it.
    pub(super) binary: String,
    pub(super) name: String,
    /// Since 1970, or since the start of the run.
    pub(super) began: Duration,
    pub(super) took: Duration,
    pub(super) passed: bool,
}

impl Case {
    pub(super) fn part(&self) -> Part {
        Part::of_test(&self.binary, &self.name)
    }

    /// The same with its time since the start of the run.
    pub(super) fn since(self, start: Duration) -> Self {
        Self { began: self.began.saturating_sub(start), ..self }
    }
}

/// Reads the report of the last run, if there is one.
pub(super) fn read(path: &Path) -> Result<Vec<Case>> {
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&text).with_context(|| format!("{} is not a JUnit report", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
    }
}

fn parse(text: &str) -> Result<Vec<Case>> {
    let document = roxmltree::Document::parse(text)?;
    let cases = document.descendants().filter(|node| node.has_tag_name("testcase"));
    cases
        .map(|case| {
            let text = |name| case.attribute(name).with_context(|| format!("a testcase without {name}"));
            let failed =
                case.children().any(|node| node.has_tag_name("failure") || node.has_tag_name("error"));
            Ok(Case {
                binary: text("classname")?.to_owned(),
                name: text("name")?.to_owned(),
                began: moment(text("timestamp")?)?,
                took: Duration::from_secs_f64(text("time")?.parse().context("a time that is not a number")?),
                passed: !failed,
            })
        })
        .collect()
}

/// A time as RFC 3339 writes it, since 1970.
fn moment(text: &str) -> Result<Duration> {
    let moment = OffsetDateTime::parse(text, &Rfc3339).context("a timestamp that is not RFC 3339")?;
    Duration::try_from(moment - OffsetDateTime::UNIX_EPOCH).context("a timestamp before 1970")
}

/// How many of these passed and failed.
pub(super) fn tally<'a>(cases: impl Iterator<Item = &'a Case>) -> Tally {
    cases.fold(Tally::default(), |sum, case| {
        sum + Tally { passed: u64::from(case.passed), failed: u64::from(!case.passed) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="nextest-run" tests="2" failures="1" errors="0" time="1.5">
    <testsuite name="efflux::it" tests="2" failures="1">
        <testcase name="wire::a&lt;b" classname="efflux::it" timestamp="2026-01-02T03:04:05.6+00:00" time="1.250"/>
        <testcase name="kill::it_ends" classname="efflux::it" timestamp="1970-01-01T01:00:09+01:00" time="0.125">
            <failure type="test failure with exit code 101">thread panicked</failure>
        </testcase>
    </testsuite>
</testsuites>"#;

    #[test]
    fn a_report_is_read() {
        let cases = parse(REPORT).unwrap();
        assert_eq!(cases.len(), 2);
        assert_eq!((cases[0].name.as_str(), cases[0].took), ("wire::a<b", Duration::from_millis(1250)));
        assert_eq!(cases[1].began, Duration::from_secs(9));
        assert_eq!(cases[1].clone().since(Duration::from_secs(7)).began, Duration::from_secs(2));
        assert_eq!(cases[0].part(), Part::Processes);
        assert_eq!(tally(cases.iter()), Tally { passed: 1, failed: 1 });
    }

    #[test]
    fn an_invalid_report_is_an_error() {
        assert!(parse("<testsuites><testcase/></testsuites>").is_err());
        assert!(parse("Summary: fine").is_err());
    }
}
