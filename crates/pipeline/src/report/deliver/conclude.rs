//! From the outcomes of a conversion's events to what is written about it.

use std::time::Duration;

use domain::restate::Figures;
use domain::{Money, UnixMillis};
use ports::destination::{Answer, EventOutcome};
use ports::ledger::{MaybeReceived, Settle, SettleLater, Settlement, WaitReason};

use super::delivery::DeliveryItem;
use super::prepared::Prepared;
use super::unknown_outcome::parked;
use crate::report::health::{DeliveryEnd, wait_reason};
use crate::report::{Backoff, OnUnknown, Reporting, mutations};

/// A conversion is sent again after so many answers that counted fewer events than were sent; after one more a person decides.
const MOST_SHORT_ANSWERS: u32 = 5;

/// The settlement of a conversion after its delivery. The first rule that applies decides.
pub(super) fn settlement(
    reporting: &Reporting,
    item: DeliveryItem,
    end: DeliveryEnd,
    now: UnixMillis,
) -> Settlement {
    let maybe_received = maybe_received(&item);
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
    let refusal = outcomes.iter().find_map(|outcome| match outcome {
        EventOutcome::PixelRefused(refusal) => Some(*refusal),
        _ => None,
    });
    let settle = if outcomes.contains(&EventOutcome::Rejected) {
        let reason = answer.as_ref().map_or_else(String::new, reason_of);
        if let Some(answer) = &mut answer {
            note_accepted(answer, &prepared);
        }
        Settle::Rejected { reason }
    } else if outcomes.contains(&EventOutcome::Unknown) {
        let short_answers = maybe_received.map_or(0, |mark| mark.short_answers);
        match reporting.config.on_unknown {
            OnUnknown::Resend if short_answers <= MOST_SHORT_ANSWERS => {
                Settle::Retry(open(asked_by_failure(end).max(wait), WaitReason::UnknownOutcome, true))
            }
            OnUnknown::Resend | OnUnknown::Hold => parked(deadline, true),
        }
    } else if outcomes.contains(&EventOutcome::BatchRefused) {
        // Those that were put off for its sake come first: they may show that the pixel takes events.
        Settle::Parked(open(backoff.probe * 3 / 2, WaitReason::NotIsolated, true))
    } else if outcomes.contains(&EventOutcome::Refused) {
        Settle::Parked(open(backoff.probe, WaitReason::NoWorkingCredential, true))
    } else if let Some(refusal) = refusal {
        Settle::Parked(open(backoff.probe, wait_reason(refusal), true))
    } else if outcomes.iter().any(|o| *o != EventOutcome::Accepted) {
        match end {
            DeliveryEnd::RateLimited(asked) => Settle::Retry(open(
                asked.unwrap_or(Backoff::RATE_LIMITED).max(wait),
                WaitReason::Throttled,
                false,
            )),
            _ => Settle::Retry(open(asked_by_failure(end).max(wait), WaitReason::Transient, true)),
        }
    } else {
        Settle::Reported
    };
    let Prepared { due, accepted, .. } = prepared;
    Settlement { lease: due.lease, settle, accepted, reported, answer, maybe_received }
}

/// How long a failing destination asked for a pause.
fn asked_by_failure(end: DeliveryEnd) -> Duration {
    match end {
        DeliveryEnd::Failed(asked) => asked.unwrap_or_default(),
        _ => Duration::ZERO,
    }
}

/// Since when the platform may have events that it is not known to have accepted.
fn maybe_received(item: &DeliveryItem) -> Option<MaybeReceived> {
    let before = item.prepared.due.maybe_received;
    if !item.outcomes.contains(&EventOutcome::Unknown) {
        return before;
    }
    let mut mark = before.unwrap_or(MaybeReceived::since(item.sending_since));
    mark.short_answers = mark.short_answers.saturating_add(u32::from(item.short_answer));
    Some(mark)
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
