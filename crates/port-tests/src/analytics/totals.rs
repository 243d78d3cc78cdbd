//! Sums of conversions and their money.

use std::sync::Arc;
use std::time::Duration;

use domain::restate::Figures;
use domain::{ConversionKey, Outcome, UnixMillis, UnixSeconds};
use ports::analytics::{CountedAt, Grouping, Only, Total, Totals};
use ports::ledger::Record;
use ports::{AnalyticsStore, ErrorKind};

use super::{CLICKS, insert, record};

/// Everything, by pixel.
fn everything() -> Totals {
    Totals {
        by: Grouping::Pixel,
        counted_at: CountedAt::Settled,
        when: UnixMillis(0)..UnixMillis(4_102_444_800_000),
        only: Only::default(),
        limit: 100,
    }
}

fn figures(count: i64, revenue: &str) -> Figures {
    Figures { count, revenue: revenue.parse().expect("an amount") }
}

/// A conversion for which so much was stated, of which so much was reported.
fn stated(session: &str, outcome: Outcome, observed: &str, reported: &str) -> Record {
    let purchases = i64::from(reported != "0");
    Record {
        outcome,
        observed: figures(1, observed),
        reported: figures(purchases, reported),
        events: u64::from(purchases > 0) * 3,
        ..record(session, 1, 0)
    }
}

async fn totals(store: &Arc<dyn AnalyticsStore>, wanted: Totals) -> Vec<Total> {
    store.totals(&wanted).await.expect("totals")
}

/// Group, outcome and number of each sum.
async fn counted(store: &Arc<dyn AnalyticsStore>, wanted: Totals) -> Vec<String> {
    let line = |sum: &Total| format!("{} {} {}", sum.group, sum.outcome, sum.conversions);
    totals(store, wanted).await.iter().map(line).collect()
}

pub(super) async fn each_conversion_counts_once_with_its_latest_state(store: Arc<dyn AnalyticsStore>) {
    assert_eq!(totals(&store, everything()).await, []);
    let retry = Record { outcome: Outcome::Retry, ..record("s", 1, 0) };
    // The later state may arrive first.
    insert(&store, &[record("s", 2, 0), record("t", 1, 0)]).await;
    insert(&store, &[retry]).await;
    assert_eq!(counted(&store, everything()).await, ["meta:111 reported 2"]);
    // A state whose moment is in the range does not count when a later one is outside of it.
    let moved = Record { reported_at: Some(UnixMillis(CLICKS[1] * 1000)), ..record("t", 2, 0) };
    insert(&store, &[moved]).await;
    let early = UnixMillis(0)..UnixMillis(CLICKS[1] * 1000);
    assert_eq!(counted(&store, Totals { when: early, ..everything() }).await, ["meta:111 reported 1"]);
}

pub(super) async fn money_adds_up_exactly(store: Arc<dyn AnalyticsStore>) {
    insert(
        &store,
        &[
            stated("a", Outcome::Reported, "0.1", "0.1"),
            stated("b", Outcome::Reported, "0.35", "0.2"),
            // A correction: more was reported than is stated now.
            stated("c", Outcome::Reported, "-2.000001", "0.3"),
            stated("d", Outcome::Parked, "12.345678", "0"),
            // Money of which no click is known.
            Record { observed: figures(0, "0.07"), ..stated("e", Outcome::NoEvents, "0", "0") },
        ],
    )
    .await;
    let sums = totals(&store, everything()).await;
    let lines: Vec<_> = sums
        .iter()
        .map(|s| {
            let money = format!("{} {} {}", s.stated, s.reported, s.unreported);
            format!("{} {} {money} {} {}", s.outcome, s.conversions, s.purchases, s.events)
        })
        .collect();
    let expected = [
        "no_events 1 0.07 0 0.07 0 0",
        "parked 1 12.345678 0 12.345678 0 0",
        "reported 3 -1.550001 0.6 0.15 3 9",
    ];
    assert_eq!(lines, expected);
}

