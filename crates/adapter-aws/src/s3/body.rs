//! From content to a request's body: small content in memory, so that it can be sent again, long content as a stream.

use std::io::{self, Read};

use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use bytes::Bytes;
use http_body::Frame;
use http_body_util::StreamBody;
use http_body_util::combinators::BoxBody;
use ports::blob::SPOOL_BYTES;
use ports::{Blob, Error, ErrorKind, Result};
use tokio::sync::mpsc;

use crate::error::Call;

/// What is read from disk at once.
const CHUNK_BYTES: usize = 256 * 1024;

/// Chunks that wait for the network.
const CHUNKS_AHEAD: usize = 4;

/// The body of a put.
pub(super) async fn of(call: &Call<'_>, mut content: Blob) -> Result<ByteStream> {
    if content.size() > SPOOL_BYTES as u64 {
        return Ok(stream(content));
    }
    let bytes = tokio::task::spawn_blocking(move || content.bytes()).await;
    let bytes =
        bytes.map_err(|e| call.error(ErrorKind::Unavailable, "reading its content failed").source(e))?;
    bytes.map(ByteStream::from).map_err(Error::spool)
}

fn stream(mut content: Blob) -> ByteStream {
    let (chunks, received) = mpsc::channel(CHUNKS_AHEAD);
    // Ends when all is sent, or when the receiver is gone.
    tokio::task::spawn_blocking(move || {
        let sent = send(&mut content, &chunks);
        if let Err(error) = sent {
            drop(chunks.blocking_send(Err(error)));
        }
    });
    let frames = futures_util::stream::unfold(received, |mut received| async {
        let chunk: io::Result<Bytes> = received.recv().await?;
        Some((chunk.map(Frame::data), received))
    });
    let body = BoxBody::new(StreamBody::new(frames));
    ByteStream::new(SdkBody::from_body_1_x(body))
}

fn send(content: &mut Blob, chunks: &mpsc::Sender<io::Result<Bytes>>) -> io::Result<()> {
    let mut reader = content.reader()?;
    loop {
        let mut chunk = Vec::with_capacity(CHUNK_BYTES);
        reader.by_ref().take(CHUNK_BYTES as u64).read_to_end(&mut chunk)?;
        if chunk.is_empty() || chunks.blocking_send(Ok(chunk.into())).is_err() {
            return Ok(());
        }
    }
}
