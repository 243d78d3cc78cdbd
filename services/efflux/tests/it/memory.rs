//! Small files that unpack into much: memory stays within bounds, and every row is accounted for.

use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use samples::{SampleNetwork, generate};

use crate::harness::{World, events_of, rows, rows_because, spec};

/// What a process may take at its peak, whatever the files are.
const MOST_KB: u64 = 300_000;

/// Files, and rows of each file that have a megabyte.
const FILES: u64 = 4;
const LONG_ROWS: usize = 30;

/// A world whose processes have these settings.
fn world(settings: &[(&str, &str)]) -> World {
    let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let world = World::empty(Vec::new(), settings.collect());
    world.add_pixels_and_campaigns();
    world
}

/// Packed files with long rows among ordinary ones; the files, and how many events ordinary and long rows have.
fn packed(world: &World) -> (Vec<PathBuf>, [u64; 2]) {
    let padding = "x".repeat(1_000_000);
    let (mut files, mut events) = (Vec::new(), [0, 0]);
    for file in 0..FILES {
        let spec = spec(SampleNetwork::Tonic, 3 * LONG_ROWS, 500 + file);
        let path = world.path(&format!("{file}.json.gz"));
        let mut gzip = GzEncoder::new(std::fs::File::create(&path).unwrap(), Compression::fast());
        for (number, row) in generate(&spec).rows.iter().enumerate() {
            let is_long = number % 3 == 1;
            events[usize::from(is_long)] += events_of(row);
            let begin = if number == 0 { "[" } else { "," };
            gzip.write_all(begin.as_bytes()).unwrap();
            if is_long {
                gzip.write_all(format!("{{\"padding\":\"{padding}\",").as_bytes()).unwrap();
                gzip.write_all(&row.as_bytes()[1..]).unwrap();
            } else {
                gzip.write_all(row.as_bytes()).unwrap();
            }
        }
        gzip.write_all(b"]").unwrap();
        assert!(gzip.finish().unwrap().metadata().unwrap().len() < 1_000_000);
        files.push(path);
    }
    (files, events)
}

#[test]
fn long_rows_are_malformed_and_take_no_memory() {
    let world = world(&[]);
    let (files, [events, _]) = packed(&world);
    let running = world.start("efflux", &["run"]);
    let (code, receipts) = world.ingest(&files.iter().map(PathBuf::as_path).collect::<Vec<_>>());
    assert_eq!(code, 0, "{receipts:?}");
    let long = FILES * LONG_ROWS as u64;
    assert_eq!(rows_because(&receipts, "invalid", "malformed"), long, "{receipts:?}");
    assert_eq!(rows(&receipts, "reported") + rows(&receipts, "no_events"), 2 * long, "{receipts:?}");
    assert_eq!(world.events_exactly_once(), events);
    assert!(running.peak_kb() < MOST_KB, "{} kB", running.peak_kb());
    assert_eq!(running.terminate(), Some(0));
}

#[test]
fn long_rows_that_are_allowed_are_reported_within_the_budget() {
    let world = world(&[("MAX_ROW_BYTES", "2097152")]);
    let (files, events) = packed(&world);
    let running = world.start("efflux", &["run"]);
    let (code, receipts) = world.ingest(&files.iter().map(PathBuf::as_path).collect::<Vec<_>>());
    assert_eq!(code, 0, "{receipts:?}");
    let all = 3 * FILES * LONG_ROWS as u64;
    assert_eq!(rows(&receipts, "reported") + rows(&receipts, "no_events"), all, "{receipts:?}");
    assert_eq!(world.events_exactly_once(), events.iter().sum::<u64>());
    assert!(running.peak_kb() < MOST_KB, "{} kB", running.peak_kb());
    assert_eq!(running.terminate(), Some(0));
}

#[test]
fn events_that_repeat_long_words_are_sent_within_the_budget() {
    let world = world(&[]);
    let (mut expected, mut files) = (0, Vec::new());
    let words = format!("{{\"order_id\":\"{}\",", "x".repeat(50_000));
    for file in 0..FILES {
        let rows = generate(&spec(SampleNetwork::Tonic, 5 * LONG_ROWS, 600 + file)).rows;
        expected += rows.iter().map(|row| events_of(row)).sum::<u64>();
        let rows: Vec<_> = rows.iter().map(|row| row.replacen('{', &words, 1)).collect();
        files.push(world.file(&format!("{file}.json"), format!("[{}]", rows.join(","))));
    }
    let running = world.start("efflux", &["run"]);
    let (code, receipts) = world.ingest(&files.iter().map(PathBuf::as_path).collect::<Vec<_>>());
    assert_eq!(code, 0, "{receipts:?}");
    let all = FILES * 5 * LONG_ROWS as u64;
    assert_eq!(rows(&receipts, "reported") + rows(&receipts, "no_events"), all, "{receipts:?}");
    assert_eq!(world.events_exactly_once(), expected);
    assert!(running.peak_kb() < MOST_KB, "{} kB", running.peak_kb());
    assert_eq!(running.terminate(), Some(0));
}

#[test]
fn a_file_with_too_many_rows_is_refused_before_it_fills_the_disk() {
    let world = world(&[("MAX_ROWS", "100000")]);
    let running = world.start("efflux", &["run"]);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..100_001 {
        gzip.write_all(b"{\"campaign_id\":\"120210000000100000\"}\n").unwrap();
    }
    let file = world.file("many.bad", gzip.finish().unwrap());
    let (code, receipts) = world.ingest(&[&file]);
    let reason = receipts[0]["refused"].as_str().unwrap_or_default();
    assert!(code != 0 && reason.contains("more than 100000 rows (MAX_ROWS)"), "{receipts:?}");
    let bytes: u64 = std::fs::read_dir(world.path("data"))
        .unwrap()
        .filter_map(|entry| entry.unwrap().metadata().ok())
        .map(|metadata| metadata.len())
        .sum();
    assert!(bytes < 8 << 20, "{bytes} bytes of databases");
    assert!(running.peak_kb() < MOST_KB / 2, "{} kB", running.peak_kb());
}
