//! `efflux retry`: tries conversions again that ended or wait. It prints the plan first.

use std::fmt::Write;
use std::io::{IsTerminal, stdin};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use assembly::{Parts, StartError};
use clap::Args;
use domain::{Outcome, PixelRef, UnixMillis};
use pipeline::Pixels;
use pipeline::replay::{Amount, Replay, ReplayPlan};
use ports::ledger::Selection;
use ports::{LedgerAdmin, PixelDirectory};
use runtime::ExitStatus;

use crate::context::{Context, Run};
use crate::moment::Now;
use crate::out;
use crate::tables::amount;

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
}

backends::port_set! {
    /// To try conversions again.
    pub(crate) struct Replayed { ledger: LedgerAdmin, pixels: PixelDirectory }
}

impl Run for Retry {
    async fn run(self, context: Context) -> anyhow::Result<ExitStatus> {
        retry(&context.reading().open().await?, &self).await
    }
}

async fn retry(parts: &Parts<Replayed>, args: &Retry) -> anyhow::Result<ExitStatus> {
    let selection = selection(args, parts.clock.now())?;
    let replay = Replay {
        ledger: Arc::clone(&parts.ports.ledger),
        pixels: Arc::new(Pixels::new(Arc::clone(&parts.ports.pixels))),
        clock: Arc::clone(&parts.clock),
        destinations: backends::destinations(&parts.settings, &parts.clock).map_err(StartError::from)?,
    };
    let plan = replay.plan(&selection).await?;
    out(&in_words(&plan, &parts.settings.reporting.currency));
    let entries = plan.reopened().entries;
    if args.dry_run || entries == 0 {
        return Ok(ExitStatus::Done);
    }
    if !args.yes && !agreed(&format!("Try these {entries} conversions again?"))? {
        out("Nothing was changed.\n");
        return Ok(ExitStatus::Incomplete);
    }
    let done = replay.apply(&selection).await?;
    out(&format!("{} conversions are due now.\n", done.reopened));
    if done.changed_meanwhile > 0 {
        out(&format!("{} were changed by another process meanwhile and skipped.\n", done.changed_meanwhile));
    }
    Ok(ExitStatus::Done)
}

fn selection(args: &Retry, now: UnixMillis) -> anyhow::Result<Selection> {
    let outcome: Outcome = args.status.parse()?;
    if outcome == Outcome::Duplicate {
        bail!("a duplicate has no entry of its own: use the status of the conversion's entry");
    }
    Ok(Selection {
        outcome,
        reason: args.reason.clone(),
        pixel: args.pixel.as_deref().map(PixelRef::of_legacy_or_any).transpose()?,
        since: args.since.as_deref().map(|since| Now::in_utc(now).beginning(since)).transpose()?,
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

fn in_words(plan: &ReplayPlan, currency: &str) -> String {
    let sign = if currency == "USD" { "$" } else { currency };
    let mut text = String::from("To try again:\n");
    let mut line = |what: &str, a: &Amount| {
        if a.entries > 0 {
            writeln!(text, "  {:>9}  {sign} {:>12}  {what}", a.entries, amount(a.revenue))
                .expect("writing to a String never fails");
        }
    };
    for ((pixel, reason), a) in &plan.reopen {
        let because = if reason.is_empty() { String::new() } else { format!(", {reason}") };
        line(&format!("pixel {pixel}{because}"), a);
    }
    line("all together", &plan.reopened());
    let mut skipped = vec![
        ("skipped: too old by now".to_owned(), plan.too_old),
        ("skipped: without events".to_owned(), plan.no_events),
        ("skipped: already reported".to_owned(), plan.already_reported),
        ("skipped: in flight".to_owned(), plan.in_flight),
        ("skipped: its text has been erased".to_owned(), plan.erased),
    ];
    skipped.extend(plan.not_valid.iter().map(|(reason, a)| (format!("skipped: invalid, {reason}"), *a)));
    skipped.iter().for_each(|(what, a)| line(what, a));
    if plan.reopened().entries == 0 {
        text.push_str("  nothing\n");
    }
    text
}
