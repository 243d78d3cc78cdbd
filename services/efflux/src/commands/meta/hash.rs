//! `efflux meta hash`: normalises and hashes customer information, so that other senders can be checked.

use std::io::{BufRead, BufWriter, ErrorKind, Write};

use anyhow::Context;
use destination_meta::fields;
use ports::Clock;
use runtime::{ExitStatus, NoOutput, WrongUsage};
use user_data::{Field, Hints, Normal, Reason, normalise};

/// Reads values, one per line, and writes `normalised<TAB>sha256` or `omitted<TAB>reason` for each.
pub(crate) fn run(
    clock: &dyn Clock,
    field: &str,
    country: Option<&str>,
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
    let mut output = BufWriter::new(output);
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line).context("cannot read standard input")? > 0 {
        let value = line.strip_suffix(b"\n").unwrap_or(&line);
        let value = value.strip_suffix(b"\r").unwrap_or(value);
        let written = match str::from_utf8(value) {
            Ok(value) => write_line(&mut output, field, value, hints),
            Err(_) => writeln!(output, "omitted\t{}", Reason::Damaged),
        };
        if let Err(error) = written {
            return ended(&error);
        }
        line.clear();
    }
    output.flush().map_or_else(|error| ended(&error), |()| Ok(ExitStatus::Done))
}

/// A reader that has closed the output, such as `head`, wants no more.
fn ended(error: &std::io::Error) -> anyhow::Result<ExitStatus> {
    if error.kind() == ErrorKind::BrokenPipe {
        return Ok(ExitStatus::Done);
    }
    Err(NoOutput::new(&"standard output", error).into())
}

fn write_line(output: &mut impl Write, field: Field, value: &str, hints: Hints<'_>) -> std::io::Result<()> {
    match normalise(field, value, hints) {
        Normal::Value(text) => writeln!(output, "{text}\t{}", user_data::hash::hash(&text).as_str()),
        Normal::AlreadyHashed(text) => writeln!(output, "{text}\t{text}"),
        Normal::Omitted(reason) => writeln!(output, "omitted\t{reason}"),
    }
}
