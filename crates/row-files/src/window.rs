//! The part of a text that is in memory.

use std::io::Read;
use std::ops::Range;

use crate::FileError;

/// How much is read at once at least.
const READ_BYTES: usize = 128 * 1024;

/// A window over a text: large enough for the longest value, and one read more.
#[derive(Debug)]
pub(crate) struct Window<R> {
    reader: R,
    buffer: Vec<u8>,
    /// The part of the buffer that has not been passed on.
    held: Range<usize>,
    /// Where the window starts in the whole text.
    offset: u64,
    ended: bool,
    /// The longest value that is held.
    limit: usize,
}

impl<R: Read> Window<R> {
    /// How far beyond the limit it can grow in any case.
    pub(crate) const SPARE: usize = READ_BYTES;

    pub(crate) fn new(reader: R, limit: usize) -> Self {
        Self { reader, buffer: vec![0; limit + Self::SPARE], held: 0..0, offset: 0, ended: false, limit }
    }

    pub(crate) const fn limit(&self) -> usize {
        self.limit
    }

    /// What has been read and not been passed on.
    pub(crate) fn text(&self) -> &[u8] {
        &self.buffer[self.held.clone()]
    }

    /// Where the window starts in the whole text.
    pub(crate) const fn offset(&self) -> u64 {
        self.offset
    }

    /// Passes bytes on.
    pub(crate) fn advance(&mut self, bytes: usize) {
        self.held.start += bytes;
        self.offset += bytes as u64;
    }

    /// Passes bytes on; what they were.
    pub(crate) fn take(&mut self, bytes: usize) -> &[u8] {
        let start = self.held.start;
        self.advance(bytes);
        &self.buffer[start..start + bytes]
    }

    /// Adds text to the window's end; `false` when nothing is left. The window must not be longer than the limit and what it can
    /// grow beyond it.
    pub(crate) fn read_more(&mut self) -> Result<bool, FileError> {
        if self.ended {
            return Ok(false);
        }
        if self.held.start > 0 {
            self.buffer.copy_within(self.held.clone(), 0);
            self.held = 0..self.held.len();
        }
        debug_assert!(self.held.end < self.buffer.len(), "there is room for more");
        let n = self.reader.read(&mut self.buffer[self.held.end..])?;
        self.held.end += n;
        self.ended = n == 0;
        Ok(n > 0)
    }

    pub(crate) fn skip_byte_order_mark(&mut self) -> Result<(), FileError> {
        while self.held.len() < 3 && self.read_more()? {}
        if self.text().starts_with(b"\xEF\xBB\xBF") {
            self.advance(3);
        }
        Ok(())
    }

    /// The next byte that is not white space.
    pub(crate) fn peek(&mut self) -> Result<Option<u8>, FileError> {
        loop {
            let text = self.text();
            match text.iter().position(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n')) {
                Some(blanks) => {
                    let byte = text[blanks];
                    self.advance(blanks);
                    return Ok(Some(byte));
                }
                None => {
                    self.advance(self.held.len());
                    if !self.read_more()? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Something is wrong where the window starts.
    pub(crate) const fn invalid(&self, what: &'static str) -> FileError {
        FileError::Invalid { at: self.offset, what }
    }

    /// The file ends where the window does, and the value does not.
    pub(crate) fn cut_off(&self) -> FileError {
        let at = self.offset + self.held.len() as u64;
        FileError::Invalid { at, what: "the file ends inside a value" }
    }
}
