//! Domain values as SQLite keeps them, and back.

use std::error::Error;
use std::str::FromStr;

use domain::restate::Figures;
use domain::{ConversionKey, PixelRef, UnixMillis};
use ports::destination::Answer;
use ports::ledger::rules::Standing;
use ports::ledger::{Erased, Erasure, Portion, odd_amount};
use rusqlite::Row;
use rusqlite::types::{FromSqlError, Type};

/// What is stored in a column cannot be read.
pub(super) fn damaged(column: usize, cause: impl Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(cause))
}

/// The text of a row is not what was stored.
#[derive(Debug, thiserror::Error)]
#[error("the text of the row has changed since it was stored")]
pub(super) struct Changed;

/// Whether an error says that something stored cannot be read, rather than that the database failed.
pub(super) const fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::Error;
    matches!(
        error,
        Error::FromSqlConversionFailure(..)
            | Error::InvalidColumnType(..)
            | Error::IntegralValueOutOfRange(..)
    )
}

/// A column of text as the value that it stands for.
pub(super) fn parsed<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T: FromStr,
    T::Err: Error + Send + Sync + 'static,
{
    text(row, column)?.parse().map_err(|e| damaged(column, e))
}

/// A column of text, borrowed.
pub(super) fn text<'r>(row: &'r Row<'_>, column: usize) -> rusqlite::Result<&'r str> {
    row.get_ref(column)?.as_str().map_err(|e: FromSqlError| damaged(column, e))
}

/// A conversion's key.
pub(super) fn key(row: &Row<'_>, column: usize) -> rusqlite::Result<ConversionKey> {
    row.get::<_, [u8; 32]>(column).map(ConversionKey::from_bytes)
}

/// A pixel, where there is one.
pub(super) fn pixel(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<PixelRef>> {
    let pixel: Option<String> = row.get(column)?;
    pixel.map(|pixel| pixel.parse()).transpose().map_err(|e| damaged(column, e))
}

/// Figures, from two columns.
pub(super) fn figures(row: &Row<'_>, first: usize) -> rusqlite::Result<Figures> {
    Ok(Figures { count: row.get(first)?, revenue: parsed(row, first + 1)? })
}

/// Figures, from two columns that may both be empty.
pub(super) fn maybe_figures(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Figures>> {
    let count: Option<i64> = row.get(first)?;
    count.map(|_| figures(row, first)).transpose()
}

/// An entry as far as it decides, from the columns of `standing_columns`.
pub(super) fn standing(row: &Row<'_>) -> rusqlite::Result<Standing> {
    let outcome = parsed(row, 0)?;
    Ok(Standing {
        outcome,
        attempt: row.get(1)?,
        observed: figures(row, 2)?,
        reported: figures(row, 4)?,
        wanted: maybe_figures(row, 6)?,
        odd: odd_amount(outcome, text(row, 8)?),
        portion: portion(row, 9)?,
        figures_unknown: false,
        erased: erasure(row, 12)?,
    })
}

/// The columns of a [`Standing`]; further ones begin after [`AFTER_STANDING`].
macro_rules! standing_columns {
    () => {
        "state, attempt, observed_count, observed_revenue, reported_count, reported_revenue, wanted_count, wanted_revenue, reason, \
         part_first, part_purchases, part_worth, erased_by"
    };
}
pub(super) use standing_columns;

/// The first column after those of a [`Standing`].
pub(super) const AFTER_STANDING: usize = 13;

/// What the platform said last, from a column of JSON.
pub(super) fn answer(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Answer>> {
    let text: Option<String> = row.get(column)?;
    text.map(|t| serde_json::from_str(&t)).transpose().map_err(|e| damaged(column, e))
}

/// Which events are to be sent, from three columns.
pub(super) fn portion(row: &Row<'_>, first: usize) -> rusqlite::Result<Portion> {
    match row.get::<_, Option<u32>>(first)? {
        None => Ok(Portion::Full),
        Some(index) => Ok(Portion::Increment {
            first: index,
            purchases: row.get(first + 1)?,
            value: parsed(row, first + 2)?,
        }),
    }
}

/// Why a text was erased, if it was.
pub(super) fn erasure(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Erasure>> {
    row.get_ref(column)?
        .as_str_or_null()
        .map_err(|e| damaged(column, e))?
        .map(|text| text.parse().map_err(|e| damaged(column, e)))
        .transpose()
}

/// When and why a text was erased, from two columns.
pub(super) fn erased(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Erased>> {
    let at: Option<i64> = row.get(first)?;
    let why = erasure(row, first + 1)?;
    Ok(at.map(UnixMillis).zip(why).map(|(at, why)| Erased { why, at }))
}

/// A number of a count that is never negative and far below what SQLite holds.
pub(super) fn sql(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A count read back; a negative one is damage.
pub(super) fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    u64::try_from(row.get::<_, i64>(column)?).map_err(|e| damaged(column, e))
}
