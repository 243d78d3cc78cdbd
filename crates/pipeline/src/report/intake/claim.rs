//! Claims the rows of a file in the ledger, and submits those that are to be sent.

use std::collections::BTreeMap;

use domain::{ObjectRef, Outcome, PixelRef, Reason};
use ports::ledger::{Claim, Due, Lease, Portion, Positions, RowClaim, RowVerdict};
use ports::metric::name;
use row_files::FileError;
use tokio_util::sync::CancellationToken;

use super::reader::{RowReader, RowsOfClaim, most_bytes};
use super::standing_keys;
use crate::blocking::{Panicked, Task};
use crate::memory::{Pool, Reserved, while_claimed};
use crate::object::Problem;
use crate::report::Reporting;
use crate::report::deliver::{Lanes, Weighed};

/// Claims the rows of one file.
pub(super) struct Claimer<'r> {
    pub(super) reporting: &'r Reporting,
    pub(super) lanes: &'r Lanes,
    pub(super) object: &'r ObjectRef,
}

/// Rows that are being read, and the memory that they may take until they are claimed.
type Reading = Task<(Result<RowsOfClaim, FileError>, Reserved)>;

/// How many rows of a file the ledger has.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ClaimedRows {
    pub(super) rows: u64,
    pub(super) duplicates: u64,
}

impl Claimer<'_> {
    /// Makes claim after claim, each while the rows of the next are being read, if there is memory for them; ends early when the process
    /// stops. It waits for memory only while it holds no rows.
    pub(super) async fn claim_all(
        &self,
        open: impl FnOnce() -> Result<RowReader, FileError> + Send + 'static,
        stop: &CancellationToken,
    ) -> Result<ClaimedRows, Problem> {
        let mut claimed = ClaimedRows::default();
        let memory = self.memory(stop).await?;
        let mut reading = self.read(memory, move || open()?.next_rows());
        loop {
            let joined = reading.join().await;
            let (read, memory) = joined.map_err(|Panicked| Problem::unreadable(self.object))?;
            let rows = read.map_err(|e| Problem::file(self.object, e))?;
            let RowsOfClaim { mut claims, events, spellings, shared_sessions, rest } = rows;
            if claims.is_empty() {
                return Ok(claimed);
            }
            let next = match self.pool().try_reserve(self.bytes()) {
                Some(memory) => Ok(self.read(memory, move || rest.next_rows())),
                None => Err(rest),
            };
            if stop.is_cancelled() {
                return Err(Problem::Stopping);
            }
            self.alarm_about(&shared_sessions);
            standing_keys::find(&*self.reporting.ledger, &mut claims, &spellings).await?;
            // They were judged by the time at which the file was begun. Since then another machine's clock may have been seen.
            self.reporting.wants_the_time()?;
            claimed.rows += claims.len() as u64;
            claimed.duplicates += self.claim(claims, &events).await?;
            drop(memory);
            reading = match next {
                Ok(reading) => reading,
                Err(rest) => {
                    let memory = self.memory(stop).await?;
                    self.read(memory, move || rest.next_rows())
                }
            };
        }
    }

    /// One session with many click ids is a value that all visitors share; all its rows but one are duplicates then.
    fn alarm_about(&self, shared_sessions: &[u64]) {
        for row in shared_sessions {
            tracing::warn!(
                row,
                "many visitors have the session of this row: what stands in its session_id names nobody"
            );
        }
        if !shared_sessions.is_empty() {
            self.reporting.metrics.count(name::SHARED_SESSIONS, &[], shared_sessions.len() as u64);
        }
    }

    /// Starts to read rows, which may take this memory until they are claimed.
    fn read(
        &self,
        memory: Reserved,
        work: impl FnOnce() -> Result<RowsOfClaim, FileError> + Send + 'static,
    ) -> Reading {
        self.reporting.config.blocking.spawn(move || (work(), memory))
    }

    /// Waits for the memory of a batch.
    async fn memory(&self, stop: &CancellationToken) -> Result<Reserved, Problem> {
        tokio::select! {
            biased;
            () = stop.cancelled() => Err(Problem::Stopping),
            memory = self.pool().reserve(self.bytes()) => Ok(memory),
        }
    }

    fn pool(&self) -> &Pool {
        self.reporting.config.memory.reading()
    }

    /// The most memory that a batch takes.
    const fn bytes(&self) -> u64 {
        while_claimed(most_bytes(self.reporting.config.rows))
    }

    /// What waits for its money or for the operator is in the log, too.
    fn note_parked(&self, claims: &[Claim], waits: Vec<Option<(PixelRef, &'static str)>>) {
        let mut counts: BTreeMap<(PixelRef, &str), u64> = BTreeMap::new();
        for (claim, wait) in claims.iter().zip(waits) {
            if matches!(claim, Claim::Stands(Outcome::Parked)) {
                wait.into_iter().for_each(|wait| *counts.entry(wait).or_default() += 1);
            }
        }
        let now = self.reporting.clock.now();
        for ((pixel, reason), conversions) in counts {
            self.reporting.causes.note(Outcome::Parked, &pixel, reason, conversions, now);
        }
    }

    /// Makes one claim and submits what it got to the lanes; how many rows were duplicates.
    async fn claim(&self, claims: Vec<RowClaim>, events: &[u32]) -> ports::Result<u64> {
        let mut candidates: Vec<_> = claims.iter().zip(events).map(candidate).collect();
        let waits: Vec<_> = claims.iter().map(waiting).collect();
        let reasons: Vec<_> = claims.iter().map(|row| reason(&row.verdict)).collect();
        let holder = self.reporting.holder();
        let claims = self.reporting.ledger.claim(claims, &holder).await?;
        self.note_parked(&claims, waits);
        let (mut duplicates, mut due) = (0, Vec::new());
        let mut rows: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for ((claim, candidate), reason) in claims.into_iter().zip(&mut candidates).zip(reasons) {
            let outcome = match claim {
                Claim::Held(lease) => {
                    due.extend(candidate.take().map(|candidate| {
                        let Weighed { due, events } = candidate;
                        Weighed { due: Due { lease, ..due }, events }
                    }));
                    ("claimed", "")
                }
                Claim::Duplicate => {
                    duplicates += 1;
                    ("duplicate", "")
                }
                Claim::Stands(outcome @ (Outcome::Invalid | Outcome::Parked)) => (outcome.as_str(), reason),
                Claim::Stands(outcome) => (outcome.as_str(), ""),
            };
            *rows.entry(outcome).or_default() += 1;
        }
        tracing::debug!(rows = candidates.len(), duplicates, due = due.len(), "rows claimed");
        self.lanes.submit_weighed(due.into_iter(), &holder).await;
        for ((outcome, reason), rows) in rows {
            self.reporting.metrics.count(name::ROWS, &[("outcome", outcome), ("reason", reason)], rows);
        }
        Ok(duplicates)
    }
}

