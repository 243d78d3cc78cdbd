//! A partition that the server rewrites changes at this moment, so it is skipped until that is over.

use std::time::Duration;

use ports::AnalyticsStore;

use crate::server::{analytics, ask, fresh_address};

/// Small granules, so that a statement which waits at each row is never longer at one than the server allows.
const TABLE: &str = "CREATE TABLE slow (k UInt64, n UInt64) ENGINE = MergeTree ORDER BY k
    SETTINGS index_granularity = 2, index_granularity_bytes = 0, min_bytes_for_wide_part = 0";

/// It takes a minute and is listed among the merges, as one that is under way.
const REWRITE: &str = "ALTER TABLE slow UPDATE n = n + sleepEachRow(1) WHERE 1 SETTINGS mutations_sync = 0";

const UNFINISHED: &str = "SELECT count() FROM system.mutations WHERE database = currentDatabase() AND table = 'slow' AND NOT is_done";

#[tokio::test]
async fn a_partition_that_is_being_rewritten_changes_right_now() {
    let address = fresh_address();
    let store = analytics(&address);
    store.migrate().await.unwrap();
    for statement in [TABLE, "INSERT INTO slow SELECT number, 0 FROM numbers(60)"] {
        ask(&address, statement).await;
    }
    let changed_at = async || store.partitions("slow").await.unwrap()[0].changed_at;
    let written = changed_at().await;
    ask(&address, REWRITE).await;
    let later = async { while changed_at().await <= written {} };
    tokio::time::timeout(Duration::from_secs(40), later).await.expect("it changes while it is rewritten");
    assert_eq!(ask(&address, UNFINISHED).await, ["1"], "its parts are those that were written first");
    ask(&address, "KILL MUTATION WHERE database = currentDatabase() AND table = 'slow'").await;
    ask(&address, "DROP TABLE slow").await;
}
