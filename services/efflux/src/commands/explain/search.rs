//! A session that is not in the ledger: searches the latest interpreted files for it.

use anyhow::Context;
use assembly::{Parts, row_limits};
use domain::object::{FileKeys, InterpretedKey};
use domain::spelling::canonical;
use domain::{ObjectRef, Row};
use pipeline::filter::SubscriptionFilter;
use ports::Blob;
use row_files::{RowLimits, Rows, decompressed};
use runtime::ExitStatus;

use super::{Explain, History, latest_receipt};
use crate::out;

/// How many keys are listed to find the latest files.
const KEYS: usize = 100_000;

pub(super) async fn run(parts: &Parts<History>, args: &Explain) -> anyhow::Result<ExitStatus> {
    let keys = latest(parts, args.files).await?;
    let filter = match parts.settings.toggles.disable_subscription_filtering {
        true => None,
        false => Some(SubscriptionFilter::new(parts.ports.subscriptions.snapshot().await?)),
    };
    for key in &keys {
        let object = ObjectRef::new(&parts.settings.buckets.interpreted, key);
        let limit = parts.settings.limits.max_object_bytes;
        let Some(blob) = parts.ports.blobs.get(&object, limit).await? else { continue };
        let limits = (limit, row_limits(&parts.settings));
        let found = rows_of(blob, limits, args, |row| left_out(filter.as_ref(), row, key));
        // A file that cannot be read was refused; its dead letter says so.
        let Ok(found) = found else { continue };
        for (number, left_out) in &found {
            out(&format!(
                "Session {}\n  file      {object}, row {number} (counted from 0)\n  filter    {}\n",
                args.session,
                decision(parts, key, *left_out).await?
            ));
        }
        if !found.is_empty() {
            return Ok(ExitStatus::Done);
        }
    }
    out(&format!(
        "Session {} is neither in the ledger nor in the latest {} interpreted files; --files N searches more. If its text has been erased, \
         its conversions are found only with their keyword: efflux explain SESSION KEYWORD.\n",
        args.session,
        keys.len()
    ));
    Ok(ExitStatus::Incomplete)
}

/// The keys of the latest interpreted files: their names begin with the time.
async fn latest(parts: &Parts<History>, files: usize) -> anyhow::Result<Vec<String>> {
    let mut keys = parts.ports.blobs.list(&parts.settings.buckets.interpreted, "", KEYS).await?;
    let name = |key: &str| key.rsplit('/').next().unwrap_or_default().to_owned();
    keys.sort_by_cached_key(|key| std::cmp::Reverse(name(key)));
    keys.truncate(files);
    Ok(keys)
}

fn left_out(filter: Option<&SubscriptionFilter>, row: &Row<'_>, key: &str) -> Option<&'static str> {
    let network = InterpretedKey::parse(key).map_or("", |k| k.network);
    filter.and_then(|filter| filter.rejects(row, network))
}

/// The rows of the session in a file, each with the decision of the current subscriptions.
fn rows_of(
    mut blob: Blob,
    (bytes, limits): (u64, RowLimits),
    args: &Explain,
    judge: impl Fn(&Row<'_>) -> Option<&'static str>,
) -> anyhow::Result<Vec<(u64, Option<&'static str>)>> {
    let mut rows = Rows::new(decompressed(blob.reader()?, bytes)?, limits).context("not readable")?;
    let mut found = Vec::new();
    while let Some(text) = rows.next_row()? {
        let row = Row::parse(text.text);
        let is_wanted = row.conversion.as_deref().is_some_and(|c| {
            canonical(&c.session_id) == canonical(&args.session)
                && args
                    .keyword
                    .as_deref()
                    .is_none_or(|k| c.keyword_clicked.as_deref().map(canonical) == Some(canonical(k)))
        });
        if is_wanted {
            found.push((text.number, judge(&row)));
        }
    }
    Ok(found)
}

/// The filter's decision about a row, from its receipt and the current subscriptions.
async fn decision(
    parts: &Parts<History>,
    key: &str,
    left_out: Option<&'static str>,
) -> anyhow::Result<String> {
    let file = ObjectRef::new(&parts.settings.buckets.interpreted, key);
    let Some(receipt) = latest_receipt(parts, &FileKeys::of_interpreted(&file)).await? else {
        return Ok("has not processed this file yet: is `efflux run`, or filter-svc, running?".to_owned());
    };
    if let Some(reason) = receipt.refused {
        return Ok(format!("refused the whole file at {}: {reason}", receipt.at));
    }
    let counted = |reason: &str| receipt.filtered_out.get(reason).copied().unwrap_or(0);
    Ok(match left_out {
        Some(reason) if counted(reason) > 0 => format!(
            "left the row out: {reason}, as {} of {} rows of the file, at {}",
            counted(reason),
            receipt.rows_in,
            receipt.at
        ),
        Some(reason) => format!(
            "kept {} of {} rows at {}; by the current subscriptions the row would be left out: {reason}",
            receipt.kept, receipt.rows_in, receipt.at
        ),
        None if receipt.kept < receipt.rows_in => format!(
            "kept {} of {} rows at {}; by the current subscriptions it would keep the row. If it left the row out, put the file again. If it kept the row, the reporter has not processed it yet",
            receipt.kept, receipt.rows_in, receipt.at
        ),
        None => format!(
            "kept the row at {}; the reporter has not processed it yet: see `efflux status` and `efflux dlq list`",
            receipt.at
        ),
    })
}
