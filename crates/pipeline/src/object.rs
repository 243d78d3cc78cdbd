//! What filter and reporter share: from a message to the objects it speaks of, and from an object to its content.

use domain::ObjectRef;
use domain::file::FileError;
use domain::notification::{self, Notification};
use ports::queue::Delivery;
use ports::{Blob, BlobStore, ErrorKind, Retry};

use crate::worker::Handled;

/// Why an object could not be done.
#[derive(Debug)]
pub(crate) enum Problem {
    /// It never will be; names what and where.
    Permanent(String),
    /// A backend was in trouble.
    Passing(ports::Error),
    /// The process is stopping.
    Stopping,
}

impl From<ports::Error> for Problem {
    fn from(error: ports::Error) -> Self {
        match (error.retry(), error.kind()) {
            // A damaged backend is nobody's message's fault: it is repaired or restored, and the message is still good.
            (_, ErrorKind::Corrupt) | (Retry::After(_) | Retry::Unknown, _) => Self::Passing(error),
            (Retry::Never, _) => Self::Permanent(error.to_string()),
        }
    }
}

impl Problem {
    /// A file that cannot be read.
    pub(crate) fn file(object: &ObjectRef, error: &FileError) -> Self {
        Self::Permanent(format!("{object}: {error}"))
    }
}

/// The objects that a message speaks of; `Err` when the message is at its end already.
pub(crate) fn objects_of(delivery: &Delivery) -> Result<Vec<ObjectRef>, Handled> {
    match notification::parse(&delivery.body) {
        Ok(Notification::Created(objects)) => Ok(objects),
        Ok(Notification::Test) => Err(Handled::Done),
        Err(error) => Err(Handled::Dead { reason: error.to_string() }),
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

/// Joins what became of a message's objects: trouble that may pass first, so that nothing is set aside too early.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    later: Option<(Option<&'static str>, String)>,
    dead: Vec<String>,
}

impl Verdict {
    /// Notes what became of one object.
    pub(crate) fn note(&mut self, object: &ObjectRef, result: Result<(), Problem>) {
        match result {
            Ok(()) => {}
            Err(Problem::Permanent(reason)) => self.dead.push(reason),
            Err(Problem::Passing(error)) => {
                tracing::warn!(%object, error = ?error, "the object has to wait");
                self.later = Some((Some(part_of(&error)), format!("{object}: {error}")));
            }
            Err(Problem::Stopping) => self.later = Some((None, "the process is stopping".to_owned())),
        }
    }

    /// What becomes of the message.
    pub(crate) fn handled(self) -> Handled {
        match (self.later, self.dead.is_empty()) {
            (Some((away, why)), _) => Handled::Later { away, why },
            (None, true) => Handled::Done,
            (None, false) => Handled::Dead { reason: self.dead.join("; ") },
        }
    }
}

/// The backend that an error is about, as `/health/ready` names it: what stands before the dot of the operation.
fn part_of(error: &ports::Error) -> &'static str {
    error.operation().split_once('.').map_or(error.operation(), |(part, _)| part)
}
