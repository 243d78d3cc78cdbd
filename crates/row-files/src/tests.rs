use std::io::Write;

use proptest::prelude::*;

use super::*;

fn rows(bytes: &[u8]) -> Result<Vec<String>, FileError> {
    check(decompressed(bytes, 1 << 30)?)?;
    let mut rows = Rows::new(decompressed(bytes, 1 << 30)?)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next_row()? {
        assert_eq!(row.number, all.len() as u64);
        all.push(row.text.to_owned());
    }
    Ok(all)
}

fn refused(bytes: &[u8]) -> String {
    rows(bytes).unwrap_err().to_string()
}

#[test]
fn arrays_and_sequences_are_read() {
    for text in [
        r#"[{"a":"]},"},["x"],17,"s",null]"#,
        "\u{feff} [ {\"a\":\"]},\"} ,\n[\"x\"], 17 ,\"s\",null ] \n",
        "{\"a\":\"]},\"}\n[\"x\"]\n17\n\"s\"\nnull",
        "{\"a\":\"]},\"}\r\n\r\n[\"x\"] 17 \"s\" null\n",
    ] {
        assert_eq!(
            rows(text.as_bytes()).unwrap(),
            [r#"{"a":"]},"}"#, r#"["x"]"#, "17", "\"s\"", "null"],
            "{text}"
        );
    }
    assert_eq!(rows(b"[]").unwrap(), [""; 0]);
    assert_eq!(rows(b" [ ] ").unwrap(), [""; 0]);
}

#[test]
fn a_line_that_is_an_array_is_a_row_when_more_lines_follow() {
    assert_eq!(rows(b"[\"not\",\"an\",\"object\"]\n{\"a\":1}\n").unwrap().len(), 2);
    assert_eq!(rows(b"[1,2]\n").unwrap(), ["1", "2"]);
    assert_eq!(rows(b"[1,\n2]\n").unwrap(), ["1", "2"]);
}

#[test]
fn a_file_that_is_not_json_is_refused_with_the_place() {
    assert_eq!(refused(b""), "the file is empty");
    assert_eq!(refused(b" \n "), "the file is empty");
    assert_eq!(refused(b"[1,2"), "not valid JSON at byte 4: the array is not closed");
    assert_eq!(refused(br#"[{"a":1},{"a""#), "not valid JSON at byte 13: the file ends inside a value");
    assert_eq!(refused(b"[1,]"), "not valid JSON at byte 3: a value should follow");
    assert_eq!(refused(b"[1 2]"), "not valid JSON at byte 3: a comma or the end of the array should follow");
    assert_eq!(refused(b"[1]x"), "not valid JSON at byte 3: text after the end of the array");
    assert_eq!(refused(br#"[{"a":1},{"a":x}]"#), "not valid JSON at byte 14: unexpected character");
    assert_eq!(refused(b"<html>"), "not valid JSON at byte 0: unexpected character");
    assert_eq!(refused(b"[\"\xff\"]"), "not valid JSON at byte 2: not UTF-8");
}

#[test]
fn compressed_files_are_recognised_by_their_bytes() {
    let text = br#"[{"a":1},{"a":2}]"#;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text).unwrap();
    assert_eq!(rows(&gzip.finish().unwrap()).unwrap().len(), 2);
    assert_eq!(rows(&zstd::encode_all(&text[..], 1).unwrap()).unwrap().len(), 2);
    assert!(matches!(rows(&[0x1f, 0x8b, 8, 0, 1, 2]), Err(FileError::Read(_))));
}

#[test]
fn a_small_file_may_not_unpack_into_a_huge_one() {
    let bomb = zstd::encode_all(io::repeat(b' ').take(10_000_000), 1).unwrap();
    assert!(bomb.len() < 10_000);
    let error = check(decompressed(&bomb[..], 1_000_000).unwrap()).unwrap_err();
    assert!(matches!(error, FileError::TooLong { limit: 1_000_000 }), "{error}");
}

#[test]
fn a_row_without_end_is_refused_before_it_fills_memory() {
    let endless = Read::chain(&b"[{\"a\":\""[..], io::repeat(b'x'));
    assert!(matches!(check(endless), Err(FileError::RowTooLong { at: 1 })));
}

#[test]
fn a_row_may_be_as_long_wherever_it_begins() {
    let row = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8));
    for padding in (0..3).flat_map(|n| [n * 700_001, n * 130_000 + 1]) {
        let file = |bytes| format!("[{}{}]", " ".repeat(padding), row(bytes));
        assert_eq!(rows(file(MAX_ROW_BYTES).as_bytes()).map(|all| all.len()).ok(), Some(1), "{padding}");
        let at = padding as u64 + 1;
        let refused = rows(file(MAX_ROW_BYTES + 1).as_bytes());
        assert!(matches!(refused, Err(FileError::RowTooLong { at: place }) if place == at), "{padding}");
        let line = format!("{}{}", " ".repeat(padding), row(MAX_ROW_BYTES + 1));
        assert!(matches!(rows(line.as_bytes()), Err(FileError::RowTooLong { .. })), "{padding}: at the end");
    }
}

/// Fails as the operating system does when a disk is broken.
struct BrokenDisk;

impl Read for BrokenDisk {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        const EIO: i32 = 5;
        Err(io::Error::from_raw_os_error(EIO))
    }
}

#[test]
fn a_broken_disk_is_not_the_file_s_fault() {
    let file = Read::chain(&b"[{\"a\":1},"[..], BrokenDisk);
    assert!(matches!(decompressed(file, 1_000).and_then(check), Err(FileError::Disk(_))));
    let mut packed = zstd::encode_all(&b"[{\"a\":1}]"[..], 1).unwrap();
    packed.truncate(packed.len() - 3);
    assert!(matches!(
        decompressed(Read::chain(&packed[..], BrokenDisk), 1_000).and_then(check),
        Err(FileError::Disk(_))
    ));
    assert!(matches!(decompressed(&packed[..], 1_000).and_then(check), Err(FileError::Read(_))), "cut short");
}

/// Hands out one byte at a time, as a slow network might.
struct Drip<'a>(&'a [u8]);

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = buffer.len().min(1);
        self.0.read(&mut buffer[..n])
    }
}

proptest! {
    #[test]
    fn what_was_written_is_read(values in prop::collection::vec(".{0,20}", 1..20), lines: bool) {
        let texts: Vec<_> = values.iter().map(|v| serde_json::json!({"v": v}).to_string()).collect();
        let file = if lines { texts.join("\n") } else { format!("[{}]", texts.join(",")) };
        prop_assert_eq!(&rows(file.as_bytes()).unwrap(), &texts);
        let mut slow = Rows::new(Drip(file.as_bytes())).unwrap();
        let mut count = 0;
        while slow.next_row().unwrap().is_some() { count += 1; }
        prop_assert_eq!(count, texts.len());
    }

    #[test]
    fn reading_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        drop(rows(&bytes));
    }
}
