//! `efflux explain`: the whole history of a conversion. Prints no data of the visitor.

mod history;
mod next;
mod search;
mod source;

use std::collections::BTreeSet;

use assembly::Parts;
use backends::Opener;
use clap::Args;
use domain::object::FileKeys;
use domain::receipt::FilterReceipt;
use domain::spelling::canonical;
use domain::{FeedMap, ObjectRef, PixelRef};
use ports::ledger::Record;
use ports::{BlobStore, LedgerAdmin, SubscriptionStore};
use runtime::ExitStatus;
use runtime::terminal::one_line;
use serde_json::{Value, json};

use crate::context::{Context, Run};
use crate::follow::MAX_RECEIPT_BYTES;
use crate::out;

use history::History;
pub(super) use history::finding_json;

/// The group of interpreted files' keys; the keys of the filter's receipts keep it.
const GROUP: &str = "networks";

/// How many versions of one file have their receipts read.
const MOST_VERSIONS: usize = 100;

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The session, as rows carry it
    session: String,
    /// The keyword; by default all of the session's conversions
    keyword: Option<String>,
    /// How many of the latest files to search for a session that is not in the ledger
    #[arg(long, default_value_t = 50)]
    files: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

backends::port_set! {
    /// To explain a conversion.
    pub(crate) struct Found { ledger: LedgerAdmin, blobs: BlobStore, subscriptions: SubscriptionStore }
}

impl Run for Explain {
    async fn run(self, context: Context) -> anyhow::Result<ExitStatus> {
        explain(&context.reading().open().await?, &self).await
    }
}

async fn explain(parts: &Parts<Found>, args: &Explain) -> anyhow::Result<ExitStatus> {
    let records = find(parts, args).await?;
    if !records.is_empty() {
        return print_histories(parts, args, records).await;
    }
    let search = search::run(parts, args).await?;
    let others = other_keywords(parts, args, search.other_keywords).await?;
    if args.json {
        let rows: Vec<_> = search.rows.iter().map(search::FoundRow::json).collect();
        print_json(&[], &rows, &others)?;
    } else if search.rows.is_empty() {
        out(&nothing_found(args, search.files, &others));
    }
    if search.rows.is_empty() {
        return Ok(ExitStatus::Incomplete);
    }
    if !args.json {
        search.rows.iter().for_each(|row| out(&row.text(&args.session)));
    }
    Ok(ExitStatus::Done)
}

async fn print_histories(
    parts: &Parts<Found>,
    args: &Explain,
    records: Vec<Record>,
) -> anyhow::Result<ExitStatus> {
    let directory = Directory::of(parts).await;
    let mut all = Vec::with_capacity(records.len());
    for record in records {
        let history = History::of(parts, record, &directory).await?;
        if args.json {
            all.push(history.json());
        } else {
            out(&history.text());
        }
    }
    if args.json {
        print_json(&all, &[], &[])?;
    }
    Ok(ExitStatus::Done)
}

fn print_json(
    conversions: &[Value],
    rows: &[Value],
    other_keywords: &[Option<String>],
) -> anyhow::Result<()> {
    let all = json!({
        "conversions": conversions,
        "rows_without_conversion": rows,
        "other_keywords": other_keywords,
    });
    out(&format!("{}\n", serde_json::to_string_pretty(&all)?));
    Ok(())
}

fn nothing_found(args: &Explain, files: usize, others: &[Option<String>]) -> String {
    let session = one_line(&args.session);
    if !others.is_empty() {
        let others: Vec<_> = others
            .iter()
            .map(|keyword| keyword.as_ref().map_or("no keyword".to_owned(), |k| format!("`{}`", one_line(k))))
            .collect();
        return format!(
            "Session {session} has no conversion with the keyword `{}`. It has some with: {}.\n",
            one_line(args.keyword.as_deref().unwrap_or_default()),
            others.join(", ")
        );
    }
    format!(
        "Session {session} is neither in the ledger nor in the latest {files} interpreted files; --files N searches more. If its text has been erased, \
         its conversions are found only with their keyword: efflux explain SESSION KEYWORD.\n"
    )
}

/// What the operator says of pixels and feeds. A history is needed in an outage, too.
struct Directory {
    /// `None` while they cannot be read.
    pixels: Option<BTreeSet<PixelRef>>,
    /// None while they cannot be read.
    feeds: FeedMap,
}

