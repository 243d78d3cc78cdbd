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
    /// Line ends before the window.
    lines: u64,
    /// The byte before the window.
    last: u8,
    ended: bool,
    /// The longest value that is held.
    limit: usize,
}

impl<R: Read> Window<R> {
    /// How far beyond the limit it can grow in any case.
    pub(crate) const SPARE: usize = READ_BYTES;

    pub(crate) fn new(reader: R, limit: usize) -> Self {
        Self {
            reader,
            buffer: vec![0; limit + Self::SPARE],
            held: 0..0,
            offset: 0,
            lines: 0,
            last: b'\n',
            ended: false,
            limit,
        }
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
        let passed = &self.buffer[self.held.start..self.held.start + bytes];
        self.lines += memchr::memchr_iter(b'\n', passed).count() as u64;
        self.last = passed.last().copied().unwrap_or(self.last);
        self.held.start += bytes;
        self.offset += bytes as u64;
    }

    /// Whether the window starts at the start of a line.
    pub(crate) const fn is_at_line_start(&self) -> bool {
        self.last == b'\n'
    }

    /// The line, from 1, of a byte that the window holds.
    pub(crate) fn line_of(&self, place: usize) -> u64 {
        let before = &self.text()[..place.min(self.text().len())];
        self.lines + 1 + memchr::memchr_iter(b'\n', before).count() as u64
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

    /// The next byte that is neither white space nor part of a byte order mark, which joined files have in their middle.
    pub(crate) fn peek(&mut self) -> Result<Option<u8>, FileError> {
        loop {
            let text = self.text();
            match text.iter().position(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n')) {
                Some(blanks) => {
                    let byte = text[blanks];
                    self.advance(blanks);
                    if byte != MARK[0] || !self.skip_byte_order_mark()? {
                        return Ok(Some(byte));
                    }
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

    fn skip_byte_order_mark(&mut self) -> Result<bool, FileError> {
        while self.held.len() < MARK.len() && self.read_more()? {}
        let is_marked = self.text().starts_with(&MARK);
        if is_marked {
            let last = self.last;
            self.advance(MARK.len());
            // What follows is as much at the start of a line as the mark was.
            self.last = last;
        }
        Ok(is_marked)
    }

    /// Finds where the window's next line begins with `{`, passing over everything before it; how much that was, and whether there
    /// is such a line.
    pub(crate) fn skip_to_row_line(&mut self) -> Result<(u64, bool), FileError> {
        let (mut passed, mut from) = (0, 1);
        loop {
            let text = self.text();
            let found = memchr::memmem::find(&text[from.min(text.len())..], ROW_LINE);
            if let Some(found) = found {
                let end = from + found;
                self.advance(end);
                return Ok((passed + end as u64, true));
            }
            // The last byte may be the line end.
            let done = text.len().saturating_sub(1);
            self.advance(done);
            passed += done as u64;
            from = 0;
            if !self.read_more()? {
                let rest = self.held.len();
                self.advance(rest);
                return Ok((passed + rest as u64, false));
            }
        }
    }
}

/// The byte order mark in UTF-8.
const MARK: [u8; 3] = *b"\xEF\xBB\xBF";

/// A line end, and a line that begins with a row.
pub(crate) const ROW_LINE: &[u8] = b"\n{";

/// What is wrong with a value, and where from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) offset: usize,
    pub(crate) what: &'static str,
}
