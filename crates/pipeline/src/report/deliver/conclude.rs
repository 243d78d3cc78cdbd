//! From the outcomes of a conversion's events to what is written about it.

use std::time::Duration;

use domain::restate::Figures;
use domain::{Money, UnixMillis};
use ports::destination::{Answer, EventOutcome};
use ports::ledger::{Due, Positions, Settle, SettleLater, Settlement, WaitReason};

use super::delivery::DeliveryItem;
use super::prepared::Prepared;
use crate::report::health::DeliveryEnd;
use crate::report::{Backoff, OnUnknown, Reporting, mutations};

/// The settlement of a conversion after its delivery. The first rule that applies decides.
pub(super) fn settlement(
    reporting: &Reporting,
    item: DeliveryItem,
    end: DeliveryEnd,
    now: UnixMillis,
) -> Settlement {
    let DeliveryItem { prepared, outcomes, mut answer, .. } = item;
    let reported = reported(&prepared);
    let deadline = prepared.due.deadline;
    let open = |wait: Duration, reason: WaitReason, failed: bool| SettleLater {
        due_at: Backoff::due_at(now, wait, deadline),
        reason,
        failed,
    };
    let backoff = reporting.config.backoff;
    let wait = backoff.after(prepared.due.failures, &*reporting.rng);
    let outcomes = mutations::outcomes(outcomes);
    let settle = if outcomes.contains(&EventOutcome::Rejected) {
        let reason = answer.as_ref().map_or_else(String::new, reason_of);
        if let Some(answer) = &mut answer {
            note_accepted(answer, &prepared);
        }
        Settle::Rejected { reason }
    } else if outcomes.contains(&EventOutcome::Unknown) {
        match reporting.config.on_unknown {
            OnUnknown::Resend => Settle::Retry(open(wait, WaitReason::UnknownOutcome, true)),
            OnUnknown::Hold => Settle::Parked(SettleLater {
                due_at: deadline,
                reason: WaitReason::UnknownOutcome,
                failed: true,
            }),
        }
    } else if outcomes.contains(&EventOutcome::BatchRefused) {
        Settle::Parked(open(backoff.probe, WaitReason::NotIsolated, true))
    } else if outcomes.contains(&EventOutcome::Refused) {
        Settle::Parked(open(backoff.probe, WaitReason::NoWorkingCredential, true))
    } else if outcomes.iter().any(|o| *o != EventOutcome::Accepted) {
        match end {
            DeliveryEnd::RateLimited(asked) => Settle::Retry(open(
                asked.unwrap_or(Backoff::RATE_LIMITED).max(wait),
                WaitReason::Throttled,
                false,
            )),
            _ => Settle::Retry(open(wait, WaitReason::Transient, true)),
        }
    } else {
        Settle::Reported
    };
    Settlement { lease: prepared.due.lease, settle, accepted: prepared.accepted, reported, answer }
}

/// A settlement of a conversion of which nothing was sent.
pub(super) fn nothing_sent(due: Due, settle: Settle) -> Settlement {
    Settlement {
        lease: due.lease,
        settle,
        accepted: Positions::default(),
        reported: Figures::default(),
        answer: None,
    }
}

/// A rejected conversion may have events that the destination accepted before, and those count there: the operator must see
/// it.
fn note_accepted(answer: &mut Answer, prepared: &Prepared) {
    let accepted = prepared.due.accepted.len() + prepared.accepted.len();
    if accepted > 0 {
        let separator = if answer.message.is_empty() { "" } else { "; " };
        answer.message = format!("{}{separator}{accepted} of its events were accepted", answer.message);
    }
}

/// Purchases accepted in this delivery, and their value.
fn reported(prepared: &Prepared) -> Figures {
    let values =
        prepared.events.iter().filter(|e| prepared.accepted.contains(e.position)).filter_map(|e| e.value);
    let (count, revenue) = values.fold((0, Money::ZERO), |(n, sum), value| (n + 1, sum + value));
    Figures { count, revenue }
}

/// `100/2804004`: code and subcode, or the status alone.
fn reason_of(answer: &Answer) -> String {
    match (answer.code, answer.subcode) {
        (Some(code), Some(subcode)) => format!("{code}/{subcode}"),
        (Some(code), None) => code.to_string(),
        _ => format!("status {}", answer.status),
    }
}
