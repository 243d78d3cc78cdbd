//! What a step prints: kept in a file, shown on the terminal line by line, each line behind the name of its step.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context, Result};

use crate::tally::Tally;

/// Lines of a failed step that are shown.
const SHOWN_OF_FAILED: usize = 120;

/// The terminal, which steps that run side by side share line by line.
pub(super) struct Terminal<'a>(Mutex<&'a mut (dyn Write + Send + 'a)>);

impl<'a> Terminal<'a> {
    pub(super) fn new(out: &'a mut (dyn Write + Send)) -> Self {
        Self(Mutex::new(out))
    }

    /// Writes one line. A terminal that cannot be written to does not stop the tests.
    pub(super) fn line(&self, step: &str, line: &str) {
        let mut out = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        drop(writeln!(out, "{step:<14} | {line}").and_then(|()| out.flush()));
    }
}

/// The log of one step.
pub(super) struct Log<'a> {
    terminal: &'a Terminal<'a>,
    step: &'static str,
    /// Whether lines are shown as they come.
    live: bool,
    path: PathBuf,
    file: BufWriter<File>,
    /// The line that has not ended yet.
    begun: Vec<u8>,
    /// What the lines say of tests.
    tally: Tally,
}

impl<'a> Log<'a> {
    pub(super) fn create(
        terminal: &'a Terminal<'a>,
        folder: &Path,
        step: &'static str,
        live: bool,
    ) -> Result<Self> {
        let path = folder.join(format!("{}.log", step.replace(' ', "-")));
        let file = File::create(&path).with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(Self {
            terminal,
            step,
            live,
            path,
            file: BufWriter::new(file),
            begun: Vec::new(),
            tally: Tally::default(),
        })
    }

    fn end_line(&mut self) -> io::Result<()> {
        let line = String::from_utf8_lossy(&self.begun).into_owned();
        self.begun.clear();
        writeln!(self.file, "{line}")?;
        if self.live {
            self.terminal.line(self.step, &line);
        }
        self.tally.read(&line);
        Ok(())
    }

    /// Shows the end of a log that was not shown as it came.
    pub(super) fn show_end(&mut self) {
        if !self.live {
            self.end(SHOWN_OF_FAILED).iter().for_each(|line| self.terminal.line(self.step, line));
        }
    }

    /// The last lines so far that are not blank.
    pub(super) fn end(&mut self, most: usize) -> Vec<String> {
        drop(self.flush());
        let text = std::fs::read(&self.path).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let mut lines: Vec<_> =
            text.lines().rev().filter(|line| !line.trim().is_empty()).take(most).collect();
        lines.reverse();
        lines.into_iter().map(str::to_owned).collect()
    }

    pub(super) fn tally(&self) -> Tally {
        self.tally
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Write for Log<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for &byte in bytes {
            if byte == b'\n' {
                self.end_line()?;
            } else {
                self.begun.push(byte);
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.begun.is_empty() {
            self.end_line()?;
        }
        self.file.flush()
    }
}
