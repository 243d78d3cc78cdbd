//! Ledgers in databases of their own, so that tests do not meet.

use adapter_mongodb::{MongoLedger, MongoSettings};
use bson::oid::ObjectId;
use domain::restate::Figures;
use domain::{ConversionKey, UnixMillis, UnixSeconds};
use mongodb::Client;
use ports::ledger::{
    Claim, Holder, Lease, Positions, Restatements, RowClaim, RowVerdict, Settle, Settlement, Source,
};

/// The moment that tests count from, in seconds.
pub(crate) const START: i64 = 1_763_800_000;

pub(crate) const fn at(seconds: i64) -> UnixMillis {
    UnixMillis((START + seconds) * 1000)
}

pub(crate) fn holder(seconds: i64) -> Holder {
    Holder {
        owner: "test".to_owned(),
        now: at(seconds),
        until: at(seconds + 120),
        restatements: Restatements::First,
        max_per_click: domain::Money::from_units(1_000),
    }
}

/// A name that no other test, run or machine has.
pub(crate) fn database() -> String {
    format!("efflux_test_{}", ObjectId::new())
}

pub(crate) fn settings(uri: &str, database: &str) -> MongoSettings {
    MongoSettings { uri: uri.to_owned().into(), database: database.to_owned(), legacy: false }
}

/// The server's address, for a client that gives up late. Beside many other tests the emulator may answer no heartbeat for seconds, and what a
/// ledger does with a server that is silent has tests of its own.
fn patient() -> String {
    let url = port_tests::service::url("MONGODB");
    let and = if url.contains('?') { '&' } else { '?' };
    format!("{url}{and}connectTimeoutMS=60000")
}

/// An empty ledger with its indexes.
pub(crate) async fn ledger() -> MongoLedger {
    let ledger = MongoLedger::open(&settings(&patient(), &database())).await.unwrap();
    ledger.migrate().await.unwrap();
    ledger
}

/// The collection of a database, as another program sees it.
pub(crate) async fn collection(database: &str) -> mongodb::Collection<bson::Document> {
    let client = Client::with_uri_str(port_tests::service::url("MONGODB")).await.unwrap();
    client.database(database).collection("report_conversions")
}

pub(crate) fn figures(count: i64, revenue: &str) -> Figures {
    Figures { count, revenue: revenue.parse().unwrap() }
}

/// A row that may be sent.
pub(crate) fn sendable(session: &str, object: &str, row: u64) -> RowClaim {
    let click = UnixSeconds(START - 3600);
    RowClaim {
        key: ConversionKey::new(session, Some("shoes")),
        source: Source { object: object.to_owned(), row },
        raw: format!("{{\"session_id\":\"{session}\"}}"),
        session_id: Some(session.to_owned()),
        keyword_clicked: Some("shoes".to_owned()),
        click_time: Some(click),
        pixel: Some("meta:111".parse().unwrap()),
        network: "tonic".to_owned(),
        observed: Some(figures(1, "0.25")),
        verdict: RowVerdict::Sendable {
            deadline: click.millis().plus(std::time::Duration::from_secs(7 * 86_400 - 60)),
        },
    }
}

pub(crate) fn lease(claim: &Claim) -> Lease {
    match claim {
        Claim::Held(lease) => lease.clone(),
        other => panic!("held was expected: {other:?}"),
    }
}

/// One accepted Purchase.
pub(crate) fn settlement(lease: &Lease, settle: Settle) -> Settlement {
    Settlement {
        lease: lease.clone(),
        settle,
        accepted: [0].into_iter().collect::<Positions>(),
        reported: figures(1, "0.25"),
        answer: None,
        maybe_received: None,
    }
}
