//! The one error of all ports: what kind of failure, and whether trying again can help.

use std::fmt;
use std::io;
use std::time::Duration;

/// What every port answers with.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Kinds of failure, as far as callers act on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The backend cannot be reached, or is not up.
    Unavailable,
    /// It did not answer in time.
    Timeout,
    /// It limits the rate of requests.
    Throttled,
    /// It refuses the credentials or the permission.
    Denied,
    /// A table, bucket or queue that must exist does not.
    Missing,
    /// The item is larger than a named limit.
    TooLarge,
    /// What was asked makes no sense to the backend; asking again will not help.
    Invalid,
    /// What it has stored cannot be read.
    Corrupt,
    /// It has no room, or may not write.
    Full,
}

/// Whether the same call may be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It would fail again.
    Never,
    /// It may succeed, after this time where the backend names one.
    After(Option<Duration>),
    /// It may have been applied although no answer came; only what can be repeated harmlessly may be made again.
    Unknown,
}

/// A failure of a port. Holds no token, no raw body and nothing about a person.
///
/// The caller acts on [`retry`](Error::retry), an operator on the text.
///
/// ```
/// use ports::{Error, ErrorKind, Retry};
///
/// let error = Error::new(ErrorKind::Missing, "queue.receive").detail("no queue `report`; run `efflux provision`");
/// assert_eq!(
///     error.to_string(),
///     "queue.receive needs something that does not exist: no queue `report`; run `efflux provision`"
/// );
/// assert_eq!(error.retry(), Retry::After(None), "the operator may make it meanwhile");
///
/// // No answer came: it may have been applied.
/// assert_eq!(Error::new(ErrorKind::Timeout, "ledger.settle").retry(), Retry::Unknown);
/// ```
pub struct Error {
    kind: ErrorKind,
    retry: Retry,
    operation: &'static str,
    detail: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of a kind, with that kind's usual answer to "again?".
    #[must_use]
    pub fn new(kind: ErrorKind, operation: &'static str) -> Self {
        let retry = match kind {
            ErrorKind::Unavailable | ErrorKind::Throttled | ErrorKind::Full => Retry::After(None),
            ErrorKind::Timeout => Retry::Unknown,
            ErrorKind::Denied | ErrorKind::Missing => Retry::After(None),
            ErrorKind::TooLarge | ErrorKind::Invalid | ErrorKind::Corrupt => Retry::Never,
        };
        Self { kind, retry, operation, detail: String::new(), source: None }
    }

    /// The folder for temporary files failed or is full. Nothing is wrong with what was to be kept there.
    #[must_use]
    pub fn spool(cause: io::Error) -> Self {
        let kind = match cause.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::Full,
            _ => ErrorKind::Unavailable,
        };
        Self::new(kind, "spool.use").detail("temporary files (TMPDIR)").source(cause)
    }

    /// Adds what the reader needs to know or can do: which address, which limit, which setting.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Adds something to what the reader needs to know.
    #[must_use]
    pub fn also(mut self, more: &str) -> Self {
        if !self.detail.is_empty() {
            self.detail.push_str("; ");
        }
        self.detail.push_str(more);
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Says otherwise than usual whether the call may be made again.
    #[must_use]
    pub const fn retry_with(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// What kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the call may be made again.
    #[must_use]
    pub const fn retry(&self) -> Retry {
        self.retry
    }

    /// Which call failed: `queue.receive`.
    #[must_use]
    pub const fn operation(&self) -> &'static str {
        self.operation
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            ErrorKind::Unavailable => "cannot be reached",
            ErrorKind::Timeout => "did not answer in time",
            ErrorKind::Throttled => "is rate limited",
            ErrorKind::Denied => "was denied",
            ErrorKind::Missing => "needs something that does not exist",
            ErrorKind::TooLarge => "is over a limit",
            ErrorKind::Invalid => "was refused",
            ErrorKind::Corrupt => "met damaged data",
            ErrorKind::Full => "has no room to write",
        };
        write!(f, "{} {what}", self.operation)?;
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} ({:?})", self.retry)?;
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            write!(f, "; caused by: {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|s| s as &(dyn std::error::Error + 'static))
    }
}
