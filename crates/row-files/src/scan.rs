//! Finds where each value of a file begins and ends, and whether it is JSON.

use std::io::Read;

use crate::FileError;
use crate::cursor::Cursor;
use crate::lexical::{self, Reading};
use crate::window::{Broken, ROW_LINE, Window};

/// How far after the first line a second one is looked for.
const LOOK_AHEAD: usize = 64 * 1024;

/// Arrays and objects in each other: more are no row of a feed.
const DEEPEST: usize = 1 << 20;

/// A value that was found.
#[derive(Debug)]
pub(crate) enum Value<'b> {
    /// Its bytes, which are JSON.
    Text(&'b [u8]),
    /// JSON that stands for it: its odd numbers are `null`.
    Repaired(String),
    /// It is not JSON.
    Broken(Broken),
    /// Longer than a row may be: so many bytes that were passed over.
    TooLong(u64),
}

/// A value and its place.
#[derive(Debug)]
pub(crate) struct Found<'b> {
    /// In the whole text, in bytes.
    pub(crate) at: u64,
    /// The line on which it begins, from 1.
    pub(crate) line: u64,
    pub(crate) value: Value<'b>,
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
    /// The first value of an array, or its end.
    FirstValue,
    /// A value, after a comma.
    Value,
    /// A comma or the end of the array; in a sequence a value, or a comma that should not be there.
    Next,
    /// Nothing but white space, or another array: joined files.
    End,
}

/// What a value that was measured is.
enum Measured {
    /// JSON of so many bytes, at the start of the window.
    Held(usize),
    /// So many bytes at the start of the window, and the text that stands for them.
    Repaired(usize, String),
    /// Passed over; its length.
    TooLong(u64),
    /// Passed over.
    Broken(Broken),
}

/// Goes through a text, value by value.
#[derive(Debug)]
pub(crate) struct Scanner<R> {
    /// Always holds the value at hand.
    window: Window<R>,
    layout: Layout,
    state: State,
    /// Values so far.
    values: u64,
}

impl<R: Read> Scanner<R> {
    pub(crate) fn new(reader: R, limit: usize) -> Result<Self, FileError> {
        let window = Window::new(reader, limit);
        let mut scanner = Self { window, layout: Layout::Sequence, state: State::Value, values: 0 };
        match scanner.window.peek()? {
            None => return Err(FileError::Empty),
            Some(b'[') if scanner.is_array_of_rows()? => scanner.open_array(),
            Some(_) => {}
        }
        Ok(scanner)
    }

    fn open_array(&mut self) {
        self.window.advance(1);
        self.layout = Layout::Array;
        self.state = State::FirstValue;
    }

