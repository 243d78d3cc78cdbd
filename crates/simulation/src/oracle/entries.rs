//! Every conversion: the state of its entry, and the events that the platform received for it.

use std::collections::BTreeSet;

use domain::Outcome;
use ports::LedgerAdmin;
use ports::ledger::{Record, WaitReason};

use super::final_state::{FinalState, Violation};
use super::{OnlineChecker, ids, money};
use crate::input::{Class, Row, Visitor};
use crate::worker::at_once;

pub(super) fn check(checker: &OnlineChecker, state: &FinalState<'_>) -> Result<(), Violation> {
    let mut explained = 0;
    for (place, visitor) in checker.input.visitors.iter().enumerate() {
        let rows: Vec<_> = checker.input.rows_of(place).collect();
        let received = received(checker, place);
        explained += received.len();
        let records = records_of(state, visitor)?;
        let who = format!("{} / {:?}", visitor.session, visitor.keyword);
        let wrong = match (rows.is_empty(), &records[..]) {
            (true, []) if received.is_empty() => Ok(()),
            (true, _) => Err("no row states it, but it has an entry or events".to_owned()),
            (false, [record]) => entry(checker, state, (place, visitor), &rows, record, &received)
                .and_then(|()| money_of(checker, state, (place, visitor), record)),
            (false, records) => Err(format!("it has {} entries", records.len())),
        };
        wrong.map_err(|what| format!("{who}: {what}"))?;
    }
    if explained != checker.received.len() {
        return Err("the platform received events that belong to no visitor".to_owned());
    }
    Ok(())
}

/// The entries of a visitor's session, in whatever spelling; of what retention has erased only the key is left.
fn records_of(state: &FinalState<'_>, visitor: &Visitor) -> Result<Vec<Record>, Violation> {
    let find = |keyword| at_once(state.ledger.find(&visitor.session, keyword)).map_err(|e| e.to_string());
    match find(None)? {
        none if none.is_empty() => find(visitor.keyword.as_deref()),
        records => Ok(records),
    }
}

/// Ids of a visitor that the platform has.
fn received(checker: &OnlineChecker, visitor: usize) -> BTreeSet<String> {
    let is_theirs = |id: &&String| checker.input.owners.get(*id) == Some(&visitor);
    checker.received.keys().filter(is_theirs).cloned().collect()
}

/// Checks the money, unless what became of the rows depends on the moments at which they were claimed: whether a row was too old decides, too,
/// which of several in one claim brings the entry.
fn money_of(
    checker: &OnlineChecker,
    state: &FinalState<'_>,
    (place, visitor): (usize, &Visitor),
    record: &Record,
) -> Result<(), Violation> {
    if visitor.expiring || checker.may_be_misjudged(place) {
        return Ok(());
    }
    money::shown(checker, place, record)?;
    money::check(checker, state, place, record)
}

