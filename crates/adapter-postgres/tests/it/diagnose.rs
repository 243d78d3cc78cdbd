//! Each check sees what is really broken, and all are content with a good database.

use std::sync::Arc;
use std::time::Duration;

use adapter_postgres::{Postgres, PostgresDiagnosis};
use port_tests::clock::{ManualClock, RealClock};
use ports::diagnose::{Check, CheckState};
use ports::{Clock, Diagnose};

use crate::database::{connect, fresh_address};

async fn examine(address: &str, clock: Arc<dyn Clock>) -> Vec<Check> {
    PostgresDiagnosis::new(Postgres::new(address).unwrap(), clock).findings().await
}

fn findings(checks: &[Check]) -> Vec<&str> {
    checks.iter().filter(|c| c.state == CheckState::Finding).map(|c| c.name.as_str()).collect()
}

#[tokio::test]
async fn a_missing_table_and_a_wrong_clock_are_findings() {
    let address = fresh_address().await;
    assert_eq!(findings(&examine(&address, Arc::new(RealClock)).await), ["pixels: tables"], "before migrate");
    Postgres::new(&address).unwrap().migrate().await.unwrap();
    let checks = examine(&address, Arc::new(RealClock)).await;
    assert!(checks.len() == 3 && checks.iter().all(|c| c.state == CheckState::Ok), "{checks:?}");

    let behind = ManualClock::default();
    behind.advance(Duration::from_secs(60));
    assert_eq!(findings(&examine(&address, Arc::new(behind)).await), ["clock: PostgreSQL"]);

    connect(&address).await.batch_execute("DROP TABLE efflux_turns").await.unwrap();
    let checks = examine(&address, Arc::new(RealClock)).await;
    assert_eq!(findings(&checks), ["pixels: tables"]);
    let table = checks.iter().find(|c| c.state == CheckState::Finding).unwrap();
    assert!(table.saw.contains("efflux_turns") && table.remedy.contains("efflux migrate"), "{table:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let checks = examine("postgresql://u:hunter2@127.0.0.1:1/d", Arc::new(RealClock)).await;
    assert!(checks.len() == 1 && checks[0].unreachable, "{checks:?}");
    assert!(!format!("{checks:?}").contains("hunter2"));
}
