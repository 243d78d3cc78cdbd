//! Tables that an earlier version wrote; see the workspace's folder `fixtures`.

use std::collections::{BTreeMap, BTreeSet};

use port_tests::golden::{self, Kind};
use ports::AnalyticsStore;

use crate::server::{analytics, ask, fresh_address, in_database};

/// A database with the earlier version's tables and rows; its address.
async fn restored() -> String {
    let address = fresh_address();
    let name = url::Url::parse(&address).unwrap().path().trim_start_matches('/').to_owned();
    ask(&in_database(&address, "default"), &format!("CREATE DATABASE {name}")).await;
    for table in ["report_conversions", "efflux_turns", "efflux_migrations"] {
        ask(&address, &golden::text(Kind::Production(1), &format!("clickhouse/{table}.sql"))).await;
        // Each version of a conversion by an insertion of its own: what comes together is merged at once.
        let mut versions = BTreeMap::<u64, Vec<String>>::new();
        for row in golden::lines(Kind::Production(1), &format!("clickhouse/{table}.jsonl")) {
            versions.entry(row["version"].as_u64().unwrap_or_default()).or_default().push(row.to_string());
        }
        for rows in versions.values() {
            ask(&address, &format!("INSERT INTO {table} FORMAT JSONEachRow {}", rows.join("\n"))).await;
        }
    }
    for view in ["report_conversions_latest", "report_conversions_hourly"] {
        ask(&address, &golden::text(Kind::Production(1), &format!("clickhouse/{view}.sql"))).await;
    }
    address
}

#[tokio::test]
async fn analytics_shows_every_conversion() {
    let address = restored().await;
    let store = analytics(&address);
    for _ in 0..2 {
        store.migrate().await.unwrap();
        store.check().await.unwrap();
        let conversions = golden::conversions(Kind::Production(1));
        assert_eq!(store.conversions().await.unwrap(), conversions.len() as u64);
        let shown = "SELECT concatWithSeparator(' ', session_id, outcome, reason,
                if(pixel = '', '', concat(platform, ':', pixel)), toString(events))
            FROM report_conversions_latest";
        let shown: BTreeSet<_> = ask(&address, shown).await.into_iter().collect();
        assert_eq!(shown, golden::analytics_rows(Kind::Production(1)));
    }
}

#[tokio::test]
async fn hours_add_up_and_partitions_are_optimised() {
    let address = restored().await;
    let store = analytics(&address);
    store.migrate().await.unwrap();
    let sum = "SELECT sum(conversions), sum(reported), sum(events) FROM report_conversions_hourly";
    let before = ask(&address, sum).await;
    let partitions = store.partitions("report_conversions").await.unwrap();
    assert_eq!(partitions.len(), 1, "{partitions:?}");
    store.optimise(&partitions[0]).await.unwrap();
    assert_eq!(ask(&address, sum).await, before);
    let conversions = golden::conversions(Kind::Production(1));
    let reported = conversions.iter().filter(|c| c["outcome"] == "reported").count();
    let events: u64 = conversions.iter().map(|c| c["events"].as_u64().unwrap()).sum();
    assert_eq!(before, [format!("{} {reported} {events}", conversions.len())]);
}

/// The driver of a process of the earlier version names its own columns, and refuses to leave one out that has no default.
#[tokio::test]
async fn columns_that_the_earlier_version_does_not_know_have_a_default() {
    let address = restored().await;
    analytics(&address).migrate().await.unwrap();
    let select = "SELECT name FROM system.columns
        WHERE database = currentDatabase() AND table = 'report_conversions' AND default_kind = ''";
    let needed: BTreeSet<_> = ask(&address, select).await.into_iter().collect();
    let earlier = golden::lines(Kind::Production(1), "clickhouse/report_conversions.jsonl").remove(0);
    let known: BTreeSet<_> = earlier.as_object().unwrap().keys().cloned().collect();
    assert!(needed.len() > 10 && needed.is_subset(&known), "{needed:?}");
}