fn entry(
    checker: &OnlineChecker,
    state: &FinalState<'_>,
    (place, visitor): (usize, &Visitor),
    rows: &[&Row],
    record: &Record,
    received: &BTreeSet<String>,
) -> Result<(), Violation> {
    let row = checker.row_of(record).ok_or("its entry names a row that is not there")?;
    let sendable = rows.iter().any(|r| r.is_sendable());
    // With increments the platform has as many Purchases as the latest growth that was claimed.
    let grows = state.rules.increments || row.counts[2] == 0;
    let purchases = match u32::try_from(record.reported.count) {
        Ok(sent) if grows && sent > row.counts[2] => sent,
        _ => row.counts[2],
    };
    let counts = [row.counts[0], row.counts[1], purchases];
    let expected: BTreeSet<_> = visitor.ids_of(counts).into_iter().collect();
    // An hour before its deadline, which only an expiring one meets in a run.
    let is_sent_as_zero = |row: &Row| state.rules.zero_sent && visitor.expiring && row.class == Class::Zero;
    let bad = visitor.bad.map(|_| ids::event(&visitor.key, "Purchase", 0));
    let is_bad = bad.as_ref().is_some_and(|id| expected.contains(id));
    // Further growth may be sent in part while its entry is open.
    let most = rows.iter().filter(|r| r.is_sendable()).map(|r| r.counts[2]).max().unwrap_or(0);
    let most = if grows { most.max(row.counts[2]) } else { row.counts[2] };
    let possible: BTreeSet<_> = visitor.ids_of([row.counts[0], row.counts[1], most]).into_iter().collect();
    if !received.is_subset(&possible) {
        return Err(format!("the platform has {received:?}, the row means {possible:?} only"));
    }
    let may_be_bad = bad.as_ref().is_some_and(|id| possible.contains(id));
    // A process that starts with a wrong clock, and hears from no other machine, cannot know better.
    let expiring = visitor.expiring || checker.may_be_misjudged(place);
    match record.outcome {
        Outcome::Invalid | Outcome::NoEvents if !received.is_empty() => {
            Err(format!("it is {}, and the platform received events of it", record.outcome))
        }
        Outcome::Invalid if expiring => Ok(()),
        // The sendable row may have been too old when it was claimed, and so did not take the entry over.
        Outcome::NoEvents if expiring && row.class == Class::NoEvents => Ok(()),
        Outcome::Invalid | Outcome::NoEvents if sendable || rows.iter().any(|r| r.waits()) => {
            Err(format!("it is {}, and a row of it could be sent or waits", record.outcome))
        }
        Outcome::Invalid if row.class == Class::Invalid => Ok(()),
        Outcome::NoEvents if row.class == Class::NoEvents => Ok(()),
        Outcome::Rejected if may_be_bad => Ok(()),
        Outcome::Rejected if expiring && state.rules.may_be_late && record.reason == "100/2804003" => Ok(()),
        Outcome::Expired if expiring => Ok(()),
        Outcome::Parked if record.wait_reason() == Some(WaitReason::Damaged) => {
            damaged(checker, rows, record, received)
        }
        // The online checker knows whether it had to be.
        Outcome::Parked if waits_for_operator(record) => Ok(()),
        // It met no good event of its pixel, so it is not known to be bad.
        Outcome::Parked if is_bad && record.wait_reason() == Some(WaitReason::NotIsolated) => Ok(()),
        Outcome::Reported if is_bad => Err("it is reported, and the platform refused it".to_owned()),
        Outcome::Reported if row.is_sendable() || is_sent_as_zero(row) => {
            reported(checker, rows, counts, record, received, &expected)
        }
        outcome => Err(format!("it ended as {outcome} ({}), its row is {:?}", record.reason, row.class)),
    }
}

fn waits_for_operator(record: &Record) -> bool {
    let for_operator = [WaitReason::UnknownOutcome, WaitReason::ZeroRevenue, WaitReason::ImplausibleRevenue];
    record.wait_reason().is_some_and(|reason| for_operator.contains(&reason))
}

/// Checks that what is damaged was, and that the platform received no money of it that no row states.
fn damaged(
    checker: &OnlineChecker,
    rows: &[&Row],
    record: &Record,
    received: &BTreeSet<String>,
) -> Result<(), Violation> {
    if !checker.is_damaged(&record.key) {
        return Err("it waits as damaged, and nothing of it was".to_owned());
    }
    let value: i64 = received.iter().filter_map(|id| checker.received[id].event.value_micros).sum();
    let most = rows.iter().filter_map(|row| row.money()).map(|(_, micros)| micros).max();
    if value > most.unwrap_or(0) {
        return Err(format!(
            "it was damaged, and the platform received {value} millionths, at most {most:?} are stated"
        ));
    }
    Ok(())
}

/// Checks that the platform has all events of the entry, with the right value.
fn reported(
    checker: &OnlineChecker,
    rows: &[&Row],
    counts: [u32; 3],
    record: &Record,
    received: &BTreeSet<String>,
    expected: &BTreeSet<String>,
) -> Result<(), Violation> {
    if received != expected {
        return Err(format!("it is reported, and the platform lacks {:?}", expected.difference(received)));
    }
    let purchases = counts[2];
    let values: Vec<_> = received.iter().filter_map(|id| checker.received[id].event.value_micros).collect();
    if values.len() != purchases as usize {
        return Err(format!("{} Purchases have a value, there are {purchases}", values.len()));
    }
    let value: i64 = values.iter().sum();
    let recorded = (record.reported.count, record.reported.revenue.micros());
    if recorded != (i64::from(purchases), value) {
        return Err(format!(
            "the ledger recorded {recorded:?}, the platform received {purchases} with a value of {value}"
        ));
    }
    let states_it = |r: &&Row| match purchases {
        0 => r.is_sendable(),
        _ => r.money() == Some((purchases, value)) || value == 0 && r.class == Class::Zero,
    };
    if !rows.iter().copied().any(|r| states_it(&r)) {
        return Err(format!("no row states {purchases} Purchases with a value of {value} millionths"));
    }
    Ok(())
}
