//! The directory of pixels in SQLite. The file holds tokens: only its owner can read it.

use async_trait::async_trait;
use domain::{PixelCode, PixelRef, Platform};
use ports::pixels::{Credential, Pixel};
use ports::{PixelDirectory, Result};
use rusqlite::types::{FromSqlError, Type};
use rusqlite::{Row, Transaction, params};
use secrecy::{ExposeSecret, SecretString};

use crate::db::Db;

/// Pixels in the directory database.
#[derive(Debug, Clone)]
pub struct EmbeddedPixels {
    db: Db,
}

impl EmbeddedPixels {
    /// Pixels in a database that was opened with [`DIRECTORY_SCHEMA`](crate::DIRECTORY_SCHEMA).
    #[must_use]
    pub const fn new(db: Db) -> Self {
        Self { db }
    }
}

#[async_trait]
impl PixelDirectory for EmbeddedPixels {
    async fn snapshot(&self) -> Result<Vec<Pixel>> {
        self.db.read("pixels.snapshot", snapshot).await
    }

    async fn put(&self, pixel: &Pixel) -> Result<()> {
        let pixel = pixel.clone();
        self.db.write("pixels.put", move |tx| put(tx, &pixel)).await
    }

    async fn remove(&self, pixel: &PixelRef) -> Result<bool> {
        let pixel = pixel.clone();
        self.db.write("pixels.remove", move |tx| remove(tx, &pixel)).await
    }
}

fn put(tx: &Transaction<'_>, pixel: &Pixel) -> rusqlite::Result<()> {
    let (source, code) = (pixel.pixel.platform.in_directory(), pixel.pixel.code.as_str());
    remove(tx, &pixel.pixel)?;
    tx.prepare_cached("INSERT INTO pixels (source, code, name) VALUES (?, ?, ?)")?
        .execute(params![source, code, pixel.name])?;
    let mut insert = tx.prepare_cached(
        "INSERT INTO credentials (source, code, position, label, token) VALUES (?, ?, ?, ?, ?)",
    )?;
    for (position, credential) in (0_i64..).zip(&pixel.credentials) {
        insert.execute(params![
            source,
            code,
            position,
            credential.label,
            credential.token.expose_secret()
        ])?;
    }
    Ok(())
}

/// Credentials go with their pixel.
fn remove(tx: &Transaction<'_>, pixel: &PixelRef) -> rusqlite::Result<bool> {
    tx.prepare_cached("DELETE FROM pixels WHERE source = ? AND code = ?")?
        .execute(params![pixel.platform.in_directory(), pixel.code.as_str()])
        .map(|n| n > 0)
}

fn snapshot(tx: &Transaction<'_>) -> rusqlite::Result<Vec<Pixel>> {
    let mut statement = tx.prepare_cached(
        "SELECT source, code, name, label, token
         FROM pixels LEFT JOIN credentials USING (source, code) ORDER BY source, code, position",
    )?;
    let mut rows = statement.query([])?;
    let mut pixels: Vec<Pixel> = Vec::new();
    while let Some(row) = rows.next()? {
        let pixel = PixelRef::new(platform(row)?, code(row)?);
        let credential = credential(row)?;
        match pixels.last_mut() {
            Some(last) if last.pixel == pixel => last.credentials.extend(credential),
            _ => {
                let credentials = credential.into_iter().collect();
                pixels.push(Pixel { pixel, name: row.get(2)?, credentials });
            }
        }
    }
    // A platform's name may sort otherwise than its word in the directory.
    pixels.sort_by(|a, b| a.pixel.cmp(&b.pixel));
    Ok(pixels)
}

fn platform(row: &Row<'_>) -> rusqlite::Result<Platform> {
    let word: String = row.get(0)?;
    Platform::from_feed(Some(&word)).ok_or_else(|| damaged(0, FromSqlError::InvalidType))
}

fn code(row: &Row<'_>) -> rusqlite::Result<PixelCode> {
    PixelCode::new(row.get::<_, String>(1)?).map_err(|e| damaged(1, e))
}

fn damaged(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}

/// The credential of a joined row; `None` for a pixel that has none.
fn credential(row: &Row<'_>) -> rusqlite::Result<Option<Credential>> {
    let Some(label) = row.get(3)? else { return Ok(None) };
    Ok(Some(Credential { label, token: SecretString::from(row.get::<_, String>(4)?) }))
}
