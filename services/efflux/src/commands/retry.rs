//! `efflux retry`: tries conversions again that ended or wait. It prints the plan first.

mod plan;
mod reasons;
mod tokens;

use std::io::{IsTerminal, stdin};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use assembly::{Parts, StartError};
use clap::Args;
use domain::{Outcome, PixelRef, UnixMillis};
use pipeline::replay::{Replay, Replayed};
use pipeline::{Feeds, Pixels};
use ports::ledger::Selection;
use ports::{FeedDirectory, LedgerAdmin, PixelDirectory};
use runtime::{ExitStatus, WrongUsage};

use crate::context::{Context, Run};
use crate::moment::Now;
use crate::out;

use plan::Plan;

/// What may be tried again.
const STATUSES: [Outcome; 6] = [
    Outcome::Parked,
    Outcome::Rejected,
    Outcome::Expired,
    Outcome::Invalid,
    Outcome::NoEvents,
    Outcome::Retry,
];

#[derive(Debug, Args)]
pub(crate) struct Retry {
    /// parked, rejected, expired, invalid, no_events or retry
    #[arg(long)]
    status: String,
    /// Only with exactly this reason: no_working_credential, 100/2804004, invalid_pixel
    #[arg(long)]
    reason: Option<String>,
    /// Only of this pixel: meta:123, or a bare code, which is Meta's
    #[arg(long)]
    pixel: Option<String>,
    /// Only those that changed since: 2026-11-22T13:00:00Z, yesterday, or 24h for a day ago
    #[arg(long)]
    since: Option<String>,
    /// Print the plan and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Continue without asking; needed when standard input is not a terminal
    #[arg(long)]
    yes: bool,
    /// Print JSON; with it give --yes or --dry-run
    #[arg(long)]
    json: bool,
}

backends::port_set! {
    /// To try conversions again.
    pub(crate) struct Replayable { ledger: LedgerAdmin, pixels: PixelDirectory, feeds: FeedDirectory }
}

impl Run for Retry {
    async fn run(self, context: Context) -> anyhow::Result<ExitStatus> {
        let selection = selection(&self, context.clock.now())?;
        if self.json && !self.yes && !self.dry_run {
            return Err(WrongUsage::new("with --json nothing is asked: give --yes, or --dry-run").into());
        }
        retry(&context.reading().open().await?, &self, &selection).await
    }
}

async fn retry(parts: &Parts<Replayable>, args: &Retry, selection: &Selection) -> anyhow::Result<ExitStatus> {
    reasons::check(&*parts.ports.ledger, selection).await?;
    let replay = Replay {
        ledger: Arc::clone(&parts.ports.ledger),
        pixels: Arc::new(Pixels::new(Arc::clone(&parts.ports.pixels))),
        feeds: Arc::new(Feeds::new(Arc::clone(&parts.ports.feeds))),
        clock: Arc::clone(&parts.clock),
        destinations: backends::destinations(&parts.settings, &parts.clock).map_err(StartError::from)?,
    };
    let planned = replay.plan(selection).await?;
    let tokens = tokens::of(parts, planned.reopen.keys().map(|(pixel, _)| pixel)).await?;
    let plan = Plan::new(planned, selection.outcome, tokens, &parts.settings.reporting.currency);
    if !args.json {
        out(&plan.text());
    }
    if args.dry_run || plan.is_empty() {
        if args.json {
            out(&format!("{:#}\n", plan.json(None)));
        }
        return Ok(ExitStatus::Done);
    }
    if plan.conversions() > 0 && !args.yes && !agreed(&plan.question())? {
        out("Nothing was changed.\n");
        return Ok(ExitStatus::Incomplete);
    }
    let done = replay.apply(selection, &plan.closed()).await?;
    out(&if args.json { format!("{:#}\n", plan.json(Some(done))) } else { in_words(done) });
    Ok(if done.left_parked > 0 { ExitStatus::Incomplete } else { ExitStatus::Done })
}

fn in_words(done: Replayed) -> String {
    let mut text = format!("{} conversions are due now.\n", done.reopened);
    if done.reopened > 0 {
        text.push_str(
            "Where a platform asked for a pause (rate limit, Retry-After), they go out when it is over.\n",
        );
    }
    if done.changed_meanwhile > 0 {
        text.push_str(&format!(
            "{} were changed by another process meanwhile and skipped.\n",
            done.changed_meanwhile
        ));
    }
    if done.left_parked > 0 {
        text.push_str(&format!("{} stay parked until their pixel has a working token.\n", done.left_parked));
    }
    text
}

fn selection(args: &Retry, now: UnixMillis) -> Result<Selection, WrongUsage> {
    let pixel = args.pixel.as_deref().map(|text| {
        PixelRef::of_legacy_or_any(text)
            .map_err(|error| WrongUsage::new(format!("--pixel `{text}`: {error}")))
    });
    Ok(Selection {
        outcome: status(&args.status)?,
        reason: args.reason.clone(),
        pixel: pixel.transpose()?,
        since: args.since.as_deref().map(|since| Now::in_utc(now).beginning(since)).transpose()?,
    })
}

fn status(word: &str) -> Result<Outcome, WrongUsage> {
    STATUSES.into_iter().find(|status| status.as_str() == word).ok_or_else(|| {
        let all: Vec<_> = STATUSES.iter().map(|status| status.as_str()).collect();
        let why = match word.parse() {
            Ok(Outcome::Reported) => "what is reported is not sent again",
            Ok(Outcome::Duplicate) => "a duplicate has no entry of its own: use the status of its conversion",
            Ok(Outcome::InFlight) => "a worker has a lease on it",
            _ => "unknown status",
        };
        WrongUsage::new(format!("--status `{word}`: {why}; there are {}", all.join(", ")))
    })
}

/// Asks the operator. Without a terminal, nothing is changed unless `--yes` is given.
pub(super) fn agreed(question: &str) -> anyhow::Result<bool> {
    if !stdin().is_terminal() {
        bail!("there is no terminal to ask: give --yes to continue, or --dry-run to see only the plan");
    }
    out(&format!("{question} [y/N] "));
    let mut answer = String::new();
    stdin().read_line(&mut answer).context("cannot read the answer")?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_be_tried_again_is_a_status() {
        for known in STATUSES {
            assert_eq!(status(known.as_str()).ok(), Some(known));
        }
        for wrong in ["reported", "duplicate", "in_flight", "invalidd", ""] {
            let said = status(wrong).unwrap_err().to_string();
            assert!(said.contains("parked, rejected, expired, invalid, no_events, retry"), "{said}");
        }
    }
}
