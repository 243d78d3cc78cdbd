//! The row of the interpreted file that became a row of a filtered file.
//!
//! The filter writes the rows that it keeps in their order, each with its text as it is. Rows of one text are all kept or all left out. So
//! walking through both files finds each kept row at its place, exactly, and needs nothing that the filter would have to write down.

use std::io::Read;

use assembly::{Parts, row_limits};
use domain::ObjectRef;
use domain::receipt::FilterReceipt;
use pipeline::filter::max_filtered_bytes;
use ports::ledger::Record;
use row_files::{FileError, Rows, decompressed};

use super::Found;

/// The number, counted from 0; `None` where a file does not exist any more, or its rows are others by now.
pub(super) async fn row(
    parts: &Parts<Found>,
    receipt: &FilterReceipt,
    record: &Record,
) -> anyhow::Result<Option<u64>> {
    let Some(output) = &receipt.output else { return Ok(None) };
    let Some(mut interpreted) = blob(parts, &receipt.object).await? else { return Ok(None) };
    let Some(mut filtered) = blob(parts, output).await? else { return Ok(None) };
    let limits = row_limits(&parts.settings);
    let most = parts.settings.limits.max_object_bytes;
    let mut find = || -> Result<_, FileError> {
        let kept = Rows::new(decompressed(filtered.reader()?, max_filtered_bytes(most))?, limits)?;
        let all = Rows::new(decompressed(interpreted.reader()?, most)?, limits)?;
        place(all, kept, record.source.row, (!record.raw.is_empty()).then_some(record.raw.as_str()))
    };
    // A file that cannot be read any more says nothing about the row.
    Ok(find().unwrap_or_default())
}

async fn blob(parts: &Parts<Found>, object: &ObjectRef) -> anyhow::Result<Option<ports::Blob>> {
    let most = max_filtered_bytes(parts.settings.limits.max_object_bytes);
    Ok(parts.ports.blobs.get(object, most).await?)
}

/// Where among all rows the kept row of a number is, if it has the text given.
fn place(
    mut all: Rows<impl Read>,
    mut kept: Rows<impl Read>,
    number: u64,
    text: Option<&str>,
) -> Result<Option<u64>, FileError> {
    while let Some(wanted) = kept.next_row()? {
        let mut found = None;
        while let Some(row) = all.next_row()? {
            if row.text == wanted.text {
                found = Some(row.number);
                break;
            }
        }
        if found.is_none() || wanted.number == number {
            return Ok(found.filter(|_| text.is_none_or(|text| text == wanted.text)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use row_files::RowLimits;

    use super::*;

    fn place_of(all: &str, kept: &str, number: u64, text: &str) -> Option<u64> {
        let rows =
            |text: &str| Rows::new(std::io::Cursor::new(text.to_owned()), RowLimits::default()).unwrap();
        place(rows(all), rows(kept), number, Some(text)).unwrap()
    }

    #[test]
    fn a_kept_row_is_found_at_its_place() {
        let (all, kept) =
            (r#"[{"a":1},{"b":2},{"a":1},{"c":3},{"a":1}]"#, r#"[{"a":1},{"a":1},{"c":3},{"a":1}]"#);
        for (number, text, at) in
            [(0, r#"{"a":1}"#, 0), (1, r#"{"a":1}"#, 2), (2, r#"{"c":3}"#, 3), (3, r#"{"a":1}"#, 4)]
        {
            assert_eq!(place_of(all, kept, number, text), Some(at));
        }
        assert_eq!(place_of(all, kept, 0, r#"{"b":2}"#), None, "the file has other rows by now");
        assert_eq!(place_of(all, kept, 9, r#"{"a":1}"#), None);
        assert_eq!(place_of("[1]", kept, 0, r#"{"a":1}"#), None);
    }
}
