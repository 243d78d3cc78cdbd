//! What SQLite's errors mean.

use ports::{Error, ErrorKind};
use rusqlite::ErrorCode;
use rusqlite::ffi::SQLITE_IOERR_SHMSIZE;

/// The disk has no room. SQLite has a code of its own for the file that processes share beside a database.
pub(super) fn is_full(error: &rusqlite::Error) -> bool {
    let shared_file = error.sqlite_error().is_some_and(|e| e.extended_code == SQLITE_IOERR_SHMSIZE);
    shared_file || error.sqlite_error_code() == Some(ErrorCode::DiskFull)
}

/// SQLite's error as the ports know it.
pub(super) fn translate(error: rusqlite::Error, operation: &'static str, name: &str) -> Error {
    use rusqlite::Error as E;
    let (kind, what) = match (&error, error.sqlite_error_code()) {
        (_, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)) => {
            (ErrorKind::Throttled, "is being written by another process")
        }
        _ if is_full(&error) => (ErrorKind::Full, "has no room on its disk; free some"),
        (_, Some(ErrorCode::ReadOnly)) => (ErrorKind::Full, "is read-only; check its owner and its disk"),
        (_, Some(ErrorCode::PermissionDenied)) => (ErrorKind::Denied, "may not be opened; check its owner"),
        (_, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)) => (
            ErrorKind::Corrupt,
            "is damaged or no database; restore it, or move it away to start with an empty one",
        ),
        (E::FromSqlConversionFailure(..) | E::InvalidColumnType(..) | E::IntegralValueOutOfRange(..), _) => {
            (ErrorKind::Corrupt, "holds a value that cannot be read")
        }
        (_, Some(ErrorCode::TooBig)) => (ErrorKind::TooLarge, "does not take a value of this length"),
        (
            _,
            Some(
                ErrorCode::CannotOpen
                | ErrorCode::SystemIoFailure
                | ErrorCode::OutOfMemory
                | ErrorCode::FileLockingProtocolFailed
                | ErrorCode::OperationInterrupted,
            ),
        ) => (ErrorKind::Unavailable, "cannot be read or written; check its disk"),
        _ => (ErrorKind::Invalid, "refuses the statement"),
    };
    Error::new(kind, operation).detail(format!("{name} {what}")).source(error)
}
