//! What filter and reporter share: from a message to the objects it speaks of, and from an object to its content.

use std::borrow::Cow;

use domain::ObjectRef;
use domain::object::Marker;
use ports::notification::{self, Notification};
use ports::queue::Delivery;
use ports::{Blob, BlobStore, ErrorKind, Retry};
use row_files::FileError;

use crate::worker::Handled;

/// Why an object could not be processed.
#[derive(Debug)]
pub(crate) enum Problem {
    /// It never can be; names what and where.
    Permanent(String),
    /// A backend was unavailable or failed.
    Passing(ports::Error),
    /// The process is stopping.
    Stopping,
}

impl From<ports::Error> for Problem {
    fn from(error: ports::Error) -> Self {
        match (error.retry(), error.kind()) {
            // A damaged backend is not the message's fault: it is repaired or restored, and the message is still good.
            (_, ErrorKind::Corrupt) | (Retry::After(_) | Retry::Unknown, _) => Self::Passing(error),
            (Retry::Never, _) => Self::Permanent(error.to_string()),
        }
    }
}

impl Problem {
    /// A file that cannot be read. A failure of the local disk is not the file's fault.
    pub(crate) fn file(object: &ObjectRef, error: FileError) -> Self {
        match error {
            FileError::Disk(cause) => Self::Passing(ports::Error::spool(cause)),
            error => Self::Permanent(format!("{object}: {error}")),
        }
    }

    /// Reading a file failed with a panic.
    pub(crate) fn unreadable(object: &ObjectRef) -> Self {
        Self::Permanent(format!("{object}: reading the file failed; see the log"))
    }
}

/// The objects that a message names, and the verdict so far; `Err` when it names none and is finished already.
pub(crate) fn objects_of(delivery: &Delivery) -> Result<(Vec<ObjectRef>, MessageVerdict), Handled> {
    let mut verdict = MessageVerdict::default();
    match notification::parse(&delivery.body) {
        Ok(Notification::Created(objects)) => Ok((objects, verdict)),
        Ok(Notification::CreatedAmongOthers { created, unreadable }) => {
            verdict.permanent.push(unreadable.to_string());
            Ok((created, verdict))
        }
        Ok(Notification::Test) => Err(Handled::Done),
        Err(error) => Err(Handled::DeadLetter { reason: error.to_string() }),
    }
}

/// Whether an object is no file but a mark that other programs leave: a folder of a console, or the end of a job. `Ok(false)` may be
/// a file that is missing.
pub(crate) async fn is_marker(
    blobs: &dyn BlobStore,
    object: &ObjectRef,
    max_bytes: u64,
) -> Result<bool, Problem> {
    match object.marker() {
        Marker::Surely => Ok(true),
        Marker::IfEmpty => match blobs.get(object, max_bytes).await {
            Ok(blob) => Ok(blob.is_none_or(|blob| blob.size() == 0)),
            // A store may refuse such a key: then there is nothing under it.
            Err(error) if error.kind() == ErrorKind::Invalid => Ok(true),
            Err(error) if error.kind() == ErrorKind::TooLarge => Ok(false),
            Err(error) => Err(error.into()),
        },
        Marker::No => Ok(false),
    }
}

/// The content of an object that must exist.
pub(crate) async fn content(
    blobs: &dyn BlobStore,
    object: &ObjectRef,
    max_bytes: u64,
) -> Result<Blob, Problem> {
    let blob = blobs.get(object, max_bytes).await?;
    blob.ok_or_else(|| Problem::Permanent(format!("{object}: the object does not exist")))
}

/// Joins the results of a message's objects. One that may still be processed outweighs those that cannot be, so that no
/// message becomes a dead letter too early.
#[derive(Debug, Default)]
pub(crate) struct MessageVerdict {
    later: Option<(Option<&'static str>, String)>,
    permanent: Vec<String>,
}

impl MessageVerdict {
    /// Notes the result of one object.
    pub(crate) fn note(&mut self, object: &ObjectRef, result: Result<(), Problem>) {
        match result {
            Ok(()) => {}
            Err(Problem::Permanent(reason)) => self.permanent.push(reason),
            Err(Problem::Passing(error)) => {
                tracing::warn!(error = ?error, "object deferred");
                self.later = Some((Some(part_of(&error)), format!("{object}: {error}")));
            }
            Err(Problem::Stopping) => self.later = Some((None, "the process is stopping".to_owned())),
        }
    }

    /// What the worker is to do with the message.
    pub(crate) fn handled(self) -> Handled {
        match (self.later, self.permanent.is_empty()) {
            (Some((unavailable, reason)), _) => {
                Handled::Later { unavailable: unavailable.map(Cow::Borrowed), reason }
            }
            (None, true) => Handled::Done,
            (None, false) => Handled::DeadLetter { reason: self.permanent.join("; ") },
        }
    }
}

/// The backend that an error is about, as `/health/ready` names it: what stands before the dot of the operation.
fn part_of(error: &ports::Error) -> &'static str {
    error.operation().split_once('.').map_or(error.operation(), |(part, _)| part)
}
