//! What happens to an entry next, in words.

use domain::{Outcome, UnixMillis};
use ports::ledger::{Record, Restatements, WaitReason};

/// What happens next, and what the entry waits for.
pub(super) fn of(record: &Record, restatements: Restatements) -> String {
    let due = record.due_at.map_or_else(|| "an unknown time".to_owned(), |t| t.to_string());
    let ends = record.deadline.map_or_else(String::new, |deadline| {
        format!("; it expires at {deadline}, when the platform no longer accepts it")
    });
    let retry = format!("`efflux retry --status {}`", record.outcome);
    if record.erased.is_some() {
        return "nothing: without its text it cannot be sent".to_owned();
    }
    match record.outcome {
        Outcome::Reported => match restatements {
            Restatements::First if record.reported.count > 0 => {
                "nothing: later figures are recorded and not sent".to_owned()
            }
            Restatements::First => "its first paid clicks are sent when a feed states them".to_owned(),
            Restatements::Increments => {
                "further paid clicks are sent when a feed states them with their money".to_owned()
            }
        },
        Outcome::InFlight => {
            format!("a worker has a lease on it; if that worker dies, another takes it at {due}{ends}")
        }
        Outcome::Retry => format!("it is tried again at {due}{ends}"),
        Outcome::Parked if waits_for_operator(record) => format!(
            "it waits for the operator: the platform may have its events, and no answer said so. {retry} sends them again under the \
             same ids; more than 47 hours after they were sent first, the platform may count them twice{ends}"
        ),
        Outcome::Parked if record.wait_reason() == Some(WaitReason::Damaged) => format!(
            "it waits for the operator: what the ledger stored about it is damaged. Restore the ledger from a backup, or, if the \
             damage is repaired, {retry}"
        ),
        Outcome::Parked if record.wait_reason() == Some(WaitReason::NoDestination) => format!(
            "it waits for a process that can send to the pixel's platform, and is tried again at {due}{ends}"
        ),
        Outcome::Parked if record.wait_reason() == Some(WaitReason::ZeroRevenue) => format!(
            "it waits for its money: paid clicks that earned 0 are not sent yet. A later row that states it takes its place; with \
             ZERO_REVENUE=send it is sent as zero at {due}; {retry} sends it as zero at once{ends}"
        ),
        Outcome::Parked if record.wait_reason() == Some(WaitReason::ImplausibleRevenue) => format!(
            "it waits for the operator: it states more for a paid click than MAX_REVENUE_PER_CLICK. If the amount is right, {retry} \
             --reason implausible_revenue sends it; a later row with a plausible amount takes its place{ends}"
        ),
        Outcome::Parked => {
            let cause = record.wait_reason().map_or("", |reason| cause_of_waiting(&reason));
            format!("{cause}it is probed at {due}, or as soon as the pixel's credentials change{ends}")
        }
        Outcome::Invalid => format!(
            "nothing by itself: a later valid row of the same conversion takes its place; or, once the cause is fixed, {retry}"
        ),
        Outcome::NoEvents => "nothing, until a row of the same conversion states an event".to_owned(),
        Outcome::Rejected => {
            format!("nothing by itself; once the cause is fixed, {retry}{}", before_deadline(record))
        }
        Outcome::Expired | Outcome::Duplicate => "nothing: its deadline has passed".to_owned(),
    }
}

/// With `ON_UNKNOWN_OUTCOME=hold` nothing is probed: the entry is due again at its deadline only.
fn waits_for_operator(record: &Record) -> bool {
    record.wait_reason() == Some(WaitReason::UnknownOutcome) && record.due_at == record.deadline
}

/// What has to change, where the answers say more than that a credential does not work.
const fn cause_of_waiting(reason: &WaitReason) -> &'static str {
    match reason {
        WaitReason::WrongEndpoint => {
            "the platform does not serve its address or version that the settings name: correct them; "
        }
        WaitReason::AccountRefused => {
            "the platform wants something of the pixel's owner first, such as consent to its terms: look into the account; "
        }
        WaitReason::NotIsolated => {
            "the platform refused it, for a reason that is not known or while it took nothing else of the pixel; "
        }
        _ => "",
    }
}

fn before_deadline(record: &Record) -> String {
    let until = |deadline: UnixMillis| format!(", before {deadline}");
    record.deadline.map_or_else(String::new, until)
}
