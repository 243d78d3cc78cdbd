//! `efflux status`: queues, conversions by outcome, and the latest files.

use std::io::{IsTerminal, stdout};
use std::time::Duration;

use assembly::Parts;
use clap::Args;
use domain::{Money, Outcome, Receipt};
use ports::ledger::{Selection, WaitReason, Waiting};
use ports::{AnalyticsStore, EventQueue, LedgerAdmin};
use runtime::ExitStatus;
use runtime::terminal::one_line;

use crate::context::{Context, Run};
use crate::sheet::{Cell, Sheet};
use crate::tables::amount;
use crate::{out, tables};

/// Money whose deadline is nearer than this counts apart.
const SOON: Duration = Duration::from_secs(24 * 3600);

/// Entries that are read at once.
const PAGE: usize = 1_000;

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// How many of the latest files to show
    #[arg(long, default_value_t = 10)]
    files: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

backends::port_set! {
    /// To show the progress of the work.
    pub(crate) struct Overview {
        trigger_queue: EventQueue,
        report_queue: EventQueue,
        ledger: LedgerAdmin,
        analytics: AnalyticsStore,
    }
}

impl Run for Status {
    async fn run(self, context: Context) -> anyhow::Result<ExitStatus> {
        status(&context.reading().open().await?, self.files, self.json).await
    }
}

async fn status(parts: &Parts<Overview>, latest: usize, json: bool) -> anyhow::Result<ExitStatus> {
    let queues = [
        ("trigger", parts.ports.trigger_queue.depth().await?),
        ("report", parts.ports.report_queue.depth().await?),
    ];
    let stats = parts.ports.ledger.stats().await?;
    let receipts = parts.ports.ledger.receipts(latest).await?;
    let analytics = parts.ports.analytics.conversions().await?;
    let undecided = undecided(&*parts.ports.ledger).await?;
    let waiting = parts.ports.ledger.waiting(parts.clock.now().plus(SOON)).await?;
    if json {
        let queues: serde_json::Map<_, _> = queues
            .iter()
            .map(|(name, d)| {
                (
                    (*name).to_owned(),
                    serde_json::json!({"visible": d.visible, "hidden": d.hidden, "dead": d.dead}),
                )
            })
            .collect();
        let states: serde_json::Map<_, _> =
            stats.states.iter().map(|s| (s.outcome.to_string(), s.entries.into())).collect();
        let files: Vec<_> =
            receipts.iter().map(|r| serde_json::json!({"object": r.object, "receipt": r.receipt})).collect();
        let all = serde_json::json!({"queues": queues, "ledger": states, "unexported": stats.unexported, "analytics": analytics, "files": files, "for_a_person": undecided.json(), "waiting": sheet(&waiting).to_json()});
        out(&format!("{}\n", serde_json::to_string_pretty(&all)?));
        return Ok(ExitStatus::Done);
    }
    for (name, depth) in queues {
        let age =
            depth.oldest_age.map_or_else(String::new, |age| format!(", the oldest {} s old", age.as_secs()));
        out(&format!(
            "{name} queue: {} waiting, {} in flight or delayed, {} dead{age}\n",
            depth.visible, depth.hidden, depth.dead
        ));
    }
    out("\nConversions in the ledger:\n");
    for state in &stats.states {
        out(&format!("  {:<10} {:>9}\n", state.outcome.as_str(), state.entries));
    }
    print_waiting(&waiting);
    undecided.print();
    out(&format!(
        "\nAnalytics shows {analytics} conversions; {} changes wait for export.\n",
        stats.unexported
    ));
    if !receipts.is_empty() {
        out("\nLatest files:\n");
    }
    for file in receipts {
        let summary = match &file.receipt.refused {
            Some(reason) => format!("refused: {reason}"),
            None if file.receipt.balances() => {
                let Receipt { rows_in, stated, unreported, .. } = &file.receipt;
                let [stated, unreported] = [stated, unreported]
                    .map(|money| tables::money(*money, &parts.settings.reporting.currency));
                let open = file.receipt.open();
                format!("{rows_in} rows, {open} open, stated {stated}, of which {unreported} is not reported")
            }
            None => format!("{} rows, NOT reconciled", file.receipt.rows_in),
        };
        out(&format!("  {}  {}  {}\n", file.at, one_line(&file.object), one_line(&summary)));
    }
    Ok(ExitStatus::Done)
}

