//! What filter and reporter share: from a message to the objects it speaks of, and from an object to its content.

use std::time::Duration;

use domain::ObjectRef;
use domain::file::FileError;
use domain::notification::{self, Notification};
use ports::queue::Delivery;
use ports::{Blob, BlobStore, Retry};

use crate::worker::Handled;

/// How long a message waits after trouble that may pass.
const TROUBLE_DELAY: Duration = Duration::from_secs(5);

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
        match error.retry() {
            Retry::Never => Self::Permanent(error.to_string()),
            Retry::After(_) | Retry::Unknown => Self::Passing(error),
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
    later: Option<String>,
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
                self.later = Some(format!("{object}: {error}"));
            }
            Err(Problem::Stopping) => self.later = Some("the process is stopping".to_owned()),
        }
    }

    /// What becomes of the message.
    pub(crate) fn handled(self) -> Handled {
        match (self.later, self.dead.is_empty()) {
            (Some(why), _) => Handled::Later { delay: TROUBLE_DELAY, why },
            (None, true) => Handled::Done,
            (None, false) => Handled::Dead { reason: self.dead.join("; ") },
        }
    }
}
