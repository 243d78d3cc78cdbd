//! Files that need a look, by the filter's receipts.

use domain::ObjectRef;
use domain::object::{HOLD_PREFIX, RECEIPT_PREFIX};
use domain::receipt::FilterReceipt;
use ports::BlobStore;
use serde_json::{Value, json};

use crate::follow::MAX_RECEIPT_BYTES;

/// How many keys are listed to find the latest.
const KEYS: usize = 100_000;

/// So many of the latest receipts are read.
const READ: usize = 100;

/// How many of the latest files the filter refused or found suspicious, and how many it holds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct FileCounts {
    pub(super) latest: u64,
    pub(super) refused: u64,
    pub(super) suspicious: u64,
    /// Of all files.
    pub(super) held: u64,
}

impl FileCounts {
    pub(super) async fn of_latest(blobs: &dyn BlobStore, bucket: &str) -> ports::Result<Self> {
        let mut counts = Self::default();
        for key in latest(blobs, bucket, RECEIPT_PREFIX, READ).await? {
            let Some(receipt) = receipt(blobs, bucket, key).await? else { continue };
            counts.latest += 1;
            counts.refused += u64::from(receipt.refused.is_some());
            counts.suspicious += u64::from(!receipt.suspicious.is_empty());
        }
        for key in latest(blobs, bucket, HOLD_PREFIX, KEYS).await? {
            // What was released has a note that says so.
            counts.held += u64::from(receipt(blobs, bucket, key).await?.is_some_and(|note| note.held));
        }
        Ok(counts)
    }

    pub(super) fn json(self) -> Value {
        json!({
            "latest": self.latest, "refused": self.refused, "suspicious": self.suspicious, "held": self.held
        })
    }
}

/// The latest keys below a prefix: names of files begin with the time.
async fn latest(
    blobs: &dyn BlobStore,
    bucket: &str,
    prefix: &str,
    most: usize,
) -> ports::Result<Vec<String>> {
    let mut keys = blobs.list(bucket, prefix, KEYS).await?;
    let name = |key: &str| key.rsplit('/').next().unwrap_or_default().to_owned();
    keys.sort_by_cached_key(|key| std::cmp::Reverse(name(key)));
    keys.truncate(most);
    Ok(keys)
}

async fn receipt(blobs: &dyn BlobStore, bucket: &str, key: String) -> ports::Result<Option<FilterReceipt>> {
    let blob = blobs.get(&ObjectRef::new(bucket, key), MAX_RECEIPT_BYTES).await?;
    Ok(blob.and_then(|mut blob| serde_json::from_slice(&blob.bytes().ok()?).ok()))
}
