//! What claiming costs beside what the ledger already holds. By itself it runs small; `LEDGER_KEYS=10000,2000000` compares.

use std::cell::Cell;

use adapter_embedded::Db;
use adapter_embedded::ledger::EmbeddedLedger;
use divan::Bencher;
use divan::counter::ItemsCount;
use domain::restate::Figures;
use domain::{ConversionKey, PixelCode, UnixMillis, UnixSeconds};
use ports::ReportLedger;
use ports::ledger::{DueLimits, Holder, Restatements, Source, Statement, StatementVerdict};
use rusqlite::Connection;

const NOW_S: i64 = 1_763_800_000;

/// Rows of one claim, as the reporter brings them.
const ROWS: u64 = 500;

/// Entries that are there already: nine in ten at an end, the others parked until later.
const FILL: &str = "
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
    INSERT INTO report_conversions (id, key, state, object, row, session_id, pixel, network, observed_count,
        observed_revenue, attempt, due_at, deadline, exported, created_at, updated_at)
    SELECT i, randomblob(32), CASE i % 10 WHEN 0 THEN 'parked' ELSE 'reported' END, 1 + i / 1000, i, 'old ' || i, i % 50,
        'tonic', 1, '0.25', 1, CASE i % 10 WHEN 0 THEN ?2 + i END, ?2 + i, 1, 1, 1
    FROM n";

fn main() {
    divan::main();
}

#[expect(clippy::disallowed_methods, reason = "a benchmark has no settings of its own")]
fn keys() -> Vec<u32> {
    let asked = std::env::var("LEDGER_KEYS").unwrap_or_else(|_| "100".to_owned());
    asked.split(',').map(|n| n.parse().expect("LEDGER_KEYS holds numbers")).collect()
}

struct Filled {
    _folder: tempfile::TempDir,
    ledger: EmbeddedLedger,
    runtime: tokio::runtime::Runtime,
}

fn filled(keys: u32) -> Filled {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.db");
    let ledger = EmbeddedLedger::new(Db::open(&path, EmbeddedLedger::SCHEMA).expect("a database"));
    let mut connection = Connection::open(&path).expect("a second connection");
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000").expect("tuned");
    let fill = connection.transaction().expect("a transaction");
    let objects = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= ?1 / 1000)
        INSERT INTO objects (id, name) SELECT i, 'b/' || i FROM n";
    fill.execute(objects, [keys]).expect("objects");
    fill.execute(FILL, [i64::from(keys), (NOW_S + 3_600) * 1000]).expect("entries");
    fill.execute("INSERT INTO raw_rows SELECT id, '{}' FROM report_conversions", []).expect("texts");
    fill.commit().expect("filled");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    Filled { _folder: folder, ledger, runtime }
}

fn holder() -> Holder {
    Holder {
        owner: "bench".to_owned(),
        now: UnixMillis(NOW_S * 1000),
        until: UnixMillis((NOW_S + 120) * 1000),
        restatements: Restatements::First,
    }
}

fn rows(batch: u64) -> Vec<Statement> {
    let row = |row| {
        let session = format!("new {batch} {row}");
        Statement {
            key: ConversionKey::new(&session, Some("shoes")),
            source: Source { object: format!("b/new {batch}"), row },
            raw: "x".repeat(1_000),
            session_id: Some(session),
            keyword_clicked: Some("shoes".to_owned()),
            click_time: Some(UnixSeconds(NOW_S - 60)),
            pixel: PixelCode::new("7").ok(),
            network: "tonic".to_owned(),
            observed: Figures { count: 1, revenue: "0.25".parse().expect("an amount") },
            verdict: StatementVerdict::Sendable { deadline: UnixSeconds(NOW_S - 60).deadline() },
        }
    };
    (0..ROWS).map(row).collect()
}

#[divan::bench(args = keys())]
fn claim(bencher: Bencher<'_, '_>, keys: u32) {
    let filled = filled(keys);
    let batch = Cell::new(0);
    bencher
        .counter(ItemsCount::new(ROWS))
        .with_inputs(|| {
            batch.set(batch.get() + 1);
            rows(batch.get())
        })
        .bench_local_values(|rows| {
            let claims = filled.runtime.block_on(filled.ledger.claim(rows, &holder())).expect("claim");
            assert_eq!(claims.len() as u64, ROWS);
        });
}

#[divan::bench(args = keys())]
fn claim_due_while_nothing_is(bencher: Bencher<'_, '_>, keys: u32) {
    let filled = filled(keys);
    bencher.bench_local(|| {
        let due = filled.runtime.block_on(filled.ledger.claim_due(&DueLimits::of(500), &holder()));
        assert_eq!(due.expect("claim_due"), []);
    });
}
