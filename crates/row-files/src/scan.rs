//! Finds where each value of a file begins and ends, without reading into it.

use std::io::Read;
use std::ops::Range;

use crate::FileError;
use crate::cursor::Cursor;
use crate::long_value;

/// How much is read at once at least.
const READ_BYTES: usize = 128 * 1024;

/// How far after the first line a second one is looked for.
const LOOK_AHEAD: usize = READ_BYTES / 2;

/// A value that was found.
#[derive(Debug)]
pub(crate) enum Value<'b> {
    /// Its bytes.
    Text(&'b [u8]),
    /// Longer than a row may be: so many bytes that were passed over.
    TooLong(u64),
}

/// What is done with a value that is too long to be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LongValues {
    /// Its end is found, no more.
    Skipped,
    /// It is read, so that a file that is not JSON is refused.
    Checked,
}

/// How the values of a file follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// `[v, v, v]`
    Array,
    /// `v v v`, usually one a line.
    Sequence,
}

/// What must come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A value, or the end of an empty array.
    FirstValue,
    /// A value, after a comma or in a sequence.
    Value,
    /// A comma or the end of the array.
    CommaOrEnd,
    /// Nothing but white space.
    End,
}

/// How long a value is, and where it is.
enum Length {
    /// At the start of the window.
    Held(usize),
    /// It was passed over.
    PassedOver(u64),
}

/// A window over the text that always holds the value at hand.
#[derive(Debug)]
pub(crate) struct Scanner<R> {
    reader: R,
    buffer: Vec<u8>,
    /// The part of the buffer that has not been passed on.
    window: Range<usize>,
    /// Where the window starts in the whole text.
    offset: u64,
    ended: bool,
    layout: Layout,
    state: State,
    /// The longest value that is held.
    limit: usize,
    long_values: LongValues,
}

impl<R: Read> Scanner<R> {
    pub(crate) fn new(reader: R, limit: usize, long_values: LongValues) -> Result<Self, FileError> {
        let mut scanner = Self {
            reader,
            // A value of the limit, and one read more.
            buffer: vec![0; limit + READ_BYTES],
            window: 0..0,
            offset: 0,
            ended: false,
            layout: Layout::Sequence,
            state: State::Value,
            limit,
            long_values,
        };
        scanner.skip_byte_order_mark()?;
        match scanner.peek()? {
            None => return Err(FileError::Empty),
            Some(b'[') if !scanner.first_line_is_a_value()? => {
                scanner.advance(1);
                scanner.layout = Layout::Array;
                scanner.state = State::FirstValue;
            }
            Some(_) => {}
        }
        Ok(scanner)
    }

    /// The place of the next value, and the value; `None` at the end.
    pub(crate) fn next_value(&mut self) -> Result<Option<(u64, Value<'_>)>, FileError> {
        loop {
            let next = self.peek()?;
            match (self.state, next) {
                (State::End, None) => return Ok(None),
                (State::End, Some(_)) => return Err(self.invalid("text after the end of the array")),
                (State::Value, None) if self.layout == Layout::Sequence => return Ok(None),
                (_, None) => return Err(self.invalid("the array is not closed")),
                (State::CommaOrEnd, Some(b',')) => {
                    self.advance(1);
                    self.state = State::Value;
                }
                (State::CommaOrEnd | State::FirstValue, Some(b']')) => {
                    self.advance(1);
                    self.state = State::End;
                }
                (State::CommaOrEnd, Some(_)) => {
                    return Err(self.invalid("a comma or the end of the array should follow"));
                }
                (State::FirstValue | State::Value, Some(b',' | b']' | b'}')) => {
                    return Err(self.invalid("a value should follow"));
                }
                (State::FirstValue | State::Value, Some(_)) => return self.take_value().map(Some),
            }
        }
    }

