//! Reads a file, as many rows and bytes at a time as one claim takes, so that it is never held whole.

use std::io::Read;
use std::sync::Arc;

use domain::ConversionKey;
use ports::Blob;
use ports::ledger::RowClaim;
use row_files::{FileError, RowLimits, Rows};

use super::row_claim::RowClaimBuilder;
use super::shared_sessions::SessionWatch;

/// A file that is being read.
pub(super) struct RowReader {
    builder: RowClaimBuilder,
    rows: Rows<Box<dyn Read + Send>>,
    claim_rows: usize,
    sessions: Arc<SessionWatch>,
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
    /// Rows that the ledger may have under several keys: the place among the claims, and those keys.
    pub(super) spellings: Vec<(usize, Vec<ConversionKey>)>,
    /// Rows whose session has more click ids than one visitor can have: the first of each such session.
    pub(super) shared_sessions: Vec<u64>,
    pub(super) rest: RowReader,
}

impl RowReader {
    /// Starts to read a file of at most `limit` bytes after decompression. Blocks.
    pub(super) fn open(
        builder: RowClaimBuilder,
        blob: Blob,
        (limit, limits): (u64, RowLimits),
        claim_rows: usize,
        sessions: Arc<SessionWatch>,
    ) -> Result<Self, FileError> {
        let bytes = blob.into_reader()?;
        let rows = Rows::new(row_files::decompressed(bytes, limit)?, limits)?;
        Ok(Self { builder, rows, claim_rows, sessions })
    }

    /// Reads the rows of the next claim. Blocks.
    pub(super) fn next_rows(mut self) -> Result<RowsOfClaim, FileError> {
        let (mut claims, mut events, mut bytes) = (Vec::new(), Vec::new(), 0);
        let (mut spellings, mut shared_sessions) = (Vec::new(), Vec::new());
        while claims.len() < self.claim_rows && bytes < CLAIM_BYTES {
            let Some(row) = self.rows.next_row()? else { break };
            let number = row.number;
            let mut row = self.builder.row(row.text);
            let (claim, count) = self.builder.row_claim(&row, number);
            if !row.possible_keys.is_empty() {
                spellings.push((claims.len(), std::mem::take(&mut row.possible_keys)));
            }
            if row.conversion.as_deref().is_some_and(|conversion| self.sessions.note(conversion)) {
                shared_sessions.push(number);
            }
            bytes += text(&claim);
            claims.push(claim);
            events.push(count);
        }
        Ok(RowsOfClaim { claims, events, spellings, shared_sessions, rest: self })
    }
}

fn text(claim: &RowClaim) -> usize {
    let words = [&claim.session_id, &claim.keyword_clicked];
    claim.raw.len() + words.into_iter().flatten().map(String::len).sum::<usize>()
}
