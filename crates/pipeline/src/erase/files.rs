//! The rows of a visitor in a file.

use std::io::{Read, Write};

use domain::ObjectRef;
use ports::blob::BlobWriter;
use ports::{Blob, Error, ErrorKind};
use row_files::{FileError, RowLimits, Rows, decompressed, digest};

use super::Subject;
use crate::blocking::Panicked;

/// Rows may have been longer than they may be now. Whatever is longer than this was never held, and stands in for itself.
const LIMITS: RowLimits = RowLimits::new(4 << 20, u64::MAX);

/// Stands for a row that was erased: the rows behind it keep their numbers.
const NOTHING: &str = "{}";

/// A file that was read.
#[derive(Debug)]
pub(super) enum FileContent {
    /// None of its rows is the subject's.
    Nothing,
    /// It cannot be read as rows, and names the subject: it was refused, and nothing of it is needed.
    Whole,
    /// The same without rows of the subject.
    Rewritten {
        content: Blob,
        /// Of the content, and of the former one.
        digests: [String; 2],
    },
}

/// Whether a file has rows of the subject; sessions that they name are the subject's.
pub(super) fn scan(mut blob: Blob, bytes: u64, mut subject: Subject) -> Result<(Subject, bool), FileError> {
    match rows(&mut blob, bytes, |text| Ok(subject.owns("", text))) {
        Err(error @ FileError::Disk(_)) => Err(error),
        Err(_) => is_named(&mut blob, bytes, &subject).map(|found| (subject, found)),
        Ok(found) => Ok((subject, found)),
    }
}

/// The file without rows of the subject.
pub(super) fn rewrite(mut blob: Blob, bytes: u64, subject: &Subject) -> Result<FileContent, FileError> {
    let (mut output, mut subject, mut number) = (BlobWriter::default(), subject.clone(), 0_u64);
    let written = rows(&mut blob, bytes, |text| {
        let is_theirs = subject.owns("", text);
        let separator: &[u8] = if number == 0 { b"[" } else { b",\n" };
        number += 1;
        for part in [separator, if is_theirs { NOTHING } else { text }.as_bytes()] {
            output.write_all(part).map_err(FileError::Disk)?;
        }
        Ok(is_theirs)
    });
    match written {
        Err(error @ FileError::Disk(_)) => Err(error),
        Err(_) if is_named(&mut blob, bytes, &subject)? => Ok(FileContent::Whole),
        Err(_) | Ok(false) => Ok(FileContent::Nothing),
        Ok(true) => {
            output.write_all(b"]\n").map_err(FileError::Disk)?;
            let mut content = output.finish();
            let digests = [digest(content.reader()?)?, digest(blob.reader()?)?];
            Ok(FileContent::Rewritten { content, digests })
        }
    }
}

/// Shows all rows; whether any was wanted.
fn rows(
    blob: &mut Blob,
    bytes: u64,
    mut look: impl FnMut(&str) -> Result<bool, FileError>,
) -> Result<bool, FileError> {
    let mut rows = Rows::new(decompressed(blob.reader()?, bytes)?, LIMITS)?;
    let mut any = false;
    while let Some(row) = rows.next_row()? {
        any |= look(row.text)?;
    }
    Ok(any)
}

/// Whether a file that cannot be read as rows names the subject, as far as it can be read at all.
fn is_named(blob: &mut Blob, bytes: u64, subject: &Subject) -> Result<bool, FileError> {
    let unpacked = decompressed(blob.reader()?, bytes);
    match unpacked.and_then(|unpacked| mentions(unpacked, subject)) {
        Err(error @ FileError::Disk(_)) => Err(error),
        Ok(true) => Ok(true),
        _ => mentions(blob.reader()?, subject),
    }
}

/// Whether bytes name the subject. Holds a piece at a time.
fn mentions(mut bytes: impl Read, subject: &Subject) -> Result<bool, FileError> {
    let overlap = subject.names().iter().map(Vec::len).max().unwrap_or(0);
    let (mut piece, mut kept) = (vec![0; overlap + 64 * 1_024], 0);
    loop {
        let read = bytes.read(&mut piece[kept..])?;
        if read == 0 {
            return Ok(false);
        }
        let filled = kept + read;
        if subject.is_mentioned(&piece[..filled]) {
            return Ok(true);
        }
        kept = filled.min(overlap);
        piece.copy_within(filled - kept..filled, 0);
    }
}

/// What became of reading a file.
pub(super) fn outcome<T>(
    object: &ObjectRef,
    done: Result<Result<T, FileError>, Panicked>,
) -> ports::Result<T> {
    match done {
        Ok(Ok(read)) => Ok(read),
        Ok(Err(FileError::Disk(cause))) => Err(Error::spool(cause)),
        Ok(Err(cause)) => {
            Err(Error::new(ErrorKind::Corrupt, "erase.read").detail(object.to_string()).source(cause))
        }
        Err(Panicked) => Err(Error::new(ErrorKind::Corrupt, "erase.read").detail(object.to_string())),
    }
}