pub(super) async fn a_conversion_counts_by_the_moment_that_was_asked_for(store: Arc<dyn AnalyticsStore>) {
    let at = |hours: i64| UnixMillis((CLICKS[0] + hours * 3600) * 1000);
    let times = Record {
        click_time: Some(UnixSeconds(CLICKS[0])),
        created_at: at(1),
        reported_at: Some(at(2)),
        updated_at: at(3),
        ..record("s", 1, 0)
    };
    insert(&store, std::slice::from_ref(&times)).await;
    let hour = async |counted_at, hours| {
        let when = at(hours)..at(hours + 1);
        counted(&store, Totals { counted_at, when, ..everything() }).await.len()
    };
    for (counted_at, expected) in [(CountedAt::Clicked, 0), (CountedAt::Entered, 1), (CountedAt::Settled, 2)]
    {
        for hours in 0..5 {
            let found = hour(counted_at, hours).await;
            assert_eq!(found, usize::from(hours == expected), "{counted_at:?}, hour {hours}");
        }
    }
    // Without the moment itself, the next best.
    let bare = Record { key: ConversionKey::new("t", None), click_time: None, reported_at: None, ..times };
    insert(&store, &[bare]).await;
    assert_eq!(hour(CountedAt::Clicked, 1).await, 1, "when it was entered");
    assert_eq!(hour(CountedAt::Settled, 3).await, 1, "when it changed");
}

pub(super) async fn only_what_was_asked_for_counts(store: Arc<dyn AnalyticsStore>) {
    let another = Record {
        pixel: "tiktok:111".parse().ok(),
        network: "it's sedo".to_owned(),
        raw: r#"{"campaign_id":"c2","country_code":"de"}"#.to_owned(),
        ..record("t", 1, 0)
    };
    insert(&store, &[record("s", 1, 0), another]).await;
    for (by, expected) in [
        (Grouping::Pixel, ["meta:111 reported 1", "tiktok:111 reported 1"]),
        (Grouping::Network, ["it's sedo reported 1", "tonic reported 1"]),
        (Grouping::Campaign, ["c1 reported 1", "c2 reported 1"]),
        (Grouping::Country, [" reported 1", "DE reported 1"]),
    ] {
        assert_eq!(counted(&store, Totals { by, ..everything() }).await, expected);
    }
    let pixel = Only { pixel: "tiktok:111".parse().ok(), ..Only::default() };
    let network = Only { network: Some("it's sedo".to_owned()), ..pixel.clone() };
    let campaign = Only { campaign: Some("c2".to_owned()), ..network.clone() };
    for only in [pixel, network, campaign.clone()] {
        assert_eq!(counted(&store, Totals { only, ..everything() }).await, ["tiktok:111 reported 1"]);
    }
    let nothing = Only { network: Some("tonic".to_owned()), ..campaign };
    assert_eq!(totals(&store, Totals { only: nothing, ..everything() }).await, []);
}

pub(super) async fn slots_of_time_begin_where_they_should(store: Arc<dyn AnalyticsStore>) {
    let quarter = 900_000;
    let first = CLICKS[0] * 1000 / quarter * quarter;
    for (session, at) in [("a", first - 1), ("b", first), ("c", first + quarter - 1), ("d", first + quarter)]
    {
        insert(&store, &[Record { reported_at: Some(UnixMillis(at)), ..record(session, 1, 0) }]).await;
    }
    let by = Grouping::Slot(Duration::from_secs(900));
    let expected = [(first - quarter, 1), (first, 2), (first + quarter, 1)];
    let expected = expected.map(|(slot, conversions)| format!("{slot} reported {conversions}"));
    assert_eq!(counted(&store, Totals { by, ..everything() }).await, expected);
}

pub(super) async fn what_a_row_did_not_name_is_empty(store: Arc<dyn AnalyticsStore>) {
    let bare = Record {
        outcome: Outcome::Invalid,
        raw: "junk".to_owned(),
        pixel: None,
        network: String::new(),
        ..record("s", 1, 0)
    };
    insert(&store, &[bare]).await;
    for by in [Grouping::Pixel, Grouping::Network, Grouping::Campaign, Grouping::Country] {
        assert_eq!(counted(&store, Totals { by, ..everything() }).await, [" invalid 1"]);
    }
}

pub(super) async fn too_many_groups_are_refused(store: Arc<dyn AnalyticsStore>) {
    let of = |session: &str, network: &str| Record { network: network.to_owned(), ..record(session, 1, 0) };
    insert(&store, &[of("a", "one"), of("b", "two"), of("c", "three"), of("d", "three")]).await;
    let limited = |limit| Totals { by: Grouping::Network, limit, ..everything() };
    assert_eq!(totals(&store, limited(3)).await.len(), 3);
    let error = store.totals(&limited(2)).await.expect_err("three are more than two");
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert!(error.to_string().contains("more than 2 groups"), "{error}");
}