    fn take_value(&mut self) -> Result<(u64, Value<'_>), FileError> {
        self.state = match self.layout {
            Layout::Array => State::CommaOrEnd,
            Layout::Sequence => State::Value,
        };
        let at = self.offset;
        match self.value_length()? {
            Length::Held(length) => {
                let start = self.window.start;
                self.advance(length);
                Ok((at, Value::Text(&self.buffer[start..start + length])))
            }
            Length::PassedOver(length) => Ok((at, Value::TooLong(length))),
        }
    }

    /// Length of the value at the start of the window, reading on as needed. One that is too long is passed over.
    fn value_length(&mut self) -> Result<Length, FileError> {
        let mut cursor = Cursor::default();
        let end = loop {
            if let Some(length) = cursor.find_end(self.window()) {
                break Some(length);
            }
            if self.window.len() > self.limit {
                break None;
            }
            if !self.read_more()? {
                break Some(cursor.end_of_text(self.window.len()).ok_or_else(|| self.cut_off())?);
            }
        };
        match end.filter(|length| *length <= self.limit) {
            Some(length) => Ok(Length::Held(length)),
            None => long_value::pass_over(self, cursor, end, self.long_values).map(Length::PassedOver),
        }
    }

    /// Whether the file's first line is a value by itself and more follows: then a leading `[` is a row, not the file.
    fn first_line_is_a_value(&mut self) -> Result<bool, FileError> {
        let line = loop {
            let text = self.window();
            if let Some(end) = memchr::memchr(b'\n', &text[..text.len().min(self.limit + 1)]) {
                break end;
            }
            if text.len() > self.limit || !self.read_more()? {
                return Ok(false);
            }
        };
        let text = self.window();
        let end = Cursor::default().find_end(&text[..line]);
        if !end.is_some_and(|end| is_blank(&text[end..line])) {
            return Ok(false);
        }
        // Looks past the line without consuming it. However the text arrives, it looks equally far.
        let until = line + LOOK_AHEAD;
        loop {
            let text = self.window();
            let next = &text[line..text.len().min(until)];
            if !is_blank(next) {
                return Ok(true);
            }
            if next.len() == LOOK_AHEAD || !self.read_more()? {
                return Ok(false);
            }
        }
    }

    fn skip_byte_order_mark(&mut self) -> Result<(), FileError> {
        while self.window.len() < 3 && self.read_more()? {}
        if self.window().starts_with(b"\xEF\xBB\xBF") {
            self.advance(3);
        }
        Ok(())
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Result<Option<u8>, FileError> {
        loop {
            let text = self.window();
            match text.iter().position(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n')) {
                Some(blanks) => {
                    let byte = text[blanks];
                    self.advance(blanks);
                    return Ok(Some(byte));
                }
                None => {
                    self.advance(self.window.len());
                    if !self.read_more()? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// What has been read and not been passed on.
    pub(crate) fn window(&self) -> &[u8] {
        &self.buffer[self.window.clone()]
    }

    /// Where the window starts in the whole text.
    pub(crate) const fn offset(&self) -> u64 {
        self.offset
    }

    pub(crate) fn advance(&mut self, bytes: usize) {
        self.window.start += bytes;
        self.offset += bytes as u64;
    }

    /// Adds text to the window's end; `false` when nothing is left. The window must not be longer than the limit.
    pub(crate) fn read_more(&mut self) -> Result<bool, FileError> {
        if self.ended {
            return Ok(false);
        }
        if self.window.start > 0 {
            self.buffer.copy_within(self.window.clone(), 0);
            self.window = 0..self.window.len();
        }
        debug_assert!(self.window.end < self.buffer.len(), "there is room for more");
        let n = self.reader.read(&mut self.buffer[self.window.end..])?;
        self.window.end += n;
        self.ended = n == 0;
        Ok(n > 0)
    }

    fn invalid(&self, what: &'static str) -> FileError {
        FileError::Invalid { at: self.offset, what }
    }

    /// The file ends where the window does, and the value does not.
    pub(crate) fn cut_off(&self) -> FileError {
        let at = self.offset + self.window.len() as u64;
        FileError::Invalid { at, what: "the file ends inside a value" }
    }
}

fn is_blank(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_whitespace)
}
