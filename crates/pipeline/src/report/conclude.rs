//! From what became of a conversion's events to what is written about it.

use std::time::Duration;

use domain::restate::Figures;
use domain::{Money, UnixMillis};
use ports::destination::{Answer, EventOutcome};
use ports::ledger::{Due, Positions, Settle, SettleLater, Settlement, WaitReason};

use super::gate::THROTTLED_PAUSE;
use super::mutations;
use super::prepared::Prepared;
use super::round::{Item, RoundEnd};
use super::{Backoff, OnUnknown, Reporting};

impl Reporting {
    /// What to write about a conversion after a round.
    pub(super) fn conclude(&self, item: Item, end: RoundEnd, now: UnixMillis) -> Settlement {
        let Item { prepared, outcomes, mut answer, .. } = item;
        let reported = reported(&prepared);
        let deadline = prepared.due.deadline;
        let open = |wait: Duration, reason: WaitReason, failed: bool| SettleLater {
            due_at: Backoff::due_at(now, wait, deadline),
            reason,
            failed,
        };
        let backoff = self.config.backoff;
        let wait = backoff.after(prepared.due.failures, &*self.rng);
        let outcomes = mutations::outcomes(outcomes);
        let settle = if outcomes.contains(&EventOutcome::Rejected) {
            let reason = answer.as_ref().map_or_else(String::new, reason_of);
            if let Some(answer) = &mut answer {
                note_accepted(answer, &prepared);
            }
            Settle::Rejected { reason }
        } else if outcomes.contains(&EventOutcome::Unknown) {
            match self.config.on_unknown {
                OnUnknown::Resend => Settle::Retry(open(wait, WaitReason::UnknownOutcome, true)),
                OnUnknown::Hold => Settle::Parked(SettleLater {
                    due_at: deadline,
                    reason: WaitReason::UnknownOutcome,
                    failed: true,
                }),
            }
        } else if outcomes.contains(&EventOutcome::Suspect) {
            Settle::Parked(open(backoff.probe, WaitReason::NotIsolated, true))
        } else if outcomes.contains(&EventOutcome::Refused) {
            Settle::Parked(open(backoff.probe, WaitReason::NoWorkingCredential, true))
        } else if outcomes.iter().any(|o| *o != EventOutcome::Accepted) {
            match end {
                RoundEnd::Throttled(told) => Settle::Retry(open(
                    told.unwrap_or(THROTTLED_PAUSE).max(wait),
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

/// A rejected conversion may have events that the destination took before, and those count there: people must see it.
fn note_accepted(answer: &mut Answer, prepared: &Prepared) {
    let accepted = prepared.due.accepted.len() + prepared.accepted.len();
    if accepted > 0 {
        let separator = if answer.message.is_empty() { "" } else { "; " };
        answer.message = format!("{}{separator}{accepted} of its events were accepted", answer.message);
    }
}

/// Purchases accepted in this round, and their worth.
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
