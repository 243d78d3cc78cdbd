//! Ledgers with a history, and rows for them.

use std::cell::RefCell;
use std::future::Future;

use adapter_embedded::Db;
use adapter_embedded::ledger::EmbeddedLedger;
use domain::restate::Figures;
use domain::{ConversionKey, UnixMillis, UnixSeconds};
use ports::ledger::{Holder, Restatements, RowClaim, RowVerdict, Source};
use rusqlite::{Connection, Params, Row};

const NOW_S: i64 = 1_763_800_000;

/// Rows of one claim, as the reporter brings them.
pub(crate) const ROWS: u32 = 500;

/// Entries that are there already: nine in ten at an end, the others parked until later. Sessions are random, as they are in
/// production.
const FILL: &str = "
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
    INSERT INTO report_conversions (id, key, state, object, row, session_id, pixel, network, observed_count,
        observed_revenue, attempt, due_at, deadline, exported, created_at, updated_at)
    SELECT i, randomblob(32), CASE i % 10 WHEN 0 THEN 'parked' ELSE 'reported' END, 1 + i / 1000, i,
        lower(hex(randomblob(16))) || '0000', i % 50, 'tonic', 1, '0.25', 1, CASE i % 10 WHEN 0 THEN ?2 + i END, ?2 + i,
        1, 1, 1
    FROM n";

/// At random places of the whole history.
const ANYWHERE: &str = "
    WITH RECURSIVE n (i, id) AS (SELECT 1, 1 + abs(random() % ?1)
        UNION ALL SELECT i + 1, 1 + abs(random() % ?1) FROM n WHERE i < ?2)
    SELECT key, session_id, name, row FROM n JOIN report_conversions e ON e.id = n.id JOIN objects o ON o.id = object";

/// Side by side, at a random place of the whole history.
const SIDE_BY_SIDE: &str = "
    WITH start (id) AS (SELECT 1 + abs(random() % max(1, ?1 - ?2)))
    SELECT key, session_id, name, row FROM report_conversions e JOIN objects o ON o.id = object
    WHERE e.id >= (SELECT id FROM start) ORDER BY e.id LIMIT ?2";

/// The latest.
const LATELY: &str = "
    SELECT key, session_id, name, row FROM report_conversions e JOIN objects o ON o.id = object
    ORDER BY e.id DESC LIMIT ?";

/// A ledger in a file with so many keys.
pub(crate) struct Filled {
    pub(crate) ledger: EmbeddedLedger,
    pub(crate) keys: u32,
    beside: RefCell<Connection>,
    runtime: tokio::runtime::Runtime,
    _folder: tempfile::TempDir,
}

impl Filled {
    pub(crate) fn with(keys: u32) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ledger.db");
        let open = || Db::open(&path, EmbeddedLedger::SCHEMA).expect("a database");
        drop(open());
        let mut beside = Connection::open(&path).expect("a connection");
        beside.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000").expect("tuned");
        fill(&mut beside, keys);
        beside
            .execute_batch(
                "PRAGMA synchronous = FULL; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA cache_size = -2000",
            )
            .expect("all in its place");
        let file = std::fs::File::open(&path).expect("the file");
        file.sync_all().expect("nothing is left for later");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let ledger = EmbeddedLedger::new(open());
        Self { ledger, keys, beside: RefCell::new(beside), runtime, _folder: folder }
    }

    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    pub(crate) fn new_rows(&self, count: u32, round: u32) -> Vec<RowClaim> {
        let random = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
            SELECT randomblob(32), lower(hex(randomblob(16))) || '0000', 'b/new ' || ?2, i FROM n";
        self.statements(random, (count, round))
    }

    pub(crate) fn redelivered(&self) -> Vec<RowClaim> {
        self.statements(SIDE_BY_SIDE, (self.keys, ROWS))
    }

    pub(crate) fn scattered(&self) -> Vec<RowClaim> {
        self.statements(ANYWHERE, (self.keys, ROWS))
    }

    pub(crate) fn restated(&self, round: u32) -> Vec<RowClaim> {
        let restated = |mut statement: RowClaim| {
            statement.source.object.push_str(" again");
            if let Some(observed) = &mut statement.observed {
                observed.count += i64::from(round);
            }
            statement
        };
        self.redelivered().into_iter().map(restated).collect()
    }

    pub(crate) fn lately(&self, count: u32) -> Vec<RowClaim> {
        self.statements(LATELY, [count])
    }

    fn statements(&self, rows: &str, values: impl Params) -> Vec<RowClaim> {
        let beside = self.beside.borrow();
        let mut select = beside.prepare_cached(rows).expect("rows");
        select.query_map(values, statement).expect("rows").map(|row| row.expect("a row")).collect()
    }
}

fn fill(beside: &mut Connection, keys: u32) {
    let fill = beside.transaction().expect("a transaction");
    let objects = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= ?1 / 1000)
        INSERT INTO objects (id, name) SELECT i, 'b/' || i FROM n";
    fill.execute(objects, [keys]).expect("objects");
    fill.execute(FILL, [i64::from(keys), (NOW_S + 3_600) * 1000]).expect("entries");
    fill.execute("INSERT INTO raw_rows (id, raw) SELECT id, '{}' FROM report_conversions", [])
        .expect("texts");
    let counts = "INSERT INTO state_counts SELECT state, count(*) FROM report_conversions GROUP BY state";
    fill.execute(counts, []).expect("counts");
    fill.commit().expect("filled");
}

fn statement(row: &Row<'_>) -> rusqlite::Result<RowClaim> {
    Ok(RowClaim {
        key: ConversionKey::from_bytes(row.get(0)?),
        session_id: row.get(1)?,
        source: Source { object: row.get(2)?, row: row.get::<_, u32>(3)?.into() },
        raw: "x".repeat(1_000),
        keyword_clicked: Some("shoes".to_owned()),
        click_time: Some(UnixSeconds(NOW_S - 60)),
        pixel: "meta:7".parse().ok(),
        network: "tonic".to_owned(),
        observed: Some(Figures { count: 1, revenue: "0.25".parse().expect("an amount") }),
        verdict: RowVerdict::Sendable { deadline: UnixMillis((NOW_S + 7 * 86_400) * 1000) },
    })
}

pub(crate) fn holder() -> Holder {
    Holder {
        owner: "bench".to_owned(),
        now: UnixMillis(NOW_S * 1000),
        until: UnixMillis((NOW_S + 120) * 1000),
        restatements: Restatements::First,
        max_per_click: domain::Money::from_units(1_000),
    }
}
