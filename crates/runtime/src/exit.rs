//! How a process ends.

use std::process::ExitCode;

/// Exit codes; the numbers are those of sysexits.h.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// 0: everything is done.
    Done,
    /// 1: it ran, and something is not done.
    Incomplete,
    /// 64: wrong usage or configuration.
    Usage,
    /// 69: a backend could not be reached at start.
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
            ExitStatus::Unavailable => 69,
            ExitStatus::Bug => 70,
            ExitStatus::NotWritten => 74,
        })
    }
}

/// The caller asked for something that cannot be: an unknown word, a file that is not there. It ends with
/// [`ExitStatus::Usage`].
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WrongUsage(String);

impl WrongUsage {
    /// What is wrong, and what to write instead.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}
