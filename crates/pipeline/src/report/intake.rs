//! Brings the rows of a filtered file to the ledger, and what is to be sent to the lanes.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use async_trait::async_trait;
use domain::file::{self, FileError, Rows};
use domain::object::InterpretedKey;
use domain::restate::Figures;
use domain::row::Count;
use domain::validate::{Rules, check};
use domain::{Network, ObjectRef, PixelCode, Receipt, Row, UnixMillis};
use ports::Blob;
use ports::ledger::{Claim, Due, ObjectEnd, Part, Positions, RowClaim, RowVerdict, Source};
use ports::metric::name;
use ports::queue::Delivery;
use tokio_util::sync::CancellationToken;

use super::Reporting;
use super::due::refresh_once;
use super::lanes::Lanes;
use crate::blocking::{Begun, Blocking, Panicked};
use crate::cached::PixelMap;
use crate::object::{Problem, Verdict, content, objects_of};
use crate::worker::{Handled, Handler};

/// Rows that one claim takes to the ledger.
pub const CLAIM_ROWS: usize = 500;

/// Digits of the digest in the name of a content that replaced another.
const DIGEST_IN_NAME: usize = 12;

/// The reporter's handler of messages.
#[derive(Debug)]
pub struct Intake {
    reporting: Arc<Reporting>,
    lanes: Arc<Lanes>,
}

#[async_trait]
impl Handler for Intake {
    async fn handle(&self, delivery: &Delivery, stop: &CancellationToken) -> Handled {
        let objects = match objects_of(delivery) {
            Ok(objects) => objects,
            Err(handled) => return handled,
        };
        let mut verdict = Verdict::default();
        for object in objects {
            let result = self.take_in(&object, stop).await;
            if let Err(Problem::Permanent(why)) = &result {
                self.note_refusal(&object, why).await;
            }
            verdict.note(&object, result);
        }
        verdict.handled()
    }
}

impl Intake {
    /// Intake into the ledger and these lanes.
    #[must_use]
    pub const fn new(reporting: Arc<Reporting>, lanes: Arc<Lanes>) -> Self {
        Self { reporting, lanes }
    }

    async fn take_in(&self, object: &ObjectRef, stop: &CancellationToken) -> Result<(), Problem> {
        let network = InterpretedKey::parse(&object.key)
            .map_err(|e| Problem::Permanent(format!("{object}: {e}")))?
            .network
            .to_owned();
        let limit = self.reporting.config.max_object_bytes;
        let blob = content(&*self.reporting.blobs, object, limit).await?;
        let blocking = self.reporting.config.blocking;
        let (blob, digest) = digested(blob, object, blocking).await?;
        let Some(source) = self.source_of(object, &digest).await? else { return Ok(()) };
        let blob = checked(blob, object, limit, blocking).await?;
        // A pixel that was added a moment ago counts for this file.
        refresh_once(&self.reporting).await;
        let pixels = self.reporting.pixels.current().await?;
        let now = self.reporting.clock.now();
        let config = &self.reporting.config;
        let reader = Reader {
            object: source.clone(),
            network,
            pixels,
            now,
            needs_source_url: config.needs_source_url,
            claim_rows: config.claim_rows,
        };
        let reading = config.blocking.begin(move || Batches::open(reader, blob, limit)?.next());
        let totals = self.claim_all(object, reading, stop).await?;
        self.finish(&source, totals, digest).await
    }

    /// Claims batch after batch, each while the next is being read; ends early when the process stops.
    async fn claim_all(
        &self,
        object: &ObjectRef,
        mut reading: Begun<Result<Batch, FileError>>,
        stop: &CancellationToken,
    ) -> Result<Totals, Problem> {
        let mut totals = Totals::default();
        loop {
            let read = reading.end().await.map_err(|Panicked| unread(object))?;
            let Batch { statements, rest } = read.map_err(|e| Problem::file(object, &e))?;
            if statements.is_empty() {
                return Ok(totals);
            }
            reading = self.reporting.config.blocking.begin(move || rest.next());
            if stop.is_cancelled() {
                return Err(Problem::Stopping);
            }
            totals.rows_in += statements.len() as u64;
            totals.duplicates += self.claim(statements).await?;
        }
    }

