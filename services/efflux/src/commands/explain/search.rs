//! A session that is not in the ledger: searches the latest interpreted files for it.

use std::collections::BTreeSet;

use anyhow::Context;
use assembly::{Parts, row_limits};
use domain::object::{FileKeys, InterpretedKey};
use domain::receipt::FilterReceipt;
use domain::spelling::canonical;
use domain::{ObjectRef, Row};
use pipeline::filter::{LeftOut, SubscriptionFilter, Unmet};
use ports::Blob;
use row_files::{RowLimits, Rows, decompressed};
use runtime::terminal::one_line;
use serde_json::{Value, json};

use super::{Explain, Found, latest_receipt};

/// How many keys are listed to find the latest files.
const KEYS: usize = 100_000;

/// What was found, and where was searched.
#[derive(Default)]
pub(super) struct Search {
    pub(super) rows: Vec<FoundRow>,
    /// Keywords of the session's rows that were not asked for.
    pub(super) other_keywords: BTreeSet<Option<String>>,
    pub(super) files: usize,
}

/// A row of the session, with the decision of the current subscriptions.
#[derive(Default)]
pub(super) struct FoundRow {
    object: String,
    number: u64,
    /// What the filter did with it.
    filter: String,
    unmet: Option<Condition>,
    next: String,
}

/// What a subscription asks for and the row does not have.
struct Condition {
    reason: &'static str,
    campaign: Option<String>,
    /// In words.
    said: String,
    remedy: String,
}

pub(super) async fn run(parts: &Parts<Found>, args: &Explain) -> anyhow::Result<Search> {
    let keys = latest(parts, args.files).await?;
    let filter = match parts.settings.toggles.disable_subscription_filtering {
        true => None,
        false => Some(SubscriptionFilter::new(parts.ports.subscriptions.snapshot().await?)),
    };
    let mut search = Search { files: keys.len(), ..Search::default() };
    for key in &keys {
        let object = ObjectRef::new(&parts.settings.buckets.interpreted, key);
        let limit = parts.settings.limits.max_object_bytes;
        let Some(blob) = parts.ports.blobs.get(&object, limit).await? else { continue };
        let limits = (limit, row_limits(&parts.settings));
        let judge = |row: &Row<'_>| {
            let network = InterpretedKey::parse(key).map_or("", |k| k.network);
            filter.as_ref().and_then(|filter| filter.left_out(row, network).as_ref().map(Condition::of))
        };
        // A file that cannot be read was refused; its dead letter says so.
        let Ok(found) = rows_of(blob, limits, args, judge, &mut search.other_keywords) else { continue };
        if !found.is_empty() {
            let receipt = latest_receipt(parts, &FileKeys::of_interpreted(&object)).await?;
            let of_file = |(number, unmet)| FoundRow::of(&object, number, unmet, receipt.as_ref());
            search.rows = found.into_iter().map(of_file).collect();
            search.other_keywords.clear();
            return Ok(search);
        }
    }
    Ok(search)
}

/// The keys of the latest interpreted files: their names begin with the time.
async fn latest(parts: &Parts<Found>, files: usize) -> anyhow::Result<Vec<String>> {
    let mut keys = parts.ports.blobs.list(&parts.settings.buckets.interpreted, "", KEYS).await?;
    let name = |key: &str| key.rsplit('/').next().unwrap_or_default().to_owned();
    keys.sort_by_cached_key(|key| std::cmp::Reverse(name(key)));
    keys.truncate(files);
    Ok(keys)
}

