//! Objects in memory, for tests and simulations.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::ObjectRef;
use ports::Blob;

/// Objects by bucket and key.
type Objects = BTreeMap<ObjectRef, Arc<[u8]>>;

/// All objects; clones share them.
#[derive(Clone, Default)]
pub(super) struct Memory(Arc<Mutex<Objects>>);

impl Memory {
    fn objects(&self) -> MutexGuard<'_, Objects> {
        // Each change is one insertion: the map is whole even after a panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn open(&self, object: &ObjectRef) -> Option<Blob> {
        self.objects().get(object).map(|bytes| Blob::from_bytes(Arc::clone(bytes)))
    }

    pub(super) fn write(&self, object: &ObjectRef, mut content: Blob) -> io::Result<()> {
        let bytes = content.bytes()?;
        self.objects().insert(object.clone(), bytes.into());
        Ok(())
    }

    pub(super) fn list(&self, bucket: &str, prefix: &str, limit: usize) -> Vec<String> {
        let from = ObjectRef::new(bucket, prefix);
        self.objects()
            .range(from..)
            .map(|(object, _)| object)
            .take_while(|object| object.bucket == bucket && object.key.starts_with(prefix))
            .take(limit)
            .map(|object| object.key.clone())
            .collect()
    }
}
