//! Reads a file, as many rows and bytes at a time as one claim takes, so that it is never held whole.

use std::io::Read;

use domain::Row;
use ports::Blob;
use ports::ledger::RowClaim;
use row_files::{FileError, RowLimits, Rows};

use super::row_claim::RowClaimBuilder;

/// A file that is being read.
pub(super) struct RowReader {
    builder: RowClaimBuilder,
    rows: Rows<Box<dyn Read + Send>>,
    claim_rows: usize,
}

/// Text of rows that one claim takes to the ledger, but for the last row.
const CLAIM_BYTES: usize = 2 << 20;

/// How much text a claim may have: that, and the longest row; its words that are stored apart count as text too.
pub(super) const fn most_bytes(limits: RowLimits) -> u64 {
    (CLAIM_BYTES + 2 * limits.row_bytes()) as u64
}

/// The rows of one claim, none at the end of the file; and the rest of the file.
pub(super) struct RowsOfClaim {
    pub(super) claims: Vec<RowClaim>,
    /// How many events each stands for.
    pub(super) events: Vec<u32>,
    pub(super) rest: RowReader,
}

impl RowReader {
    /// Starts to read a file of at most `limit` bytes after decompression. Blocks.
    pub(super) fn open(
        builder: RowClaimBuilder,
        blob: Blob,
        (limit, limits): (u64, RowLimits),
        claim_rows: usize,
    ) -> Result<Self, FileError> {
        let bytes = blob.into_reader()?;
        Ok(Self { builder, rows: Rows::new(row_files::decompressed(bytes, limit)?, limits)?, claim_rows })
    }

    /// Reads the rows of the next claim. Blocks.
    pub(super) fn next_rows(mut self) -> Result<RowsOfClaim, FileError> {
        let (mut claims, mut events, mut bytes) = (Vec::new(), Vec::new(), 0);
        while claims.len() < self.claim_rows && bytes < CLAIM_BYTES {
            let Some(row) = self.rows.next_row()? else { break };
            let (claim, count) = self.builder.row_claim(&Row::parse(row.text), row.number);
            bytes += text(&claim);
            claims.push(claim);
            events.push(count);
        }
        Ok(RowsOfClaim { claims, events, rest: self })
    }
}

fn text(claim: &RowClaim) -> usize {
    let words = [&claim.session_id, &claim.keyword_clicked];
    claim.raw.len() + words.into_iter().flatten().map(String::len).sum::<usize>()
}
