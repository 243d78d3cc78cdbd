//! From an answer's stream into memory, or to disk when it is long.

use std::io::{self, Write};

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use ports::blob::BlobWriter;
use ports::{Blob, Error, ErrorKind, Result, Retry};
use tokio::sync::mpsc;

use crate::error::Call;

/// Chunks that wait for the disk.
const CHUNKS_AHEAD: usize = 8;

/// The content of an answer, refused as soon as it is known to be too long.
pub(super) async fn content(call: &Call<'_>, answer: GetObjectOutput, max_bytes: u64) -> Result<Blob> {
    if let Some(length) =
        answer.content_length().and_then(|n| u64::try_from(n).ok()).filter(|n| *n > max_bytes)
    {
        return Err(too_large(call, &format!("has {length} bytes"), max_bytes));
    }
    let (chunks, received) = mpsc::channel(CHUNKS_AHEAD);
    // The disk is not written where others run.
    let writing = tokio::task::spawn_blocking(move || write(received));
    // When writing ends early, so does reading: the channel is closed.
    let read = read(call, answer.body, max_bytes, chunks).await;
    let written = writing.await.map_err(|e| match e.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(e) => call.error(ErrorKind::Unavailable, "the program is stopping").source(e),
    })?;
    read?;
    written.map(BlobWriter::finish).map_err(Error::spool)
}

async fn read(
    call: &Call<'_>,
    mut body: ByteStream,
    max_bytes: u64,
    chunks: mpsc::Sender<Bytes>,
) -> Result<()> {
    let mut size = 0_u64;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|e| {
            call.error(ErrorKind::Unavailable, "the connection broke while it was read")
                .retry_with(Retry::After(None))
                .source(e)
        })?;
        size += chunk.len() as u64;
        if size > max_bytes {
            return Err(too_large(call, "is longer than it said", max_bytes));
        }
        if chunks.send(chunk).await.is_err() {
            break;
        }
    }
    Ok(())
}

fn write(mut chunks: mpsc::Receiver<Bytes>) -> io::Result<BlobWriter> {
    let mut writer = BlobWriter::default();
    while let Some(chunk) = chunks.blocking_recv() {
        writer.write_all(&chunk)?;
    }
    Ok(writer)
}

fn too_large(call: &Call<'_>, found: &str, max_bytes: u64) -> Error {
    call.error(
        ErrorKind::TooLarge,
        &format!("it {found}, more than the {max_bytes} that MAX_OBJECT_BYTES allows"),
    )
}
