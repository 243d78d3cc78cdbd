//! Puts rows into files, readable and broken ones.

use crate::chance::Chance;
use crate::input::visitor::{Class, Row, Visitor};
use crate::input::{IN_BUCKET, OUT_BUCKET};

/// What kind of file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// It can be read.
    Good,
    /// It is cut off, so none of its rows may be processed.
    Broken,
    /// A notification names it, and it does not exist.
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
    /// Its content.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let rows: Vec<_> = self.rows.iter().map(|r| r.text.as_str()).collect();
        let text = if self.ndjson { rows.join("\n") } else { format!("[{}]", rows.join(", ")) };
        let end = if self.kind == FileKind::Broken { text.len() * 2 / 3 } else { text.len() };
        text.as_bytes()[..end].to_vec()
    }

    /// The rows that the filter keeps: those of the subscribed campaign, and unreadable ones, which name no campaign.
    pub(crate) fn kept(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|r| r.class != Class::NotSubscribed)
    }

    /// The key that the filter writes to.
    pub(crate) fn out_key(&self) -> String {
        self.key.replacen("networks/", "filtered-conversions/", 1)
    }

    /// The filtered file's id in the ledger.
    pub(crate) fn out_id(&self) -> String {
        format!("{OUT_BUCKET}/{}", self.out_key())
    }

    /// The key of the filter's receipt.
    pub(crate) fn receipt_key(&self) -> String {
        format!("filter-receipts/{}", self.key)
    }

    /// The notification of the file.
    pub(crate) fn message(&self) -> String {
        message(IN_BUCKET, &self.key)
    }

    /// The notification of its filtered file.
    pub(crate) fn out_message(&self) -> String {
        message(OUT_BUCKET, &self.out_key())
    }
}

/// S3's notification. Keys of the simulation need no encoding.
fn message(bucket: &str, key: &str) -> String {
    format!(
        r#"{{"Records":[{{"eventName":"ObjectCreated:Put","s3":{{"bucket":{{"name":"{bucket}"}},"object":{{"key":"{key}"}}}}}}]}}"#
    )
}

/// A message that ends every process that handles it.
pub(crate) const DEADLY: &str = "deadly";

/// Messages that cannot be processed: two are not notifications of an object.
pub(super) fn junk() -> Vec<String> {
    ["hello", r#"{"Records":[{"eventName":"ObjectCreated:Put"}]}"#, DEADLY].map(str::to_owned).to_vec()
}

/// Puts the rows of all visitors into files, in any order: a feed's later file may be read first.
pub(super) fn draw(
    chance: &mut Chance,
    dirt: &mut Chance,
    visitors: &[Visitor],
    networks: &[&'static str],
) -> Vec<File> {
    let number = networks.len() as u64 * chance.between(1, 3);
    let mut files: Vec<File> = (0..number)
        .map(|n| {
            let network = networks[usize::try_from(n).unwrap_or(0) % networks.len()];
            empty(FileKind::Good, network, n, chance.happens(0.3))
        })
        .collect();
    for visitor in visitors {
        for row in &visitor.rows {
            let copies = if chance.happens(0.12) { 2 } else { 1 };
            for _ in 0..copies {
                place(chance, &mut files, visitor.network).rows.push(row.clone());
            }
        }
    }
    for text in UNREADABLE {
        if chance.happens(0.3) {
            put_unreadable(text, place(chance, &mut files, networks[0]));
        }
    }
    for text in NAMELESS_OR_BROKEN {
        if dirt.happens(0.3) {
            put_unreadable(text, place(dirt, &mut files, networks[0]));
        }
    }
    for file in &mut files {
        chance.shuffle(&mut file.rows);
        // Without rows only an empty array is a valid file, and a file that begins with an array is read as one.
        file.ndjson &= file.rows.first().is_some_and(|row| !row.text.starts_with('['));
    }
    if chance.happens(0.25) {
        let mut broken = empty(FileKind::Broken, networks[0], number, false);
        broken.rows = visitors.iter().flat_map(|p| p.rows.clone()).take(4).collect();
        files.push(broken);
    }
    if chance.happens(0.15) {
        files.push(empty(FileKind::Missing, networks[0], number + 1, false));
    }
    files
}

/// Among rows: a file that holds nothing else is refused.
fn put_unreadable(text: &str, file: &mut File) {
    if file.rows.iter().any(|row| row.visitor.is_some()) {
        file.rows.push(Row::unreadable(text));
    }
}

/// Rows without a session.
const UNREADABLE: [&str; 4] =
    [r#"["not","an","object"]"#, r#"{"conversions":1,"revenue":"0.5"}"#, "17", r#"{"session_id":""}"#];

/// Rows whose session names nothing, and rows that are not JSON though their end is plain. None of them hides another.
const NAMELESS_OR_BROKEN: [&str; 6] = [
    r#"{"session_id":"null","keyword_clicked":"key word 1","conversions":1}"#,
    r#"{"session_id":"null","keyword_clicked":"key word 1","conversions":1}"#,
    r#"{"session_id":"%7Bsid%7D","conversions":1}"#,
    r#"{"session_id":1.5e17,"conversions":1}"#,
    r#"{"session_id":"broken","conversions":one}"#,
    "{\"session_id\":\"broken\u{1}\",\"conversions\":1}",
];

fn empty(kind: FileKind, network: &str, number: u64, ndjson: bool) -> File {
    let key = format!("networks/{network}/Job/account/2025-11-22/8/{number}.json");
    File { kind, key, rows: Vec::new(), ndjson }
}

/// One of the readable files of a network.
fn place<'f>(chance: &mut Chance, files: &'f mut [File], network: &str) -> &'f mut File {
    let places: Vec<_> =
        (0..files.len()).filter(|i| files[*i].key.split('/').nth(1) == Some(network)).collect();
    &mut files[chance.pick(&places)]
}
