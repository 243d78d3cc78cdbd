//! A whole sample in memory, and the two ways to write rows into a file.

use std::io::{self, Write};

use crate::defect::Defect;
use crate::rows::rows;
use crate::spec::SampleSpec;

/// What is odd about one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Truth {
    /// Number of the row in the file, from 0.
    pub row: usize,
    /// What is odd about it.
    pub defect: Defect,
    /// Number of the clean row that it copies or states again, for [`Defect::DuplicateInFile`] and [`Defect::Restatement`].
    pub repeats: Option<usize>,
}

/// A sample as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The JSON text of each row.
    pub rows: Vec<String>,
    /// The odd rows, in the order of the file; all others are clean.
    pub truth: Vec<Truth>,
    ndjson: bool,
}

/// Makes a sample in memory. For a file larger than memory see [`crate::rows`] and [`write_rows`].
#[must_use]
pub fn generate(spec: &SampleSpec) -> Sample {
    let mut sample = Sample { rows: Vec::with_capacity(spec.rows), truth: Vec::new(), ndjson: spec.ndjson };
    for (number, row) in rows(spec).enumerate() {
        if let Some(defect) = row.defect {
            sample.truth.push(Truth { row: number, defect, repeats: row.repeats });
        }
        sample.rows.push(row.json);
    }
    sample
}

impl Sample {
    /// Writes the file: a JSON array, or one row per line if the spec says `ndjson`.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        write_rows(&self.rows, self.ndjson, out).map(drop)
    }
}

/// Writes rows as a JSON array, or one per line, and returns how many. The writer should be buffered: it gets a few writes per row.
///
/// # Errors
/// Those of the writer.
pub fn write_rows<R: AsRef<str>>(
    rows: impl IntoIterator<Item = R>,
    ndjson: bool,
    out: &mut impl Write,
) -> io::Result<usize> {
    let [open, between, close] = if ndjson { ["", "\n", "\n"] } else { ["[", ", ", "]\n"] };
    out.write_all(open.as_bytes())?;
    let mut written = 0;
    for row in rows {
        if written > 0 {
            out.write_all(between.as_bytes())?;
        }
        out.write_all(row.as_ref().as_bytes())?;
        written += 1;
    }
    if written > 0 || !ndjson {
        out.write_all(close.as_bytes())?;
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(rows: &[&str], ndjson: bool) -> String {
        let mut out = Vec::new();
        assert_eq!(write_rows(rows, ndjson, &mut out).unwrap(), rows.len());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn both_formats_hold_any_number_of_rows() {
        assert_eq!(written(&[], false), "[]\n");
        assert_eq!(written(&["1", "2"], false), "[1, 2]\n");
        assert_eq!(written(&[], true), "");
        assert_eq!(written(&["1", "2"], true), "1\n2\n");
    }
}
