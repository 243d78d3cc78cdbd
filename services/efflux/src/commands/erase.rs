//! `efflux erase`: personal data leaves at once, for one visitor or for all whose time is over. It says first what it found.

mod record;

use std::sync::Arc;
use std::time::Duration;

use assembly::Parts;
use clap::Args;
use domain::object::{FILTERED_PREFIX, FileKeys};
use domain::{ObjectRef, Outcome};
use pipeline::Blocking;
use pipeline::erase::{ErasePlan, Subject};
use pipeline::optimise::forget_until;
use pipeline::retention::Retention;
use ports::metric::NoMetrics;
use ports::{AnalyticsStore, BlobStore, EventQueue, Ledger};
use runtime::{ExitStatus, WrongUsage};

use super::retry::agreed;
use crate::context::{Context, Run};
use crate::out;

/// The group of interpreted files' keys.
const GROUP: &str = "networks/";

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("whose").required(true))]
pub(crate) struct Erase {
    /// All conversions and rows of a session, as rows carry it
    #[arg(long, group = "whose")]
    session: Option<String>,
    /// All conversions and rows of a visitor by the advertiser's id, as rows carry it, and of their sessions; reads the whole ledger
    #[arg(long, group = "whose", value_name = "ID")]
    external_id: Option<String>,
    /// All that an interpreted file brought, and the file: its key, with or without the bucket
    #[arg(long, group = "whose", value_name = "KEY")]
    file: Option<String>,
    /// All whose time is over (RETENTION_DAYS), as the services do by themselves
    #[arg(long, group = "whose")]
    retention: bool,
    /// Print what was found and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Continue without asking; needed when standard input is not a terminal
    #[arg(long)]
    yes: bool,
    /// Print the record as JSON
    #[arg(long)]
    json: bool,
    /// How many seconds to wait for conversions that a worker holds
    #[arg(long, default_value_t = 180)]
    wait: u64,
}

backends::port_set! {
    /// To erase everywhere.
    pub(crate) struct Erased {
        ledger: Ledger,
        analytics: AnalyticsStore,
        blobs: BlobStore,
        trigger_queue: EventQueue,
        report_queue: EventQueue,
    }
}

impl Run for Erase {
    async fn run(self, context: Context) -> anyhow::Result<ExitStatus> {
        // Of a visitor whose data lies elsewhere it must not say that there is none.
        let parts = context.reading().open::<Erased>().await?;
        match subject(&parts, &self) {
            Some(subject) => erase(&parts, &self, subject).await,
            None => retention(&parts, &self).await,
        }
    }
}

fn subject(parts: &Parts<Erased>, args: &Erase) -> Option<Subject> {
    match (&args.session, &args.external_id, &args.file) {
        (Some(session), ..) => Some(Subject::of_session(session)),
        (_, Some(id), _) => Some(Subject::of_external_id(id)),
        (_, _, Some(file)) => Some(of_file(parts, file)),
        (None, None, None) => None,
    }
}

/// The file is named by either of its keys, with the bucket or without.
fn of_file(parts: &Parts<Erased>, file: &str) -> Subject {
    let buckets = &parts.settings.buckets;
    let without = |bucket: &str| file.strip_prefix(bucket).and_then(|key| key.strip_prefix('/'));
    let key = without(&buckets.interpreted).or_else(|| without(&buckets.report)).unwrap_or(file);
    let key = key.split_once('#').map_or(key, |(key, _)| key);
    let interpreted =
        key.strip_prefix(FILTERED_PREFIX).map_or(key.to_owned(), |rest| format!("{GROUP}{rest}"));
    let interpreted = ObjectRef::new(&buckets.interpreted, interpreted);
    let filtered = ObjectRef::new(&buckets.report, FileKeys::of_interpreted(&interpreted).filtered());
    Subject::of_file(interpreted, filtered)
}

