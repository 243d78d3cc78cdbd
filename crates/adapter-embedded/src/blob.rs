//! Buckets as folders, objects as files; or both in memory.

mod folder;
mod memory;
mod path;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use domain::{ObjectRef, UnixMillis};
use ports::{Blob, BlobStore, Clock, Error, ErrorKind, EventQueue, Result, notification};

pub(crate) use folder::make_folder;

use crate::{blocking, io_error};
use memory::Memory;

/// What is announced: the puts in this bucket, of keys that begin with this prefix, in this queue.
pub type Announcement = (String, String, Arc<dyn EventQueue>);

/// Objects below one folder, which several processes may share; or in memory.
///
/// A key cannot be both an object and the folder of others: beside `a/b` there is no `a`. (In memory there may be.)
#[derive(Clone)]
pub struct FolderBlobStore {
    place: Place,
    notifications: Arc<[Announcement]>,
    clock: Arc<dyn Clock>,
}

/// A file that is still unfinished after that time has no process that finishes it.
const UNFINISHED: Duration = Duration::from_secs(3_600);

/// Where objects are kept.
#[derive(Clone)]
enum Place {
    Folder(PathBuf),
    Memory(Memory),
}

impl FolderBlobStore {
    /// A store below `root`, which is made with the first object. Each put that an
    /// [`Announcement`] speaks of is sent to its queue.
    #[must_use]
    pub fn new(root: PathBuf, notifications: Vec<Announcement>, clock: Arc<dyn Clock>) -> Self {
        Self { place: Place::Folder(root), notifications: notifications.into(), clock }
    }

    /// A store that lives as long as its last clone, and never leaves the thread that calls it.
    #[must_use]
    pub fn in_memory(notifications: Vec<Announcement>, clock: Arc<dyn Clock>) -> Self {
        Self { place: Place::Memory(Memory::default()), notifications: notifications.into(), clock }
    }

    /// The same objects, announced elsewhere: to the queues as another process reaches them.
    #[must_use]
    pub fn announcing(&self, notifications: Vec<Announcement>) -> Self {
        Self { notifications: notifications.into(), ..self.clone() }
    }

    async fn open(&self, object: &ObjectRef) -> Result<Option<Blob>> {
        let root = match &self.place {
            Place::Memory(memory) => return Ok(memory.open(object)),
            Place::Folder(root) => root,
        };
        let file = file_of(root, object, "blob.get")?;
        let opened = blocking("blob.get", move || folder::open(&file)).await?;
        opened.map_err(|e| io_error("blob.get", &object.to_string(), e))
    }

    async fn write(&self, object: &ObjectRef, content: Blob) -> Result<()> {
        let written = match &self.place {
            Place::Memory(memory) => memory.write(object, content, self.clock.now()),
            Place::Folder(root) => {
                let (root, file) = (root.clone(), file_of(root, object, "blob.put")?);
                blocking("blob.put", move || folder::write(&root, &file, content)).await?
            }
        };
        written.map_err(|e| io_error("blob.put", &object.to_string(), e))
    }
}

#[async_trait]
impl BlobStore for FolderBlobStore {
    async fn get(&self, object: &ObjectRef, max_bytes: u64) -> Result<Option<Blob>> {
        let Some(blob) = self.open(object).await? else { return Ok(None) };
        if blob.size() > max_bytes {
            return Err(Error::new(ErrorKind::TooLarge, "blob.get").detail(format!(
                "{object} has {} bytes, more than the {max_bytes} that MAX_OBJECT_BYTES allows",
                blob.size()
            )));
        }
        Ok(Some(blob))
    }

    async fn put(&self, object: &ObjectRef, content: Blob) -> Result<ObjectRef> {
        let size = content.size();
        self.write(object, content).await?;
        for (bucket, prefix, queue) in self.notifications.iter() {
            if *bucket == object.bucket && object.key.starts_with(prefix) {
                let body = notification::object_created(object, size, &self.clock.now().rfc3339());
                queue.send(&body).await?;
            }
        }
        Ok(object.clone())
    }

    async fn list(&self, bucket: &str, prefix: &str, limit: usize) -> Result<Vec<String>> {
        let root = match &self.place {
            Place::Memory(memory) => return Ok(memory.list(bucket, prefix, limit)),
            Place::Folder(root) => root,
        };
        let (folder, named) = (path::of_bucket(root, bucket), prefix.to_owned());
        blocking("blob.list", move || folder::list(&folder, &named, limit))
            .await?
            .map_err(|e| io_error("blob.list", bucket, e))
    }

    async fn remove_until(&self, bucket: &str, until: UnixMillis, limit: usize) -> Result<u64> {
        let root = match &self.place {
            Place::Memory(memory) => return Ok(memory.remove_until(bucket, until, limit)),
            Place::Folder(root) => root.clone(),
        };
        let folder = path::of_bucket(&root, bucket);
        let unfinished = system_time(self.clock.now().minus(UNFINISHED));
        let remove = move || {
            folder::remove_unfinished(&root, unfinished)?;
            folder::remove_until(&folder, system_time(until), limit as u64)
        };
        blocking("blob.remove_until", remove).await?.map_err(|e| io_error("blob.remove_until", bucket, e))
    }

    async fn erase(&self, object: &ObjectRef, content: Option<Blob>) -> Result<bool> {
        let removed = match (content, &self.place) {
            (Some(content), _) => return self.write(object, content).await.map(|()| true),
            (None, Place::Memory(memory)) => {
                memory.remove(object);
                Ok(())
            }
            (None, Place::Folder(root)) => {
                let file = file_of(root, object, "blob.erase")?;
                blocking("blob.erase", move || folder::remove(&file)).await?
            }
        };
        removed.map(|()| true).map_err(|e| io_error("blob.erase", &object.to_string(), e))
    }
}

/// A moment as files have it.
fn system_time(at: UnixMillis) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(at.0).unwrap_or(0))
}

/// The file of an object.
fn file_of(root: &std::path::Path, object: &ObjectRef, operation: &'static str) -> Result<PathBuf> {
    let (bucket, key) = (&object.bucket, &object.key);
    if bucket.is_empty() || bucket.len() > 255 || key.is_empty() || key.len() > path::MAX_KEY_BYTES {
        return Err(Error::new(ErrorKind::Invalid, operation)
            .detail(format!("a bucket has 1 to 255 bytes, a key 1 to {}", path::MAX_KEY_BYTES)));
    }
    Ok(path::of_key(&path::of_bucket(root, bucket), key))
}

impl fmt::Debug for FolderBlobStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FolderBlobStore")
            .field("notifications", &self.notifications.len())
            .finish_non_exhaustive()
    }
}
