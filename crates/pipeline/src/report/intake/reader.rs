//! Reads a file, as many rows at a time as one claim takes, so that it is never held whole.

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

/// The rows of one claim, none at the end of the file; and the rest of the file.
pub(super) struct RowsOfClaim {
    pub(super) claims: Vec<RowClaim>,
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
        let mut claims = Vec::new();
        while claims.len() < self.claim_rows {
            let Some(row) = self.rows.next_row()? else { break };
            claims.push(self.builder.row_claim(&Row::parse(row.text), row.number));
        }
        Ok(RowsOfClaim { claims, rest: self })
    }
}
