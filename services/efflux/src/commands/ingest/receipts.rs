//! Receipts for programs and spreadsheets.

use domain::UnixMillis;
use serde_json::{Value, json};

use crate::follow::Followed;
use crate::sheet::{Cell, Sheet};

/// A file's receipts. Stored receipts have times as numbers; what is printed has them as text.
pub(super) fn json(followed: &Followed, currency: &str) -> serde_json::Result<Value> {
    let mut receipt = serde_json::to_value(followed)?;
    if let Some(at) = receipt.pointer_mut("/filter/at")
        && let Some(millis) = at.as_i64()
    {
        *at = UnixMillis(millis).rfc3339().into();
    }
    Ok(json!({
        "receipt": receipt,
        "currency": currency,
        "balances": followed.balances(),
        "open": followed.open(),
        "open_duplicates": followed.open_duplicates.all(),
        "refused": followed.refused(),
        "suspicious": followed.suspicious(),
        "held": followed.is_held(),
    }))
}

/// A row for each outcome and reason of each file, and for each pixel.
pub(super) fn sheet(files: &[Followed]) -> Sheet<7> {
    let mut sheet = Sheet::new(["file", "outcome", "reason", "pixel", "rows", "events", "revenue"]);
    for file in files {
        let key = || Cell::text(&file.object.key);
        let mut add = |outcome: &str, reason: &str, rows| {
            let none = [Cell::Nothing, rows, Cell::Nothing, Cell::Nothing];
            let [pixel, rows, events, revenue] = none;
            sheet.add([key(), Cell::text(outcome), Cell::text(reason), pixel, rows, events, revenue]);
        };
        if let Some(reason) = file.refused() {
            add("refused", reason, Cell::Nothing);
        }
        let filtered = file.filter.iter().flat_map(|filter| &filter.filtered_out);
        filtered.for_each(|(reason, rows)| add("filtered_out", reason, Cell::Number(*rows)));
        let outcomes = file.report.iter().flat_map(|report| &report.outcomes);
        outcomes.filter(|count| count.rows > 0).for_each(|count| {
            add(count.outcome.as_str(), &count.reason, Cell::Number(count.rows));
        });
        for count in file.report.iter().flat_map(|report| &report.pixels) {
            sheet.add([
                key(),
                Cell::text("to_pixel"),
                Cell::text(""),
                Cell::text(count.pixel.to_string()),
                Cell::Number(count.conversions),
                Cell::Number(count.events),
                Cell::Money(count.revenue),
            ]);
        }
    }
    sheet
}
