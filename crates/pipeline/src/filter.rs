//! Keeps the rows of subscribed campaigns.

mod refusal;
mod subscription_filter;
mod subscriptions;
mod watch;

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use async_trait::async_trait;
use domain::file_profile::FileProfile;
use domain::object::{FileKeys, InterpretedKey};
use domain::receipt::FilterReceipt;
use domain::{ObjectRef, Row};
use ports::blob::BlobWriter;
use ports::metric::name;
use ports::notice::{State, Subject};
use ports::queue::Delivery;
use ports::{Blob, BlobStore, Clock, MetricSink, NoticeSink};
use row_files::{FileError, RowLimits, Rows};
use tokio_util::sync::CancellationToken;

pub use subscription_filter::{
    BELOW_MIN_REVENUE, LeftOut, NO_CAMPAIGN, NOT_SUBSCRIBED, OTHER_COUNTRY, OTHER_NETWORK,
    SUBSCRIPTION_DISABLED, SubscriptionFilter, Unmet,
};
pub use subscriptions::Subscriptions;
pub use watch::FileWatch;

use refusal::Refusal;

use crate::blocking::{Blocking, Panicked};
use crate::mutations;
use crate::object::{MessageVerdict, Problem, content, is_marker, objects_of};
use crate::worker::{Handled, Handler};

/// The longest filtered file that may come of an interpreted file of `max_object_bytes`. Its rows are the same, but each may have
/// up to as many bytes of separators as it has itself (`{}{}` becomes `[{},` and `{}]` in two lines).
#[must_use]
pub const fn max_filtered_bytes(max_object_bytes: u64) -> u64 {
    max_object_bytes.saturating_mul(2).saturating_add(4)
}

/// The filter's use case.
#[derive(Debug)]
pub struct Filter {
    /// Which rows are kept; `None` keeps all (`DISABLE_SUBSCRIPTION_FILTERING`).
    pub subscriptions: Option<Arc<Subscriptions>>,
    /// Where objects are.
    pub blobs: Arc<dyn BlobStore>,
    /// Where the kept rows go.
    pub output_bucket: String,
    /// The longest file that is read, in bytes after decompression.
    pub max_object_bytes: u64,
    /// The longest row that is kept as it is, and the most rows of a file.
    pub rows: RowLimits,
    /// Where files are read.
    pub blocking: Blocking,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Numbers about the work.
    pub metrics: Arc<dyn MetricSink>,
    /// What is usual, and what becomes of files that look wrong.
    pub watch: FileWatch,
    /// Which files were refused, look wrong or are held.
    pub notices: Arc<dyn NoticeSink>,
}

#[async_trait]
impl Handler for Filter {
    async fn handle(&self, delivery: &Delivery, _: &CancellationToken) -> Handled {
        let (objects, mut verdict) = match objects_of(delivery) {
            Ok(objects) => objects,
            Err(handled) => return handled,
        };
        let released = self.watch.holds() && ports::notification::is_release(&delivery.body);
        for object in objects {
            self.process(&object, released, &mut verdict).await;
        }
        verdict.handled()
    }
}

/// The rows of a file that are kept, and how many are not.
#[derive(Debug, Default)]
pub struct FilteredRows {
    /// Rows of the file.
    pub rows_in: u64,
    /// Rows that the filtered file has.
    pub kept: u64,
    /// Of those that are kept; another text stands for each, which the reporter finds malformed.
    pub too_long: u64,
    /// Of those that are kept; likewise.
    pub broken: u64,
    profile: FileProfile,
    /// How many are not kept, by reason.
    pub filtered_out: BTreeMap<String, u64>,
    /// The filtered file; empty when no row is kept.
    pub output: BlobWriter,
}

