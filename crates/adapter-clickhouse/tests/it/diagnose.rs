//! Each check sees what is really broken, and all are content with a good database.

use std::sync::Arc;

use adapter_clickhouse::{ClickHouse, ClickHouseDiagnosis};
use port_tests::clock::ManualClock;
use ports::diagnose::{Check, CheckState};
use ports::{AnalyticsStore, Clock, Diagnose};

use port_tests::clock::RealClock;

use crate::server::{analytics, ask, fresh_address};

async fn examine(address: &str, clock: Arc<dyn Clock>) -> Vec<Check> {
    ClickHouseDiagnosis::new(ClickHouse::new(address).unwrap(), clock).findings().await
}

fn findings(checks: &[Check]) -> Vec<&str> {
    checks.iter().filter(|c| c.state == CheckState::Finding).map(|c| c.name.as_str()).collect()
}

#[tokio::test]
async fn a_dropped_view_is_a_finding_and_migrate_makes_it_again() {
    let address = fresh_address();
    analytics(&address).migrate().await.unwrap();
    let good = examine(&address, Arc::new(RealClock)).await;
    assert!(good.len() == 3 && good.iter().all(|c| c.state == CheckState::Ok), "{good:?}");

    ask(&address, "DROP VIEW report_conversions_hourly").await;
    let checks = examine(&address, Arc::new(RealClock)).await;
    assert_eq!(findings(&checks), ["analytics: tables and views"]);
    assert!(checks.iter().any(|c| c.saw == "missing: report_conversions_hourly"), "{checks:?}");

    analytics(&address).migrate().await.unwrap();
    assert_eq!(findings(&examine(&address, Arc::new(RealClock)).await), [""; 0]);
    // It is the view of today, not that of the step which made it first.
    let columns = ask(&address, "DESCRIBE report_conversions_hourly").await;
    assert!(columns.iter().any(|column| column.starts_with("platform")), "{columns:?}");
}

#[tokio::test]
async fn steps_that_were_not_done_and_a_wrong_clock_are_findings() {
    let address = fresh_address();
    analytics(&address).migrate().await.unwrap();
    ask(&address, "ALTER TABLE efflux_migrations DELETE WHERE number = 4 SETTINGS mutations_sync = 1").await;
    assert_eq!(findings(&examine(&address, Arc::new(RealClock)).await), ["analytics: migrations"]);
    let behind = Arc::new(ManualClock::default());
    assert!(findings(&examine(&address, behind).await).contains(&"clock: ClickHouse"));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let checks = examine("http://u:hunter2@127.0.0.1:1/d", Arc::new(RealClock)).await;
    assert!(checks.len() == 1 && checks[0].unreachable, "{checks:?}");
    assert!(!format!("{checks:?}").contains("hunter2"));
}
