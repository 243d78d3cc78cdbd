//! The record file: one JSON line per accepted event, so that a restarted sandbox knows what it accepted.

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

/// One accepted event.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Line<'a> {
    #[serde(borrow)]
    pub(crate) pixel: Cow<'a, str>,
    /// Unix seconds; 0 in files of earlier versions.
    #[serde(default)]
    pub(crate) received_at: i64,
    #[serde(borrow)]
    pub(crate) name: Cow<'a, str>,
    #[serde(borrow, skip_serializing_if = "Option::is_none", default)]
    pub(crate) id: Option<Cow<'a, str>>,
    /// Decimal text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) value: Option<String>,
    #[serde(borrow, skip_serializing_if = "Option::is_none", default)]
    pub(crate) currency: Option<Cow<'a, str>>,
}

/// The file, open for appending.
#[derive(Debug)]
pub(crate) struct Record {
    file: File,
    length: u64,
}

impl Record {
    /// Opens or makes the file and hands every line to `each`. A last line cut short by a crash is dropped:
    /// its request was never answered.
    pub(crate) fn open(path: &Path, mut each: impl FnMut(&Line<'_>)) -> io::Result<Self> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        for (index, line) in text[..whole].lines().enumerate() {
            let line = serde_json::from_str(line).map_err(|error| {
                let at = index + 1;
                io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("line {at} of the record file: {error}; move the file away to start afresh"),
                )
            })?;
            each(&line);
        }
        let mut record = Self { file, length: whole as u64 };
        record.rewind()?;
        Ok(record)
    }

    /// Appends all lines or, when that fails, none.
    pub(crate) fn append<'a>(&mut self, lines: impl Iterator<Item = Line<'a>>) -> io::Result<()> {
        let mut bytes = Vec::new();
        for line in lines {
            serde_json::to_writer(&mut bytes, &line)?;
            bytes.push(b'\n');
        }
        if let Err(error) = self.file.write_all(&bytes) {
            self.rewind()?;
            return Err(error);
        }
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        self.length = 0;
        self.rewind()
    }

    fn rewind(&mut self) -> io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.seek(SeekFrom::Start(self.length)).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str) -> Line<'_> {
        Line {
            pixel: "1".into(),
            received_at: 7,
            name: "A\tB".into(),
            id: Some(id.into()),
            value: None,
            currency: None,
        }
    }

    #[test]
    fn reads_back_what_it_wrote_and_drops_a_torn_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("record");
        let mut record = Record::open(&path, |_| panic!("new")).unwrap();
        record.append(["a\n", "b"].into_iter().map(line)).unwrap();
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"pixel\":\"1").unwrap();
        let mut ids = Vec::new();
        let mut record =
            Record::open(&path, |line| ids.push(line.id.as_deref().unwrap().to_owned())).unwrap();
        assert_eq!(ids, ["a\n", "b"]);
        record.append([line("c")].into_iter()).unwrap();
        let mut count = 0;
        Record::open(&path, |_| count += 1).unwrap();
        assert_eq!(count, 3);
    }

    #[test]
    fn a_foreign_file_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("record");
        std::fs::write(&path, "hello\n").unwrap();
        let error = Record::open(&path, |_| ()).unwrap_err();
        assert!(error.to_string().contains("line 1"), "{error}");
    }
}
