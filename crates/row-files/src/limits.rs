//! How much of a file is read as rows.

/// The longest row that is taken, and how many rows a file may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowLimits {
    row_bytes: usize,
    rows: u64,
}

impl RowLimits {
    /// The least that a row may be limited to: what stands for a row that is too long fits into it.
    pub const LEAST_ROW_BYTES: usize = 1_024;

    /// Limits of a row in bytes ([`LEAST_ROW_BYTES`](Self::LEAST_ROW_BYTES) or more) and of a file in rows.
    #[must_use]
    pub const fn new(row_bytes: usize, rows: u64) -> Self {
        let row_bytes = if row_bytes < Self::LEAST_ROW_BYTES { Self::LEAST_ROW_BYTES } else { row_bytes };
        Self { row_bytes, rows }
    }

    /// The longest row, in bytes.
    #[must_use]
    pub const fn row_bytes(&self) -> usize {
        self.row_bytes
    }

    /// The most rows of a file.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }
}

impl Default for RowLimits {
    /// Feeds have rows of about one kilobyte, and files of some ten thousand of them.
    fn default() -> Self {
        Self::new(64 * 1_024, 1_000_000)
    }
}

/// What stands for a row that is longer than the limit: a JSON object without a session, so it is malformed, that says where it was.
pub(crate) fn stand_in(number: u64, at: u64, bytes: u64, limits: RowLimits) -> String {
    let most = limits.row_bytes();
    format!(
        r#"{{"malformed":"a row of {bytes} bytes; MAX_ROW_BYTES allows {most}","row":{number},"byte":{at}}}"#
    )
}

/// What stands for a row that is not JSON: the same, and what is wrong with it where.
pub(crate) fn broken_stand_in(number: u64, at: u64, line: u64, what: &str, offset: usize) -> String {
    format!(
        r#"{{"malformed":"not valid JSON at byte {offset} of the row: {what}","row":{number},"line":{line},"byte":{at}}}"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_a_long_row_is_never_too_long_itself() {
        let limits = RowLimits::new(0, 1);
        let text = stand_in(u64::MAX, u64::MAX, u64::MAX, RowLimits::new(usize::MAX, 1));
        assert!(text.len() <= limits.row_bytes(), "{text}");
        assert!(serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok());
    }
}
