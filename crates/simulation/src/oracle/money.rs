//! The money of a conversion at rest, by what its rows stated and in which order the ledger took them.

use domain::Outcome;
use ports::ledger::{Record, WaitReason};

use super::OnlineChecker;
use super::final_state::{FinalState, Violation};
use crate::input::{Class, Row};

/// Checks that what cannot be reported is shown: the entry says what was stated last, and what of it no event reported.
pub(super) fn shown(checker: &OnlineChecker, visitor: usize, record: &Record) -> Result<(), Violation> {
    let stated = checker.arrivals(visitor).filter_map(Row::figures).next_back().unwrap_or_default();
    let observed = (record.observed.count, record.observed.revenue.micros());
    if observed != stated {
        return Err(format!("it shows {observed:?}, and {stated:?} was stated last"));
    }
    let (unreported, missing) = (record.unreported().micros(), stated.1 - record.reported.revenue.micros());
    if unreported != missing.max(0) {
        return Err(format!("it shows {unreported} millionths as not reported, and lacks {missing}"));
    }
    Ok(())
}

/// Checks that no money is locked away by a row that had none: what is reported is the first money that was stated, or, with
/// increments, the last as far as events can carry it.
pub(super) fn check(
    checker: &OnlineChecker,
    state: &FinalState<'_>,
    visitor: usize,
    record: &Record,
) -> Result<(), Violation> {
    let reported = (record.reported.count, record.reported.revenue.micros());
    let figures = |(paid, micros): (u32, i64)| (i64::from(paid), micros);
    let first = checker.arrivals(visitor).find_map(Row::money).map(figures);
    match record.outcome {
        Outcome::Parked => waits(checker, visitor, record),
        Outcome::Reported if !state.rules.increments && reported != first.unwrap_or_default() => {
            Err(format!("{reported:?} is reported, and the first money stated is {first:?}"))
        }
        Outcome::Reported if state.rules.increments => {
            let stated = |row: &Row| Some((i64::from(row.counts[2]), row.revenue_micros?));
            let last =
                checker.arrivals(visitor).filter(|row| row.has_events()).filter_map(stated).next_back();
            let (paid, micros) = last.unwrap_or_default();
            if paid > reported.0 && micros > reported.1 {
                return Err(format!("{reported:?} is reported, and {last:?} was stated last"));
            }
            if first.is_some() && reported.1 == 0 {
                return Err(format!("nothing is reported, and {first:?} was stated"));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Checks that a row explains for what its entry waits.
fn waits(checker: &OnlineChecker, visitor: usize, record: &Record) -> Result<(), Violation> {
    let any = |class| checker.arrivals(visitor).any(|row| row.class == class);
    let can_be_sent = checker.arrivals(visitor).any(Row::is_sendable);
    match record.wait_reason() {
        Some(WaitReason::ZeroRevenue) if can_be_sent || any(Class::Implausible) || !any(Class::Zero) => {
            Err("it waits for money, and a row is better".to_owned())
        }
        Some(WaitReason::ImplausibleRevenue) if !any(Class::Implausible) => {
            Err("it waits with an implausible amount that no row states".to_owned())
        }
        Some(WaitReason::ImplausibleRevenue) if record.events == 0 && can_be_sent => {
            Err("it waits with an implausible amount, and a row could be sent".to_owned())
        }
        _ => Ok(()),
    }
}
