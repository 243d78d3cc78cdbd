#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod cursor;
mod decompress;
mod lexical;
mod likeness;
mod limits;
mod scan;
mod window;

use std::io::{self, Read};

pub use decompress::decompressed;
pub use likeness::{Likeness, likeness};
pub use limits::RowLimits;

use sha2::{Digest, Sha256};

use scan::{Found, Scanner, Value};

/// A file that cannot be read as rows. Nothing of it may be done.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file is not what JSON allows.
    #[error("not valid JSON at byte {at}: {what} (line {line}, row {row} counted from 0)")]
    Invalid {
        /// Where it breaks, counted from 0 in the decompressed text.
        at: u64,
        /// Rows before the place.
        row: u64,
        /// The line of the place, from 1.
        line: u64,
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
    #[error("the file cannot be read or decompressed: {0}")]
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
    /// Its JSON text, where numbers that JSON does not have (`NaN`, `Infinity`) are `null`. When it is longer than the limit, or not
    /// JSON, a text that stands for it: an object that says so and has nothing else.
    pub text: &'b str,
    /// Whether another text stands for it, because it is longer than the limit.
    pub too_long: bool,
    /// Whether another text stands for it, because it is not JSON.
    pub broken: bool,
}

/// Reads the rows of a file one after the other, holding one buffer of about the longest row.
///
/// A row that is not JSON, or too long, harms itself alone as far as its end is certain; the README of this crate says what is. A file
/// that goes on after such a row in a way that is not certain is refused whole, which may be found out late: run [`check`] first.
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
    /// Stands for the row at hand where its own text does not.
    stand_in: String,
}

impl<R: Read> Rows<R> {
    /// Rows of decompressed text.
    ///
    /// # Errors
    /// When reading fails or the file is empty.
    pub fn new(reader: R, limits: RowLimits) -> Result<Self, FileError> {
        let scanner = Scanner::new(reader, limits.row_bytes())?;
        Ok(Self { scanner, limits, number: 0, stand_in: String::new() })
    }

    /// The next row; `None` at the end of a valid file.
    ///
    /// # Errors
    /// Where rows cannot be separated, are too many, or cannot be read.
    pub fn next_row(&mut self) -> Result<Option<RowText<'_>>, FileError> {
        let limit = self.limits.rows();
        let Some(Found { at, line, value }) = self.scanner.next_value()? else { return Ok(None) };
        if self.number == limit {
            return Err(FileError::TooManyRows { limit });
        }
        let number = self.number;
        self.number += 1;
        let (mut too_long, mut broken) = (false, false);
        let text = match value {
            Value::Text(bytes) => str::from_utf8(bytes).unwrap_or("null"),
            Value::Repaired(text) => {
                self.stand_in = text;
                self.stand_in.as_str()
            }
            Value::TooLong(bytes) => {
                too_long = true;
                self.stand_in = limits::stand_in(number, at, bytes, self.limits);
                self.stand_in.as_str()
            }
            Value::Broken(why) => {
                broken = true;
                self.stand_in = limits::broken_stand_in(number, at, line, why.what, why.offset);
                self.stand_in.as_str()
            }
        };
        Ok(Some(RowText { number, at, text, too_long, broken }))
    }
}

/// Reads a whole file and counts its rows.
///
/// # Errors
/// The first place at which it is not a valid file.
pub fn check(reader: impl Read, limits: RowLimits) -> Result<u64, FileError> {
    let mut rows = Rows::new(reader, limits)?;
    let mut count = 0;
    while rows.next_row()?.is_some() {
        count += 1;
    }
    Ok(count)
}

#[cfg(test)]
mod tests;