impl Filter {
    #[tracing::instrument(name = "object", level = "error", skip_all, fields(object = %object))]
    async fn process(&self, object: &ObjectRef, released: bool, verdict: &mut MessageVerdict) {
        let result = self.filter(object, released).await;
        if let Err(Problem::Permanent(reason)) = &result {
            self.notices.note(Subject::file(object), State::Refused, reason);
            // The receipt says why the file will not come. Without it the dead letter says so.
            let refused = self.receipt(object, FilteredRows::default(), Some(reason.clone()));
            if let Err(error) = self.put_receipt(&refused).await {
                tracing::warn!(error = ?error, "cannot write the receipt of a refused file");
            }
        }
        verdict.note(object, result);
    }

    async fn filter(&self, object: &ObjectRef, released: bool) -> Result<(), Problem> {
        if is_marker(&*self.blobs, object, self.max_object_bytes).await? {
            tracing::info!("the object is a mark and not a file: nothing to do");
            return Ok(());
        }
        let network = InterpretedKey::parse(&object.key)
            .map_err(|e| Problem::Permanent(format!("{object}: {e}")))?
            .network
            .to_owned();
        let filter = match &self.subscriptions {
            Some(subscriptions) => {
                // A subscription of a moment ago counts for this file: rows that are filtered out do not come back.
                if let Err(error) = subscriptions.refresh_if_cheap().await {
                    tracing::warn!(error = ?error, "cannot read the subscriptions; the last good copy stays in use");
                }
                Some(subscriptions.current().await?)
            }
            None => None,
        };
        let blob = content(&*self.blobs, object, self.max_object_bytes).await?;
        let limits = (self.max_object_bytes, self.rows);
        let named = network.clone();
        let task = self.blocking.spawn(move || filter_file(blob, limits, filter.as_deref(), &named));
        let rows = task
            .join()
            .await
            .map_err(|Panicked| Problem::unreadable(object))?
            .map_err(|refusal| refusal.of(object))?;
        let suspicious = self.watch.judge(&network, &rows.profile);
        let (file, reason) = (Subject::file(object), suspicious.join("; "));
        if self.watch.holds() && !released && !suspicious.is_empty() {
            self.hold(object, rows, suspicious).await?;
            self.notices.note(file, State::Held, &reason);
            return Ok(());
        }
        let looks_wrong = !released && !suspicious.is_empty();
        self.finish(object, rows, suspicious).await?;
        self.notices.note(file, if looks_wrong { State::Suspicious } else { State::Well }, &reason);
        Ok(())
    }

    /// Keeps a file for the operator: its receipt says so, and nothing of it is passed on.
    async fn hold(
        &self,
        object: &ObjectRef,
        rows: FilteredRows,
        suspicious: Vec<String>,
    ) -> Result<(), Problem> {
        let mut receipt = self.receipt(object, rows, None);
        (receipt.output, receipt.suspicious, receipt.held) = (None, suspicious, true);
        let note = ObjectRef::new(&self.output_bucket, FileKeys::of_interpreted(object).hold());
        self.put_json(&note, &receipt).await?;
        self.put_receipt(&receipt).await?;
        self.warn_about(&receipt);
        Ok(())
    }

    fn warn_about(&self, receipt: &FilterReceipt) {
        if receipt.suspicious.is_empty() {
            return;
        }
        let reason = receipt.suspicious.join("; ");
        let held = if receipt.held { "true" } else { "false" };
        tracing::warn!(reason, held, "the file looks wrong as a whole");
        self.metrics.count(name::SUSPICIOUS_FILES, &[("held", held)], 1);
    }

