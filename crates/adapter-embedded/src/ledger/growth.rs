//! Figures that outgrow what was reported.

use domain::Outcome;
use domain::restate::{Figures, Restatement, restate};
use ports::ledger::{Holder, Restatements, WaitReason};
use rusqlite::named_params;

use super::entries::Entries;

const GROW: &str = "
    UPDATE report_conversions SET state = 'retry', reason = :reason, accepted = '', failures = 0, due_at = :now,
        ready = 1, part_first = :first, part_purchases = :purchases, part_worth = :worth, version = version + 1,
        updated_at = :now
    WHERE id = :id";

/// Makes a reported entry due for the Purchases that it lacks, where the holder's rule says so and there are any.
pub(super) fn grow(
    entries: &Entries<'_>,
    entry: i64,
    reported: Figures,
    observed: Figures,
    holder: &Holder,
) -> rusqlite::Result<()> {
    if holder.restatements == Restatements::First {
        return Ok(());
    }
    let Restatement::Grown { purchases, worth } = restate(reported, observed) else { return Ok(()) };
    entries.counts.moved(Outcome::Reported, Outcome::Retry);
    entries
        .tx
        .prepare_cached(GROW)?
        .execute(named_params! {
            ":id": entry,
            ":reason": WaitReason::Restated.as_str(),
            ":now": holder.now.0,
            ":first": reported.count,
            ":purchases": purchases,
            ":worth": worth.to_string(),
        })
        .map(drop)
}
