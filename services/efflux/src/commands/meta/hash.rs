//! `efflux meta hash`: normalises and hashes customer information, so that other senders can be checked.

use std::io::{self, BufRead, BufWriter, ErrorKind, Write};

use anyhow::Context;
use destination_meta::fields;
use ports::Clock;
use runtime::{ExitStatus, NoOutput, WrongUsage};
use serde_json::json;
use user_data::{Field, Hints, Normal, Reason, normalise};

/// How each value is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `normalised<TAB>sha256` or `omitted<TAB>reason`.
    Lines,
    /// An object of a JSON array.
    Json,
}

/// Reads values of a field, one per line, of rows of a country, and answers each.
pub(crate) fn run(
    clock: &dyn Clock,
    (field, country): (&str, Option<&str>),
    form: Form,
    mut input: impl BufRead,
    output: impl Write,
) -> anyhow::Result<ExitStatus> {
    let Some(field) = fields::field(field) else {
        let keys = Field::ALL.map(fields::key).join(", ");
        let text = format!("`{field}` is not a key that Meta wants hashed; those are {keys}");
        return Err(WrongUsage::new(text).into());
    };
    // An RFC 3339 time begins with the year.
    let year = clock.now().rfc3339().get(..4).and_then(|year| year.parse().ok());
    let hints = Hints { country, year };
    let mut answers = Answers { output: BufWriter::new(output), form, written: 0 };
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line).context("cannot read standard input")? > 0 {
        let value = line.strip_suffix(b"\n").unwrap_or(&line);
        let value = value.strip_suffix(b"\r").unwrap_or(value);
        let normal = match str::from_utf8(value) {
            Ok(value) => normalise(field, value, hints),
            Err(_) => Normal::Omitted(Reason::Damaged),
        };
        if let Err(error) = answers.put(&normal) {
            return ended(&error);
        }
        line.clear();
    }
    answers.end().map_or_else(|error| ended(&error), |()| Ok(ExitStatus::Done))
}

/// A reader that has closed the output, such as `head`, wants no more.
fn ended(error: &io::Error) -> anyhow::Result<ExitStatus> {
    if error.kind() == ErrorKind::BrokenPipe {
        return Ok(ExitStatus::Done);
    }
    Err(NoOutput::new(&"standard output", error).into())
}

/// Writes an answer for each value.
struct Answers<W: Write> {
    output: BufWriter<W>,
    form: Form,
    written: u64,
}

impl<W: Write> Answers<W> {
    fn put(&mut self, normal: &Normal<'_>) -> io::Result<()> {
        let answer = match normal {
            Normal::Value(text) => Ok((&**text, user_data::hash::hash(text).as_str().to_owned())),
            Normal::AlreadyHashed(hash) => Ok((&**hash, (**hash).to_owned())),
            Normal::Omitted(reason) => Err(reason.as_str()),
        };
        self.written += 1;
        let output = &mut self.output;
        if self.form == Form::Lines {
            return match answer {
                Ok((text, hash)) => writeln!(output, "{text}\t{hash}"),
                Err(reason) => writeln!(output, "omitted\t{reason}"),
            };
        }
        let (text, hash, reason) = match answer {
            Ok((text, hash)) => (Some(text), Some(hash), None),
            Err(reason) => (None, None, Some(reason)),
        };
        let object = json!({"line": self.written, "normalised": text, "sha256": hash, "omitted": reason});
        write!(output, "{}\n  {object}", if self.written == 1 { "[" } else { "," })
    }

    fn end(mut self) -> io::Result<()> {
        match (self.form, self.written) {
            (Form::Lines, _) => {}
            (Form::Json, 0) => self.output.write_all(b"[]\n")?,
            (Form::Json, _) => self.output.write_all(b"\n]\n")?,
        }
        self.output.flush()
    }
}
