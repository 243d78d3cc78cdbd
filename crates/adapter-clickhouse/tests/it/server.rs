//! Databases of their own on the test server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use adapter_clickhouse::{ClickHouse, ClickHouseAnalytics};
use domain::restate::Figures;
use domain::{ConversionKey, Outcome, UnixSeconds};
use port_tests::clock::RealClock;
use ports::Clock;
use ports::ledger::{Record, Source};

/// The server's address with another database, which no other test uses and which does not exist yet.
pub(crate) fn fresh_address() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let server = port_tests::service::url("CLICKHOUSE");
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("efflux_test_{}_{}_{number}", std::process::id(), RealClock.now().0);
    in_database(&server, &name)
}

/// An address with that database.
pub(crate) fn in_database(address: &str, database: &str) -> String {
    let mut url = url::Url::parse(address).unwrap();
    url.set_path(database);
    url.to_string()
}

pub(crate) fn analytics(address: &str) -> ClickHouseAnalytics {
    ClickHouseAnalytics::new(ClickHouse::new(address).unwrap(), Arc::new(RealClock))
}

/// Asks the server as a person does; one line per row, columns separated by blanks.
pub(crate) async fn ask(address: &str, sql: &str) -> Vec<String> {
    let server = ClickHouse::new(address).unwrap();
    let url = url::Url::parse(address).unwrap();
    let client = clickhouse::Client::default()
        .with_url(format!("http://{}:{}", url.host_str().unwrap(), url.port().unwrap()))
        .with_database(server.database());
    let mut lines = client.query(sql).fetch_bytes("TSV").unwrap();
    let text = String::from_utf8(lines.collect().await.unwrap().to_vec()).unwrap();
    text.lines().map(|line| line.replace('\t', " ")).collect()
}

/// A reported conversion of one paid click worth 0.25.
pub(crate) fn record(session: &str, version: u64) -> Record {
    let click = UnixSeconds(1_763_800_000);
    let figures = Figures { count: 1, revenue: "0.25".parse().unwrap() };
    Record {
        key: ConversionKey::new(session, None),
        version,
        outcome: Outcome::Reported,
        reason: String::new(),
        reasons: String::new(),
        source: Source { object: "b/o".to_owned(), row: 0 },
        raw: r#"{"campaign_id":"c1","ip":"203.0.113.9","user_agent":"Mozilla","em":"jane@example.com"}"#
            .to_owned(),
        session_id: Some(session.to_owned()),
        keyword_clicked: None,
        click_time: Some(click),
        pixel: "meta:111".parse().ok(),
        network: "tonic".to_owned(),
        observed: figures,
        reported: figures,
        events: 3,
        attempts: 1,
        due_at: None,
        deadline: None,
        answer: None,
        created_at: click.millis(),
        updated_at: click.millis(),
        reported_at: Some(click.millis()),
        erased: None,
    }
}
