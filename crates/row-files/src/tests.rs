use std::io::Write;

use proptest::prelude::*;

use super::*;

fn rows(bytes: &[u8]) -> Result<Vec<String>, FileError> {
    rows_within(bytes, RowLimits::default())
}

fn rows_within(bytes: &[u8], limits: RowLimits) -> Result<Vec<String>, FileError> {
    let counted = check(decompressed(bytes, 1 << 30)?, limits)?;
    let mut rows = Rows::new(decompressed(bytes, 1 << 30)?, limits)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next_row()? {
        assert_eq!(row.number, all.len() as u64);
        assert!(row.text.len() <= limits.row_bytes());
        all.push(row.text.to_owned());
    }
    assert_eq!(counted, all.len() as u64);
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
fn blanks_after_the_first_line_do_not_matter() {
    let limits = RowLimits::new(1_024, 10);
    let first = format!("[\"{}\"]", "x".repeat(1_020));
    for blanks in [1, 2, 1_000, 60_000] {
        let file = format!("{first}\n{}{{}}\n", " ".repeat(blanks));
        assert_eq!(rows_within(file.as_bytes(), limits).unwrap(), [&first, "{}"], "{blanks}");
        if blanks <= 1_000 {
            assert_eq!(check(Drip(file.as_bytes()), limits).unwrap(), 2, "{blanks}");
        }
    }
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
    let error = check(decompressed(&bomb[..], 1_000_000).unwrap(), RowLimits::default()).unwrap_err();
    assert!(matches!(error, FileError::TooLong { limit: 1_000_000 }), "{error}");
}

#[test]
fn a_file_may_not_ask_for_a_large_window() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    encoder.write_all(b"[{}]").unwrap();
    let file = encoder.finish().unwrap();
    assert!(matches!(rows(&file), Err(FileError::Read(_))));
}

#[test]
fn a_row_without_end_is_refused_before_it_fills_memory() {
    for endless in [&b"[{\"a\":\""[..], b"[\"", b"{\"a\":[1,"] {
        let reader = decompressed(Read::chain(endless, io::repeat(b'1')), 8_000_000).unwrap();
        assert!(matches!(check(reader, RowLimits::default()), Err(FileError::TooLong { limit: 8_000_000 })));
    }
    let nested = check_all(decompressed(io::repeat(b'['), 8_000_000).unwrap());
    let what = "values are nested too deeply";
    assert!(matches!(nested, Err(FileError::Invalid { what: said, .. }) if said == what), "{nested:?}");
}

/// A row of so many bytes.
fn row(bytes: usize) -> String {
    format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8))
}

