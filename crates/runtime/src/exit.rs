//! How a process ends.

use std::process::ExitCode;
use std::{fmt, io};

/// Exit codes; the numbers are those of sysexits.h.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// 0: everything is done.
    Done,
    /// 1: it ran, and something is not done.
    Incomplete,
    /// 64: wrong usage or configuration.
    Usage,
    /// 66: a file that was named does not exist or cannot be read.
    NoInput,
    /// 69: a backend could not be reached, or an address cannot be listened on.
    Unavailable,
    /// 70: a bug.
    Bug,
    /// 74: what was to be printed could not be written.
    NotWritten,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(match status {
            ExitStatus::Done => 0,
            ExitStatus::Incomplete => 1,
            ExitStatus::Usage => 64,
            ExitStatus::NoInput => 66,
            ExitStatus::Unavailable => 69,
            ExitStatus::Bug => 70,
            ExitStatus::NotWritten => 74,
        })
    }
}

/// The caller asked for something that cannot be: an unknown word, a number out of its range. It ends with
/// [`ExitStatus::Usage`].
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WrongUsage(String);

/// A file that the caller named cannot be read. It ends with [`ExitStatus::NoInput`].
#[derive(Debug, thiserror::Error)]
#[error("cannot read {0}: {1}")]
pub struct NoInput(String, String);

impl NoInput {
    /// The file, and what the system says about it.
    #[must_use]
    pub fn new(file: &impl fmt::Display, error: &io::Error) -> Self {
        Self(file.to_string(), error.to_string())
    }
}

/// A file that the caller named cannot be written. It ends with [`ExitStatus::NotWritten`].
#[derive(Debug, thiserror::Error)]
#[error("cannot write {0}: {1}")]
pub struct NoOutput(String, String);

impl NoOutput {
    /// The file, and what the system says about it.
    #[must_use]
    pub fn new(file: &impl fmt::Display, error: &io::Error) -> Self {
        Self(file.to_string(), error.to_string())
    }
}

/// An address cannot be reached or listened on. It ends with [`ExitStatus::Unavailable`].
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unreachable(pub String);

impl WrongUsage {
    /// What is wrong, and what to write instead.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}
