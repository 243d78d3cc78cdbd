//! Session and keyword leave analytics.

use domain::{ConversionKey, UnixMillis};
use rusqlite::{Transaction, params};

const UNTIL: &str = "
    UPDATE report_conversions SET session_id = NULL, keyword_clicked = NULL
    WHERE (key, version) IN (
        SELECT key, version FROM report_conversions
        WHERE created_at <= ? AND (session_id IS NOT NULL OR keyword_clicked IS NOT NULL) LIMIT ?)";

const OF_KEY: &str = "
    UPDATE report_conversions SET session_id = NULL, keyword_clicked = NULL
    WHERE key = ? AND (session_id IS NOT NULL OR keyword_clicked IS NOT NULL)";

/// See [`AnalyticsStore::forget_until`](ports::AnalyticsStore::forget_until).
pub(super) fn until(tx: &Transaction<'_>, until: UnixMillis, limit: usize) -> rusqlite::Result<u64> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    tx.prepare_cached(UNTIL)?.execute(params![until.0, limit]).map(|states| states as u64)
}

/// See [`AnalyticsStore::forget`](ports::AnalyticsStore::forget).
pub(super) fn keys(tx: &Transaction<'_>, keys: &[ConversionKey]) -> rusqlite::Result<u64> {
    let mut update = tx.prepare_cached(OF_KEY)?;
    keys.iter().try_fold(0, |states, key| Ok(states + update.execute([key.to_string()])? as u64))
}
