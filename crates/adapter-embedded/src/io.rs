//! Where the crate meets the operating system: blocking calls, and what their errors mean.

use std::io;

use ports::{Error, ErrorKind, Result};

/// Runs something that blocks beside the runtime. A panic goes on in the caller.
pub(crate) async fn blocking<T: Send + 'static>(
    operation: &'static str,
    f: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(f).await.map_err(|e| match e.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(e) => Error::new(ErrorKind::Unavailable, operation).detail("the program is stopping").source(e),
    })
}

/// An error of the file system as the ports know it; `what` names the file or object.
pub(crate) fn io_error(operation: &'static str, what: &str, error: io::Error) -> Error {
    use io::ErrorKind as Io;
    let (kind, how) = match error.kind() {
        Io::PermissionDenied => (ErrorKind::Denied, "may not be accessed; check its owner"),
        Io::StorageFull | Io::QuotaExceeded => (ErrorKind::Full, "has no room on its disk; free some"),
        Io::ReadOnlyFilesystem => (ErrorKind::Full, "lies on a read-only disk"),
        Io::IsADirectory | Io::NotADirectory | Io::AlreadyExists | Io::DirectoryNotEmpty => {
            (ErrorKind::Invalid, "cannot be both a file and a folder")
        }
        _ => (ErrorKind::Unavailable, "cannot be read or written"),
    };
    Error::new(kind, operation).detail(format!("{what} {how}")).source(error)
}
