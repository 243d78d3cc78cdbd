//! Finds where each value of a file begins and ends, without reading into it.

use std::io::Read;

use crate::FileError;
use crate::cursor::Cursor;
use crate::long_value::{self, LongValues};
use crate::window::Window;

/// How far after the first line a second one is looked for.
const LOOK_AHEAD: usize = 64 * 1024;

/// A value that was found.
#[derive(Debug)]
pub(crate) enum Value<'b> {
    /// Its bytes.
    Text(&'b [u8]),
    /// Longer than a row may be: so many bytes that were passed over.
    TooLong(u64),
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

/// Goes through a text, value by value.
#[derive(Debug)]
pub(crate) struct Scanner<R> {
    /// Always holds the value at hand.
    window: Window<R>,
    layout: Layout,
    state: State,
    long_values: LongValues,
}

impl<R: Read> Scanner<R> {
    pub(crate) fn new(reader: R, limit: usize, long_values: LongValues) -> Result<Self, FileError> {
        let mut scanner = Self {
            window: Window::new(reader, limit),
            layout: Layout::Sequence,
            state: State::Value,
            long_values,
        };
        scanner.window.skip_byte_order_mark()?;
        match scanner.window.peek()? {
            None => return Err(FileError::Empty),
            Some(b'[') if !scanner.first_line_is_a_value()? => {
                scanner.window.advance(1);
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
            let next = self.window.peek()?;
            match (self.state, next) {
                (State::End, None) => return Ok(None),
                (State::End, Some(_)) => return Err(self.window.invalid("text after the end of the array")),
                (State::Value, None) if self.layout == Layout::Sequence => return Ok(None),
                (_, None) => return Err(self.window.invalid("the array is not closed")),
                (State::CommaOrEnd, Some(b',')) => {
                    self.window.advance(1);
                    self.state = State::Value;
                }
                (State::CommaOrEnd | State::FirstValue, Some(b']')) => {
                    self.window.advance(1);
                    self.state = State::End;
                }
                (State::CommaOrEnd, Some(_)) => {
                    return Err(self.window.invalid("a comma or the end of the array should follow"));
                }
                (State::FirstValue | State::Value, Some(b',' | b']' | b'}')) => {
                    return Err(self.window.invalid("a value should follow"));
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
        let at = self.window.offset();
        match self.value_length()? {
            Length::Held(length) => Ok((at, Value::Text(self.window.take(length)))),
            Length::PassedOver(length) => Ok((at, Value::TooLong(length))),
        }
    }

    /// Length of the value at the start of the window, reading on as needed. One that is too long is passed over.
    fn value_length(&mut self) -> Result<Length, FileError> {
        let mut cursor = Cursor::default();
        let end = loop {
            if let Some(length) = cursor.find_end(self.window.text()) {
                break Some(length);
            }
            if self.window.text().len() > self.window.limit() {
                break None;
            }
            if !self.window.read_more()? {
                break Some(
                    cursor.end_of_text(self.window.text().len()).ok_or_else(|| self.window.cut_off())?,
                );
            }
        };
        match end.filter(|length| *length <= self.window.limit()) {
            Some(length) => Ok(Length::Held(length)),
            None => {
                long_value::pass_over(&mut self.window, cursor, end, self.long_values).map(Length::PassedOver)
            }
        }
    }

    /// Whether the file's first line is a value by itself and more follows: then a leading `[` is a row, not the file.
    fn first_line_is_a_value(&mut self) -> Result<bool, FileError> {
        let line = loop {
            let text = self.window.text();
            if let Some(end) = memchr::memchr(b'\n', &text[..text.len().min(self.window.limit() + 1)]) {
                break end;
            }
            if text.len() > self.window.limit() || !self.window.read_more()? {
                return Ok(false);
            }
        };
        let text = self.window.text();
        let end = Cursor::default().find_end(&text[..line]);
        if !end.is_some_and(|end| is_blank(&text[end..line])) {
            return Ok(false);
        }
        // Looks past the line without consuming it. However the text arrives, it looks equally far.
        let until = line + LOOK_AHEAD;
        loop {
            let text = self.window.text();
            let next = &text[line..text.len().min(until)];
            if !is_blank(next) {
                return Ok(true);
            }
            if next.len() == LOOK_AHEAD || !self.window.read_more()? {
                return Ok(false);
            }
        }
    }
}

fn is_blank(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_whitespace)
}
