//! What people see, and what they never see.

use domain::restate::Figures;
use domain::{Outcome, UnixSeconds};
use ports::AnalyticsStore;
use ports::ledger::Record;

use crate::server::{analytics, ask, fresh_address, record};

#[tokio::test]
async fn restated_and_changed_conversions_count_once_in_the_sums() {
    let address = fresh_address();
    let store = analytics(&address);
    store.migrate().await.unwrap();
    let waiting =
        Record { outcome: Outcome::Retry, reported: Figures::default(), events: 0, ..record("a", 1) };
    let restated = Figures { count: 3, revenue: "0.7512345".parse().unwrap() };
    let grown = Record { observed: restated, ..record("a", 3) };
    // Another hour, and taken over by a row with another click: one conversion all the same.
    let moved = Record { click_time: Some(UnixSeconds(1_763_807_200)), ..record("b", 2) };
    for part in [waiting, record("a", 2), grown, record("b", 1), moved] {
        store.insert(&[part]).await.unwrap();
    }
    let select = "SELECT toString(hour), campaign_id, network, pixel, conversions, paid_clicks, revenue,
        reported_purchases, reported_revenue, events, reported, retry FROM report_conversions_hourly ORDER BY hour";
    let expected = [
        "2025-11-22 08:00:00 c1 tonic 111 1 3 0.751234 1 0.25 3 1 0",
        "2025-11-22 10:00:00 c1 tonic 111 1 1 0.25 1 0.25 3 1 0",
    ];
    // Half of a millionth goes to the even neighbour.
    assert_eq!(ask(&address, select).await, expected);
    for partition in store.partitions("report_conversions").await.unwrap() {
        assert!(partition.parts > 1 && partition.bytes > 0, "{partition:?}");
        let done = store.optimise(&partition).await.unwrap();
        assert_eq!(done.parts_after, 1);
        assert!(done.bytes_after < done.bytes_before, "{done:?}");
    }
    assert_eq!(ask(&address, select).await, expected, "merging changes nothing that people see");
    assert_eq!(ask(&address, "SELECT count() FROM report_conversions").await, ["2"]);
}

#[tokio::test]
async fn nothing_about_a_person_is_stored() {
    let address = fresh_address();
    let store = analytics(&address);
    store.migrate().await.unwrap();
    store.insert(&[record("a", 1)]).await.unwrap();
    let row = ask(&address, "SELECT * FROM report_conversions").await.join(" ");
    assert!(row.contains("c1"), "{row}");
    for secret in ["203.0.113.9", "Mozilla", "jane"] {
        assert!(!row.contains(secret), "{row}");
    }
}

#[tokio::test]
async fn what_is_forgotten_is_in_no_column_and_no_state() {
    let marked = |version| Record {
        keyword_clicked: Some("marked shoes".to_owned()),
        raw: r#"{"campaign_id":"c1","em":"marked@example.com"}"#.to_owned(),
        ..record("marked-session", version)
    };
    for by_age in [false, true] {
        let address = fresh_address();
        let store = analytics(&address);
        store.migrate().await.unwrap();
        for version in 1..=3 {
            store.insert(&[marked(version), record("another", version)]).await.unwrap();
        }
        let all = async || ask(&address, "SELECT * FROM report_conversions").await.join("\n");
        let before = all().await;
        assert!(before.contains("marked-session") && before.contains("marked shoes"), "{before}");
        if by_age {
            while store.forget_until(marked(1).created_at, 10).await.unwrap() > 0 {}
        } else {
            assert!(store.forget(&[marked(1).key]).await.unwrap() > 0);
        }
        let left = all().await;
        assert!(!left.contains("marked"), "{left}");
        assert!(left.contains("c1") && left.contains("another") != by_age, "{left}");
    }
}

#[tokio::test]
async fn odd_clicks_make_no_odd_partitions() {
    let address = fresh_address();
    let store = analytics(&address);
    store.migrate().await.unwrap();
    let month = 2_700_000;
    let records: Vec<_> = (0..300)
        .map(|i| Record { click_time: Some(UnixSeconds(i * month)), ..record(&format!("s{i}"), 1) })
        .collect();
    store.insert(&records).await.unwrap();
    let partitions = store.partitions("report_conversions").await.unwrap();
    assert_eq!(partitions.len(), 1, "{partitions:?}");
    assert_eq!(store.conversions().await.unwrap(), 300);
}
