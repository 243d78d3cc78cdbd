//! Figures that outgrow what was reported.

use bson::{Document, doc};
use domain::restate::{Figures, Restatement, restate};
use ports::ledger::{Holder, Restatements, WaitReason};

use super::document::date;
use super::stored::{Entry, StoredPart, bson};

/// The Purchases that an entry lacks once `reported` of it is told, where the holder's rule says so and there are any.
pub(super) fn grown(
    entry: &Entry,
    reported: Figures,
    observed: Figures,
    holder: &Holder,
) -> Option<StoredPart> {
    if holder.restatements == Restatements::First || entry.figures_unknown {
        return None;
    }
    let Restatement::Grown { purchases, worth } = restate(reported, observed) else { return None };
    Some(StoredPart { first: u32::try_from(reported.count).ok()?, purchases, worth })
}

/// What makes a reported entry due for them. The original's flag `reported` stays: something was.
pub(super) fn fields(part: &StoredPart, entry: &Entry, holder: &Holder) -> Document {
    let now = date(holder.now);
    let wakes = entry.deadline.map_or(now, |deadline| deadline.min(now));
    doc! {
        "state": "retry", "reason": WaitReason::Restated.as_str(), "accepted": "", "failures": 0, "due_at": now, "wakes_at": wakes,
        "part": bson(part),
    }
}
