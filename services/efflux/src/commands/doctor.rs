//! `efflux doctor`: checks what goes wrong in real deployments. It knows no backend: each examines itself.

use anyhow::Context as _;
use clap::Args;
use ports::Diagnose;
use ports::diagnose::{Check, CheckState};
use runtime::terminal::one_line;
use runtime::{ExitStatus, SystemDiagnosis};

use crate::context::{Context, Run};
use crate::out;

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Only findings, and what could not be checked
    #[arg(long)]
    quiet: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Run for Doctor {
    async fn run(self, context: Context) -> anyhow::Result<ExitStatus> {
        let settings = context.settings()?;
        let mut all: Vec<Box<dyn Diagnose>> = vec![Box::new(SystemDiagnosis::new(&settings))];
        all.extend(Box::pin(backends::diagnoses(&settings, &context.clock)).await);
        let checks = findings(all).await?;
        let status = status(&checks);
        let speaks = |check: &&Check| matches!(check.state, CheckState::Finding | CheckState::CouldNotCheck);
        let shown: Vec<_> = checks.iter().filter(|check| !self.quiet || speaks(check)).collect();
        out(&if self.json { as_json(&shown)? } else { as_text(&shown, &checks) });
        Ok(status)
    }
}

/// What all of them find, in their order; one that waits for an answer delays no other.
async fn findings(all: Vec<Box<dyn Diagnose>>) -> anyhow::Result<Vec<Check>> {
    let running: Vec<_> =
        all.into_iter().map(|diagnosis| tokio::spawn(async move { diagnosis.findings().await })).collect();
    let mut checks = Vec::new();
    for one in running {
        checks.extend(one.await.context("a check failed with a panic; this is a bug, see the log")?);
    }
    Ok(checks)
}

/// What does not answer outweighs what was found: it may hide more.
fn status(checks: &[Check]) -> ExitStatus {
    if checks.iter().any(|check| check.unreachable) {
        ExitStatus::Unavailable
    } else if checks.iter().any(|check| check.state == CheckState::Finding) {
        ExitStatus::Incomplete
    } else {
        ExitStatus::Done
    }
}

/// Lines rather than a table: advice is longer than a terminal is wide.
fn as_text(shown: &[&Check], all: &[Check]) -> String {
    let mut text: String = shown.iter().map(|check| lines(check)).collect();
    let count = |state| all.iter().filter(|check| check.state == state).count();
    let (findings, unknown) = (count(CheckState::Finding), count(CheckState::CouldNotCheck));
    text.push_str(&format!("{} checks: {findings} findings, {unknown} could not be checked\n", all.len()));
    text
}

fn lines(check: &Check) -> String {
    let state = check.state.as_str().replace('_', " ");
    let seen = format!("{state:<15} {}: {}\n", one_line(&check.name), one_line(&check.saw));
    if check.remedy.is_empty() {
        seen
    } else {
        format!("{seen}{:<15} to do: {}\n", "", one_line(&check.remedy))
    }
}

fn as_json(shown: &[&Check]) -> anyhow::Result<String> {
    let all = serde_json::json!({ "checks": shown });
    Ok(format!("{}\n", serde_json::to_string_pretty(&all).context("cannot write JSON")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_answer_outweighs_findings() {
        let ok = Check::ok("a", "");
        let finding = Check::finding("b", "", "");
        let silent = Check { unreachable: true, ..Check::unknowable("c", "", "") };
        let unknowable = Check::unknowable("d", "", "");
        assert_eq!(status(&[ok.clone(), unknowable]), ExitStatus::Done);
        assert_eq!(status(&[ok, finding.clone()]), ExitStatus::Incomplete);
        assert_eq!(status(&[finding, silent]), ExitStatus::Unavailable);
    }
}
