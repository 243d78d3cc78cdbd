//! Duplicates of a file whose conversions are still to be sent, such as a further click of one that was reported.
//!
//! A ledger counts the duplicates of a file and does not keep their keys, so the file is read again.

use std::collections::HashSet;

use assembly::row_limits;
use domain::{ConversionKey, ObjectRef, Outcome, Receipt, Row, UnixMillis};
use ports::ledger::Selection;
use ports::{BlobStore, Clock, LedgerAdmin};
use row_files::{FileError, Rows, decompressed};
use settings::Settings;

use crate::follow::{Followed, OpenDuplicates, POLL};

/// Open entries that are read at once.
const PAGE: usize = 1_000;

/// Keys of the conversions that a file's rows state, in all spellings.
pub(super) struct Stated {
    keys: HashSet<ConversionKey>,
    /// The filtered file, as the ledger names it.
    object: String,
}

impl Stated {
    /// Of a file with duplicates; `None` of any other.
    pub(super) async fn read(
        blobs: &dyn BlobStore,
        settings: &Settings,
        followed: &Followed,
    ) -> anyhow::Result<Option<Self>> {
        let output = followed.filter.as_ref().and_then(|filter| filter.output.as_ref());
        let has_duplicates = |report: &Receipt| report.rows(Outcome::Duplicate) > 0;
        let (Some(output), true) = (output, followed.report.as_ref().is_some_and(has_duplicates)) else {
            return Ok(None);
        };
        let keys = keys(blobs, settings, output).await?;
        Ok(Some(Self { keys, object: output.id() }))
    }

    /// Waits until none of these conversions is on its way, or so late; those that are open then.
    pub(super) async fn follow(
        &self,
        ledger: &dyn LedgerAdmin,
        clock: &dyn Clock,
        give_up: UnixMillis,
    ) -> ports::Result<OpenDuplicates> {
        loop {
            let mut open = self.open(ledger).await?;
            if open.on_their_way == 0 {
                // One that went back from a worker to the ledger may have been between two counts.
                open = self.open(ledger).await?;
            }
            if open.on_their_way == 0 || clock.now() >= give_up {
                return Ok(open);
            }
            clock.sleep(POLL).await;
        }
    }

    /// Those that are open and that a row of another file entered: its own are in its receipt.
    async fn open(&self, ledger: &dyn LedgerAdmin) -> ports::Result<OpenDuplicates> {
        // In the order in which an entry goes on, so that none is missed that does.
        let on_their_way =
            self.count(ledger, Outcome::Retry).await? + self.count(ledger, Outcome::InFlight).await?;
        Ok(OpenDuplicates { parked: self.count(ledger, Outcome::Parked).await?, on_their_way })
    }

    async fn count(&self, ledger: &dyn LedgerAdmin, outcome: Outcome) -> ports::Result<u64> {
        let selection = Selection { outcome, reason: None, pixel: None, since: None };
        let (mut count, mut after) = (0, None);
        loop {
            let page = ledger.select(&selection, after.as_ref(), PAGE).await?;
            let is_ours =
                |key: &ConversionKey, object: &str| object != self.object && self.keys.contains(key);
            count += page.iter().filter(|record| is_ours(&record.key, &record.source.object)).count() as u64;
            match page.last() {
                Some(last) if page.len() == PAGE => after = Some(last.key),
                _ => return Ok(count),
            }
        }
    }
}

async fn keys(
    blobs: &dyn BlobStore,
    settings: &Settings,
    output: &ObjectRef,
) -> anyhow::Result<HashSet<ConversionKey>> {
    let limit = settings.limits.max_object_bytes;
    // A file that is gone by now was erased with its visitors.
    let Some(mut blob) = blobs.get(output, limit).await? else { return Ok(HashSet::new()) };
    let mut rows = Rows::new(decompressed(blob.reader()?, limit)?, row_limits(settings))?;
    Ok(read(&mut rows)?)
}

fn read<R: std::io::Read>(rows: &mut Rows<R>) -> Result<HashSet<ConversionKey>, FileError> {
    let mut keys = HashSet::new();
    while let Some(row) = rows.next_row()? {
        let row = Row::parse(row.text);
        keys.insert(row.key);
        keys.extend(row.possible_keys);
    }
    Ok(keys)
}
