//! Reading, writing and walking files. All of it blocks.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::SystemTime;

use ports::Blob;
use tempfile::{NamedTempFile, PersistError};

use super::path;

/// Holds what is being written, beside the buckets, so that moving it into place is one step.
const UNFINISHED: &str = ".tmp";

/// How often a file is moved into its folder, if that disappears.
const MOVES: u32 = 5;

/// Opens an object's file; `None` when there is none.
pub(super) fn open(file: &Path) -> io::Result<Option<Blob>> {
    let opened = match File::open(file) {
        Err(e) if absent(&e) => return Ok(None),
        opened => opened?,
    };
    // A folder can be opened too.
    if opened.metadata()?.is_file() { Blob::from_file(opened).map(Some) } else { Ok(None) }
}

/// Writes a file whole or not at all; when it answers, a power cut cannot undo it.
pub(super) fn write(root: &Path, file: &Path, mut content: Blob) -> io::Result<()> {
    let unfinished = root.join(UNFINISHED);
    make_folder(&unfinished)?;
    let mut temporary = tempfile::Builder::new().prefix("put-").tempfile_in(&unfinished)?;
    io::copy(&mut content.reader()?, temporary.as_file_mut())?;
    temporary.as_file().sync_all()?;
    let parent = file.parent().unwrap_or(root);
    put_in_place(temporary, parent, file)?;
    // The names must last as well: the file's, and those of folders that were made for it, perhaps by another just now.
    for folder in parent.ancestors() {
        File::open(folder)?.sync_all()?;
        if folder == root {
            break;
        }
    }
    Ok(())
}

/// Moves a file into its folder, which another process may remove between its making and the move, because it was empty.
fn put_in_place(mut temporary: NamedTempFile, parent: &Path, file: &Path) -> io::Result<()> {
    for _ in 1..MOVES {
        make_folder(parent)?;
        temporary = match temporary.persist(file) {
            Err(PersistError { error, file }) if error.kind() == io::ErrorKind::NotFound => file,
            moved => return moved.map(drop).map_err(|e| e.error),
        };
    }
    make_folder(parent)?;
    temporary.persist(file).map(drop).map_err(|e| e.error)
}

/// Removes an object's file; nothing happens when there is none. A power cut cannot bring it back.
pub(super) fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(e) if absent(&e) => return Ok(()),
        removed => removed?,
    }
    file.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// Removes the files below a folder that were written by a time, at most so many, and folders that are empty then; how many files.
pub(super) fn remove_until(folder: &Path, until: SystemTime, limit: u64) -> io::Result<u64> {
    let entries = match fs::read_dir(folder) {
        Err(e) if absent(&e) => return Ok(0),
        entries => entries?,
    };
    let mut removed = 0;
    for entry in entries {
        if removed >= limit {
            return Ok(removed);
        }
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            removed += remove_until(&path, until, limit - removed)?;
            // One that holds something stays.
            drop(fs::remove_dir(&path));
        } else if entry.metadata().and_then(|about| about.modified()).is_ok_and(|written| written <= until) {
            fs::remove_file(&path)?;
            removed += 1;
        }
    }
    if removed > 0 {
        File::open(folder)?.sync_all()?;
    }
    Ok(removed)
}

/// Removes what processes left unfinished when they died.
pub(super) fn remove_unfinished(root: &Path, until: SystemTime) -> io::Result<u64> {
    remove_until(&root.join(UNFINISHED), until, u64::MAX)
}

/// Makes a folder and those above it, for their owner only.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// The keys below a bucket's folder that begin with `prefix`: the first `limit` in order.
pub(super) fn list(bucket: &Path, prefix: &str, limit: usize) -> io::Result<Vec<String>> {
    let mut keys = BTreeSet::new();
    // What stands before the last slash is complete and names the one folder that can hold such keys.
    let start = prefix
        .rsplit_once('/')
        .map_or_else(|| bucket.to_path_buf(), |(above, _)| path::of_key(bucket, above));
    let mut folders = vec![start];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Err(e) if absent(&e) => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if let Some(key) = path::key_of(bucket, &entry.path()).filter(|k| k.starts_with(prefix)) {
                keys.insert(key);
                if keys.len() > limit {
                    keys.pop_last();
                }
            }
        }
    }
    Ok(keys.into_iter().collect())
}

/// There is no such file, or something above it is not a folder.
fn absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
