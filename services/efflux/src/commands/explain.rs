//! `efflux explain`: the whole history of a conversion. Prints no data of the visitor.

mod next;
mod search;

use std::fmt::Write;

use assembly::Parts;
use clap::Args;
use domain::object::FileKeys;
use domain::receipt::FilterReceipt;
use domain::spelling::canonical;
use domain::{ObjectRef, PixelRef};
use ports::destination::Answer;
use ports::ledger::{Attempt, Erased, Erasure, Record};
use ports::{BlobStore, LedgerAdmin, SubscriptionStore};
use runtime::ExitStatus;
use runtime::terminal::one_line;

use crate::context::{Context, Run};
use crate::follow::MAX_RECEIPT_BYTES;
use crate::out;
use crate::tables::money;

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
}

backends::port_set! {
    /// To explain a conversion.
    pub(crate) struct History { ledger: LedgerAdmin, blobs: BlobStore, subscriptions: SubscriptionStore }
}

impl Run for Explain {
    async fn run(self, context: Context) -> anyhow::Result<ExitStatus> {
        explain(&context.reading().open().await?, &self).await
    }
}

async fn explain(parts: &Parts<History>, args: &Explain) -> anyhow::Result<ExitStatus> {
    let records = find(parts, args).await?;
    if records.is_empty() {
        return search::run(parts, args).await;
    }
    for record in records {
        out(&history(parts, &record).await?);
    }
    Ok(ExitStatus::Done)
}

/// The session's conversions, of the keyword in whatever spelling.
async fn find(parts: &Parts<History>, args: &Explain) -> anyhow::Result<Vec<Record>> {
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

async fn history(parts: &Parts<History>, record: &Record) -> anyhow::Result<String> {
    let mut text = String::new();
    let keyword = record
        .keyword_clicked
        .as_deref()
        .map_or("no keyword".to_owned(), |k| format!("keyword {}", one_line(k)));
    match &record.session_id {
        None if record.erased.is_some() => writeln!(text, "Session and keyword are erased")?,
        session => writeln!(text, "Session {}, {keyword}", one_line(session.as_deref().unwrap_or_default()))?,
    }
    writeln!(text, "  key       {}", record.key)?;
    if let Some(click) = record.click_time {
        writeln!(text, "  click     {}", click.millis())?;
    }
    let object = &record.source.object;
    writeln!(text, "  file      {}, row {} (counted from 0)", one_line(object), record.source.row)?;
    writeln!(text, "  filter    {}", filtered(parts, object).await?)?;
    let checked = if record.reasons.is_empty() { "valid" } else { &record.reasons };
    writeln!(text, "  checks    {checked}")?;
    let pixel = record.pixel.as_ref().map_or_else(|| "none".to_owned(), PixelRef::to_string);
    writeln!(text, "  pixel     {pixel}, network {}", one_line(&record.network))?;
    let (observed, reported) = (record.observed, record.reported);
    let currency = &parts.settings.reporting.currency;
    writeln!(text, "  stated    {} paid clicks, {}", observed.count, money(observed.revenue, currency))?;
    writeln!(
        text,
        "  reported  {} Purchases, {}, {} events in all",
        reported.count,
        money(reported.revenue, currency),
        record.events
    )?;
    if !record.unreported().is_zero() {
        writeln!(text, "  missing   {} are stated and not reported", money(record.unreported(), currency))?;
    }
    writeln!(text, "  entered   {}; {} claims so far", record.created_at, record.attempts)?;
    for attempt in parts.ports.ledger.attempts(&record.key).await? {
        writeln!(text, "  attempt   {}", attempted(&attempt))?;
    }
    if let Some(erased) = &record.erased {
        writeln!(text, "  erased    {}", erased_in_words(erased))?;
    }
    writeln!(text, "  now       {} since {}", with_reason(record), record.updated_at)?;
    writeln!(text, "  next      {}\n", next::of(record, parts.settings.reporting.restatements))?;
    Ok(text)
}

fn with_reason(record: &Record) -> String {
    match record.reason.as_str() {
        "" => record.outcome.to_string(),
        reason => format!("{} ({reason})", record.outcome),
    }
}

fn erased_in_words(erased: &Erased) -> String {
    let why = match erased.why {
        Erasure::Retention => "retention (RETENTION_DAYS)",
        Erasure::Request => "`efflux erase`",
    };
    format!("its text was erased by {why} at {}; key, figures and outcome stay", erased.at)
}

fn attempted(attempt: &Attempt) -> String {
    let Attempt { number, at, owner, outcome, reason, events, answer } = attempt;
    let because = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
    let response = answer.as_ref().map_or_else(|| "nothing was sent".to_owned(), answered);
    format!("{number} at {at} by {owner}: {outcome}{because}, {events} events accepted; {response}")
}

fn answered(answer: &Answer) -> String {
    let mut text = match answer.status {
        0 => "no answer".to_owned(),
        status => format!("Meta answered {status}"),
    };
    if let Some(code) = answer.code {
        let subcode = answer.subcode.map_or(String::new(), |s| format!("/{s}"));
        text.push_str(&format!(", code {code}{subcode}"));
    }
    if !answer.message.is_empty() {
        text.push_str(&format!(", {}", one_line(&answer.message)));
    }
    if let Some(trace) = &answer.trace_id {
        text.push_str(&format!(", trace id {}", one_line(trace)));
    }
    text
}

/// What the filter did with the interpreted file of a filtered file.
async fn filtered(parts: &Parts<History>, object: &str) -> anyhow::Result<String> {
    let bucket = &parts.settings.buckets.report;
    let key = object.strip_prefix(bucket.as_str()).and_then(|o| o.strip_prefix('/'));
    let Some(keys) = key.and_then(|key| FileKeys::of_filtered(key, GROUP)) else {
        return Ok("did not write this file: another program put it there".to_owned());
    };
    let receipt = match receipt(parts, &keys).await? {
        Some(receipt) => Some(receipt),
        None => receipt_at(parts, &keys.without_version().receipt()).await?,
    };
    match receipt {
        None => Ok("its receipt does not exist any more".to_owned()),
        Some(receipt) => Ok(format!(
            "kept the row: {} of {} rows of {} passed at {}",
            receipt.kept, receipt.rows_in, receipt.object, receipt.at
        )),
    }
}

/// The filter's receipt for a file in the version that its keys name.
async fn receipt(parts: &Parts<History>, keys: &FileKeys) -> anyhow::Result<Option<FilterReceipt>> {
    receipt_at(parts, &keys.receipt()).await
}

/// The latest of the filter's receipts for a file, of any version.
async fn latest_receipt(parts: &Parts<History>, keys: &FileKeys) -> anyhow::Result<Option<FilterReceipt>> {
    let bucket = &parts.settings.buckets.report;
    let mut found = Vec::from_iter(receipt(parts, keys).await?);
    for key in parts.ports.blobs.list(bucket, &keys.receipts_of_versions(), MOST_VERSIONS).await? {
        found.extend(receipt_at(parts, &key).await?);
    }
    Ok(found.into_iter().max_by_key(|receipt| receipt.at))
}

async fn receipt_at(parts: &Parts<History>, key: &str) -> anyhow::Result<Option<FilterReceipt>> {
    let at = ObjectRef::new(&parts.settings.buckets.report, key);
    let Some(mut blob) = parts.ports.blobs.get(&at, MAX_RECEIPT_BYTES).await? else { return Ok(None) };
    Ok(serde_json::from_slice(&blob.bytes()?).ok())
}
