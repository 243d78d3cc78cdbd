//! A disk that fails on demand and loses what was not synced: `faulty_disk.c`, preloaded into processes.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use chacha20::ChaCha8Rng;
use rand::RngExt;

use crate::harness::{LONGEST, wait_until};

/// What is written of a file as a whole, or not at all, when the power is cut.
const SECTOR: usize = 512;

/// The library, what it is to do, and what is durable.
pub(crate) struct FaultyDisk {
    folder: tempfile::TempDir,
}

impl FaultyDisk {
    /// A disk without faults. Needs a C compiler, as SQLite does.
    pub(crate) fn new() -> Self {
        let disk = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(disk.durable()).unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/faulty_disk.c");
        let output = Command::new("cc")
            .args(["-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC", "-o"])
            .args([disk.library(), source])
            .arg("-ldl")
            .output()
            .expect("a C compiler");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        disk
    }

    fn library(&self) -> PathBuf {
        self.folder.path().join("faulty_disk.so")
    }

    fn control(&self) -> PathBuf {
        self.folder.path().join("control")
    }

    fn durable(&self) -> PathBuf {
        self.folder.path().join("durable")
    }

    /// Settings of a process whose data directory is on this disk.
    pub(crate) fn settings(&self) -> Vec<(String, String)> {
        let paths = [
            ("LD_PRELOAD", self.library()),
            ("FAULTY_DISK_CONTROL", self.control()),
            ("FAULTY_DISK_DURABLE", self.durable()),
        ];
        paths.map(|(name, path)| (name.to_owned(), path.to_str().unwrap().to_owned())).into()
    }

    /// From now on every so many calls fail in this way, on files whose path contains a pattern.
    pub(crate) fn fails(&self, fault: &str, pattern: &str, every: u32) {
        fs::write(self.control(), format!("{fault} {pattern} {every}\n")).unwrap();
    }

    /// From now on nothing fails.
    pub(crate) fn is_well(&self) {
        fs::write(self.control(), "").unwrap();
    }

    /// Whether a process uses the disk: one that handles a message alone outlives the one that started it by a moment.
    fn is_used(&self) -> bool {
        let control = self.control();
        let wanted = control.to_str().unwrap().as_bytes();
        let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
        processes
            .filter_map(|process| fs::read(process.path().join("environ")).ok())
            .any(|environment| environment.windows(wanted.len()).any(|part| part == wanted))
    }

    /// Leaves of a data directory what a power cut does, once all its processes are dead: what was synced, and of the rest each
    /// sector or not. Without chance, nothing of the rest.
    pub(crate) fn cut_power(&self, folder: &Path, chance: Option<&mut ChaCha8Rng>) {
        wait_until(LONGEST, "no process uses the disk", || !self.is_used());
        let mut files = Vec::new();
        collect(folder, &mut files);
        assert!(fs::read_dir(self.durable()).unwrap().count() > 4, "the library is at work");
        let mut chance = chance;
        for file in files {
            let metadata = fs::metadata(&file).unwrap();
            let made = metadata.created().map_or(Duration::ZERO, |at| at.duration_since(UNIX_EPOCH).unwrap());
            let name = format!("{}-{}-{}", metadata.ino(), made.as_secs(), made.subsec_nanos());
            let copy = self.durable().join(&name);
            let durable = fs::read(&copy).unwrap_or_default();
            let left = match chance.as_deref_mut() {
                Some(rng) => some_of(&durable, &fs::read(&file).unwrap(), rng),
                None => durable,
            };
            fs::write(&file, &left).unwrap();
            fs::write(&copy, &left).unwrap();
            fs::write(self.durable().join(format!("{name}.list")), "").unwrap();
        }
    }
}

/// The files of a data directory that outlast a power cut; removes those that do not.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        let name = entry.file_name().into_string().unwrap();
        if path.is_dir() {
            collect(&path, files);
        } else if name.ends_with("-shm") {
            fs::remove_file(path).unwrap();
        } else if name != ".lock" {
            files.push(path);
        }
    }
}

/// Each sector as it was synced or as it was written.
fn some_of(durable: &[u8], written: &[u8], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let length = if rng.random() { durable.len() } else { written.len() };
    let mut left = vec![0; length];
    for (number, sector) in left.chunks_mut(SECTOR).enumerate() {
        let at = number * SECTOR;
        let (first, second) = if rng.random() { (durable, written) } else { (written, durable) };
        let from = if first.len() > at { first } else { second };
        let bytes = &from[at..from.len().min(at + sector.len())];
        sector[..bytes.len()].copy_from_slice(bytes);
    }
    left
}
