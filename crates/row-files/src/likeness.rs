//! What a file seems to be that cannot be read as rows, and what would make rows of it.

use std::borrow::Cow;
use std::io::{self, Read};

use crate::decompressed;

/// What a file seems to be, and what to do.
pub type Likeness = Option<Cow<'static, str>>;

/// So much of a file is looked at.
const HEAD: u64 = 4_096;

/// What a file seems to be, with the command that would turn it into something readable; `None` if it looks like nothing known.
/// `FILE` stands for its name.
#[must_use]
pub fn likeness(mut file: impl Read) -> Likeness {
    let raw = head(&mut file)?;
    if let Some(likeness) = of_bytes(&raw) {
        return Some(likeness);
    }
    if !raw.starts_with(&[0x1f, 0x8b]) && !raw.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        return of_text(&raw);
    }
    let inner = head(&mut decompressed(&raw[..], u64::MAX).ok()?)?;
    if inner.starts_with(&[0x1f, 0x8b]) {
        return Some("it is gzip in gzip; try: gzip -dc FILE > rows.json.gz".into());
    }
    of_bytes(&inner).or_else(|| of_text(&inner))
}

/// The first bytes; what comes before an error is enough.
fn head(reader: &mut impl Read) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    match reader.take(HEAD).read_to_end(&mut head) {
        Err(error) if head.is_empty() && error.kind() != io::ErrorKind::UnexpectedEof => None,
        _ => Some(head),
    }
}

/// Kinds that are known by their first bytes.
fn of_bytes(head: &[u8]) -> Likeness {
    const KINDS: [(&[u8], &str); 8] = [
        (b"PK\x03\x04", "it is a zip archive; try: unzip -p FILE > rows.json"),
        (b"\xfd7zXZ\0", "it is xz; try: xz -dc FILE > rows.json"),
        (b"BZh", "it is bzip2; try: bzip2 -dc FILE > rows.json"),
        (b"PAR1", "it is Parquet; export it as JSON, one row a line"),
        (b"\xff\xfe\0\0", "it is UTF-32; try: iconv -f UTF-32 -t UTF-8 FILE > rows.json"),
        (b"\0\0\xfe\xff", "it is UTF-32; try: iconv -f UTF-32 -t UTF-8 FILE > rows.json"),
        (b"\xff\xfe", "it is UTF-16; try: iconv -f UTF-16 -t UTF-8 FILE > rows.json"),
        (b"\xfe\xff", "it is UTF-16; try: iconv -f UTF-16 -t UTF-8 FILE > rows.json"),
    ];
    let known = KINDS.iter().find(|(start, _)| head.starts_with(start)).map(|(_, likeness)| *likeness);
    known.or_else(|| without_mark(head)).map(Cow::Borrowed)
}

/// UTF-16 or UTF-32 without a byte order mark: JSON begins with ASCII.
fn without_mark(head: &[u8]) -> Option<&'static str> {
    match head {
        [0, 0, 0, 1..=127, ..] => {
            Some("it looks like UTF-32; try: iconv -f UTF-32BE -t UTF-8 FILE > rows.json")
        }
        [1..=127, 0, 0, 0, ..] => {
            Some("it looks like UTF-32; try: iconv -f UTF-32LE -t UTF-8 FILE > rows.json")
        }
        [0, 1..=127, 0, ..] => Some("it looks like UTF-16; try: iconv -f UTF-16BE -t UTF-8 FILE > rows.json"),
        [1..=127, 0, 1..=127, 0, ..] => {
            Some("it looks like UTF-16; try: iconv -f UTF-16LE -t UTF-8 FILE > rows.json")
        }
        _ => None,
    }
}

fn of_text(head: &[u8]) -> Likeness {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let lower: Vec<u8> = text.iter().take(64).map(u8::to_ascii_lowercase).collect();
    if lower.starts_with(b"<!doctype html") || lower.starts_with(b"<html") {
        return Some("it is a page in HTML, probably of an error: download the file again".into());
    }
    if lower.starts_with(b"<") {
        return Some("it is XML, perhaps of an error: download the file again as JSON".into());
    }
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let begins_like_json = matches!(text, [b'{' | b'[', ..] | [b'"', b'{' | b'[', ..]);
    if !begins_like_json && [b',', b';', b'\t'].iter().any(|separator| line.contains(separator)) {
        return Some(CSV.into());
    }
    let is_latin = str::from_utf8(head).is_err_and(|error| error.error_len().is_some());
    if begins_like_json && is_latin {
        return Some(
            "it is not UTF-8, perhaps Latin-1; try: iconv -f WINDOWS-1252 -t UTF-8 FILE > rows.json".into(),
        );
    }
    of_json(text)
}