    /// The next value; `None` at the end.
    pub(crate) fn next_value(&mut self) -> Result<Option<Found<'_>>, FileError> {
        loop {
            let next = self.window.peek()?;
            let row_line = next == Some(b'{') && self.window.is_at_line_start();
            match (self.layout, self.state, next) {
                (_, State::End, None) | (Layout::Sequence, _, None) => return Ok(None),
                (_, State::End, Some(b'[')) => self.open_array(),
                (_, State::End, Some(b'{')) => (self.layout, self.state) = (Layout::Sequence, State::Value),
                (_, State::End, Some(_)) => return Err(self.refused("text after the end of the array")),
                (Layout::Array, _, None) => return Err(self.refused("the array is not closed")),
                (_, State::Next, Some(b',')) => {
                    self.window.advance(1);
                    self.state = State::Value;
                }
                (Layout::Array, State::Next | State::FirstValue, Some(b']')) => {
                    self.window.advance(1);
                    self.state = State::End;
                }
                (Layout::Array, State::Next, Some(_)) if !row_line => {
                    return self.broken("a comma or the end of the array should follow").map(Some);
                }
                (_, _, Some(b',' | b']' | b'}')) => return self.broken("a value should follow").map(Some),
                (_, _, Some(_)) => return self.take_value().map(Some),
            }
        }
    }

    fn take_value(&mut self) -> Result<Found<'_>, FileError> {
        let (at, line) = (self.window.offset(), self.window.line_of(0));
        let value = match self.measure()? {
            Measured::Broken(broken) => return Ok(self.found(at, line, Value::Broken(broken))),
            Measured::TooLong(length) => Value::TooLong(length),
            Measured::Repaired(length, text) => {
                self.window.advance(length);
                Value::Repaired(text)
            }
            Measured::Held(length) => {
                self.state = State::Next;
                self.values += 1;
                return Ok(Found { at, line, value: Value::Text(self.window.take(length)) });
            }
        };
        self.state = State::Next;
        Ok(self.found(at, line, value))
    }

    fn found<'b>(&mut self, at: u64, line: u64, value: Value<'b>) -> Found<'b> {
        self.values += 1;
        Found { at, line, value }
    }

    /// What is at the start of the window is not a value: it is a broken row of its own, up to where the next one surely begins.
    fn broken(&mut self, what: &'static str) -> Result<Found<'_>, FileError> {
        let (at, line) = (self.window.offset(), self.window.line_of(0));
        let broken = Broken { offset: 0, what };
        self.pass_to_row_line(broken)?;
        Ok(self.found(at, line, Value::Broken(broken)))
    }

    /// Measures the value at the start of the window, reading on as needed.
    fn measure(&mut self) -> Result<Measured, FileError> {
        let mut cursor = Cursor::default();
        let limit = self.window.limit();
        let end = loop {
            if let Some(length) = cursor.find_end(self.window.text()) {
                break Some(length);
            }
            if self.window.text().len() > limit {
                break None;
            }
            if !self.window.read_more()? {
                let length = self.window.text().len();
                let Some(end) = cursor.end_of_text(length) else {
                    let broken = lexical::cut_off(self.window.text());
                    return self.pass_to_row_line(broken).map(|()| Measured::Broken(broken));
                };
                break Some(end);
            }
        };
        match end.filter(|length| *length <= limit) {
            Some(length) => self.classify(length),
            // However the text arrives, it is judged by equally much of it.
            None if lexical::may_go_on(&self.window.text()[..=limit]) => self.pass_over(cursor, end),
            None => {
                let broken = Broken { offset: 0, what: "the value has no certain end" };
                self.pass_to_row_line(broken).map(|()| Measured::Broken(broken))
            }
        }
    }

    /// What a value of known length is; one that is broken is passed over.
    fn classify(&mut self, length: usize) -> Result<Measured, FileError> {
        let text = &self.window.text()[..length];
        // Words in a sequence end at any blank: they are text, not rows.
        let is_certain = self.layout == Layout::Array || matches!(text, [b'{' | b'[', ..]);
        match lexical::read(text) {
            Reading::Json => Ok(Measured::Held(length)),
            Reading::Repaired(text) if text.len() <= self.window.limit() => {
                Ok(Measured::Repaired(length, text))
            }
            Reading::Repaired(_) => {
                self.window.advance(length);
                Ok(Measured::TooLong(length as u64))
            }
            Reading::Enclosed(broken) if is_certain => {
                self.window.advance(length);
                self.state = State::Next;
                Ok(Measured::Broken(broken))
            }
            Reading::Enclosed(broken) | Reading::Unclear(broken) => {
                self.pass_to_row_line(broken).map(|()| Measured::Broken(broken))
            }
        }
    }

    /// Passes over a value that is longer than a row may be, and never holds it: up to its last bracket, or to a line that begins
    /// with `{`. `end` is its length if it is known.
    fn pass_over(&mut self, mut cursor: Cursor, mut end: Option<usize>) -> Result<Measured, FileError> {
        let mut passed = 0;
        // A line may end with the piece before.
        let mut after_line = false;
        loop {
            let text = self.window.text();
            let piece = &text[..end.unwrap_or(cursor.passed()).min(text.len())];
            let row_line = match (after_line, piece.first()) {
                (true, Some(b'{')) => Some(0),
                _ => memchr::memmem::find(piece, ROW_LINE).map(|line_end| line_end + 1),
            };
            let length = row_line.unwrap_or(piece.len());
            after_line = piece[..length].last().map_or(after_line, |last| *last == b'\n');
            cursor.forget(length);
            self.window.advance(length);
            passed += length as u64;
            if row_line.is_some() || end.is_some() {
                return Ok(Measured::TooLong(passed));
            }
            if cursor.depth() > DEEPEST {
                return Err(self.refused("values are nested too deeply"));
            }
            let more = self.window.read_more()?;
            end = cursor.find_end(self.window.text());
            if end.is_none() && !more {
                let rest = self.window.text().len();
                let Some(rest) = cursor.end_of_text(rest) else {
                    let broken = Broken { offset: rest, what: "the file ends inside a value" };
                    return self.pass_to_row_line(broken).map(|()| Measured::Broken(broken));
                };
                end = Some(rest);
            }
        }
    }

    /// Passes over what is broken: up to a line that begins with `{`, where a row surely begins; in a sequence to the end of the file
    /// if there is none.
    ///
    /// # Errors
    /// Where the file could go on anywhere: in an array, or if not even its first value can be read.
    fn pass_to_row_line(&mut self, broken: Broken) -> Result<(), FileError> {
        let (at, line) = (self.window.offset() + broken.offset as u64, self.window.line_of(broken.offset));
        let refused = FileError::Invalid { at, row: self.values, line, what: broken.what };
        let (_, found) = self.window.skip_to_row_line()?;
        if !found && (self.layout == Layout::Array || self.values == 0) {
            return Err(refused);
        }
        self.state = State::Value;
        Ok(())
    }

    /// The file is refused for what stands at the start of the window.
    fn refused(&self, what: &'static str) -> FileError {
        FileError::Invalid { at: self.window.offset(), row: self.values, line: self.window.line_of(0), what }
    }

    /// Whether a leading `[` opens the file, and not its first row. An array whose first value is an object is no row; neither is one
    /// that is longer than its line, or the only one.
    fn is_array_of_rows(&mut self) -> Result<bool, FileError> {
        Ok(self.begins_with_row()? || !self.first_line_is_a_value()?)
    }

    /// Whether an object follows the bracket.
    fn begins_with_row(&mut self) -> Result<bool, FileError> {
        loop {
            let text = self.window.text();
            let inner = &text[1..text.len().min(LOOK_AHEAD)];
            if let Some(byte) = inner.iter().find(|byte| !byte.is_ascii_whitespace()) {
                return Ok(*byte == b'{');
            }
            let looked_far = text.len() >= LOOK_AHEAD || text.len() > self.window.limit();
            if looked_far || !self.window.read_more()? {
                return Ok(false);
            }
        }
    }

    /// Whether the file's first line is a value by itself and more follows.
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