/// Why a row is invalid or waits; empty where there is nothing to say.
fn reason(verdict: &RowVerdict) -> &'static str {
    match verdict {
        RowVerdict::Invalid(reasons) => reasons.category().map_or("", Reason::as_str),
        RowVerdict::Waits { odd, .. } => odd.as_str(),
        RowVerdict::Sendable { .. } | RowVerdict::NoEvents => "",
    }
}

/// Why a row waits from the start, and for which pixel.
fn waiting(row: &RowClaim) -> Option<(PixelRef, &'static str)> {
    match row.verdict {
        RowVerdict::Waits { odd, .. } => Some((row.pixel.clone()?, odd.as_str())),
        _ => None,
    }
}

/// What a lane needs of a row, should it be claimed: all but the lease.
fn candidate((row, events): (&RowClaim, &u32)) -> Option<Weighed> {
    let RowVerdict::Sendable { deadline } = row.verdict else { return None };
    let due = Due {
        lease: Lease { key: row.key, attempt: 0 },
        raw: row.raw.clone(),
        network: row.network.clone(),
        pixel: row.pixel.clone()?,
        deadline,
        odd: None,
        portion: Portion::Full,
        accepted: Positions::default(),
        maybe_received: None,
        failures: 0,
    };
    Some(Weighed { due, events: *events })
}
