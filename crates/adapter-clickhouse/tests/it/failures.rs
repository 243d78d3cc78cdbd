//! What is wrong is said, in one line with what to do; what comes back is used again.

use std::time::Duration;

use adapter_clickhouse::ClickHouse;
use port_tests::proxy::Proxy;
use ports::{AnalyticsStore, ErrorKind};

use crate::server::{analytics, ask, fresh_address, record};

fn says(error: &ports::Error, kind: ErrorKind, advice: &str) {
    let text = error.to_string();
    assert_eq!(error.kind(), kind, "{error:?}");
    assert!(text.contains(advice) && !text.contains('\n'), "{text}");
}

#[tokio::test]
async fn a_wrong_password_is_denied_and_not_shown() {
    let address = fresh_address().replace("http://", "http://stranger:wrongsecret@");
    let error = ClickHouse::new(&address).unwrap().check().await.unwrap_err();
    says(&error, ErrorKind::Denied, "CLICKHOUSE_URL");
    assert!(!format!("{error:?}").contains("wrongsecret"), "{error:?}");
}

#[tokio::test]
async fn tables_that_are_not_there_ask_for_migration() {
    let address = fresh_address();
    says(&analytics(&address).check().await.unwrap_err(), ErrorKind::Missing, "efflux migrate");
    says(
        &analytics(&address).insert(&[record("a", 1)]).await.unwrap_err(),
        ErrorKind::Missing,
        "efflux migrate",
    );
    analytics(&address).migrate().await.unwrap();
    analytics(&address).check().await.unwrap();
    says(
        &analytics(&address).partitions("report_conversions_latest").await.unwrap_err(),
        ErrorKind::Invalid,
        "OPTIMIZE_TABLES",
    );
}

#[tokio::test]
async fn another_table_of_that_name_is_not_touched() {
    let address = fresh_address();
    let server = address.rsplit_once('/').unwrap();
    ask(server.0, &format!("CREATE DATABASE {}", server.1)).await;
    ask(&address, "CREATE TABLE report_conversions (a String) ENGINE = MergeTree ORDER BY a").await;
    let error = analytics(&address).migrate().await.unwrap_err();
    says(&error, ErrorKind::Invalid, "rename it");
}

#[tokio::test]
async fn a_read_only_server_says_so() {
    let address = fresh_address();
    analytics(&address).migrate().await.unwrap();
    let read_only = analytics(&format!("{address}?readonly=1"));
    says(&read_only.insert(&[record("a", 1)]).await.unwrap_err(), ErrorKind::Full, "164");
    assert_eq!(read_only.conversions().await.unwrap(), 0);
}

#[tokio::test]
async fn a_dead_server_is_unavailable_and_used_again_when_it_is_back() {
    let (proxy, address) = Proxy::to_url(&fresh_address()).await;
    let store = analytics(&address);
    store.migrate().await.unwrap();
    proxy.refuse().await;
    says(&store.insert(&[record("a", 1)]).await.unwrap_err(), ErrorKind::Unavailable, "CLICKHOUSE_URL");
    proxy.restore().await;
    store.insert(&[record("a", 1)]).await.unwrap();
    assert_eq!(store.conversions().await.unwrap(), 1);
}

#[tokio::test]
async fn an_insert_whose_answer_was_lost_is_repeated_harmlessly() {
    let direct = fresh_address();
    let (proxy, address) = Proxy::to_url(&direct).await;
    let store = analytics(&address);
    store.migrate().await.unwrap();
    // The shape of the table is asked once, before the first insert; that answer is to come.
    store.insert(&[record("first", 1)]).await.unwrap();
    let block: Vec<_> = (0..100).map(|i| record(&format!("s{i}"), 1)).collect();
    proxy.lose_answers().await;
    store.insert(&block).await.unwrap_err();
    proxy.restore().await;
    store.insert(&block).await.unwrap();
    let rows = async || ask(&direct, "SELECT count() FROM report_conversions").await;
    assert_eq!(rows().await, ["101"], "the server knew the block by its token");
}

#[tokio::test]
async fn tls_that_a_server_does_not_offer_is_named() {
    let address = fresh_address().replacen("http://", "https://", 1);
    says(
        &ClickHouse::new(&address).unwrap().check().await.unwrap_err(),
        ErrorKind::Unavailable,
        "TLS failed",
    );
}

#[tokio::test]
async fn a_host_that_is_not_there_is_named() {
    let server = ClickHouse::new("http://127.0.0.1:1/d").unwrap();
    let error = tokio::time::timeout(Duration::from_secs(15), server.check()).await.unwrap().unwrap_err();
    says(&error, ErrorKind::Unavailable, "127.0.0.1:1/d");
}
