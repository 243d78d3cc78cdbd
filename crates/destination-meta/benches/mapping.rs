//! What it costs to turn rows into requests: parse, validate, expand, normalise, hash, serialise.

use destination_meta::destination::{MetaConfig, PLATFORM};
use destination_meta::map::{DataProcessing, EventNames, MapConfig, prepare};
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use domain::validate::{AnyPixel, OnePlatform, Rules, check};
use domain::{Row, UnixMillis};
use row_files::{RowLimits, Rows};
use samples::{SampleNetwork, SampleSpec, generate};

const NOW_S: i64 = 1_763_800_000;

fn main() {
    divan::main();
}

fn file(network: SampleNetwork) -> Vec<u8> {
    let spec = SampleSpec { network, rows: 5_000, now_unix_s: NOW_S, ..SampleSpec::default() };
    let mut file = Vec::new();
    generate(&spec).write_to(&mut file).expect("writing to memory never fails");
    file
}

/// Maps a file as the reporter does: bytes in, event payloads out.
fn map(file: &[u8], config: &MetaConfig) -> usize {
    let platforms = OnePlatform(PLATFORM, config);
    let now = UnixMillis(NOW_S * 1000);
    let rules = Rules { now, pixels: &AnyPixel, platforms: &platforms, object_network: None };
    let mut rows = Rows::new(file, RowLimits::default()).expect("a sample is a file");
    let mut bytes = 0;
    while let Some(row) = rows.next_row().expect("a sample is a file") {
        let row = Row::parse(row.text);
        let Ok(valid) = check(&row, rules) else { continue };
        let events = prepare(&config.map, &row.key, &valid).expect("samples name their domain");
        bytes += events.iter().map(|e| e.payload.len()).sum::<usize>();
    }
    bytes
}

#[divan::bench(args = ["crossroads", "tonic"])]
fn mapping(bencher: Bencher<'_, '_>, network: &str) {
    let network =
        SampleNetwork::ALL.into_iter().find(|n| n.name() == network).expect("a network with samples");
    let file = file(network);
    let map_config = MapConfig {
        event_names: EventNames::Standard,
        currency: "USD".into(),
        default_event_source_url: None,
        data_processing: DataProcessing::Unsaid,
    };
    let config = MetaConfig::new("v25.0", map_config);
    bencher
        .counter(ItemsCount::new(5_000_usize))
        .counter(BytesCount::new(file.len()))
        .bench_local(|| map(divan::black_box(&file), &config));
}

#[divan::bench]
fn reading_alone(bencher: Bencher<'_, '_>) {
    let file = file(SampleNetwork::Crossroads);
    bencher.counter(ItemsCount::new(5_000_usize)).bench_local(|| {
        let mut rows =
            Rows::new(divan::black_box(&file[..]), RowLimits::default()).expect("a sample is a file");
        let mut parsed = 0;
        while let Some(row) = rows.next_row().expect("a sample is a file") {
            parsed += usize::from(Row::parse(row.text).conversion.is_some());
        }
        parsed
    });
}
