//! Claims the rows of a file in the ledger, and submits those that are to be sent.

use std::collections::BTreeMap;

use domain::ObjectRef;
use ports::ledger::{Claim, Due, Lease, Portion, Positions, RowClaim, RowVerdict};
use ports::metric::name;
use row_files::FileError;
use tokio_util::sync::CancellationToken;

use super::reader::RowsOfClaim;
use crate::blocking::{Panicked, Task};
use crate::object::Problem;
use crate::report::Reporting;
use crate::report::deliver::Lanes;

/// Claims the rows of one file.
pub(super) struct Claimer<'r> {
    pub(super) reporting: &'r Reporting,
    pub(super) lanes: &'r Lanes,
    pub(super) object: &'r ObjectRef,
}

/// How many rows of a file the ledger has.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ClaimedRows {
    pub(super) rows: u64,
    pub(super) duplicates: u64,
}

impl Claimer<'_> {
    /// Makes claim after claim, each while the rows of the next are being read; ends early when the process stops.
    pub(super) async fn claim_all(
        &self,
        mut reading: Task<Result<RowsOfClaim, FileError>>,
        stop: &CancellationToken,
    ) -> Result<ClaimedRows, Problem> {
        let mut claimed = ClaimedRows::default();
        loop {
            let read = reading.join().await.map_err(|Panicked| Problem::unreadable(self.object))?;
            let RowsOfClaim { claims, rest } = read.map_err(|e| Problem::file(self.object, e))?;
            if claims.is_empty() {
                return Ok(claimed);
            }
            reading = self.reporting.config.blocking.spawn(move || rest.next_rows());
            if stop.is_cancelled() {
                return Err(Problem::Stopping);
            }
            claimed.rows += claims.len() as u64;
            claimed.duplicates += self.claim(claims).await?;
        }
    }

    /// Makes one claim and submits what it got to the lanes; how many rows were duplicates.
    async fn claim(&self, claims: Vec<RowClaim>) -> ports::Result<u64> {
        let mut candidates: Vec<_> = claims.iter().map(candidate).collect();
        let holder = self.reporting.holder();
        let claims = self.reporting.ledger.claim(claims, &holder).await?;
        let (mut duplicates, mut due) = (0, Vec::new());
        let mut rows: BTreeMap<&str, u64> = BTreeMap::new();
        for (claim, candidate) in claims.into_iter().zip(&mut candidates) {
            let outcome = match claim {
                Claim::Held(lease) => {
                    due.extend(candidate.take().map(|candidate| Due { lease, ..candidate }));
                    "claimed"
                }
                Claim::Duplicate => {
                    duplicates += 1;
                    "duplicate"
                }
                Claim::Stands(outcome) => outcome.as_str(),
            };
            *rows.entry(outcome).or_default() += 1;
        }
        tracing::debug!(rows = candidates.len(), duplicates, due = due.len(), "rows claimed");
        self.lanes.submit(due, &holder).await;
        for (outcome, rows) in rows {
            self.reporting.metrics.count(name::ROWS, &[("outcome", outcome)], rows);
        }
        Ok(duplicates)
    }
}

/// What a lane needs of a row, should it be claimed: all but the lease.
fn candidate(row: &RowClaim) -> Option<Due> {
    let RowVerdict::Sendable { deadline } = row.verdict else { return None };
    Some(Due {
        lease: Lease { key: row.key, attempt: 0 },
        raw: row.raw.clone(),
        network: row.network.clone(),
        pixel: row.pixel.clone()?,
        deadline,
        portion: Portion::Full,
        accepted: Positions::default(),
        maybe_received: None,
        failures: 0,
    })
}