impl Directory {
    async fn of(parts: &Parts<Found>) -> Self {
        let mut opener = Opener::for_reading(&parts.settings, &parts.clock);
        let pixels = pixels(&mut opener).await;
        Self { pixels, feeds: feeds(&mut opener).await.unwrap_or_default() }
    }
}

async fn pixels(opener: &mut Opener<'_>) -> Option<BTreeSet<PixelRef>> {
    let pixels = opener.pixels().await.ok()?.snapshot().await.ok()?;
    Some(pixels.into_iter().map(|pixel| pixel.pixel).collect())
}

async fn feeds(opener: &mut Opener<'_>) -> Option<FeedMap> {
    Some(opener.feeds().await.ok()?.snapshot().await.ok()?.into_iter().collect())
}

/// The session's conversions, of the keyword in whatever spelling.
async fn find(parts: &Parts<Found>, args: &Explain) -> anyhow::Result<Vec<Record>> {
    let (session, wanted) = (canonical(&args.session), args.keyword.as_deref().map(canonical));
    for session in [args.session.as_str(), &*session] {
        let mut records = parts.ports.ledger.find(session, None).await?;
        records.retain(|record| {
            let keyword = record.keyword_clicked.as_deref().map(canonical);
            wanted.is_none() || wanted == keyword
        });
        if !records.is_empty() {
            return Ok(records);
        }
    }
    // Of what is erased, only the key is left.
    if let (Some(given), Some(wanted)) = (args.keyword.as_deref(), wanted.as_deref()) {
        for (session, keyword) in [(args.session.as_str(), given), (&*session, wanted)] {
            let records = parts.ports.ledger.find(session, Some(keyword)).await?;
            if !records.is_empty() {
                return Ok(records);
            }
        }
    }
    Ok(Vec::new())
}

/// The keywords that the session has in the ledger, and those that its rows have.
async fn other_keywords(
    parts: &Parts<Found>,
    args: &Explain,
    of_rows: BTreeSet<Option<String>>,
) -> anyhow::Result<Vec<Option<String>>> {
    let mut all = of_rows;
    if args.keyword.is_some() {
        for session in [args.session.as_str(), &*canonical(&args.session)] {
            let records = parts.ports.ledger.find(session, None).await?;
            all.extend(records.into_iter().map(|record| record.keyword_clicked));
        }
    }
    Ok(all.into_iter().collect())
}

/// The filter's receipt for the file whose rows a filtered file has; `None` when another program wrote it, or the receipt does not exist
/// any more.
async fn receipt_of_filtered(parts: &Parts<Found>, object: &str) -> anyhow::Result<Option<FilterReceipt>> {
    let bucket = &parts.settings.buckets.report;
    let key = object.strip_prefix(bucket.as_str()).and_then(|o| o.strip_prefix('/'));
    let Some(keys) = key.and_then(|key| FileKeys::of_filtered(key, GROUP)) else { return Ok(None) };
    match receipt(parts, &keys).await? {
        Some(receipt) => Ok(Some(receipt)),
        None => receipt_at(parts, &keys.without_version().receipt()).await,
    }
}

/// The filter's receipt for a file in the version that its keys name.
async fn receipt(parts: &Parts<Found>, keys: &FileKeys) -> anyhow::Result<Option<FilterReceipt>> {
    receipt_at(parts, &keys.receipt()).await
}

/// The latest of the filter's receipts for a file, of any version.
async fn latest_receipt(parts: &Parts<Found>, keys: &FileKeys) -> anyhow::Result<Option<FilterReceipt>> {
    let bucket = &parts.settings.buckets.report;
    let mut found = Vec::from_iter(receipt(parts, keys).await?);
    for key in parts.ports.blobs.list(bucket, &keys.receipts_of_versions(), MOST_VERSIONS).await? {
        found.extend(receipt_at(parts, &key).await?);
    }
    Ok(found.into_iter().max_by_key(|receipt| receipt.at))
}

async fn receipt_at(parts: &Parts<Found>, key: &str) -> anyhow::Result<Option<FilterReceipt>> {
    let at = ObjectRef::new(&parts.settings.buckets.report, key);
    let Some(mut blob) = parts.ports.blobs.get(&at, MAX_RECEIPT_BYTES).await? else { return Ok(None) };
    Ok(serde_json::from_slice(&blob.bytes()?).ok())
}