    /// Claims one batch and hands on what is held; how many rows were duplicates.
    async fn claim(&self, statements: Vec<RowClaim>) -> ports::Result<u64> {
        let mut candidates: Vec<_> = statements.iter().map(candidate).collect();
        let holder = self.reporting.holder();
        let claims = self.reporting.ledger.claim(statements, &holder).await?;
        let (mut duplicates, mut held) = (0, Vec::new());
        let mut stood: BTreeMap<&str, u64> = BTreeMap::new();
        for (claim, candidate) in claims.into_iter().zip(&mut candidates) {
            let outcome = match claim {
                Claim::Held(lease) => {
                    if let Some(mut due) = candidate.take() {
                        due.lease = lease;
                        held.push(due);
                    }
                    "claimed"
                }
                Claim::Duplicate => {
                    duplicates += 1;
                    "duplicate"
                }
                Claim::Stands(outcome) => outcome.as_str(),
            };
            *stood.entry(outcome).or_default() += 1;
        }
        self.lanes.submit(held, &holder).await;
        for (outcome, rows) in stood {
            self.reporting.metrics.count(name::ROWS, &[("outcome", outcome)], rows);
        }
        Ok(duplicates)
    }

    /// The name under which the ledger knows this content; `None` when all of it is there already. Another content that was
    /// put under a key which had been read before has a name of its own, or its rows would pass for the former ones.
    async fn source_of(&self, object: &ObjectRef, digest: &str) -> Result<Option<String>, Problem> {
        let ledger = &self.reporting.ledger;
        let mut source = object.id();
        let known = ledger.receipt(&source).await?;
        if known.as_ref().is_some_and(|r| r.complete && r.digest.as_deref().is_some_and(|d| d != digest)) {
            let short = digest.get(..DIGEST_IN_NAME).unwrap_or(digest);
            source = format!("{source}#{short}");
            tracing::warn!(%object, source, "the object was replaced by another content since it was read");
        } else if !known.is_some_and(|r| is_whole(&r, digest)) {
            return Ok(Some(source));
        } else {
            tracing::info!(%object, "the file was taken in before");
            return Ok(None);
        }
        let whole = ledger.receipt(&source).await?.is_some_and(|r| is_whole(&r, digest));
        Ok((!whole).then_some(source))
    }

    async fn finish(&self, source: &str, totals: Totals, digest: String) -> Result<(), Problem> {
        let Totals { rows_in, duplicates } = totals;
        let end = ObjectEnd::Read { rows_in, duplicates, digest };
        self.reporting.ledger.finish_object(source, &end, self.reporting.clock.now()).await?;
        tracing::info!(object = source, rows_in, duplicates, "file taken in");
        self.reporting.check_books(source).await;
        Ok(())
    }

