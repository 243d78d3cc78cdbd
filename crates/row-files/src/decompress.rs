//! Plain, gzip or zstd, recognised by their first bytes; object names lie.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

use crate::FileError;

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The window that a zstd file may ask for, as a power of 2: 8 MiB, which its format asks every reader to support.
const ZSTD_WINDOW_LOG: u32 = 23;

/// The plain text of a file, at most `limit` bytes of it: a small gzip file may hold a very large one.
///
/// # Errors
/// When the first bytes cannot be read or the decompressor cannot start.
pub fn decompressed<'r>(
    reader: impl Read + Send + 'r,
    limit: u64,
) -> Result<Box<dyn Read + Send + 'r>, FileError> {
    let mut reader = BufReader::with_capacity(64 * 1024, reader);
    let start = reader.fill_buf()?;
    let plain: Box<dyn Read + Send + 'r> = if start.starts_with(&GZIP) {
        Box::new(Members { member: Some(GzDecoder::new(reader)) })
    } else if start.starts_with(&ZSTD) {
        let mut decoder = zstd::stream::read::Decoder::with_buffer(reader)?;
        decoder.window_log_max(ZSTD_WINDOW_LOG)?;
        Box::new(decoder)
    } else {
        Box::new(reader)
    };
    Ok(Box::new(Limited { inner: plain, left: limit, limit }))
}

/// The members of a gzip file, one after the other. Zeros behind the last are padding, as tapes and block devices add it.
struct Members<R> {
    /// None at the end.
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(member) = &mut self.member else { return Ok(0) };
            let n = member.read(buffer)?;
            if n > 0 || buffer.is_empty() {
                return Ok(n);
            }
            let Some(ended) = self.member.take() else { return Ok(0) };
            let mut rest = ended.into_inner();
            skip_zeros(&mut rest)?;
            if rest.fill_buf()?.is_empty() {
                return Ok(0);
            }
            self.member = Some(GzDecoder::new(rest));
        }
    }
}

fn skip_zeros(reader: &mut impl BufRead) -> io::Result<()> {
    loop {
        let text = reader.fill_buf()?;
        let zeros = text.iter().take_while(|byte| **byte == 0).count();
        if zeros == 0 {
            return Ok(());
        }
        reader.consume(zeros);
    }
}

/// Passes bytes on until the limit, then fails instead of pretending that the file ends there.
struct Limited<R> {
    inner: R,
    left: u64,
    limit: u64,
}

/// Carried through [`io::Error`] from [`Limited`] to [`limit_exceeded`].
#[derive(Debug, thiserror::Error)]
#[error("longer than {0} bytes")]
struct OverLimit(u64);

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        match self.left.checked_sub(n as u64) {
            Some(left) => self.left = left,
            None => return Err(io::Error::other(OverLimit(self.limit))),
        }
        Ok(n)
    }
}

/// The limit that was exceeded, if that is what the error says.
pub(crate) fn limit_exceeded(error: &io::Error) -> Option<u64> {
    error.get_ref().and_then(|e| e.downcast_ref::<OverLimit>()).map(|OverLimit(limit)| *limit)
}
