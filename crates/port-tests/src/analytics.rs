//! What every analytics store does.

mod totals;

use std::sync::Arc;

use domain::restate::Figures;
use domain::{ConversionKey, Outcome, UnixMillis, UnixSeconds};
use ports::ledger::{Record, Source};
use ports::{AnalyticsStore, ErrorKind};

/// The table that conversions are in.
const TABLE: &str = "report_conversions";

/// November and December 2025.
const CLICKS: [i64; 2] = [1_763_800_000, 1_766_000_000];

/// Runs every check; `make` makes a store that has not been migrated.
///
/// # Panics
/// When the store breaks a rule.
pub async fn suite(make: impl AsyncFn() -> Arc<dyn AnalyticsStore>) {
    migrating_again_changes_nothing(fresh(&make).await).await;
    nothing_is_inserted_from_nothing(fresh(&make).await).await;
    the_same_record_counts_once(fresh(&make).await).await;
    a_conversion_counts_once_whatever_its_states(fresh(&make).await).await;
    rows_of_every_shape_are_taken(fresh(&make).await).await;
    partitions_are_months(fresh(&make).await).await;
    optimising_drops_superseded_states(fresh(&make).await).await;
    an_unknown_table_is_missing(fresh(&make).await).await;
    what_is_personal_goes_by_age(fresh(&make).await).await;
    what_is_personal_goes_by_key(fresh(&make).await).await;
    totals::each_conversion_counts_once_with_its_latest_state(fresh(&make).await).await;
    totals::money_adds_up_exactly(fresh(&make).await).await;
    totals::a_conversion_counts_by_the_moment_that_was_asked_for(fresh(&make).await).await;
    totals::only_what_was_asked_for_counts(fresh(&make).await).await;
    totals::slots_of_time_begin_where_they_should(fresh(&make).await).await;
    totals::what_a_row_did_not_name_is_empty(fresh(&make).await).await;
    totals::too_many_groups_are_refused(fresh(&make).await).await;
}

async fn fresh(make: impl AsyncFn() -> Arc<dyn AnalyticsStore>) -> Arc<dyn AnalyticsStore> {
    let store = make().await;
    store.migrate().await.expect("migrate");
    store
}

/// A reported conversion whose click was in the month with that number.
fn record(session: &str, version: u64, month: usize) -> Record {
    let revenue = "0.25".parse().expect("an amount");
    Record {
        key: ConversionKey::new(session, Some("shoes")),
        version,
        outcome: Outcome::Reported,
        reason: String::new(),
        reasons: String::new(),
        source: Source { object: "b/o".to_owned(), row: 0 },
        raw: r#"{"campaign_id":"c1"}"#.to_owned(),
        session_id: Some(session.to_owned()),
        keyword_clicked: Some("shoes".to_owned()),
        click_time: Some(UnixSeconds(CLICKS[month])),
        pixel: "meta:111".parse().ok(),
        network: "tonic".to_owned(),
        observed: Figures { count: 1, revenue },
        reported: Figures { count: 1, revenue },
        events: 3,
        attempts: 1,
        due_at: None,
        deadline: Some(UnixSeconds(CLICKS[month] + 7 * 86_400).millis()),
        answer: None,
        created_at: UnixMillis(CLICKS[month] * 1000),
        updated_at: UnixMillis(CLICKS[month] * 1000),
        reported_at: Some(UnixMillis(CLICKS[month] * 1000)),
        erased: None,
    }
}

async fn insert(store: &Arc<dyn AnalyticsStore>, records: &[Record]) {
    store.insert(records).await.expect("insert");
}

async fn conversions(store: &Arc<dyn AnalyticsStore>) -> u64 {
    store.conversions().await.expect("conversions")
}

async fn migrating_again_changes_nothing(store: Arc<dyn AnalyticsStore>) {
    insert(&store, &[record("s", 1, 0)]).await;
    store.migrate().await.expect("migrate again");
    assert_eq!(conversions(&store).await, 1);
}

async fn nothing_is_inserted_from_nothing(store: Arc<dyn AnalyticsStore>) {
    insert(&store, &[]).await;
    assert_eq!(conversions(&store).await, 0);
    assert_eq!(store.partitions(TABLE).await.expect("partitions"), []);
}

async fn the_same_record_counts_once(store: Arc<dyn AnalyticsStore>) {
    let records = [record("s", 1, 0), record("t", 1, 0)];
    insert(&store, &records).await;
    insert(&store, &records).await;
    insert(&store, &[record("u", 1, 0), record("u", 1, 0)]).await;
    assert_eq!(conversions(&store).await, 3);
}

async fn a_conversion_counts_once_whatever_its_states(store: Arc<dyn AnalyticsStore>) {
    // The later state may arrive first.
    for version in [2, 1, 3] {
        insert(&store, &[record("s", version, 0)]).await;
    }
    assert_eq!(conversions(&store).await, 1);
}

