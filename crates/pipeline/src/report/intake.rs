//! From a message to claimed rows: once each row of the file is durable in the ledger, the message can be acknowledged.
//!
//! The way of a file, in the order of the modules:
//!
//! 1. `content`: it is fetched, compared with what was read before under its key, and checked to its end.
//! 2. `reader`: its rows are read, as many at a time as one claim takes; each becomes a `row`.
//! 3. `claim`: the claims are claimed in the ledger, and those to be sent are submitted to the lanes.
//! 4. `reconcile`: its rows must add up.

mod claim;
mod content;
mod reader;
mod reconcile;
mod row_claim;
mod shared_sessions;
mod standing_keys;

use std::sync::Arc;

use async_trait::async_trait;
use domain::ObjectRef;
use domain::object::InterpretedKey;
use ports::ledger::ObjectEnd;
use ports::notice::{State, Subject};
use ports::queue::Delivery;
use tokio_util::sync::CancellationToken;

use super::Reporting;
use super::deliver::Lanes;
use super::refresh::refresh_once;
use crate::object::{MessageVerdict, Problem, is_marker, objects_of};
use crate::worker::{Handled, Handler};

use claim::Claimer;
use reader::RowReader;
use reconcile::Difference;
use row_claim::RowClaimBuilder;
use shared_sessions::SessionWatch;

/// How often a file is read at most until its receipt balances.
const MOST_READINGS: u32 = 3;

/// The reporter's handler of messages.
#[derive(Debug)]
pub struct Intake {
    reporting: Arc<Reporting>,
    lanes: Arc<Lanes>,
    sessions: Arc<SessionWatch>,
}

#[async_trait]
impl Handler for Intake {
    async fn handle(&self, delivery: &Delivery, stop: &CancellationToken) -> Handled {
        let (objects, mut verdict) = match objects_of(delivery) {
            Ok(objects) => objects,
            Err(handled) => return handled,
        };
        for object in objects {
            self.process(&object, &mut verdict, stop).await;
        }
        verdict.handled()
    }
}

impl Intake {
    /// Intake into the ledger and these lanes.
    #[must_use]
    pub fn new(reporting: Arc<Reporting>, lanes: Arc<Lanes>) -> Self {
        Self { reporting, lanes, sessions: Arc::default() }
    }

    #[tracing::instrument(name = "object", level = "error", skip_all, fields(object = %object))]
    async fn process(&self, object: &ObjectRef, verdict: &mut MessageVerdict, stop: &CancellationToken) {
        let result = self.take_in_until_balanced(object, stop).await;
        let file = || Subject::file(object);
        match &result {
            Err(Problem::Permanent(reason)) => {
                self.reporting.notices.note(file(), State::Refused, reason);
                self.note_refusal(object, reason).await;
            }
            Ok(()) => self.reporting.notices.note(file(), State::Well, ""),
            Err(_) => {}
        }
        verdict.note(object, result);
    }

    /// Two processes may have the file at once, and one of them knew less, for example of a pixel that was added meanwhile. Then what the
    /// later one notes may not be what the ledger has. Reading it again puts that right, because the ledger knows all of its rows by then.
    async fn take_in_until_balanced(
        &self,
        object: &ObjectRef,
        stop: &CancellationToken,
    ) -> Result<(), Problem> {
        for _ in 1..MOST_READINGS {
            let Some(difference) = self.take_in(object, stop).await? else { return Ok(()) };
            tracing::warn!(?difference, "the receipt does not balance: the file is read again");
        }
        if let Some(difference) = self.take_in(object, stop).await? {
            difference.alarm(&self.reporting);
        }
        Ok(())
    }

    async fn take_in(
        &self,
        object: &ObjectRef,
        stop: &CancellationToken,
    ) -> Result<Option<Difference>, Problem> {
        let reporting = &*self.reporting;
        if is_marker(&*reporting.blobs, object, reporting.config.max_object_bytes).await? {
            tracing::info!("the object is a mark and not a file: nothing to do");
            return Ok(None);
        }
        let network = InterpretedKey::parse(&object.key)
            .map_err(|e| Problem::Permanent(format!("{object}: {e}")))?
            .network
            .to_owned();
        let (blob, digest) = content::fetch(reporting, object).await?;
        let Some(source) = content::unread_source(&*reporting.ledger, object, &digest).await? else {
            return Ok(None);
        };
        let blob = content::checked(reporting, object, blob).await?;
        // What was set a moment ago for a pixel or a feed counts for this file.
        refresh_once(reporting).await;
        let (pixels, feeds) = (reporting.pixels.current().await?, reporting.feeds.current().await?);
        // In this order: a clock that steps in between is noticed.
        let now = reporting.clock.now();
        reporting.wants_the_time()?;
        let builder = RowClaimBuilder {
            object: source.clone(),
            network,
            pixels,
            feeds,
            now,
            destinations: Arc::clone(&reporting.destinations),
            max_per_click: reporting.config.max_per_click,
            zero_revenue: reporting.config.zero_revenue,
        };
        let config = &reporting.config;
        let (claim_rows, limits) = (config.claim_rows, (config.max_object_bytes, config.rows));
        let sessions = Arc::clone(&self.sessions);
        let open = move || RowReader::open(builder, blob, limits, claim_rows, sessions);
        let claimer = Claimer { reporting, lanes: &self.lanes, object };
        let claimed = claimer.claim_all(open, stop).await?;
        let end = ObjectEnd::Read { rows_in: claimed.rows, duplicates: claimed.duplicates, digest };
        reporting.ledger.finish_object(&source, &end, reporting.clock.now()).await?;
        tracing::info!(rows_in = claimed.rows, duplicates = claimed.duplicates, "file taken in");
        Ok(reconcile::check(reporting, &source).await)
    }

    async fn note_refusal(&self, object: &ObjectRef, reason: &str) {
        let end = ObjectEnd::Refused { reason: reason.to_owned() };
        let now = self.reporting.clock.now();
        if let Err(error) = self.reporting.ledger.finish_object(&object.id(), &end, now).await {
            tracing::warn!(error = ?error, "cannot note the refusal of a file; its dead letter names the reason");
        }
    }
}
