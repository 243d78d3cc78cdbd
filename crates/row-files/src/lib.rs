#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod cursor;
mod decompress;
mod limits;
mod long_value;
mod scan;
mod window;

use std::io::{self, Read};

pub use decompress::decompressed;
pub use limits::RowLimits;

use sha2::{Digest, Sha256};

use long_value::LongValues;
use scan::{Scanner, Value};

/// A file that cannot be read as rows. Nothing of it may be done.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file is not what JSON allows.
    #[error("not valid JSON at byte {at}: {what}")]
    Invalid {
        /// Where it breaks, counted from 0 in the decompressed text.
        at: u64,
        /// What is wrong there.
        what: &'static str,
    },
    /// There is nothing in the file, not even an empty array.
    #[error("the file is empty")]
    Empty,
    /// The file has more rows than the limit given.
    #[error("the file has more than {limit} rows (MAX_ROWS)")]
    TooManyRows {
        /// The limit in rows.
        limit: u64,
    },
    /// The decompressed text is longer than the limit given.
    #[error("the decompressed file is longer than {limit} bytes (MAX_OBJECT_BYTES)")]
    TooLong {
        /// The limit in bytes.
        limit: u64,
    },
    /// Its content cannot be decompressed.
    #[error("the file cannot be read or decompressed")]
    Read(#[source] io::Error),
    /// The local disk failed or is full. Nothing is wrong with the file: another attempt may succeed.
    #[error("a temporary file cannot be read or written (TMPDIR)")]
    Disk(#[source] io::Error),
}

impl From<io::Error> for FileError {
    /// What the operating system reports is the disk's failure; all else is about the content.
    fn from(error: io::Error) -> Self {
        if let Some(limit) = decompress::limit_exceeded(&error) {
            return Self::TooLong { limit };
        }
        if error.raw_os_error().is_some() { Self::Disk(error) } else { Self::Read(error) }
    }
}

/// Distinguishes one content from another: SHA-256 of the bytes, in hexadecimal.
///
/// # Errors
/// When reading fails.
pub fn digest(mut bytes: impl Read) -> io::Result<String> {
    let (mut hasher, mut buffer) = (Sha256::new(), vec![0; 64 * 1024]);
    loop {
        match bytes.read(&mut buffer) {
            Ok(0) => return Ok(hex::encode(hasher.finalize())),
            Ok(n) => hasher.update(&buffer[..n]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

/// One row of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowText<'b> {
    /// Position among the rows, from 0.
    pub number: u64,
    /// Where it starts in the decompressed text, in bytes.
    pub at: u64,
    /// Its JSON text; or, when it is longer than the limit, one that stands for it: an object that says so and has nothing else.
    pub text: &'b str,
    /// Whether another text stands for it, because it is longer than the limit.
    pub too_long: bool,
}

/// Reads the rows of a file one after the other, holding one buffer of about the longest row.
///
/// Finds where rows begin and end and checks that they are UTF-8, but does not look into them: run [`check`] first, which
/// reads every value. A text that is not JSON then only makes its own row malformed. So does a text that is too long, which is
/// never held.
///
/// ```
/// use row_files::{FileError, RowLimits, Rows, check, decompressed};
///
/// let file = br#"[{"session_id":"a"}, {"session_id":"b"}]"#;
/// let (bytes, limits) = (1024, RowLimits::default());
/// assert_eq!(check(decompressed(&file[..], bytes)?, limits)?, 2);
///
/// let mut rows = Rows::new(decompressed(&file[..], bytes)?, limits)?;
/// while let Some(row) = rows.next_row()? {
///     println!("row {} at byte {}: {}", row.number, row.at, row.text);
/// }
/// # Ok::<(), FileError>(())
/// ```
#[derive(Debug)]
pub struct Rows<R> {
    scanner: Scanner<R>,
    limits: RowLimits,
    number: u64,
    /// Stands for the row at hand when that is too long.
    stand_in: String,
}

impl<R: Read> Rows<R> {
    /// Rows of decompressed text.
    ///
    /// # Errors
    /// When reading fails or the file is empty.
    pub fn new(reader: R, limits: RowLimits) -> Result<Self, FileError> {
        Self::with(reader, limits, LongValues::Skipped)
    }

    fn with(reader: R, limits: RowLimits, long_values: LongValues) -> Result<Self, FileError> {
        let scanner = Scanner::new(reader, limits.row_bytes(), long_values)?;
        Ok(Self { scanner, limits, number: 0, stand_in: String::new() })
    }

    /// The next row; `None` at the end of a valid file.
    ///
    /// # Errors
    /// Where rows cannot be separated, are too many, or cannot be read.
    pub fn next_row(&mut self) -> Result<Option<RowText<'_>>, FileError> {
        let limit = self.limits.rows();
        let Some((at, value)) = self.scanner.next_value()? else { return Ok(None) };
        if self.number == limit {
            return Err(FileError::TooManyRows { limit });
        }
        let number = self.number;
        self.number += 1;
        let (text, too_long) = match value {
            Value::Text(bytes) => {
                let invalid = |e: std::str::Utf8Error| not_utf8(at + e.valid_up_to() as u64);
                (str::from_utf8(bytes).map_err(invalid)?, false)
            }
            Value::TooLong(bytes) => {
                self.stand_in = limits::stand_in(number, at, bytes, self.limits);
                (self.stand_in.as_str(), true)
            }
        };
        Ok(Some(RowText { number, at, text, too_long }))
    }
}

const fn not_utf8(at: u64) -> FileError {
    FileError::Invalid { at, what: "not UTF-8" }
}

/// Reads a whole file and counts its rows.
///
/// # Errors
/// The first place at which it is not a valid file.
pub fn check(reader: impl Read, limits: RowLimits) -> Result<u64, FileError> {
    let mut rows = Rows::with(reader, limits, LongValues::Checked)?;
    let mut count = 0;
    while let Some(row) = rows.next_row()? {
        check_value(row.text).map_err(|(offset, what)| FileError::Invalid { at: row.at + offset, what })?;
        count += 1;
    }
    Ok(count)
}

/// Whether a text is one JSON value; where and why not otherwise.
fn check_value(text: &str) -> Result<(), (u64, &'static str)> {
    serde_json::from_str::<serde::de::IgnoredAny>(text).map(|_| ()).map_err(|e| {
        let before: usize = text.split_inclusive('\n').take(e.line().saturating_sub(1)).map(str::len).sum();
        let offset = (before + e.column().saturating_sub(1)).min(text.len());
        (offset as u64, if e.is_eof() { "the value ends too early" } else { UNEXPECTED })
    })
}

const UNEXPECTED: &str = "unexpected character";

#[cfg(test)]
mod tests;