async fn erase(parts: &Parts<Erased>, args: &Erase, mut subject: Subject) -> anyhow::Result<ExitStatus> {
    let settings = &parts.settings;
    let erase = pipeline::erase::Erase {
        ledger: Arc::clone(&parts.ports.ledger),
        analytics: Arc::clone(&parts.ports.analytics),
        blobs: Arc::clone(&parts.ports.blobs),
        interpreted_bucket: settings.buckets.interpreted.clone(),
        report_bucket: settings.buckets.report.clone(),
        max_object_bytes: pipeline::filter::max_filtered_bytes(settings.limits.max_object_bytes),
        blocking: Blocking::Pool,
        clock: Arc::clone(&parts.clock),
    };
    let plan = erase.plan(&mut subject).await?;
    if !args.json || args.dry_run {
        out(&found(&plan, args.json));
    }
    if args.dry_run {
        return Ok(ExitStatus::Done);
    }
    // Without anything to erase, what storage may still hold of an earlier erasure is overwritten all the same.
    if !plan.is_empty() && !args.yes && !agreed("Erase it for good?")? {
        out("Nothing was changed.\n");
        return Ok(ExitStatus::Incomplete);
    }
    let kind = subject.kind();
    let record = erase.apply(&mut subject, plan, Duration::from_secs(args.wait)).await?;
    let waiting = waiting(parts).await;
    out(&if args.json { record::json(kind, &record, waiting) } else { record::words(&record, waiting) });
    Ok(if record.complete { ExitStatus::Done } else { ExitStatus::Incomplete })
}

/// Messages of files that are not processed yet; `None` if that cannot be found out.
async fn waiting(parts: &Parts<Erased>) -> Option<u64> {
    let mut waiting = 0;
    for queue in [&parts.ports.trigger_queue, &parts.ports.report_queue] {
        let depth = queue.depth().await.ok()?;
        waiting += depth.visible + depth.hidden;
    }
    Some(waiting)
}

fn found(plan: &ErasePlan, json: bool) -> String {
    let files: Vec<_> = plan.files.iter().map(ObjectRef::to_string).collect();
    if json {
        let keys: Vec<_> = plan.entries.keys().map(ToString::to_string).collect();
        let unreadable = &plan.unreadable;
        let found = serde_json::json!({ "conversions": keys, "unreadable": unreadable, "files": files });
        return format!("{found:#}\n");
    }
    let mut text =
        format!("Found: {} conversions in the ledger, {} files with rows\n", plan.entries.len(), files.len());
    for (key, outcome) in &plan.entries {
        let outcome = outcome.map_or("damaged", Outcome::as_str);
        text.push_str(&format!("  {key}  {outcome}\n"));
    }
    for id in &plan.unreadable {
        text.push_str(&format!(
            "  entry {id} of the ledger: its key cannot be read, so it cannot be erased\n"
        ));
    }
    files.iter().for_each(|file| text.push_str(&format!("  {file}\n")));
    text
}

/// Does now what the reporter and the optimizer do by themselves.
async fn retention(parts: &Parts<Erased>, args: &Erase) -> anyhow::Result<ExitStatus> {
    if args.dry_run {
        let text = "--retention has no dry run: the services do the same without being asked";
        return Err(WrongUsage::new(text).into());
    }
    let keep = parts.settings.intervals.retention;
    if !args.yes && !agreed(&format!("Erase all that is older than {} days?", keep.as_secs() / 86_400))? {
        out("Nothing was changed.\n");
        return Ok(ExitStatus::Incomplete);
    }
    let buckets = &parts.settings.buckets;
    let retention = Retention::new(
        (Arc::<dyn Ledger>::clone(&parts.ports.ledger), Arc::clone(&parts.ports.blobs)),
        vec![buckets.interpreted.clone(), buckets.report.clone()],
        keep,
        Arc::clone(&parts.clock),
        Arc::new(NoMetrics),
    );
    let pass = retention.pass().await?;
    let states = forget_until(&*parts.ports.analytics, parts.clock.now().minus(keep)).await?;
    out(&if args.json {
        record::retention_json(pass, states)
    } else {
        record::retention_words(pass, states)
    });
    Ok(ExitStatus::Done)
}
