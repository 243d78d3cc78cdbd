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
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(match status {
            ExitStatus::Done => 0,
            ExitStatus::Incomplete => 1,
            ExitStatus::Usage => 64,
            ExitStatus::Unavailable => 69,
            ExitStatus::Bug => 70,
        })
    }
}