/// The rows of the session and keyword in a file; other keywords of the session are noted.
fn rows_of(
    mut blob: Blob,
    (bytes, limits): (u64, RowLimits),
    args: &Explain,
    judge: impl Fn(&Row<'_>) -> Option<Condition>,
    other_keywords: &mut BTreeSet<Option<String>>,
) -> anyhow::Result<Vec<(u64, Option<Condition>)>> {
    let mut rows = Rows::new(decompressed(blob.reader()?, bytes)?, limits).context("not readable")?;
    let (session, wanted) = (canonical(&args.session), args.keyword.as_deref().map(canonical));
    let mut found = Vec::new();
    while let Some(text) = rows.next_row()? {
        let row = Row::parse(text.text);
        let Some(conversion) = row.conversion.as_deref() else { continue };
        if canonical(&conversion.session_id) != session {
            continue;
        }
        let keyword = conversion.keyword_clicked.as_deref();
        if wanted.is_none() || wanted == keyword.map(canonical) {
            found.push((text.number, judge(&row)));
        } else {
            other_keywords.insert(keyword.map(str::to_owned));
        }
    }
    Ok(found)
}

impl Condition {
    fn of(left_out: &LeftOut<'_>) -> Self {
        let campaign = left_out.campaign;
        // A feed decides what a campaign is called: only a plain one becomes part of a command.
        let is_plain = |id: &&str| id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let id = campaign.filter(is_plain).unwrap_or("ID");
        let remedy = match left_out.unmet {
            Unmet::NoCampaign => "have the feed name the campaign".to_owned(),
            Unmet::NotSubscribed => format!("subscribe the campaign (`efflux subscriptions add {id}`)"),
            Unmet::Disabled => {
                format!("switch the subscription on (`efflux subscriptions add {id} --enabled`)")
            }
            Unmet::Network(..) => {
                format!("change the condition (`efflux subscriptions add {id} --network ...`)")
            }
            Unmet::Country(..) => {
                format!("change the condition (`efflux subscriptions add {id} --country ...`)")
            }
            Unmet::Revenue(..) => {
                format!("change the condition (`efflux subscriptions add {id} --min-revenue ...`)")
            }
        };
        Self {
            reason: left_out.reason(),
            campaign: campaign.map(str::to_owned),
            said: left_out.unmet.to_string(),
            remedy,
        }
    }
}

/// Rows that were left out do not come back by themselves.
const AGAIN: &str = "and ingest the file again: the row does not come back by itself, and what was reported already ends as duplicate";

impl FoundRow {
    fn of(
        object: &ObjectRef,
        number: u64,
        unmet: Option<Condition>,
        receipt: Option<&FilterReceipt>,
    ) -> Self {
        let (filter, next) = match receipt {
            None => (
                "has not processed this file yet".to_owned(),
                "nothing, unless `efflux run`, or filter-svc, is running".to_owned(),
            ),
            Some(receipt) => decision(receipt, unmet.as_ref()),
        };
        Self { object: object.to_string(), number, filter, unmet, next }
    }

    /// For people.
    pub(super) fn text(&self, session: &str) -> String {
        let mut text = format!(
            "Session {}\n  file      {}, row {} (counted from 0)\n",
            one_line(session),
            one_line(&self.object),
            self.number
        );
        if let Some(Condition { campaign, said, .. }) = &self.unmet {
            let campaign = campaign.as_deref().unwrap_or("none");
            text.push_str(&format!("  campaign  {}\n  condition {}\n", one_line(campaign), one_line(said)));
        }
        text.push_str(&format!(
            "  filter    {}\n  next      {}\n",
            one_line(&self.filter),
            one_line(&self.next)
        ));
        text
    }

    /// For programs.
    pub(super) fn json(&self) -> Value {
        let unmet = self.unmet.as_ref();
        json!({
            "file": self.object, "row": self.number,
            "campaign": unmet.and_then(|unmet| unmet.campaign.as_deref()),
            "left_out": unmet.map(|unmet| unmet.reason), "condition": unmet.map(|unmet| &unmet.said),
            "filter": self.filter, "next": self.next,
        })
    }
}

/// The filter's decision about a row, from its receipt and the current subscriptions; and what to do.
fn decision(receipt: &FilterReceipt, unmet: Option<&Condition>) -> (String, String) {
    let FilterReceipt { kept, rows_in, at, .. } = receipt;
    if let Some(reason) = &receipt.refused {
        let next =
            "nothing by itself: correct the file and ingest it again; see `efflux dlq list`".to_owned();
        return (format!("refused the whole file at {at}: {reason}"), next);
    }
    if receipt.held {
        let next = format!("`efflux held release '{}'` lets the file pass", receipt.object.key);
        return (format!("held the whole file at {at}: {}", receipt.suspicious.join("; ")), next);
    }
    let waits = "the reporter has not processed the row yet: see `efflux status` and `efflux dlq list`";
    match unmet {
        Some(Condition { reason, remedy, .. }) => {
            let filter = match receipt.filtered_out.get(*reason).copied().unwrap_or(0) {
                0 => format!(
                    "kept {kept} of {rows_in} rows at {at}; by the current subscriptions the row would be left out: {reason}"
                ),
                rows => {
                    format!("left the row out: {reason}, as {rows} of {rows_in} rows of the file, at {at}")
                }
            };
            (filter, format!("{remedy} {AGAIN}"))
        }
        None if kept < rows_in => {
            let filter = format!(
                "kept {kept} of {rows_in} rows at {at}; by the current subscriptions it would keep the row"
            );
            (filter, format!("if it left the row out, ingest the file again; if it kept the row, {waits}"))
        }
        None => (format!("kept the row at {at}"), waits.to_owned()),
    }
}
