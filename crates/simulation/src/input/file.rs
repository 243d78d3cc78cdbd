//! Rows into files, sound ones and broken ones.

use crate::chance::Chance;
use crate::input::person::{Class, Person, Row};
use crate::input::{IN_BUCKET, OUT_BUCKET};

/// What kind of file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// It can be read.
    Good,
    /// It breaks off, so nothing of it may be done.
    Broken,
    /// A message speaks of it, and it is not there.
    Missing,
}

/// A file of a feed.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) kind: FileKind,
    /// Its key in the interpreter's bucket.
    pub(crate) key: String,
    pub(crate) rows: Vec<Row>,
    ndjson: bool,
}

impl File {
    /// What stands in it.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let rows: Vec<_> = self.rows.iter().map(|r| r.text.as_str()).collect();
        let text = if self.ndjson { rows.join("\n") } else { format!("[{}]", rows.join(", ")) };
        let end = if self.kind == FileKind::Broken { text.len() * 2 / 3 } else { text.len() };
        text.as_bytes()[..end].to_vec()
    }

    /// The rows that the filter keeps: those of the subscribed campaign, and those that name none because they say nothing.
    pub(crate) fn kept(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|r| r.class != Class::LeftOut)
    }

    /// The key that the filter writes to.
    pub(crate) fn out_key(&self) -> String {
        self.key.replacen("networks/", "filtered-conversions/", 1)
    }

    /// Under which the ledger knows the filtered file.
    pub(crate) fn out_id(&self) -> String {
        format!("{OUT_BUCKET}/{}", self.out_key())
    }

    /// The key of the filter's receipt.
    pub(crate) fn receipt_key(&self) -> String {
        format!("filter-receipts/{}", self.key)
    }

    /// A message that says that it was put.
    pub(crate) fn message(&self) -> String {
        message(IN_BUCKET, &self.key)
    }

    /// A message that says that its filtered form was put.
    pub(crate) fn out_message(&self) -> String {
        message(OUT_BUCKET, &self.out_key())
    }
}

/// S3's message. Keys of the simulation need no encoding.
fn message(bucket: &str, key: &str) -> String {
    format!(
        r#"{{"Records":[{{"eventName":"ObjectCreated:Put","s3":{{"bucket":{{"name":"{bucket}"}},"object":{{"key":"{key}"}}}}}}]}}"#
    )
}

/// Messages of other kinds than anybody expects.
pub(super) fn junk() -> Vec<String> {
    ["hello", r#"{"Records":[{"eventName":"ObjectCreated:Put"}]}"#].map(str::to_owned).to_vec()
}

/// Puts the statements of all persons into files, in any order: a feed's later file may be read first.
pub(super) fn draw(chance: &mut Chance, persons: &[Person], networks: &[&'static str]) -> Vec<File> {
    let number = networks.len() as u64 * chance.between(1, 3);
    let mut files: Vec<File> = (0..number)
        .map(|n| {
            let network = networks[usize::try_from(n).unwrap_or(0) % networks.len()];
            empty(FileKind::Good, network, n, chance.happens(0.3))
        })
        .collect();
    for person in persons {
        for row in &person.rows {
            let copies = if chance.happens(0.12) { 2 } else { 1 };
            for _ in 0..copies {
                place(chance, &mut files, person.network).rows.push(row.clone());
            }
        }
    }
    for text in
        [r#"["not","an","object"]"#, r#"{"conversions":1,"revenue":"0.5"}"#, "17", r#"{"session_id":""}"#]
    {
        if chance.happens(0.3) {
            place(chance, &mut files, networks[0]).rows.push(Row::unreadable(text));
        }
    }
    for file in &mut files {
        chance.shuffle(&mut file.rows);
        // Without rows only an empty array is a sound file, and what begins with one is read as one.
        file.ndjson &= file.rows.first().is_some_and(|row| !row.text.starts_with('['));
    }
    if chance.happens(0.25) {
        let mut broken = empty(FileKind::Broken, networks[0], number, false);
        broken.rows = persons.iter().flat_map(|p| p.rows.clone()).take(4).collect();
        files.push(broken);
    }
    if chance.happens(0.15) {
        files.push(empty(FileKind::Missing, networks[0], number + 1, false));
    }
    files
}

fn empty(kind: FileKind, network: &str, number: u64, ndjson: bool) -> File {
    let key = format!("networks/{network}/Job/account/2025-11-22/8/{number}.json");
    File { kind, key, rows: Vec::new(), ndjson }
}

/// One of the sound files of a network.
fn place<'f>(chance: &mut Chance, files: &'f mut [File], network: &str) -> &'f mut File {
    let places: Vec<_> =
        (0..files.len()).filter(|i| files[*i].key.split('/').nth(1) == Some(network)).collect();
    &mut files[chance.pick(&places)]
}
