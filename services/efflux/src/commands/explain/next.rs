//! What happens to an entry next, in words.

use domain::{Outcome, UnixMillis};
use ports::ledger::{Record, Restatements, WaitReason};

/// What happens next, and what the entry waits for. A time that has passed is said to have passed.
pub(super) fn of(record: &Record, restatements: Restatements, now: UnixMillis) -> String {
    if record.erased.is_some() {
        return "nothing: without its text it cannot be sent".to_owned();
    }
    let ends = end(record, now);
    let retry = format!("`efflux retry --status {}`", record.outcome);
    match record.outcome {
        Outcome::Reported => after_reported(record, restatements).to_owned(),
        Outcome::InFlight => match Due::of(record, now) {
            Due::Since(at) => {
                format!("the lease of its worker ran out at {at}: another worker takes it{ends}")
            }
            due => format!("a worker has a lease on it; if that worker dies, another takes it {due}{ends}"),
        },
        Outcome::Retry => format!("it is tried again {}{ends}", Due::of(record, now)),
        Outcome::Parked => format!("{}{ends}", parked(record, &retry, now)),
        Outcome::Invalid => format!(
            "nothing by itself: a later valid row of the same conversion takes its place; or, once the cause is fixed, {retry}"
        ),
        Outcome::NoEvents => "nothing, until a row of the same conversion states an event".to_owned(),
        Outcome::Rejected => match record.deadline {
            Some(deadline) if deadline <= now => format!("nothing: its deadline {deadline} has passed"),
            Some(deadline) => {
                format!("nothing by itself; once the cause is fixed, {retry}, before {deadline}")
            }
            None => format!("nothing by itself; once the cause is fixed, {retry}"),
        },
        Outcome::Expired | Outcome::Duplicate => "nothing: its deadline has passed".to_owned(),
    }
}

/// When an entry is due.
#[derive(Debug, Clone, Copy)]
enum Due {
    At(UnixMillis),
    Since(UnixMillis),
    Unknown,
}

impl Due {
    fn of(record: &Record, now: UnixMillis) -> Self {
        record.due_at.map_or(Self::Unknown, |at| if at <= now { Self::Since(at) } else { Self::At(at) })
    }
}

impl std::fmt::Display for Due {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::At(at) => write!(f, "at {at}"),
            Self::Since(at) => {
                write!(
                    f,
                    "now, if reporter-svc or `efflux run` is running and the platform asked for no pause: it is due since {at}"
                )
            }
            Self::Unknown => f.write_str("at an unknown time"),
        }
    }
}

fn end(record: &Record, now: UnixMillis) -> String {
    match record.deadline {
        None => String::new(),
        Some(deadline) if deadline <= now => format!("; its deadline {deadline} has passed, so it expires"),
        Some(deadline) => format!("; it expires at {deadline}, when the platform no longer accepts it"),
    }
}

const fn after_reported(record: &Record, restatements: Restatements) -> &'static str {
    match restatements {
        Restatements::First if record.reported.count > 0 => {
            "nothing: later figures are recorded and not sent"
        }
        Restatements::First => "its first paid clicks are sent when a feed states them",
        Restatements::Increments => "further paid clicks are sent when a feed states them with their money",
    }
}

fn parked(record: &Record, retry: &str, now: UnixMillis) -> String {
    let due = Due::of(record, now);
    match record.wait_reason() {
        _ if waits_for_operator(record) => format!(
            "it waits for the operator: the platform may have its events, and no answer said so. {retry} sends them again under the \
             same ids; more than 47 hours after they were sent first, the platform may count them twice"
        ),
        Some(WaitReason::Damaged) => format!(
            "it waits for the operator: what the ledger stored about it is damaged. Restore the ledger from a backup, or, if the \
             damage is repaired, {retry}"
        ),
        Some(WaitReason::NoDestination) => {
            format!("it waits for a process that can send to the pixel's platform, and is tried again {due}")
        }
        Some(WaitReason::ZeroRevenue) => format!(
            "it waits for its money: paid clicks that earned 0 are not sent yet. A later row that states it takes its place; with \
             ZERO_REVENUE=send it is sent as zero {due}; {retry} sends it as zero at once"
        ),
        Some(WaitReason::ImplausibleRevenue) => format!(
            "it waits for the operator: it states more for a paid click than MAX_REVENUE_PER_CLICK. If the amount is right, {retry} \
             --reason implausible_revenue sends it; a later row with a plausible amount takes its place"
        ),
        reason => {
            let cause = reason.as_ref().map_or("", cause_of_waiting);
            format!("{cause}it is probed {due}, or as soon as the pixel's credentials change")
        }
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