    /// Writes the kept rows, then the receipt: when there is a receipt, the output is there too.
    async fn finish(
        &self,
        object: &ObjectRef,
        mut rows: FilteredRows,
        suspicious: Vec<String>,
    ) -> Result<(), Problem> {
        let output = std::mem::take(&mut rows.output).finish();
        if rows.too_long > 0 {
            tracing::warn!(rows = rows.too_long, "rows are longer than MAX_ROW_BYTES: they are malformed");
        }
        if rows.broken > 0 {
            tracing::warn!(rows = rows.broken, "rows are not JSON: they are malformed");
        }
        let receipt = FilterReceipt { suspicious, ..self.receipt(object, rows, None) };
        if let Some(target) = &receipt.output {
            self.blobs.put(target, output).await?;
        }
        self.put_receipt(&receipt).await?;
        self.warn_about(&receipt);
        self.measure(&receipt);
        tracing::info!(rows_in = receipt.rows_in, kept = receipt.kept, "file filtered");
        if receipt.rows_in == 0 {
            tracing::warn!("the file holds no rows");
        }
        Ok(())
    }

    fn receipt(&self, object: &ObjectRef, rows: FilteredRows, refused: Option<String>) -> FilterReceipt {
        let key = mutations::output_key(FileKeys::of_interpreted(object).filtered(), self.clock.now());
        let output = ObjectRef::new(&self.output_bucket, key);
        FilterReceipt {
            object: object.clone(),
            output: (rows.kept > 0).then_some(output),
            refused,
            suspicious: Vec::new(),
            held: false,
            rows_in: rows.rows_in,
            kept: rows.kept,
            filtered_out: rows.filtered_out,
            at: self.clock.now(),
        }
    }

    async fn put_receipt(&self, receipt: &FilterReceipt) -> ports::Result<()> {
        let target = ObjectRef::new(&self.output_bucket, FileKeys::of_interpreted(&receipt.object).receipt());
        self.put_json(&target, receipt).await
    }

    async fn put_json(&self, target: &ObjectRef, receipt: &FilterReceipt) -> ports::Result<()> {
        // A receipt holds text, numbers and maps with text keys: it always serialises.
        let json = serde_json::to_vec(receipt).unwrap_or_default();
        self.blobs.put(target, Blob::from_bytes(json)).await.map(drop)
    }

    fn measure(&self, receipt: &FilterReceipt) {
        let network = InterpretedKey::parse(&receipt.object.key).map_or("", |key| key.network);
        let labels = [("service", "filter-svc"), ("network", network)];
        self.metrics.count(name::FILTER_ROWS_READ, &labels, receipt.rows_in);
        self.metrics.count(name::FILTER_ROWS_KEPT, &labels, receipt.kept);
        for (reason, rows) in &receipt.filtered_out {
            let [service, network] = labels;
            self.metrics.count(name::FILTER_ROWS_LEFT_OUT, &[service, network, ("reason", reason)], *rows);
        }
        if receipt.rows_in > 0 {
            let ratio = receipt.kept as f64 / receipt.rows_in as f64;
            self.metrics.observe(name::FILTER_KEPT_RATIO, &labels, ratio);
        }
    }
}

/// Filters a file, or says why it is refused, and what it seems to be. Blocks.
fn filter_file(
    mut blob: Blob,
    limits: (u64, RowLimits),
    filter: Option<&SubscriptionFilter>,
    network: &str,
) -> Result<FilteredRows, Refusal> {
    let rows = filter_rows(&mut blob, limits, filter, network);
    let unlike = match &rows {
        Ok(rows) => rows.profile.has_no_field(),
        Err(error) => matches!(error, FileError::Invalid { .. } | FileError::Read(_)),
    };
    let likeness = if unlike { blob.reader().ok().and_then(row_files::likeness) } else { None };
    match rows {
        Ok(rows) if rows.profile.is_strange() || likeness.is_some() => {
            Err(Refusal::NotRows { values: rows.rows_in, likeness })
        }
        Ok(rows) => Ok(rows),
        Err(error) => Err(Refusal::Unreadable { error, likeness }),
    }
}