async fn rows_of_every_shape_are_taken(store: Arc<dyn AnalyticsStore>) {
    let bare = Record {
        key: ConversionKey::of_malformed(b"junk"),
        outcome: Outcome::Invalid,
        reason: "malformed".to_owned(),
        reasons: "malformed".to_owned(),
        raw: "junk".to_owned(),
        session_id: None,
        keyword_clicked: None,
        click_time: None,
        pixel: None,
        network: String::new(),
        deadline: None,
        ..record("", 1, 0)
    };
    let odd = Record {
        raw: "{\"campaign_id\":{\"a\":\"it's \\\\ \\u0000 \u{1f45f}\"}}".to_owned(),
        keyword_clicked: Some("it's \"quoted\"\t\\N\n".to_owned()),
        click_time: Some(UnixSeconds(4_000_000_000)),
        observed: Figures { count: -3, revenue: "-999999999999.5".parse().expect("an amount") },
        ..record("odd", u64::from(u32::MAX), 0)
    };
    insert(&store, &[bare, odd]).await;
    assert_eq!(conversions(&store).await, 2);
}

async fn partitions_are_months(store: Arc<dyn AnalyticsStore>) {
    insert(&store, &[record("s", 1, 0), record("t", 1, 1), record("u", 1, 1)]).await;
    let mut partitions = store.partitions(TABLE).await.expect("partitions");
    partitions.sort_by(|a, b| a.name.cmp(&b.name));
    let shapes: Vec<_> =
        partitions.iter().map(|p| (p.table.as_str(), p.name.as_str(), p.rows, p.parts)).collect();
    assert_eq!(shapes, [(TABLE, "2025-11", 1, 1), (TABLE, "2025-12", 2, 1)]);
}

async fn optimising_drops_superseded_states(store: Arc<dyn AnalyticsStore>) {
    for version in 1..=3 {
        insert(&store, &[record("s", version, 0), record("other", version, 1)]).await;
    }
    insert(&store, &[record("t", 1, 0)]).await;
    let partitions = store.partitions(TABLE).await.expect("partitions");
    assert_eq!(partitions.len(), 2);
    for partition in &partitions {
        let done = store.optimise(partition).await.expect("optimise");
        assert!(done.parts_after <= done.parts_before, "{done:?}");
        assert_eq!(done.parts_after, 1, "{done:?}");
    }
    let shapes = store.partitions(TABLE).await.expect("partitions");
    // Bytes may be unknown, and a merge may count as a change.
    assert!(shapes.iter().all(|p| p.changed_at > UnixMillis(0)), "{shapes:?}");
    let mut rows: Vec<_> =
        store.partitions(TABLE).await.expect("partitions").iter().map(|p| p.rows).collect();
    rows.sort_unstable();
    assert_eq!(rows, [1, 2], "one state of each conversion");
    assert_eq!(conversions(&store).await, 3);
    let again = store.optimise(&partitions[0]).await.expect("optimise what is tidy");
    assert_eq!((again.parts_before, again.parts_after), (1, 1));
}

async fn an_unknown_table_is_missing(store: Arc<dyn AnalyticsStore>) {
    let error = store.partitions("no_such_table").await.expect_err("there is no such table");
    assert_eq!(error.kind(), ErrorKind::Missing);
    assert!(error.to_string().contains("no_such_table"), "{error}");
}

/// Erases by age in as many steps as it takes.
async fn forget_until(store: &Arc<dyn AnalyticsStore>, until: i64) -> u64 {
    let mut states = 0;
    loop {
        match store.forget_until(UnixMillis(until * 1000), 2).await.expect("forget_until") {
            0 => return states,
            some => states += some,
        }
    }
}

async fn what_is_personal_goes_by_age(store: Arc<dyn AnalyticsStore>) {
    for version in 1..=3 {
        insert(&store, &[record("s", version, 0), record("t", version, 1)]).await;
    }
    let nothing = Record { session_id: None, keyword_clicked: None, ..record("u", 1, 0) };
    insert(&store, &[nothing]).await;
    assert_eq!(forget_until(&store, CLICKS[0] - 1).await, 0);
    assert!((1..=3).contains(&forget_until(&store, CLICKS[0]).await), "a server may have merged states");
    assert_eq!(forget_until(&store, CLICKS[0]).await, 0, "nothing is left");
    assert_eq!(conversions(&store).await, 3, "conversions stay");
    assert!((1..=3).contains(&forget_until(&store, CLICKS[1]).await), "the younger were there until now");
    assert_eq!(store.scrub(0).await.expect("scrub"), None, "it is small");
}

async fn what_is_personal_goes_by_key(store: Arc<dyn AnalyticsStore>) {
    insert(&store, &[record("s", 1, 0), record("t", 1, 0)]).await;
    let forget = async |session| {
        let keys = [ConversionKey::new(session, Some("shoes")), ConversionKey::new("unknown", None)];
        store.forget(&keys).await.expect("forget")
    };
    assert_eq!((forget("s").await, forget("s").await), (1, 0));
    // A state that was on its way comes later, and is superseded.
    insert(&store, &[record("s", 2, 0)]).await;
    assert_eq!((forget("s").await, forget("s").await), (1, 0));
    assert_eq!((forget("t").await, conversions(&store).await), (1, 2));
    assert_eq!(store.forget(&[]).await.expect("forget"), 0);
}
