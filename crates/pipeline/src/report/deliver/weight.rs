//! How much memory a conversion takes on its way through a lane.

use domain::Row;
use domain::validate::amounts;
use ports::ledger::{Due, Portion};

/// What goes with a conversion beside its text: its key, pixel, lease and places in lists.
const CONVERSION: u64 = 512;

/// What an event may have beside the row's text: its name, id, value and time, and the hashes that stand for short words.
const EVENT: u64 = 1_024;

/// A claimed conversion, and how many events it stands for.
#[derive(Debug)]
pub(in crate::report) struct Weighed {
    pub(in crate::report) due: Due,
    pub(in crate::report) events: u32,
}

impl Weighed {
    /// Counts the events by the row's text.
    pub(super) fn of(due: Due) -> Self {
        let events = match due.portion {
            Portion::Increment { purchases, .. } => purchases,
            // A row whose amounts cannot be read any more has no events.
            Portion::Full => {
                amounts(&Row::parse(&due.raw), Some(&due.network)).map_or(0, |(counts, _)| counts.total())
            }
        };
        Self { due, events }
    }

    /// While it is queued: its text.
    pub(super) fn queued_bytes(&self) -> u64 {
        text(&self.due)
    }
}

/// From before its events are prepared until it is settled: its text, and each event in its own buffer and in a request.
pub(super) fn sending_bytes(due: &Due, events: u32) -> u64 {
    text(due) + u64::from(events) * 2 * (due.raw.len() as u64 + EVENT)
}

fn text(due: &Due) -> u64 {
    due.raw.len() as u64 + CONVERSION
}
