//! What the operator does next.

use std::time::Duration;

use domain::Outcome;
use ports::ledger::{WaitReason, Waiting};
use ports::queue::Depth;

use super::known::{InLedger, Known};
use super::waiting;

/// A message that waits longer than this waits for a service that is not running, or is slow.
const LONG: Duration = Duration::from_secs(600);

/// One sentence for each thing to do.
pub(super) fn of(known: &Known) -> Vec<String> {
    let mut advice: Vec<_> = known
        .unavailable
        .iter()
        .map(|one| format!("The {} could not be asked; why is said above. Fix that first.", one.part))
        .collect();
    let queues =
        [("trigger", "filter-svc", known.trigger_queue), ("report", "reporter-svc", known.report_queue)];
    for (name, service, depth) in queues {
        advice.extend(depth.into_iter().flat_map(|depth| of_queue(name, service, depth)));
    }
    if let Some(files) = known.files.as_ref().map(|files| files.counts) {
        let latest = files.latest;
        if files.held > 0 {
            advice.push(format!("{} held: `efflux held list` says why.", counted(files.held, "file")));
        }
        if files.refused > 0 {
            let refused = files.refused;
            advice
                .push(format!("{refused} of the latest {latest} files refused: `efflux dlq list` says why."));
        }
        if files.suspicious > 0 {
            let suspicious = files.suspicious;
            advice.push(format!("{suspicious} of the latest {latest} files suspicious: the log names them, and `efflux held list` those that wait."));
        }
    }
    if let Some(ledger) = &known.ledger {
        advice.extend(of_money(ledger));
    }
    advice
}

fn of_queue(name: &str, service: &str, depth: Depth) -> Vec<String> {
    let mut advice = Vec::new();
    if depth.dead > 0 {
        advice.push(format!(
            "{} in the {name} queue: `efflux dlq list` says why; `efflux dlq redrive --all` once the cause is fixed.",
            counted(depth.dead, "dead letter")
        ));
    }
    if let Some(age) = depth.oldest_age.filter(|age| *age > LONG) {
        let minutes = age.as_secs() / 60;
        advice.push(format!("A message of the {name} queue has waited for {minutes} minutes: is {service}, or `efflux run`, running?"));
    }
    advice
}

fn of_money(ledger: &InLedger) -> Vec<String> {
    let parked = |reason: &WaitReason| {
        let is_one = |group: &&Waiting| group.outcome == Outcome::Parked && group.reason == reason.as_str();
        ledger.waiting.iter().filter(is_one).map(|group| group.conversions).sum::<u64>()
    };
    let mut advice = Vec::new();
    for (reason, what) in REMEDIES {
        let conversions = if **reason == WaitReason::Damaged { ledger.stats.damaged } else { parked(reason) };
        if conversions > 0 {
            advice.push(format!("{} parked ({reason}): {what}.", counted(conversions, "conversion")));
        }
    }
    if !waiting::expiring(&ledger.waiting).is_zero() {
        advice.push(
            "Money expires within 24 hours: what the table shows with a near deadline comes first."
                .to_owned(),
        );
    }
    advice
}

fn counted(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

const REMEDIES: &[(&WaitReason, &str)] = &[
    (&WaitReason::NoWorkingCredential, "`efflux meta check` says which token is broken"),
    (&WaitReason::AccountRefused, "the pixel's owner must act; `efflux meta check` says what Meta wants"),
    (&WaitReason::WrongEndpoint, "correct the address or version in META_GRAPH_URL and META_GRAPH_VERSION"),
    (&WaitReason::NotIsolated, "`efflux explain SESSION` shows what the platform answered"),
    (
        &WaitReason::UnknownOutcome,
        "you decide; `efflux retry --status parked --reason unknown_outcome --dry-run` shows them",
    ),
    (
        &WaitReason::ImplausibleRevenue,
        "if the amounts are right, `efflux retry --status parked --reason implausible_revenue`",
    ),
    (&WaitReason::Damaged, "restore the ledger from a backup"),
];
