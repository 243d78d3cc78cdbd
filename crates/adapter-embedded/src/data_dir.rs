//! The folder in which an embedded deployment keeps everything.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ports::{Clock, Error, ErrorKind, Result};

use crate::analytics::EmbeddedAnalytics;
use crate::blob::{Announcement, FolderBlobStore};
use crate::db::{Db, Schema};
use crate::feeds::EmbeddedFeeds;
use crate::ledger::EmbeddedLedger;
use crate::lock::EmbeddedLock;
use crate::pixels::EmbeddedPixels;
use crate::queue::EmbeddedQueue;
use crate::subscriptions::EmbeddedSubscriptions;
use crate::{DIRECTORY_SCHEMA, io_error};

const QUEUES: &str = "queues.db";
const DIRECTORY: &str = "directory.db";
const LEDGER: &str = "ledger.db";
const ANALYTICS: &str = "analytics.db";
/// The databases of a data directory; each is made when it is first used.
const FILES: [&str; 4] = [QUEUES, DIRECTORY, LEDGER, ANALYTICS];
/// The same with their schemas.
pub(crate) const DATABASES: [(&str, Schema); 4] = [
    (QUEUES, EmbeddedQueue::SCHEMA),
    (DIRECTORY, DIRECTORY_SCHEMA),
    (LEDGER, EmbeddedLedger::SCHEMA),
    (ANALYTICS, EmbeddedAnalytics::SCHEMA),
];

/// A data directory. Clones share its open databases, and so should all of a process; several processes may share the
/// directory.
///
/// Each database is opened when it is first asked for, so that a program which uses one part is not stopped by another.
#[derive(Clone)]
pub struct DataDir(Arc<Parts>);

struct Parts {
    folder: PathBuf,
    queues: Part,
    directory: Part,
    ledger: Part,
    analytics: Part,
}

impl DataDir {
    /// Opens a data directory that is there, for those who only look at it. Blocks.
    ///
    /// # Errors
    /// [`ErrorKind::Missing`] when there is none, so that a mistyped path does not pass for an empty one.
    pub fn open_existing(path: impl Into<PathBuf>) -> Result<Self> {
        let folder = path.into();
        if !FILES.iter().any(|file| folder.join(file).exists()) {
            let detail = format!(
                "there is no data in {}: is EFFLUX_DATA_DIR right? `efflux run` makes a new data directory",
                folder.display()
            );
            return Err(Error::new(ErrorKind::Missing, "data_dir.open").detail(detail));
        }
        Self::open(folder)
    }

    /// Opens a data directory; makes it, for its owner only, when it is absent. Blocks.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let folder = path.into();
        crate::blob::make_folder(&folder).map_err(|e| {
            io_error(
                "data_dir.open",
                &format!("the data directory {} (EFFLUX_DATA_DIR)", folder.display()),
                e,
            )
        })?;
        Ok(Self(Arc::new(Parts {
            folder,
            queues: Part::new(QUEUES, EmbeddedQueue::SCHEMA),
            directory: Part::new(DIRECTORY, DIRECTORY_SCHEMA),
            ledger: Part::new(LEDGER, EmbeddedLedger::SCHEMA),
            analytics: Part::new(ANALYTICS, EmbeddedAnalytics::SCHEMA),
        })))
    }

    /// A queue by its name, in `queues.db`. The first call blocks while it opens the file; so do those below.
    ///
    /// # Errors
    /// When the database cannot be opened; so for those below.
    pub fn queue(&self, name: &str, clock: Arc<dyn Clock>) -> Result<EmbeddedQueue> {
        Ok(EmbeddedQueue::new(self.0.queues.db(&self.0.folder)?, name, clock))
    }

    /// The subscriptions, in `directory.db`.
    ///
    /// # Errors
    /// See [`queue`](Self::queue).
    pub fn subscriptions(&self) -> Result<EmbeddedSubscriptions> {
        Ok(EmbeddedSubscriptions::new(self.0.directory.db(&self.0.folder)?))
    }

    /// The pixels, in `directory.db`.
    ///
    /// # Errors
    /// See [`queue`](Self::queue).
    pub fn pixels(&self) -> Result<EmbeddedPixels> {
        Ok(EmbeddedPixels::new(self.0.directory.db(&self.0.folder)?))
    }

    /// The feeds, in `directory.db`.
    ///
    /// # Errors
    /// See [`queue`](Self::queue).
    pub fn feeds(&self) -> Result<EmbeddedFeeds> {
        Ok(EmbeddedFeeds::new(self.0.directory.db(&self.0.folder)?))
    }

    /// The exclusive locks, in `directory.db`.
    ///
    /// # Errors
    /// See [`queue`](Self::queue).
    pub fn lock(&self) -> Result<EmbeddedLock> {
        Ok(EmbeddedLock::new(self.0.directory.db(&self.0.folder)?))
    }

    /// The ledger, in `ledger.db`.
    ///
    /// # Errors
    /// See [`queue`](Self::queue).
    pub fn ledger(&self) -> Result<EmbeddedLedger> {
        Ok(EmbeddedLedger::new(self.0.ledger.db(&self.0.folder)?))
    }

    /// The analytics table, in `analytics.db`.
    ///
    /// # Errors
    /// See [`queue`](Self::queue).
    pub fn analytics(&self, clock: Arc<dyn Clock>) -> Result<EmbeddedAnalytics> {
        Ok(EmbeddedAnalytics::new(self.0.analytics.db(&self.0.folder)?, clock))
    }

    /// The objects, below the folder `objects`. See [`FolderBlobStore::new`].
    #[must_use]
    pub fn blobs(&self, notifications: Vec<Announcement>, clock: Arc<dyn Clock>) -> FolderBlobStore {
        FolderBlobStore::new(self.0.folder.join("objects"), notifications, clock)
    }
}

impl fmt::Debug for DataDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataDir({})", self.0.folder.display())
    }
}

/// A database that is opened when it is needed.
struct Part {
    name: &'static str,
    schema: Schema,
    opened: Mutex<Option<Db>>,
}

impl Part {
    const fn new(name: &'static str, schema: Schema) -> Self {
        Self { name, schema, opened: Mutex::new(None) }
    }

    fn db(&self, folder: &Path) -> Result<Db> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(db) = &*opened {
            return Ok(db.clone());
        }
        let place = || format!("it is in {} (EFFLUX_DATA_DIR)", folder.display());
        let db = Db::open(&folder.join(self.name), self.schema).map_err(|error| error.also(&place()))?;
        *opened = Some(db.clone());
        Ok(db)
    }
}