    async fn note_refusal(&self, object: &ObjectRef, why: &str) {
        let end = ObjectEnd::Refused { why: why.to_owned() };
        if let Err(error) =
            self.reporting.ledger.finish_object(&object.id(), &end, self.reporting.clock.now()).await
        {
            tracing::warn!(%object, error = ?error, "cannot note the refusal of a file; its dead letter says why");
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Totals {
    rows_in: u64,
    duplicates: u64,
}

/// Whether an object was read to its end, with this content and with books that balance.
fn is_whole(receipt: &Receipt, digest: &str) -> bool {
    receipt.balances() && receipt.digest.as_deref() == Some(digest)
}

/// What tells the content from others.
async fn digested(mut blob: Blob, object: &ObjectRef, blocking: Blocking) -> Result<(Blob, String), Problem> {
    read_whole(object, blocking, move || {
        let digest = file::digest(blob.reader().map_err(FileError::Read)?).map_err(FileError::Read)?;
        Ok((blob, digest))
    })
    .await
}

/// Reads a file to its end before anything of it is done: half a file must not be reported.
async fn checked(
    mut blob: Blob,
    object: &ObjectRef,
    limit: u64,
    blocking: Blocking,
) -> Result<Blob, Problem> {
    read_whole(object, blocking, move || {
        file::check(file::decompressed(blob.reader().map_err(FileError::Read)?, limit)?)?;
        Ok(blob)
    })
    .await
}

/// Reads where reading may block.
async fn read_whole<T: Send + 'static>(
    object: &ObjectRef,
    blocking: Blocking,
    read: impl FnOnce() -> Result<T, FileError> + Send + 'static,
) -> Result<T, Problem> {
    let done = blocking.begin(read).end().await;
    done.map_err(|Panicked| unread(object))?.map_err(|e| Problem::file(object, &e))
}

fn unread(object: &ObjectRef) -> Problem {
    Problem::Permanent(format!("{object}: reading the file failed; see the log"))
}

/// What a lane needs, should the statement be claimed.
fn candidate(statement: &RowClaim) -> Option<Due> {
    let RowVerdict::Sendable { deadline } = statement.verdict else { return None };
    Some(Due {
        lease: ports::ledger::Lease { key: statement.key, attempt: 0 },
        raw: statement.raw.clone(),
        network: statement.network.clone(),
        pixel: statement.pixel.clone()?,
        deadline,
        part: Part::Whole,
        accepted: Positions::default(),
        failures: 0,
    })
}

/// Turns rows into statements.
struct Reader {
    object: String,
    network: String,
    pixels: Arc<PixelMap>,
    now: UnixMillis,
    needs_source_url: bool,
    claim_rows: usize,
}

/// A file that is being read, one claim's rows after the other.
struct Batches {
    reader: Reader,
    rows: Rows<Box<dyn Read + Send>>,
}

/// The rows of one claim, none at the end of the file; and what comes after them.
struct Batch {
    statements: Vec<RowClaim>,
    rest: Batches,
}

impl Batches {
    /// Begins to read. Blocks.
    fn open(reader: Reader, blob: Blob, limit: u64) -> Result<Self, FileError> {
        let bytes = blob.into_reader().map_err(FileError::Read)?;
        Ok(Self { reader, rows: Rows::new(file::decompressed(bytes, limit)?)? })
    }

    /// Reads on. Blocks.
    fn next(mut self) -> Result<Batch, FileError> {
        let mut statements = Vec::new();
        while statements.len() < self.reader.claim_rows {
            let Some(row) = self.rows.next_row()? else { break };
            statements.push(self.reader.statement(&Row::parse(row.text), row.number));
        }
        Ok(Batch { statements, rest: self })
    }
}

impl Reader {
    fn statement(&self, row: &Row<'_>, number: u64) -> RowClaim {
        let rules = Rules {
            now: self.now,
            pixels: &*self.pixels,
            object_network: Some(&self.network),
            needs_source_url: self.needs_source_url,
        };
        let conversion = row.conversion.as_deref();
        let (verdict, pixel) = match check(row, rules) {
            Err(reasons) => (RowVerdict::Invalid(reasons), None),
            Ok(valid) => match (valid.counts().total(), PixelCode::new(valid.pixel())) {
                (0, pixel) => (RowVerdict::NoEvents, pixel.ok()),
                (_, pixel) => (RowVerdict::Sendable { deadline: valid.click_time().deadline() }, pixel.ok()),
            },
        };
        let owned = |text: Option<&str>| text.map(str::to_owned);
        RowClaim {
            key: if conversion.is_some() { row.key } else { row.key.at_place(&self.object, number) },
            source: Source { object: self.object.clone(), row: number },
            raw: row.raw.to_owned(),
            session_id: conversion.map(|c| c.session_id.to_string()),
            keyword_clicked: owned(conversion.and_then(|c| c.keyword_clicked.as_deref())),
            click_time: conversion.and_then(|c| c.click_time),
            pixel,
            network: self.network_of(row),
            observed: conversion
                .map(|c| Figures { count: number_of(c.conversions), revenue: c.revenue.unwrap_or_default() })
                .unwrap_or_default(),
            verdict,
        }
    }

    /// The network that later attempts go by: the known one's name, or what the row or its object said.
    fn network_of(&self, row: &Row<'_>) -> String {
        let said = row.conversion.as_deref().and_then(|c| c.network.as_deref()).unwrap_or(&self.network);
        let known = Network::find(said);
        if known.is_known() { known.name.to_owned() } else { said.to_owned() }
    }
}

fn number_of(count: Count) -> i64 {
    match count {
        Count::Number(n) => n,
        Count::Absent | Count::Unreadable => 0,
    }
}
