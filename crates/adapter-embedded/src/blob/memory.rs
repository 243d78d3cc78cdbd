//! Objects in memory, for tests and simulations.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::{ObjectRef, UnixMillis};
use ports::Blob;

/// Objects by bucket and key, with the time when they were written.
type Objects = BTreeMap<ObjectRef, (UnixMillis, Arc<[u8]>)>;

/// All objects; clones share them.
#[derive(Clone, Default)]
pub(super) struct Memory(Arc<Mutex<Objects>>);

impl Memory {
    fn objects(&self) -> MutexGuard<'_, Objects> {
        // Each change is one insertion: the map is whole even after a panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn open(&self, object: &ObjectRef) -> Option<Blob> {
        self.objects().get(object).map(|(_, bytes)| Blob::from_bytes(Arc::clone(bytes)))
    }

    pub(super) fn write(&self, object: &ObjectRef, mut content: Blob, now: UnixMillis) -> io::Result<()> {
        let bytes = content.bytes()?;
        self.objects().insert(object.clone(), (now, bytes.into()));
        Ok(())
    }

    pub(super) fn remove(&self, object: &ObjectRef) {
        self.objects().remove(object);
    }

    pub(super) fn remove_until(&self, bucket: &str, until: UnixMillis, limit: usize) -> u64 {
        let mut objects = self.objects();
        let old = |(object, (written, _)): &(&ObjectRef, &(UnixMillis, Arc<[u8]>))| {
            object.bucket == bucket && *written <= until
        };
        let old: Vec<_> = objects.iter().filter(old).take(limit).map(|(object, _)| object.clone()).collect();
        old.iter().for_each(|object| drop(objects.remove(object)));
        old.len() as u64
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