/// Checks the whole file, of at most so many bytes after decompression, then filters its rows. Blocks.
///
/// # Errors
/// When the file is not valid, is over a limit, or cannot be read or kept.
pub fn filter_rows(
    blob: &mut Blob,
    (bytes, limits): (u64, RowLimits),
    filter: Option<&SubscriptionFilter>,
    network: &str,
) -> Result<FilteredRows, FileError> {
    row_files::check(row_files::decompressed(blob.reader()?, bytes)?, limits)?;
    let mut rows = Rows::new(row_files::decompressed(blob.reader()?, bytes)?, limits)?;
    let mut filtered = FilteredRows::default();
    while let Some(row) = rows.next_row()? {
        filtered.rows_in += 1;
        let parsed = Row::parse(row.text);
        let rejected = filter.and_then(|filter| filter.rejects(&parsed, network));
        match row.too_long || row.broken {
            true => filtered.profile.note_unreadable(),
            false => filtered.profile.note(&parsed, !matches!(rejected, Some(NOT_SUBSCRIBED | NO_CAMPAIGN))),
        }
        match rejected {
            Some(reason) => *filtered.filtered_out.entry(reason.to_owned()).or_default() += 1,
            None => {
                let separator: &[u8] = if filtered.kept == 0 { b"[" } else { b",\n" };
                filtered.output.write_all(separator).map_err(FileError::Disk)?;
                filtered.output.write_all(row.text.as_bytes()).map_err(FileError::Disk)?;
                filtered.kept += 1;
                filtered.too_long += u64::from(row.too_long);
                filtered.broken += u64::from(row.broken);
            }
        }
    }
    if filtered.kept > 0 {
        filtered.output.write_all(b"]\n").map_err(FileError::Disk)?;
    }
    Ok(filtered)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Whether the reporter takes what the filter wrote of a file, each row as the filter saw it.
    fn is_taken(file: &str, bytes: u64, limits: RowLimits) -> Result<bool, FileError> {
        let mut filtered =
            filter_rows(&mut Blob::from_bytes(file.to_owned()), (bytes, limits), None, "tonic")?;
        let mut output = std::mem::take(&mut filtered.output).finish();
        let (size, bytes) = (output.size(), max_filtered_bytes(bytes));
        if filtered.kept == 0 {
            return Ok(true);
        }
        let counted = row_files::check(row_files::decompressed(output.reader()?, bytes)?, limits)?;
        let mut written = Rows::new(row_files::decompressed(output.reader()?, bytes)?, limits)?;
        let mut read = Rows::new(file.as_bytes(), limits)?;
        while let (Some(read), Some(written)) = (read.next_row()?, written.next_row()?) {
            assert_eq!((read.number, read.text), (written.number, written.text));
            assert!(!written.too_long, "what stands for a long row is a row like any other");
        }
        Ok(size <= bytes && counted == filtered.kept)
    }

    #[test]
    fn rows_without_anything_between_them_are_taken() {
        for file in ["{}{}{}", "\"\"\"\"", "1 2 3", "{}", "[]", "[[],[]]", "[{},{}]"] {
            assert!(is_taken(file, file.len() as u64, RowLimits::default()).unwrap(), "{file}");
        }
    }

    #[test]
    fn a_row_that_is_too_long_is_passed_on_as_malformed_and_its_neighbours_as_they_are() {
        let long = format!(r#"{{"session_id":"long","campaign_id":"9","x":"{}"}}"#, "y".repeat(2_000));
        let good = r#"{"session_id":"s","campaign_id":"7"}"#;
        let file = format!("[{good},{long},{good},{{\"session_id\":\"t\",\"campaign_id\":\"8\"}}]");
        let filter = SubscriptionFilter::new(vec![ports::subscriptions::Subscription::of("7")]);
        let limits = (1 << 20, RowLimits::new(1_024, 4));
        let mut filtered = filter_rows(&mut Blob::from_bytes(file), limits, Some(&filter), "tonic").unwrap();
        assert_eq!((filtered.rows_in, filtered.kept, filtered.too_long), (4, 3, 1));
        assert_eq!(filtered.filtered_out, BTreeMap::from([(NOT_SUBSCRIBED.to_owned(), 1)]));
        let mut output = std::mem::take(&mut filtered.output).finish();
        let mut rows = Rows::new(output.reader().unwrap(), limits.1).unwrap();
        let mut next = || rows.next_row().unwrap().map(|row| row.text.to_owned());
        assert_eq!(next().as_deref(), Some(good));
        let stands = next().unwrap();
        assert!(
            stands.contains("\"row\":1,\"byte\":38") && Row::parse(&stands).conversion.is_none(),
            "{stands}"
        );
        assert_eq!(next().as_deref(), Some(good));
    }

    #[test]
    fn what_is_not_rows_is_refused_with_advice() {
        let limits = (1 << 20, RowLimits::default());
        let row = r#"{"session_id":"s","campaign_id":"7"}"#;
        let object = ObjectRef::new("b", "networks/tonic/j/a/o.json");
        for (file, said) in [
            (format!(r#"{{"data":[{row},{row}],"total":2}}"#), "jq -c '.data[]'"),
            (format!("[[{row},{row}]]"), "jq -c '.[][]'"),
            (serde_json::json!(format!("[{row}]")).to_string(), "jq -r"),
            (format!("[[{row}],[{row}]]\n"), "jq -c '.[][]'"),
            (r#"{"error":{"code":401}}"#.to_owned(), "1 values, and none has a field of a row"),
            (r#"{"message":"Rate limit exceeded"}"#.to_owned(), "none has a field of a row"),
            ("null".to_owned(), "none has a field of a row"),
            ("{}".to_owned(), "none has a field of a row"),
            ("<html></html>".to_owned(), "HTML"),
            (format!(r#"{{"data":[{}]}}"#, [row; 3_000].join(",")), "jq -c '.data[]'"),
        ] {
            let refusal = filter_file(Blob::from_bytes(file.clone()), limits, None, "tonic");
            let Err(Problem::Permanent(reason)) = refusal.map(|_| ()).map_err(|refusal| refusal.of(&object))
            else {
                panic!("{file:.80} is taken")
            };
            assert!(reason.contains(said), "{file:.80}: {reason}");
        }
        for file in [
            "[]".to_owned(),
            format!("[{row},[1],17]"),
            format!("[{row}]\n[{row}]"),
            format!("{row}\n{{\"a\":"),
        ] {
            assert!(filter_file(Blob::from_bytes(file.clone()), limits, None, "tonic").is_ok(), "{file}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_the_filter_accepts_the_reporter_accepts(
            values in prop::collection::vec(("[a-z]{0,8}", prop::sample::select(vec![0_usize, 1, 300, 1_020, 1_030, 5_000])), 1..40),
            layout in 0..4_usize, row_bytes in 1_024..2_000_usize, room in 0..200_u64, most_rows in 1..45_u64,
        ) {
            let rows: Vec<_> =
                values.iter().map(|(name, bytes)| format!("{{\"{name}\":\"{}\"}}", "x".repeat(*bytes))).collect();
            let file = match layout {
                0 => rows.join("\n"),
                1 => rows.concat(),
                2 => format!("[{}]", rows.join(",")),
                _ => format!("[ {} ]\n", rows.join(" ,\n")),
            };
            // The last hundred are shorter than the file.
            let bytes = (file.len() as u64 + 100).saturating_sub(room);
            let fits = file.len() as u64 <= bytes && rows.len() as u64 <= most_rows;
            match is_taken(&file, bytes, RowLimits::new(row_bytes, most_rows)) {
                Ok(taken) => prop_assert!(taken && fits, "{}", file),
                Err(FileError::TooLong { .. } | FileError::TooManyRows { .. }) => prop_assert!(!fits),
                Err(error) => prop_assert!(false, "{} {}", error, file),
            }
        }
    }
}
