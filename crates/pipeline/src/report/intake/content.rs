//! The content of a file: fetched, compared with what was read before under its key, and checked to its end.

use domain::{ObjectRef, Receipt};
use ports::{Blob, ReportLedger};
use row_files::FileError;

use crate::blocking::{Blocking, Panicked};
use crate::object::{Problem, content};
use crate::report::Reporting;

/// Digits of the digest in the name of a content that replaced another.
const DIGEST_IN_NAME: usize = 12;

/// Fetches an object, with the digest that identifies its content.
pub(super) async fn fetch(reporting: &Reporting, object: &ObjectRef) -> Result<(Blob, String), Problem> {
    let mut blob = content(&*reporting.blobs, object, reporting.config.max_object_bytes).await?;
    let (blob, digest) = read_whole(object, reporting.config.blocking, move || {
        let digest = row_files::digest(blob.reader()?)?;
        Ok((blob, digest))
    })
    .await?;
    tracing::debug!(digest, "object read");
    Ok((blob, digest))
}

/// The name under which the ledger knows this content; `None` when all of it is there already. Another content under a key
/// that was read before gets a name of its own, or its rows would count as those of the former content.
pub(super) async fn unread_source(
    ledger: &dyn ReportLedger,
    object: &ObjectRef,
    digest: &str,
) -> Result<Option<String>, Problem> {
    let mut source = object.id();
    let known = ledger.receipt(&source).await?;
    if known.as_ref().is_some_and(|r| r.complete && r.digest.as_deref().is_some_and(|d| d != digest)) {
        let short = digest.get(..DIGEST_IN_NAME).unwrap_or(digest);
        source = format!("{source}#{short}");
        tracing::warn!(source, "the object was replaced by another content since it was read");
    } else if !known.is_some_and(|r| is_whole(&r, digest)) {
        return Ok(Some(source));
    } else {
        tracing::info!("the file was taken in before");
        return Ok(None);
    }
    let whole = ledger.receipt(&source).await?.is_some_and(|r| is_whole(&r, digest));
    Ok((!whole).then_some(source))
}

/// Whether an object was read to its end, with this content, and its rows add up.
fn is_whole(receipt: &Receipt, digest: &str) -> bool {
    receipt.balances() && receipt.digest.as_deref() == Some(digest)
}

/// Reads a file to its end before any row of it is claimed: half a file must not be reported.
pub(super) async fn checked(
    reporting: &Reporting,
    object: &ObjectRef,
    mut blob: Blob,
) -> Result<Blob, Problem> {
    let (limit, rows) = (reporting.config.max_object_bytes, reporting.config.rows);
    read_whole(object, reporting.config.blocking, move || {
        row_files::check(row_files::decompressed(blob.reader()?, limit)?, rows)?;
        Ok(blob)
    })
    .await
}

/// Reads where reading may block.
async fn read_whole<T: Send + 'static>(
    object: &ObjectRef,
    blocking: Blocking,
    read: impl FnOnce() -> Result<T, FileError> + Send + 'static,
) -> Result<T, Problem> {
    let done = blocking.spawn(read).join().await;
    done.map_err(|Panicked| Problem::unreadable(object))?.map_err(|e| Problem::file(object, e))
}
