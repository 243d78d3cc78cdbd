//! Each check sees what is really broken, and all are content with a good folder.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use adapter_embedded::{DataDir, DataDirDiagnosis};
use port_tests::clock::ManualClock;
use ports::Diagnose;
use ports::diagnose::{Check, CheckState};

async fn examine(folder: &Path) -> Vec<Check> {
    DataDirDiagnosis::new(folder).findings().await
}

fn findings(checks: &[Check]) -> Vec<&str> {
    let found = checks.iter().filter(|c| c.state == CheckState::Finding);
    found.map(|c| c.name.rsplit(": ").next().unwrap_or_default()).collect()
}

#[tokio::test]
async fn a_good_folder_has_no_finding_and_is_not_changed() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("data");
    assert_eq!(examine(&folder).await[0].saw, "it is not there");
    assert!(!folder.exists(), "looking makes nothing");
    let data = DataDir::open(&folder).unwrap();
    drop((data.ledger().unwrap(), data.queue("trigger", Arc::new(ManualClock::default())).unwrap()));
    let checks = examine(&folder).await;
    assert_eq!(findings(&checks), [""; 0], "{checks:?}");
    let unused = checks.iter().filter(|c| c.state == CheckState::NotApplicable).count();
    assert_eq!((checks.len(), unused), (6, 2), "two databases are not made yet: {checks:?}");
    assert!(!folder.join("analytics.db").exists());
}

#[tokio::test]
async fn a_folder_that_others_can_read_another_version_and_damage_are_findings() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("data");
    let data = DataDir::open(&folder).unwrap();
    drop((data.ledger().unwrap(), data.pixels().unwrap(), data));
    let version = |version: u32| {
        let db = rusqlite::Connection::open(folder.join("ledger.db")).unwrap();
        db.pragma_update(None, "user_version", version).unwrap();
    };

    fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    assert_eq!(findings(&examine(&folder).await), ["permissions"]);
    fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();

    for (other, said) in [(99, "a later version works"), (2, "an earlier version works")] {
        version(other);
        let checks = examine(&folder).await;
        assert_eq!(findings(&checks), ["database ledger.db"]);
        assert!(checks.iter().any(|c| c.saw.contains(said)), "{checks:?}");
    }
    fs::write(folder.join("directory.db"), "not a database").unwrap();
    assert_eq!(findings(&examine(&folder).await), ["database directory.db", "database ledger.db"]);
}

#[tokio::test]
async fn a_damaged_page_is_a_finding_even_where_nothing_reads_it() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("data");
    let data = DataDir::open(&folder).unwrap();
    drop((data.ledger().unwrap(), data));
    let path = folder.join("ledger.db");
    let db = rusqlite::Connection::open(&path).unwrap();
    db.pragma_update(None, "journal_mode", "delete").unwrap();
    let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'report_conversions'";
    let number = |query: &str| -> usize {
        let found: i64 = db.query_one(query, [], |row| row.get(0)).unwrap();
        found.try_into().unwrap()
    };
    let (root, size) = (number(root), number("PRAGMA page_size"));
    drop(db);
    assert_eq!(findings(&examine(&folder).await), [""; 0]);
    let mut bytes = fs::read(&path).unwrap();
    bytes[(root - 1) * size..root * size].fill(0x5a);
    fs::write(&path, bytes).unwrap();
    let checks = examine(&folder).await;
    assert_eq!(findings(&checks), ["database ledger.db"], "{checks:?}");
}
