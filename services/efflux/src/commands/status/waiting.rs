//! Open conversions, by pixel and reason.

use domain::Money;
use ports::ledger::Waiting;

use crate::sheet::{Cell, Sheet};

/// What is open, the most money first.
pub(super) fn sheet(waiting: &[Waiting]) -> Sheet<9> {
    let mut sheet = Sheet::new([
        "pixel",
        "state",
        "reason",
        "conversions",
        "unreported_revenue",
        "expiring_within_24h",
        "expiring_revenue",
        "nearest_deadline",
        "oldest",
    ]);
    let mut waiting: Vec<_> = waiting.iter().collect();
    waiting.sort_by_key(|group| std::cmp::Reverse(group.unreported));
    for group in waiting {
        sheet.add([
            Cell::text(group.pixel.to_string()),
            Cell::text(group.outcome.as_str()),
            Cell::text(&group.reason),
            Cell::Number(group.conversions),
            Cell::Money(group.unreported),
            Cell::Number(group.expiring),
            Cell::Money(group.expiring_revenue),
            Cell::or_nothing(group.nearest_deadline, Cell::Time),
            Cell::Time(group.oldest),
        ]);
    }
    sheet
}

/// What waits in all.
pub(super) fn money(waiting: &[Waiting]) -> Money {
    waiting.iter().map(|group| group.unreported).sum()
}

/// What of it expires soon.
pub(super) fn expiring(waiting: &[Waiting]) -> Money {
    waiting.iter().map(|group| group.expiring_revenue).sum()
}