#[test]
fn a_row_that_is_too_long_harms_itself_alone() {
    let limits = RowLimits::new(4_096, 10);
    for (long, bytes) in [
        (row(4_097), 4_097),
        (row(1_000_000), 1_000_000),
        (format!("\"{}\"", "é\\\"".repeat(99_999)), 399_998),
    ] {
        for file in [format!("[{{\"b\":1}},{long},{{\"c\":1}}]"), format!("{{\"b\":1}}\n{long}\n{{\"c\":1}}")]
        {
            let rows = rows_within(file.as_bytes(), limits).unwrap();
            let stands = format!(
                r#"{{"malformed":"a row of {bytes} bytes; MAX_ROW_BYTES allows 4096","row":1,"byte":{}}}"#,
                file.find(&long).unwrap()
            );
            assert_eq!(rows, [r#"{"b":1}"#, &stands, r#"{"c":1}"#]);
        }
    }
}

#[test]
fn a_row_that_is_too_long_and_no_json_refuses_the_file() {
    let limits = RowLimits::new(4_096, 10);
    let refused = |file: String| match rows_within(file.as_bytes(), limits) {
        Err(FileError::Invalid { at, what }) => (at, what),
        other => panic!("{other:?}"),
    };
    let text = "x".repeat(300_000);
    assert_eq!(refused(format!("[{{\"a\":\"{text}\" b}}]")), (300_009, UNEXPECTED));
    assert_eq!(refused(format!("[{{\"a\":\"{text}\"]}}]")), (300_008, UNEXPECTED), "the wrong bracket");
    assert_eq!(refused(format!("[{{\"a\":\"{text}\u{1}{text}\"}}]")), (300_007, UNEXPECTED));
    assert_eq!(refused(format!("[{{\"a\":\"{text}")), (300_007, "the file ends inside a value"));
    assert_eq!(refused(format!("[{{\"a\":\"{text}\"}},{{]")), (300_011, UNEXPECTED));
    let mut file = format!("[{{\"a\":\"{text}").into_bytes();
    file.extend_from_slice(b"\xc3\"}]");
    let error = rows_within(&file, limits).unwrap_err();
    assert!(matches!(error, FileError::Invalid { at: 300_007, what: "not UTF-8" }), "{error}");
}

#[test]
fn a_number_may_be_too_long_too() {
    let limits = RowLimits::new(1_024, 10);
    let number = "1".repeat(300_000);
    assert_eq!(rows_within(format!("1 {number}").as_bytes(), limits).unwrap().len(), 2);
    assert_eq!(rows_within(format!("[{number},1]").as_bytes(), limits).unwrap().len(), 2);
}

#[test]
fn a_row_may_be_as_long_wherever_it_begins() {
    let limits = RowLimits::default();
    for padding in (0..3).flat_map(|n| [n * 70_001, n * 13_000 + 1]) {
        for (bytes, held) in [(limits.row_bytes(), true), (limits.row_bytes() + 1, false)] {
            for file in [
                format!("[{}{}]", " ".repeat(padding), row(bytes)),
                format!("{}{}", " ".repeat(padding), row(bytes)),
            ] {
                let rows = rows(file.as_bytes()).unwrap();
                assert_eq!((rows.len(), rows[0] == row(bytes)), (1, held), "{padding} {bytes}");
            }
        }
    }
}

#[test]
fn a_file_may_have_so_many_rows() {
    let limits = RowLimits::new(1_024, 3);
    assert_eq!(rows_within(b"[{},{},{}]", limits).unwrap().len(), 3);
    let error = rows_within(b"[{},{},{},{}]", limits).unwrap_err();
    assert_eq!(error.to_string(), "the file has more than 3 rows (MAX_ROWS)");
}

fn check_all(reader: impl Read) -> Result<u64, FileError> {
    check(reader, RowLimits::default())
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
    assert!(matches!(decompressed(file, 1_000).and_then(check_all), Err(FileError::Disk(_))));
    let mut packed = zstd::encode_all(&b"[{\"a\":1}]"[..], 1).unwrap();
    packed.truncate(packed.len() - 3);
    assert!(matches!(
        decompressed(Read::chain(&packed[..], BrokenDisk), 1_000).and_then(check_all),
        Err(FileError::Disk(_))
    ));
    assert!(
        matches!(decompressed(&packed[..], 1_000).and_then(check_all), Err(FileError::Read(_))),
        "cut short"
    );
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
    fn rows_of_any_length_are_read_alike_however_they_arrive(
        rows in prop::collection::vec((any::<bool>(), 8..2_500_usize), 1..5), lines: bool,
    ) {
        let limits = RowLimits::new(1_024, 9);
        let texts: Vec<_> = rows.iter().map(|(escaped, bytes)| match escaped {
            true => format!("{{\"a\":\"{}\"}}", "\\\\".repeat(*bytes / 2)),
            false => row(*bytes),
        }).collect();
        let file = if lines { texts.join("\n") } else { format!("[{}]", texts.join(",")) };
        let read = rows_within(file.as_bytes(), limits).unwrap();
        prop_assert_eq!(read.len(), texts.len());
        for (read, text) in read.iter().zip(&texts) {
            prop_assert_eq!(read == text, text.len() <= limits.row_bytes());
        }
        let mut slow = Rows::new(Drip(file.as_bytes()), limits).unwrap();
        for text in &read {
            prop_assert_eq!(slow.next_row().unwrap().unwrap().text, text);
        }
        prop_assert!(slow.next_row().unwrap().is_none());
        prop_assert_eq!(check(Drip(file.as_bytes()), limits).unwrap(), read.len() as u64);
    }

    #[test]
    fn what_was_written_is_read(values in prop::collection::vec(".{0,20}", 1..20), lines: bool) {
        let texts: Vec<_> = values.iter().map(|v| serde_json::json!({"v": v}).to_string()).collect();
        let file = if lines { texts.join("\n") } else { format!("[{}]", texts.join(",")) };
        prop_assert_eq!(&rows(file.as_bytes()).unwrap(), &texts);
        let mut slow = Rows::new(Drip(file.as_bytes()), RowLimits::default()).unwrap();
        let mut count = 0;
        while slow.next_row().unwrap().is_some() { count += 1; }
        prop_assert_eq!(count, texts.len());
    }

    #[test]
    fn reading_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        drop(rows(&bytes));
    }
}
