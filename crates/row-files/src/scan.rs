//! Finds where each value of a file begins and ends, without reading into it.

use std::io::Read;
use std::ops::Range;

use crate::{FileError, MAX_ROW_BYTES};

const READ_BYTES: usize = 128 * 1024;

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
}

impl<R: Read> Scanner<R> {
    pub(crate) fn new(reader: R) -> Result<Self, FileError> {
        let mut scanner = Self {
            reader,
            buffer: vec![0; READ_BYTES],
            window: 0..0,
            offset: 0,
            ended: false,
            layout: Layout::Sequence,
            state: State::Value,
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

    /// The place and the bytes of the next value; `None` at the end.
    pub(crate) fn next_value(&mut self) -> Result<Option<(u64, &[u8])>, FileError> {
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

    fn take_value(&mut self) -> Result<(u64, &[u8]), FileError> {
        let length = self.value_length()?;
        self.state = match self.layout {
            Layout::Array => State::CommaOrEnd,
            Layout::Sequence => State::Value,
        };
        let at = self.offset;
        let start = self.window.start;
        self.advance(length);
        Ok((at, &self.buffer[start..start + length]))
    }

    /// Length of the value at the start of the window, reading on as needed.
    fn value_length(&mut self) -> Result<usize, FileError> {
        let mut cursor = Cursor::default();
        loop {
            if let Some(length) = cursor.find_end(&self.buffer[self.window.clone()]) {
                return self.limited(length);
            }
            if self.window.len() > MAX_ROW_BYTES {
                return Err(FileError::RowTooLong { at: self.offset });
            }
            if !self.read_more()? {
                return match cursor.end_of_text(self.window.len()) {
                    Some(length) => self.limited(length),
                    None => Err(FileError::Invalid {
                        at: self.offset + self.window.len() as u64,
                        what: "the file ends inside a value",
                    }),
                };
            }
        }
    }

    /// A row's length, if a row may be that long; wherever in the window it ends.
    const fn limited(&self, length: usize) -> Result<usize, FileError> {
        if length > MAX_ROW_BYTES { Err(FileError::RowTooLong { at: self.offset }) } else { Ok(length) }
    }

    /// Whether the file's first line is a value by itself and more follows: then a leading `[` is a row, not the file.
    fn first_line_is_a_value(&mut self) -> Result<bool, FileError> {
        let line = loop {
            let text = &self.buffer[self.window.clone()];
            if let Some(end) = memchr::memchr(b'\n', text) {
                break end;
            }
            if text.len() > MAX_ROW_BYTES || !self.read_more()? {
                return Ok(false);
            }
        };
        let text = &self.buffer[self.window.clone()];
        let closed =
            Cursor::default().find_end(text).is_some_and(|end| end <= line && is_blank(&text[end..line]));
        // Looks past the line without consuming it.
        let mut from = line;
        loop {
            let text = &self.buffer[self.window.clone()];
            if text[from..].iter().any(|b| !b.is_ascii_whitespace()) {
                return Ok(closed);
            }
            from = text.len();
            if !closed || from > MAX_ROW_BYTES || !self.read_more()? {
                return Ok(false);
            }
        }
    }

    fn skip_byte_order_mark(&mut self) -> Result<(), FileError> {
        while self.window.len() < 3 && self.read_more()? {}
        if self.buffer[self.window.clone()].starts_with(b"\xEF\xBB\xBF") {
            self.advance(3);
        }
        Ok(())
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Result<Option<u8>, FileError> {
        loop {
            let text = &self.buffer[self.window.clone()];
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

    fn advance(&mut self, bytes: usize) {
        self.window.start += bytes;
        self.offset += bytes as u64;
    }

    /// Adds text to the window's end; `false` when nothing is left.
    fn read_more(&mut self) -> Result<bool, FileError> {
        if self.ended {
            return Ok(false);
        }
        if self.window.start > 0 {
            self.buffer.copy_within(self.window.clone(), 0);
            self.window = 0..self.window.len();
        }
        if self.window.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let n = self.reader.read(&mut self.buffer[self.window.end..])?;
        self.window.end += n;
        self.ended = n == 0;
        Ok(n > 0)
    }

    fn invalid(&self, what: &'static str) -> FileError {
        FileError::Invalid { at: self.offset, what }
    }
}

fn is_blank(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_whitespace)
}

/// Progress through one value; survives the window growing at its end.
#[derive(Debug, Default)]
struct Cursor {
    at: usize,
    depth: usize,
    in_text: bool,
    scalar: bool,
}

impl Cursor {
    /// Length of the value that starts at the beginning of `text`, once its end is in there.
    fn find_end(&mut self, text: &[u8]) -> Option<usize> {
        while self.at < text.len() {
            if self.in_text {
                let Some(found) = memchr::memchr2(b'"', b'\\', &text[self.at..]) else {
                    self.at = text.len();
                    return None;
                };
                let at = self.at + found;
                if text[at] == b'\\' {
                    // The escaped byte may not be here yet: then start again at the backslash.
                    if at + 1 >= text.len() {
                        self.at = at;
                        return None;
                    }
                    self.at = at + 2;
                    continue;
                }
                self.in_text = false;
                self.at = at + 1;
                if self.depth == 0 {
                    return Some(self.at);
                }
                continue;
            }
            let byte = text[self.at];
            if self.scalar {
                if matches!(byte, b',' | b']' | b'}' | b'[' | b'{' | b'"') || byte.is_ascii_whitespace() {
                    return Some(self.at);
                }
                self.at += 1;
                continue;
            }
            match byte {
                b'"' => self.in_text = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some(self.at + 1);
                    }
                }
                _ if self.depth == 0 => self.scalar = true,
                _ => {}
            }
            self.at += 1;
        }
        None
    }

    /// A number or word may end with the text; anything else is cut off.
    fn end_of_text(&self, length: usize) -> Option<usize> {
        self.scalar.then_some(length)
    }
}
