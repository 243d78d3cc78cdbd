//! Files that need a look, by the filter's receipts.

use domain::object::{HOLD_PREFIX, RECEIPT_PREFIX};
use domain::receipt::FilterReceipt;
use domain::{ObjectRef, UnixMillis};
use ports::BlobStore;
use runtime::terminal::one_line;
use serde_json::{Value, json};

use crate::follow::MAX_RECEIPT_BYTES;

/// How many keys are listed to find the latest.
const KEYS: usize = 100_000;

/// So many of the latest receipts are read.
const READ: usize = 100;

/// So many of the files that need a look are named.
const NAMED: usize = 20;

/// What the filter's latest receipts say.
#[derive(Debug, Default)]
pub(super) struct FilterFiles {
    pub(super) counts: FileCounts,
    /// Those that need a look, the latest first.
    pub(super) odd: Vec<OddFile>,
}

/// How many of the latest files the filter refused or found suspicious, and how many it holds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct FileCounts {
    pub(super) latest: u64,
    pub(super) refused: u64,
    pub(super) suspicious: u64,
    /// Of all files.
    pub(super) held: u64,
}

/// A file that was refused, is held or suspicious, or of which no row was passed on.
#[derive(Debug)]
pub(super) struct OddFile {
    pub(super) key: String,
    pub(super) at: UnixMillis,
    pub(super) state: &'static str,
    pub(super) why: String,
}

impl FilterFiles {
    pub(super) async fn of_latest(blobs: &dyn BlobStore, bucket: &str) -> ports::Result<Self> {
        let Self { mut counts, mut odd } = Self::default();
        for key in latest(blobs, bucket, RECEIPT_PREFIX, READ).await? {
            let Some(receipt) = receipt(blobs, bucket, key).await? else { continue };
            counts.latest += 1;
            counts.refused += u64::from(receipt.refused.is_some());
            counts.suspicious += u64::from(!receipt.suspicious.is_empty());
            odd.extend(OddFile::of(receipt).filter(|_| odd.len() < NAMED));
        }
        for key in latest(blobs, bucket, HOLD_PREFIX, KEYS).await? {
            // What was released has a note that says so.
            counts.held += u64::from(receipt(blobs, bucket, key).await?.is_some_and(|note| note.held));
        }
        Ok(Self { counts, odd })
    }
}

impl FileCounts {
    pub(super) fn json(self) -> Value {
        json!({
            "latest": self.latest, "refused": self.refused, "suspicious": self.suspicious, "held": self.held
        })
    }
}

impl OddFile {
    /// The file of a receipt, if it needs a look.
    fn of(receipt: FilterReceipt) -> Option<Self> {
        let FilterReceipt { object, refused, suspicious, held, rows_in, kept, filtered_out, at, .. } =
            receipt;
        let (state, why) = match refused {
            Some(reason) => ("refused", reason),
            None if held => ("held", suspicious.join("; ")),
            None if !suspicious.is_empty() => ("suspicious", suspicious.join("; ")),
            None if rows_in > 0 && kept == 0 => {
                let rows = filtered_out.iter().map(|(reason, rows)| format!("{reason} {rows}"));
                ("filtered_out", rows.collect::<Vec<_>>().join(", "))
            }
            None => return None,
        };
        Some(Self { key: object.key, at, state, why })
    }

    pub(super) fn json(&self) -> Value {
        json!({"key": self.key, "at": self.at.rfc3339(), "state": self.state, "why": self.why})
    }

    pub(super) fn line(&self) -> String {
        let Self { key, at, state, why } = self;
        format!("  {at}  {state}  {}  {}", one_line(key), one_line(why))
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