/// What is open, by pixel and reason, the most money first.
fn sheet(waiting: &[Waiting]) -> Sheet<9> {
    let mut sheet = Sheet::new([
        "pixel",
        "state",
        "reason",
        "conversions",
        "unreported_revenue",
        "expiring_within_24h",
        "expiring_revenue",
        "nearest_deadline",
        "oldest",
    ]);
    let mut waiting: Vec<_> = waiting.iter().collect();
    waiting.sort_by_key(|group| std::cmp::Reverse(group.unreported));
    for group in waiting {
        sheet.add([
            Cell::text(group.pixel.to_string()),
            Cell::text(group.outcome.as_str()),
            Cell::text(&group.reason),
            Cell::Number(group.conversions),
            Cell::Money(group.unreported),
            Cell::Number(group.expiring),
            Cell::Money(group.expiring_revenue),
            Cell::or_nothing(group.nearest_deadline, Cell::Time),
            Cell::Time(group.oldest),
        ]);
    }
    sheet
}

fn print_waiting(waiting: &[Waiting]) {
    let (unreported, expiring): (Money, Money) = (
        waiting.iter().map(|group| group.unreported).sum(),
        waiting.iter().map(|group| group.expiring_revenue).sum(),
    );
    if waiting.is_empty() {
        out("\nNo money waits.\n");
        return;
    }
    let table = sheet(waiting).to_table(stdout().is_terminal());
    out(&format!(
        "\nMoney that waits: {}, of which {} expires within 24 hours\n{table}\n",
        amount(unreported),
        amount(expiring)
    ));
}

/// Conversions that no credential helps: a person decides, or a row with their money comes. With their unreported revenue.
#[derive(Debug, Default)]
struct Undecided(Vec<(WaitReason, u64, Money)>);

impl Undecided {
    fn json(&self) -> serde_json::Value {
        let one = |(reason, conversions, revenue): &(WaitReason, u64, Money)| serde_json::json!({"reason": reason.as_str(), "conversions": conversions, "unreported": revenue.to_string()});
        self.0.iter().map(one).collect()
    }

    fn print(&self) {
        for (reason, conversions, revenue) in &self.0 {
            let what = match reason {
                WaitReason::Damaged => "are damaged in the ledger",
                WaitReason::ZeroRevenue => "earned 0 so far",
                WaitReason::ImplausibleRevenue => "earned more than MAX_REVENUE_PER_CLICK",
                _ => "may have been received by the platform",
            };
            let whom = if *reason == WaitReason::ZeroRevenue { "their money" } else { "you" };
            out(&format!(
                "\n{conversions} conversions, unreported revenue {revenue}, {what} and wait for {whom} (parked: {reason}); see `efflux explain`.\n"
            ));
        }
    }
}

async fn undecided(ledger: &dyn LedgerAdmin) -> anyhow::Result<Undecided> {
    let mut undecided = Undecided::default();
    for reason in WaitReason::WITHOUT_CREDENTIAL {
        let text = Some(reason.as_str().to_owned());
        let selection = Selection { outcome: Outcome::Parked, reason: text, pixel: None, since: None };
        let (mut conversions, mut revenue, mut after) = (0, Money::ZERO, None);
        loop {
            let page = ledger.select(&selection, after.as_ref(), PAGE).await?;
            conversions += page.len() as u64;
            revenue = page.iter().fold(revenue, |sum, record| sum + record.unreported());
            match page.last() {
                Some(last) if page.len() == PAGE => after = Some(last.key),
                _ => break,
            }
        }
        if conversions > 0 {
            undecided.0.push((reason, conversions, revenue));
        }
    }
    Ok(undecided)
}
