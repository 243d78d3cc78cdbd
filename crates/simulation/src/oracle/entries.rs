//! Every conversion: where its entry stands, and what the platform was told of it.

use std::collections::BTreeSet;

use domain::Outcome;
use ports::LedgerAdmin;
use ports::ledger::{Record, WaitReason};

use super::remains::{Broken, Remains};
use super::{Witness, ids};
use crate::input::{Class, Person, Row};
use crate::worker::at_once;

pub(super) fn check(witness: &Witness, remains: &Remains<'_>) -> Result<(), Broken> {
    let mut explained = 0;
    for (place, person) in witness.input.persons.iter().enumerate() {
        let rows: Vec<_> = witness.input.rows_of(place).collect();
        let told = told(witness, place);
        explained += told.len();
        let records = at_once(remains.ledger.find(&person.session, person.keyword.as_deref()));
        let records = records.map_err(|e| e.to_string())?;
        let who = format!("{} / {:?}", person.session, person.keyword);
        let wrong = match (rows.is_empty(), &records[..]) {
            (true, []) if told.is_empty() => Ok(()),
            (true, _) => Err("nobody brought it, and something was made of it".to_owned()),
            (false, [record]) => entry(witness, remains, person, &rows, record, &told),
            (false, records) => Err(format!("it has {} entries", records.len())),
        };
        wrong.map_err(|what| format!("{who}: {what}"))?;
    }
    if explained != witness.told.len() {
        return Err("the platform was told of events that are nobody's".to_owned());
    }
    Ok(())
}

/// Ids of a person that the platform has.
fn told(witness: &Witness, person: usize) -> BTreeSet<String> {
    let is_theirs = |id: &&String| witness.input.owners.get(*id) == Some(&person);
    witness.told.keys().filter(is_theirs).cloned().collect()
}

fn entry(
    witness: &Witness,
    remains: &Remains<'_>,
    person: &Person,
    rows: &[&Row],
    record: &Record,
    told: &BTreeSet<String>,
) -> Result<(), Broken> {
    let row = witness.row_of(record).ok_or("its entry names a row that is not there")?;
    let sendable = rows.iter().any(|r| r.is_sendable());
    // With increments the platform has been told of as many Purchases as the latest growth that was seen.
    let purchases = match u32::try_from(record.reported.count) {
        Ok(told) if remains.rules.increments && told > row.counts[2] => told,
        _ => row.counts[2],
    };
    let counts = [row.counts[0], row.counts[1], purchases];
    let expected: BTreeSet<_> = person.ids_of(counts).into_iter().collect();
    let bad = person.bad.map(|_| ids::event(&person.key, "Purchase", 0));
    let is_bad = bad.as_ref().is_some_and(|id| expected.contains(id));
    // Further growth may be half told, while its entry is not at its end.
    let most = rows.iter().filter(|r| r.is_sendable()).map(|r| r.counts[2]).max().unwrap_or(0);
    let most = if remains.rules.increments { most } else { row.counts[2] };
    let possible: BTreeSet<_> = person.ids_of([row.counts[0], row.counts[1], most]).into_iter().collect();
    if !told.is_subset(&possible) {
        return Err(format!("the platform has {told:?}, the row stands for {possible:?} only"));
    }
    let hurried = person.hurried;
    match record.outcome {
        Outcome::Invalid | Outcome::NoEvents if !told.is_empty() => {
            Err(format!("it is {}, and the platform was told of it", record.outcome))
        }
        Outcome::Invalid if hurried => Ok(()),
        // The row that could be sent may have come when it was too old, and so took nothing over.
        Outcome::NoEvents if hurried && row.class == Class::NoEvents => Ok(()),
        Outcome::Invalid | Outcome::NoEvents if sendable => {
            Err(format!("it is {}, and a row of it could be sent", record.outcome))
        }
        Outcome::Invalid if row.class == Class::Invalid => Ok(()),
        Outcome::NoEvents if row.class == Class::NoEvents => Ok(()),
        Outcome::Rejected if is_bad => Ok(()),
        Outcome::Rejected if hurried && remains.rules.clock_set_back && record.reason == "100/2804003" => {
            Ok(())
        }
        Outcome::Expired if hurried => Ok(()),
        Outcome::Parked if remains.rules.hold && waits_for_operator(record) => Ok(()),
        Outcome::Reported if is_bad => Err("it is reported, and the platform refused it".to_owned()),
        Outcome::Reported if row.is_sendable() => reported(witness, rows, counts, record, told, &expected),
        outcome => Err(format!("it ended as {outcome} ({}), its row is {:?}", record.reason, row.class)),
    }
}

fn waits_for_operator(record: &Record) -> bool {
    record.wait_reason() == Some(WaitReason::UnknownOutcome)
}

/// All of it was told, and what it was worth.
fn reported(
    witness: &Witness,
    rows: &[&Row],
    counts: [u32; 3],
    record: &Record,
    told: &BTreeSet<String>,
    expected: &BTreeSet<String>,
) -> Result<(), Broken> {
    if told != expected {
        return Err(format!("it is reported, and the platform lacks {:?}", expected.difference(told)));
    }
    let purchases = counts[2];
    let values: Vec<_> = told.iter().filter_map(|id| witness.told[id].taken.value_micros).collect();
    if values.len() != purchases as usize {
        return Err(format!("{} Purchases have a value, there are {purchases}", values.len()));
    }
    let worth: i64 = values.iter().sum();
    let booked = (record.reported.count, record.reported.revenue.micros());
    if booked != (i64::from(purchases), worth) {
        return Err(format!(
            "the ledger has booked {booked:?}, the platform was told {purchases} worth {worth}"
        ));
    }
    let states_it = |r: &&Row| {
        r.is_sendable() && r.counts[2] == purchases && (purchases == 0 || r.revenue_micros == worth)
    };
    if !rows.iter().copied().any(|r| states_it(&r)) {
        return Err(format!("no row states {purchases} Purchases worth {worth} millionths"));
    }
    Ok(())
}
