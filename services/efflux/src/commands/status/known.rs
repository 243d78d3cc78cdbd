//! What could be found out, and which backends could not be asked.

use std::sync::Arc;
use std::time::Duration;

use assembly::StartError;
use backends::{OpenError, Opener};
use domain::UnixMillis;
use ports::ledger::{LedgerStats, ObjectReceipt, Waiting};
use ports::queue::Depth;
use ports::{Clock, ErrorKind, EventQueue};
use runtime::ExitStatus;
use settings::Settings;

use super::files::FilterFiles;
use super::money::Money;
use super::undecided::{Undecided, undecided};

/// Money whose deadline is nearer than this counts apart.
const SOON: Duration = Duration::from_secs(24 * 3600);

/// The progress of the work. What is absent could not be asked.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) trigger_queue: Option<Depth>,
    pub(super) report_queue: Option<Depth>,
    pub(super) files: Option<FilterFiles>,
    pub(super) ledger: Option<InLedger>,
    pub(super) analytics: Option<InAnalytics>,
    /// Since when the money of analytics was entered.
    pub(super) since: UnixMillis,
    pub(super) unavailable: Vec<Unavailable>,
}

/// A backend that could not be asked.
#[derive(Debug)]
pub(super) struct Unavailable {
    /// What it serves as.
    pub(super) part: &'static str,
    pub(super) error: ports::Error,
}

/// What the ledger knows.
#[derive(Debug)]
pub(super) struct InLedger {
    pub(super) stats: LedgerStats,
    pub(super) latest: Vec<ObjectReceipt>,
    pub(super) undecided: Undecided,
    pub(super) waiting: Vec<Waiting>,
}

/// What analytics knows.
#[derive(Debug)]
pub(super) struct InAnalytics {
    pub(super) conversions: u64,
    pub(super) money: Money,
}

/// A part of the answer.
type Asked<T> = Result<T, OpenError>;

/// Queues and files are one backend.
struct InQueues {
    trigger: Asked<Depth>,
    report: Asked<Depth>,
    files: Asked<FilterFiles>,
}

impl Known {
    /// Asks all backends at once.
    ///
    /// # Errors
    /// If nothing could be asked, or the configuration is wrong.
    pub(super) async fn ask(
        settings: &Settings,
        clock: &Arc<dyn Clock>,
        latest: usize,
        since: UnixMillis,
    ) -> anyhow::Result<Self> {
        let (queues, ledger, analytics) = tokio::join!(
            in_queues(settings, clock),
            in_ledger(settings, clock, latest),
            in_analytics(settings, clock, since),
        );
        let mut unavailable = Vec::new();
        let known = Self {
            trigger_queue: known("trigger queue", queues.trigger, &mut unavailable)?,
            report_queue: known("report queue", queues.report, &mut unavailable)?,
            files: known("files", queues.files, &mut unavailable)?,
            ledger: known("ledger", ledger, &mut unavailable)?,
            analytics: known("analytics", analytics, &mut unavailable)?,
            since,
            unavailable,
        };
        known.or_first_error()
    }

    /// The first backend that could not be asked is named on standard error too, for those who throw the output away.
    pub(super) fn conclude(mut self) -> anyhow::Result<ExitStatus> {
        if self.unavailable.is_empty() {
            return Ok(ExitStatus::Done);
        }
        let Unavailable { part, error } = self.unavailable.swap_remove(0);
        let error = anyhow::Error::from(StartError::from(OpenError::Unreachable(error)));
        Err(error.context(format!("the {part} could not be asked")))
    }

    fn or_first_error(mut self) -> anyhow::Result<Self> {
        let is_anything_known = self.trigger_queue.is_some()
            || self.report_queue.is_some()
            || self.files.is_some()
            || self.ledger.is_some()
            || self.analytics.is_some();
        if is_anything_known || self.unavailable.is_empty() {
            return Ok(self);
        }
        let first = self.unavailable.swap_remove(0);
        Err(StartError::from(OpenError::Unreachable(first.error)).into())
    }
}

impl Unavailable {
    /// Why, with all causes.
    pub(super) fn why(&self) -> String {
        let mut why = self.error.to_string();
        let mut cause = std::error::Error::source(&self.error);
        while let Some(error) = cause {
            why = format!("{why}: {error}");
            cause = error.source();
        }
        why
    }
}

/// The answer of a part; what is wrong with the configuration ends the command.
fn known<T>(
    part: &'static str,
    asked: Asked<T>,
    unavailable: &mut Vec<Unavailable>,
) -> Result<Option<T>, StartError> {
    match asked {
        Ok(answer) => Ok(Some(answer)),
        Err(OpenError::Unreachable(error)) => {
            unavailable.push(Unavailable { part, error });
            Ok(None)
        }
        Err(wrong) => Err(wrong.into()),
    }
}

async fn in_queues(settings: &Settings, clock: &Arc<dyn Clock>) -> InQueues {
    let mut opener = Opener::for_reading(settings, clock);
    let trigger = depth(opener.trigger_queue().await).await;
    // Without an answer to the first question, each further one would take as long.
    if let Err(OpenError::Unreachable(error)) = &trigger
        && matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout)
    {
        let same =
            || ports::Error::new(error.kind(), "status").detail("see trigger queue: it is the same backend");
        let (report, files) = (Err(same().into()), Err(same().into()));
        return InQueues { trigger, report, files };
    }
    let report = depth(opener.report_queue().await).await;
    let files = match opener.blobs().await {
        Ok(blobs) => FilterFiles::of_latest(&*blobs, &settings.buckets.report).await.map_err(OpenError::from),
        Err(error) => Err(error),
    };
    InQueues { trigger, report, files }
}

async fn depth(queue: Asked<Arc<dyn EventQueue>>) -> Asked<Depth> {
    Ok(queue?.depth().await?)
}

async fn in_ledger(settings: &Settings, clock: &Arc<dyn Clock>, latest: usize) -> Asked<InLedger> {
    let ledger = Opener::for_reading(settings, clock).ledger().await?;
    let stats = ledger.stats().await?;
    Ok(InLedger {
        latest: ledger.receipts(latest).await?,
        undecided: undecided(&*ledger, stats.damaged).await?,
        stats,
        waiting: ledger.waiting(clock.now().plus(SOON)).await?,
    })
}

async fn in_analytics(settings: &Settings, clock: &Arc<dyn Clock>, since: UnixMillis) -> Asked<InAnalytics> {
    let analytics = Opener::for_reading(settings, clock).analytics().await?;
    let conversions = analytics.conversions().await?;
    let money = Money::entered_since(&*analytics, since).await?;
    Ok(InAnalytics { conversions, money })
}
