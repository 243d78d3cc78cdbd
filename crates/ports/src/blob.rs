//! Objects in buckets. A put raises an ObjectCreated notification, as S3 does.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom, Write};

use async_trait::async_trait;
use domain::{ObjectRef, UnixMillis};
use tempfile::SpooledTempFile;

use crate::Result;

/// Up to this size an object is held in memory; a larger one on disk.
pub const SPOOL_BYTES: usize = 4 * 1024 * 1024;

/// The content of an object, which can be read more than once.
pub struct Blob {
    size: u64,
    body: Box<dyn ReadSeek + Send>,
}

trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

impl Blob {
    /// Content in a file; read from its start.
    ///
    /// # Errors
    /// When the file's size cannot be read.
    pub fn from_file(file: std::fs::File) -> io::Result<Self> {
        Ok(Self { size: file.metadata()?.len(), body: Box::new(file) })
    }

    /// Content in memory.
    #[must_use]
    pub fn from_bytes(bytes: impl AsRef<[u8]> + Send + 'static) -> Self {
        Self { size: bytes.as_ref().len() as u64, body: Box::new(io::Cursor::new(bytes)) }
    }

    /// Length in bytes, as stored.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Reads the content from its start. Blocks: use it where blocking is allowed.
    ///
    /// # Errors
    /// When the content cannot be rewound.
    pub fn reader(&mut self) -> io::Result<impl Read + Send + '_> {
        self.body.seek(SeekFrom::Start(0))?;
        Ok(&mut self.body)
    }

    /// Reads the content from its start, and is gone with the reader. Blocks: use it where blocking is allowed.
    ///
    /// # Errors
    /// When the content cannot be rewound.
    pub fn into_reader(mut self) -> io::Result<impl Read + Send + 'static> {
        self.body.seek(SeekFrom::Start(0))?;
        Ok(self.body)
    }

    /// All of the content.
    ///
    /// # Errors
    /// When reading fails.
    pub fn bytes(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.reader()?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blob").field("size", &self.size).finish_non_exhaustive()
    }
}

/// Content that grows: in memory while small, then on disk in a file without a name.
#[derive(Debug)]
pub struct BlobWriter {
    size: u64,
    spool: SpooledTempFile,
}

impl Default for BlobWriter {
    fn default() -> Self {
        Self { size: 0, spool: SpooledTempFile::new(SPOOL_BYTES) }
    }
}

impl BlobWriter {
    /// What has been written.
    #[must_use]
    pub fn finish(self) -> Blob {
        Blob { size: self.size, body: Box::new(self.spool) }
    }
}

impl Write for BlobWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.spool.write(bytes)?;
        self.size += n as u64;
        Ok(n)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.spool.flush()
    }
}

/// A store of objects.
#[async_trait]
pub trait BlobStore: fmt::Debug + Send + Sync {
    /// The content of an object; `None` when there is none.
    ///
    /// # Errors
    /// [`TooLarge`](crate::ErrorKind::TooLarge) when it is longer than `max_bytes`, before it is read.
    async fn get(&self, object: &ObjectRef, max_bytes: u64) -> Result<Option<Blob>>;

    /// Writes an object, whole or not at all, replacing what was there, and raises its notification where the bucket has
    /// one configured. An object whose put did not answer `Ok` may be there without a notification: put it again.
    ///
    /// The answer is the object in the version that was written, where the bucket keeps several.
    async fn put(&self, object: &ObjectRef, content: Blob) -> Result<ObjectRef>;

    /// The keys in a bucket that start with `prefix`, in order, at most `limit`.
    async fn list(&self, bucket: &str, prefix: &str, limit: usize) -> Result<Vec<String>>;

    /// Removes objects of a bucket that were written by `until`, at most so many; how many it were. Where the store has a rule for
    /// that (a lifecycle rule in S3), there is nothing to do.
    async fn remove_until(&self, _bucket: &str, _until: UnixMillis, _limit: usize) -> Result<u64> {
        Ok(0)
    }

    /// Puts another content in an object's place, or removes the object, so that nothing is left of the former content and no
    /// notification is raised. `false`: this store keeps earlier versions, and nothing was done.
    async fn erase(&self, _object: &ObjectRef, _content: Option<Blob>) -> Result<bool> {
        Ok(false)
    }
}
