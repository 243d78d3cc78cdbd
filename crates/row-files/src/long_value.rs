//! A value that is longer than a row may be: passed over in pieces, and never held.

use std::io::{self, Read};

use serde::de::IgnoredAny;

use crate::cursor::Cursor;
use crate::window::Window;
use crate::{FileError, UNEXPECTED, not_utf8};

/// What is done with a value that is too long to be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LongValues {
    /// Its end is found, no more.
    Skipped,
    /// It is read, so that a file that is not JSON is refused.
    Checked,
}

/// Arrays and objects in each other: more are no row of a feed, and reading them takes a byte each.
const DEEPEST: usize = 1 << 20;

/// Passes over the value at the start of the window; how long it was. The cursor has gone through the window; `end` is the
/// value's length if it found the end there.
pub(crate) fn pass_over<R: Read>(
    window: &mut Window<R>,
    cursor: Cursor,
    end: Option<usize>,
    how: LongValues,
) -> Result<u64, FileError> {
    let start = window.offset();
    let mut value = LongValue { window, cursor, piece: 0, ended: false, length: 0, failed: None };
    value.begin(end)?;
    if how == LongValues::Checked && serde_json::from_reader::<_, IgnoredAny>(&mut value).is_err() {
        let at = start + value.length.saturating_sub(1);
        return Err(value.failed.unwrap_or(FileError::Invalid { at, what: UNEXPECTED }));
    }
    while value.ready()? {
        value.pass(value.piece);
    }
    Ok(value.length)
}

/// The value at the start of a window, as a reader of its bytes.
struct LongValue<'s, R> {
    window: &'s mut Window<R>,
    cursor: Cursor,
    /// So many bytes at the start of the window belong to the value.
    piece: usize,
    /// The value ends with the piece.
    ended: bool,
    /// Bytes before the window.
    length: u64,
    /// Why there is no further piece.
    failed: Option<FileError>,
}

impl<R: Read> LongValue<'_, R> {
    /// The first piece is what the cursor has gone through.
    fn begin(&mut self, end: Option<usize>) -> Result<(), FileError> {
        self.ended = end.is_some();
        self.cut(end.unwrap_or(self.cursor.passed()))
    }

    /// Whether there is a piece; reads the next one when the last is used up.
    fn ready(&mut self) -> Result<bool, FileError> {
        while self.piece == 0 && !self.ended {
            self.next_piece()?;
        }
        Ok(self.piece > 0)
    }

    fn next_piece(&mut self) -> Result<(), FileError> {
        let more = self.window.read_more()?;
        let end = self.cursor.find_end(self.window.text());
        if self.cursor.depth() > DEEPEST {
            let at = self.window.offset();
            return Err(FileError::Invalid { at, what: "values are nested too deeply" });
        }
        let end = match end {
            None if !more => {
                let rest = self.window.text().len();
                Some(self.cursor.end_of_text(rest).ok_or_else(|| self.window.cut_off())?)
            }
            end => end,
        };
        self.ended = end.is_some();
        self.cut(end.unwrap_or(self.cursor.passed()))
    }

    /// Makes a piece of the first bytes of the window. A character that is not there to its end waits for the next piece.
    fn cut(&mut self, bytes: usize) -> Result<(), FileError> {
        let text = &self.window.text()[..bytes];
        self.piece = match str::from_utf8(text) {
            Ok(_) => bytes,
            Err(e) if e.error_len().is_none() && !self.ended => e.valid_up_to(),
            Err(e) => return Err(not_utf8(self.window.offset() + e.valid_up_to() as u64)),
        };
        self.cursor.forget(self.piece);
        Ok(())
    }

    fn pass(&mut self, bytes: usize) {
        self.window.advance(bytes);
        self.piece -= bytes;
        self.length += bytes as u64;
    }
}

impl<R: Read> Read for LongValue<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Err(error) = self.ready() {
            self.failed = Some(error);
            return Err(io::Error::other("the value has no end"));
        }
        let n = self.piece.min(buffer.len());
        buffer[..n].copy_from_slice(&self.window.text()[..n]);
        self.pass(n);
        Ok(n)
    }
}
