//! What SQLite's errors mean.

use ports::{Error, ErrorKind, Retry};
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
    let code = error.sqlite_error_code();
    let (kind, what) = match (&error, code) {
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
    // What the statement itself caused is refused again. All else may pass, or be repaired.
    let permanent = kind != ErrorKind::Invalid || code == Some(ErrorCode::ConstraintViolation);
    let error = Error::new(kind, operation).detail(format!("{name} {what}")).source(error);
    if permanent { error } else { error.retry_with(Retry::After(None)) }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    /// A message whose row meets a permanent error becomes a dead letter.
    #[test]
    fn only_what_the_statement_caused_is_permanent() {
        for code in 0..0x2000 {
            let failed = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let error = translate(failed, "ledger.claim", "ledger.db");
            let named = matches!(code & 0xff, ffi::SQLITE_CONSTRAINT | ffi::SQLITE_TOOBIG);
            let permanent = error.retry() == Retry::Never && error.kind() != ErrorKind::Corrupt;
            assert_eq!(permanent, named, "{code}: {error:?}");
        }
    }
}
