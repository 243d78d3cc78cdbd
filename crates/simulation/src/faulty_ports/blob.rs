//! The object store.

use adapter_embedded::blob::FolderBlobStore;
use async_trait::async_trait;
use domain::{ObjectRef, UnixMillis};
use ports::{Blob, BlobStore, Error, ErrorKind, Result};

use super::Connection;

/// The store of objects, as one worker reaches it.
#[derive(Debug)]
pub(crate) struct FaultyBlobStore {
    pub(crate) connection: Connection,
    pub(crate) inner: FolderBlobStore,
}

#[async_trait]
impl BlobStore for FaultyBlobStore {
    async fn get(&self, object: &ObjectRef, max_bytes: u64) -> Result<Option<Blob>> {
        self.connection.call("blob", "blob.get", || self.inner.get(object, max_bytes)).await
    }

    async fn put(&self, object: &ObjectRef, mut content: Blob) -> Result<ObjectRef> {
        let bytes = content.bytes().map_err(|e| Error::new(ErrorKind::Corrupt, "blob.put").source(e))?;
        self.connection
            .call("blob", "blob.put", || async {
                self.connection.record(format_args!("puts {object}, {} bytes", bytes.len()));
                self.inner.put(object, Blob::from_bytes(bytes.clone())).await
            })
            .await
    }

    async fn list(&self, bucket: &str, prefix: &str, limit: usize) -> Result<Vec<String>> {
        self.inner.list(bucket, prefix, limit).await
    }

    async fn remove_until(&self, bucket: &str, until: UnixMillis, limit: usize) -> Result<u64> {
        let remove = || self.inner.remove_until(bucket, until, limit);
        self.connection.call("blob", "blob.remove_until", remove).await
    }
}
