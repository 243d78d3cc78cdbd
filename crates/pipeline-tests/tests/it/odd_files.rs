//! What the intake finds odd about a file as a whole: all its rows are invalid, or many visitors share a session.

use domain::{Outcome, Receipt};
use ports::metric::name::{SHARED_SESSIONS, SUSPICIOUS_FILES};
use serde_json::json;

use crate::amounts::with;
use crate::world::World;

fn only(receipt: &Receipt) -> (Outcome, &str, u64) {
    assert_eq!(receipt.outcomes.len(), 1, "{receipt:?}");
    let all = &receipt.outcomes[0];
    (all.outcome, &all.reason, all.rows)
}

/// A feed whose clicks are of a clock that is hours ahead.
#[tokio::test]
async fn a_file_of_which_every_row_is_invalid_is_suspicious() {
    let world = World::new().await;
    let ahead = json!({"click_timestamp": world.reporting.clock.now().seconds().0 + 7 * 3_600});
    let rows = world.rows(31, 1, &["1"]);
    let early: Vec<_> = rows[..30].iter().map(|row| with(row, &ahead)).collect();
    let receipt = world.report("a", &early).await;
    assert_eq!(only(&receipt), (Outcome::Invalid, "future_click", 30));
    assert_eq!(world.tally.of(SUSPICIOUS_FILES), 1);
    world.sandbox_has(0);

    let receipt = world.report("b", &[&early[..], &rows[30..]].concat()).await;
    assert_eq!(receipt.rows(Outcome::Reported), 1, "{receipt:?}");
    assert_eq!(world.tally.of(SUSPICIOUS_FILES), 1, "one good row among them");
}

#[tokio::test]
async fn a_session_of_many_visitors_is_counted_and_its_rows_are_reported() {
    let world = World::new().await;
    let rows = world.rows(6, 1, &["1"]);
    let visitors = |clicks: usize| -> Vec<_> {
        let of = |(n, row): (usize, &String)| {
            let session = format!("for all {clicks}");
            with(
                row,
                &json!({
                    "session_id": session,
                    "keyword_clicked": format!("keyword {n}"),
                    "ts_click_id": format!("IwAR{}", n % clicks),
                }),
            )
        };
        rows.iter().enumerate().map(of).collect()
    };
    let receipt = world.report("one", &visitors(1)).await;
    assert_eq!(only(&receipt), (Outcome::Reported, "", 6));
    assert_eq!(world.tally.of(SHARED_SESSIONS), 0, "one visitor, six keywords");
    let receipt = world.report("many", &visitors(6)).await;
    assert_eq!(only(&receipt), (Outcome::Reported, "", 6));
    assert_eq!(world.tally.of(SHARED_SESSIONS), 1);
}
