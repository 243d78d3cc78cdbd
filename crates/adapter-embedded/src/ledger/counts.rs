//! How many entries are in each state. Whatever changes entries keeps the numbers, in the same transaction: counting them would
//! take longer with each entry. (Triggers would do it too, but have SQLite keep a journal for each row.)

use std::cell::RefCell;
use std::collections::BTreeMap;

use domain::Outcome;
use ports::ledger::StateCount;
use rusqlite::{Transaction, params};

use super::columns::{count, is_damage, parsed};

/// What a transaction changes in the numbers.
#[derive(Debug, Default)]
pub(super) struct Counts(RefCell<BTreeMap<Outcome, i64>>);

impl Counts {
    /// An entry was made in this state.
    pub(super) fn entered(&self, state: Outcome) {
        self.add(state, 1);
    }

    /// An entry went from one state to another.
    pub(super) fn moved(&self, from: Outcome, to: Outcome) {
        self.add(from, -1);
        self.add(to, 1);
    }

    fn add(&self, state: Outcome, entries: i64) {
        *self.0.borrow_mut().entry(state).or_default() += entries;
    }

    /// Stores the numbers, as the last thing that the transaction does.
    pub(super) fn store(&self, tx: &Transaction<'_>) -> rusqlite::Result<()> {
        for (state, entries) in self.0.take().into_iter().filter(|(_, entries)| *entries != 0) {
            tx.prepare_cached(
                "INSERT INTO state_counts (state, entries) VALUES (?, ?)
                 ON CONFLICT (state) DO UPDATE SET entries = entries + excluded.entries",
            )?
            .execute(params![state.as_str(), entries])?;
        }
        Ok(())
    }
}

/// The numbers as they are stored.
pub(super) fn by_state(tx: &Transaction<'_>) -> rusqlite::Result<Vec<StateCount>> {
    tx.prepare_cached("SELECT state, entries FROM state_counts WHERE entries <> 0")?
        .query_map([], |r| Ok(StateCount { outcome: parsed(r, 0)?, entries: count(r, 1)? }))?
        // A later version may know states that this one does not.
        .filter(|counted| !counted.as_ref().is_err_and(is_damage))
        .collect()
}