/// JSON in which rows lie deeper, or are encoded twice.
fn of_json(text: &[u8]) -> Likeness {
    let after = |text: &[u8]| text.get(1..).map(|rest| rest.trim_ascii_start().first().copied());
    match (text.first()?, after(text)?) {
        (b'[', Some(b'[')) => {
            Some("its rows lie in arrays in an array; try: jq -c '.[][]' FILE > rows.json".into())
        }
        (b'"', Some(b'[' | b'{')) => {
            Some("its JSON is encoded as a text once more; try: jq -r . FILE > rows.json".into())
        }
        (b'{', _) => envelope(text).map(|name| {
            format!("its rows lie in the field {name} of an object; try: jq -c '.{name}[]' FILE > rows.json")
                .into()
        }),
        _ => None,
    }
}

/// The field of an object that holds an array of objects or arrays, if it comes early.
fn envelope(text: &[u8]) -> Option<&str> {
    let (mut depth, mut at, mut name) = (0_u32, 0, None);
    while at < text.len() {
        match text[at] {
            b'"' => {
                let length = text[at + 1..].iter().position(|byte| *byte == b'"')?;
                if depth == 1 {
                    name = str::from_utf8(&text[at + 1..at + 1 + length]).ok();
                }
                at += length + 1;
            }
            b'[' if depth == 1 => {
                let inside = text[at + 1..].trim_ascii_start().first();
                let is_name = |name: &&str| {
                    !name.is_empty()
                        && name.len() <= 40
                        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                };
                if matches!(inside, Some(b'{' | b'[')) {
                    return name.filter(is_name);
                }
                depth += 1;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    None
}

const CSV: &str = "it looks like CSV; try: python3 -c 'import csv,json,sys;[print(json.dumps(r)) for r in \
                   csv.DictReader(sys.stdin)]' < FILE > rows.json";

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text).unwrap();
        gzip.finish().unwrap()
    }

    #[test]
    fn what_is_not_json_is_named_with_what_to_do() {
        let utf_16 =
            |order: fn(u16) -> [u8; 2], text: &str| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
        let file = "[{\"a\":1}]";
        for (head, said) in [
            (utf_16(u16::to_le_bytes, &format!("\u{feff}{file}")), "UTF-16"),
            (utf_16(u16::to_be_bytes, &format!("\u{feff}{file}")), "UTF-16"),
            (utf_16(u16::to_le_bytes, file), "UTF-16LE"),
            (utf_16(u16::to_be_bytes, file), "UTF-16BE"),
            (file.bytes().flat_map(|b| u32::from(b).to_be_bytes()).collect(), "UTF-32BE"),
            (b"PK\x03\x04rest".to_vec(), "unzip"),
            (b"\xfd7zXZ\0rest".to_vec(), "xz -dc"),
            (b"BZh91AY".to_vec(), "bzip2 -dc"),
            (b"<!DOCTYPE html><html>".to_vec(), "HTML"),
            (b"\n <html><body>502".to_vec(), "HTML"),
            (b"<?xml version=\"1.0\"?><Error>".to_vec(), "XML"),
            (b"session_id,revenue\r\ns,1\r\n".to_vec(), "csv.DictReader"),
            (b"\xef\xbb\xbf\"session_id\";\"revenue\"\n".to_vec(), "csv.DictReader"),
            (b"[{\"city\":\"S\xe3o Paulo\"}]".to_vec(), "WINDOWS-1252"),
            (gzip(b"<html>"), "HTML"),
            (b"{\"data\":[{\"a\":1},{\"a\":2}],\"total\":2}".to_vec(), "'.data[]'"),
            (b"{\"total\":2,\"page\":{\"x\":[1]},\"rows\" : [ {\"a\":1}".to_vec(), "'.rows[]'"),
            (b"[ [{\"a\":1}]]".to_vec(), "'.[][]'"),
            (b"\"[{\\\"a\\\":1}]\"".to_vec(), "jq -r"),
            (gzip(&gzip(b"[]")), "gzip -dc"),
        ] {
            let found = likeness(&head[..]);
            assert!(found.as_ref().is_some_and(|found| found.contains(said)), "{said}: {found:?}");
        }
        for readable in
            [&b"[{\"a\":1}]"[..], b"{\"a\":1}\n", b"", b"17", &gzip(b"{\"city\":\"K\xc3\xb6ln\"}")]
        {
            assert_eq!(likeness(readable), None);
        }
    }
}
