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
        "{\"a\":\"]},\"}\r[\"x\"]\r17\r\"s\"\rnull\r",
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
    let place = |byte, line, row, what| {
        format!("not valid JSON at byte {byte}: {what} (line {line}, row {row} counted from 0)")
    };
    let next = "a comma or the end of the array should follow";
    assert_eq!(refused(b"[1,2"), place(4, 1, 2, "the array is not closed"));
    assert_eq!(refused(br#"[{"a":1},{"a""#), place(13, 1, 1, "the file ends inside a value"));
    assert_eq!(refused(b"[1,]"), place(3, 1, 1, "a value should follow"));
    assert_eq!(refused(b"[1,\n 2\n 3]"), place(8, 3, 2, next));
    assert_eq!(refused(b"[1]x"), place(3, 1, 1, "text after the end of the array"));
    assert_eq!(refused(b"<html>"), place(0, 1, 0, "unexpected character"));
    assert_eq!(refused(b"cb([{\"a\":1}])"), place(0, 1, 0, "unexpected character"));
    for end in ["\0", "\x1a"] {
        let file = format!("[{{\"a\":1}}]{end}");
        assert_eq!(refused(file.as_bytes()), place(9, 1, 1, "text after the end of the array"));
    }
    assert_eq!(refused(b"session_id,revenue\ns,1\n"), place(0, 1, 0, "unexpected character"));
    assert_eq!(refused(b"\xff\xfe[\0"), place(0, 1, 0, "not UTF-8"));
    assert_eq!(refused(br#"[{"a":"x"y"},{"a":2}]"#), place(9, 1, 0, "unexpected character"));
}

/// The rows of a file, those that are not JSON as what is said of them.
fn outline(file: &[u8]) -> Vec<String> {
    let said = |text: String| match text.strip_prefix("{\"malformed\":\"not valid JSON at ") {
        Some(rest) => rest.split('"').next().unwrap().to_owned(),
        None => text,
    };
    rows(file).unwrap().into_iter().map(said).collect()
}

#[test]
fn a_broken_row_harms_itself_alone() {
    let good = r#"{"a":"]},\"}"}"#;
    for (bad, said) in [
        (&br#"{"b":x}"#[..], "byte 5 of the row: unexpected character"),
        (b"{\"b\":\"\xff\"}", "byte 6 of the row: not UTF-8"),
        (b"{\"b\":\"\x01\"}", "byte 6 of the row: unexpected character"),
        (b"{\"b\":\"\\x\"}", "byte 7 of the row: unexpected character"),
        (b"{\"b\":\"New\nYork\"}", "byte 9 of the row: unexpected character"),
        (b"{\"b\":True,\"c\":[None]}", "byte 5 of the row: unexpected character"),
    ] {
        for (before, between, after) in
            [("", "\n", ""), ("", "\r\n", "\n"), ("[", ",", "]"), ("[\n", ",\n", "\n]\n")]
        {
            let parts = [
                before.as_bytes(),
                good.as_bytes(),
                between.as_bytes(),
                bad,
                between.as_bytes(),
                good.as_bytes(),
            ];
            let file = [&parts.concat(), after.as_bytes()].concat();
            let found = outline(&file);
            assert_eq!((found.len(), &*found[0], &*found[2]), (3, good, good), "{}", file.escape_ascii());
            assert!(found[1].starts_with("byte "), "{said}: {}", found[1]);
        }
    }
}

#[test]
fn what_is_almost_json_is_broken_rows() {
    let said = "byte 0 of the row: unexpected character";
    assert_eq!(outline(b"// rows\n{\"a\":1}\n"), [said, r#"{"a":1}"#]);
    assert_eq!(outline(b"{\"a\":1}\n# more\n{\"a\":2}\n"), [r#"{"a":1}"#, said, r#"{"a":2}"#]);
    let said = "byte 1 of the row: unexpected character";
    assert_eq!(outline(b"{'a':1}\n{'a':2}\n"), [said, said]);
    // As its first value cannot be read, it is not known where the second begins.
    assert!(refused(b"[{'a':1},{'a':2}]").starts_with("not valid JSON at byte 2: unexpected character"));
}

#[test]
fn a_cut_row_ends_where_a_line_begins_with_the_next() {
    let good = r#"{"a":1}"#;
    for cut in
        [r#"{"b":"x"#, r#"{"b":"#, r#"{"b":{"c":[1,"#, "{", r#"{"b":"x\"#, r#"{"b":1}}"#, r#"{"b":"x"y"}"#]
    {
        for file in [
            format!("{good}\n{cut}\n{good}\n"),
            format!("{good}\r\n{cut}\r\n{good}"),
            format!("[{good},\n{cut}\n{good}]"),
            format!("[\n{good},\n{cut},\n{good}\n]"),
        ] {
            let found = outline(file.as_bytes());
            assert_eq!(
                (found.first().map(String::as_str), found.last().map(String::as_str)),
                (Some(good), Some(good)),
                "{file}"
            );
            assert!(
                found.len() >= 3 && found[1..found.len() - 1].iter().any(|said| said.starts_with("byte ")),
                "{file}: {found:?}"
            );
        }
        // As the first row, and as the last.
        assert_eq!(
            outline(format!("{cut}\n{good}\n").as_bytes()).last().map(String::as_str),
            Some(good),
            "{cut}"
        );
        assert_eq!(outline(format!("{good}\n{cut}\n").as_bytes())[0], good, "{cut}");
    }
    // A file that is cut in an array is not whole.
    assert!(refused(format!("[{good},\n{{\"b\":\"x").as_bytes()).contains("the file ends inside a value"));
}

#[test]
fn numbers_that_json_does_not_have_are_null() {
    for file in ["[{\"a\":NaN},{\"a\":[-Infinity]}]", "{\"a\":NaN}\n{\"a\":[-Infinity]}"] {
        assert_eq!(rows(file.as_bytes()).unwrap(), ["{\"a\":null}", "{\"a\":[null]}"]);
    }
}

#[test]
fn joined_files_are_read_on() {
    for file in [
        "\u{feff}\u{feff}{\"a\":1}\n\u{feff}{\"a\":2}\n",
        "{\"a\":1}\u{feff}{\"a\":2}",
        "[{\"a\":1}]\n\u{feff}[{\"a\":2}]\n",
        "[{\"a\":1}][{\"a\":2}]",
        "[\n{\"a\":1}\n]\n{\"a\":2}\n",
        "{\"a\":1},\n{\"a\":2},\n",
    ] {
        assert_eq!(rows(file.as_bytes()).unwrap(), ["{\"a\":1}", "{\"a\":2}"], "{file}");
    }
}

#[test]
fn an_array_that_begins_with_a_row_is_the_file() {
    assert_eq!(rows(b"[{\"a\":1}]\n{\"a\":2}\n").unwrap().len(), 2);
    assert_eq!(rows(b"[ {\"a\":1}, {\"a\":2} ]\n[{\"a\":3}]").unwrap().len(), 3);
}

#[test]
fn gzip_members_follow_each_other_and_padding_is_ignored() {
    let member = |text: &[u8]| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text).unwrap();
        gzip.finish().unwrap()
    };
    let file = [member(b"{\"a\":1}\n"), member(b""), member(b"{\"a\":2}\n"), vec![0; 70_000]].concat();
    assert_eq!(rows(&file).unwrap().len(), 2);
    assert_eq!(rows(&[member(b"[{\"a\":1}]"), member(b"[{\"a\":2}]")].concat()).unwrap().len(), 2);
    for rest in [&b"garbage"[..], &[0, 0, 0x1f]] {
        let file = [&member(b"{\"a\":1}"), rest].concat();
        assert!(matches!(rows(&file), Err(FileError::Read(_))));
    }
}

#[test]
fn compressed_files_are_recognised_by_their_bytes() {
    let text = br#"[{"a":1},{"a":2}]"#;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text).unwrap();
    assert_eq!(rows(&gzip.finish().unwrap()).unwrap().len(), 2);
    assert_eq!(rows(&zstd::encode_all(&text[..], 1).unwrap()).unwrap().len(), 2);
    let frames = [&b"{\"a\":1}\n"[..], b"{\"a\":2}\n"].map(|row| zstd::encode_all(row, 1).unwrap()).concat();
    assert_eq!(rows(&frames).unwrap().len(), 2, "frames follow each other");
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
fn a_row_that_is_too_long_and_not_json_harms_itself_alone_too() {
    let limits = RowLimits::new(4_096, 10);
    let text = "x".repeat(300_000);
    let count = |file: String| rows_within(file.as_bytes(), limits).map(|rows| rows.len());
    for long in [format!("{{\"a\":\"{text}\" b}}"), format!("{{\"a\":\"{text}\u{1}{text}\"}}")] {
        assert_eq!(count(format!("[{{\"b\":1}},{long},{{\"c\":1}}]")).unwrap(), 3);
        assert_eq!(count(format!("{{\"b\":1}}\n{long}\n{{\"c\":1}}")).unwrap(), 3);
    }
    // Cut: the next row is where a line begins with it.
    for cut in
        [format!("{{\"a\":\"{text}"), format!("{{\"a\":\"{text}\",\"b\":"), format!("{{\"a\":\"{text}\"]")]
    {
        assert_eq!(count(format!("{{\"b\":1}}\n{cut}\n{{\"c\":1}}\n{{\"c\":2}}\n")).unwrap(), 4);
        assert_eq!(count(format!("[{{\"b\":1}},\n{cut},\n{{\"c\":1}},\n{{\"c\":2}}]")).unwrap(), 4);
    }
    let refused = |file: String| match rows_within(file.as_bytes(), limits) {
        Err(FileError::Invalid { at, what, .. }) => (at, what),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(format!("[{{\"a\":\"{text}")), (300_007, "the file ends inside a value"));
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
    fn a_damaged_row_keeps_no_other_from_being_read(
        values in prop::collection::vec("[a-z\\\\\"{}\\[\\]:, é]{0,20}", 2..12), bad: prop::sample::Index,
        damage in 0..4_usize, at: prop::sample::Index, array: bool,
    ) {
        // Without one of its quotes, what stands in a text could end the array: then the row's end is not certain.
        let values = values.iter().map(|v| if array { v.replace(']', "") } else { v.clone() });
        let texts: Vec<_> = values.map(|v| serde_json::json!({"v": v, "w": [1, {"x": v}]}).to_string()).collect();
        let place = bad.index(texts.len() - 1);
        let mut lines: Vec<Vec<u8>> = texts.iter().map(|text| text.clone().into_bytes()).collect();
        let row = &mut lines[place];
        let cut = 1 + at.index(row.len() - 1);
        match damage {
            0 => row.truncate(cut),
            1 => drop(row.splice(cut..cut, *b"\x01")),
            2 => row[cut] = 0xff,
            _ => drop(row.remove(cut)),
        }
        let file = if array { [b"[", &lines.join(&b",\n"[..])[..], b"]"].concat() } else { lines.join(&b'\n') };
        let read = rows(&file).unwrap();
        // All rows before and behind the damage are there, in order, and as they were.
        prop_assert_eq!(&read[..place], &texts[..place]);
        let behind = texts.len() - place - 1;
        prop_assert!(read.len() > place);
        prop_assert_eq!(&read[read.len() - behind..], &texts[place + 1..]);
        let mut slow = Rows::new(Drip(&file), RowLimits::default()).unwrap();
        for text in &read {
            prop_assert_eq!(slow.next_row().unwrap().unwrap().text, text);
        }
        prop_assert!(slow.next_row().unwrap().is_none());
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
    fn reading_never_panics_and_does_not_depend_on_how_the_text_arrives(
        bytes in prop::collection::vec(any::<u8>(), 0..200), json in "[\\[\\]{}:,\"\\\\aN1\n ]{0,60}",
    ) {
        for file in [&bytes[..], json.as_bytes()] {
            let read = rows(file);
            let slow = check(Drip(file), RowLimits::default());
            // A compressed file is not unpacked here.
            if !file.starts_with(&[0x1f, 0x8b]) && !file.starts_with(&[0x28, 0xb5]) {
                prop_assert_eq!(read.map(|rows| rows.len() as u64).map_err(|e| e.to_string()), slow.map_err(|e| e.to_string()));
            }
        }
    }
}
