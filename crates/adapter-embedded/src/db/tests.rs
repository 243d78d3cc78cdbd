use super::*;

const FIRST: Schema = Schema::new("CREATE TABLE IF NOT EXISTS t (n INTEGER) STRICT", &[]);
const SCHEMA: Schema = Schema::new(
    "CREATE TABLE IF NOT EXISTS t (n INTEGER, more TEXT) STRICT;",
    &["ALTER TABLE t ADD COLUMN more TEXT"],
);

fn count(tx: &Transaction<'_>) -> rusqlite::Result<i64> {
    tx.query_row("SELECT count(*) FROM t", [], |r| r.get(0))
}

fn insert(tx: &Transaction<'_>) -> rusqlite::Result<usize> {
    tx.execute("INSERT INTO t (n) VALUES (1)", [])
}

#[tokio::test]
async fn what_fails_leaves_nothing() {
    let db = Db::in_memory(SCHEMA).unwrap();
    let failed = db.write("t.write", |tx| insert(tx).and_then(|_| tx.execute("nonsense", []))).await;
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(db.read("t.read", count).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_openers_share_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.db");
    let writers: Vec<_> = (0..6)
        .map(|_| {
            let path = path.clone();
            tokio::spawn(async move {
                let db = crate::blocking("t", move || Db::open(&path, SCHEMA)).await.unwrap().unwrap();
                for _ in 0..5 {
                    db.write("t.write", insert).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(Db::open(&path, SCHEMA).unwrap().read("t.read", count).await.unwrap(), 30);
}

#[tokio::test]
async fn a_full_database_frees_the_room_of_its_log() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.db");
    let log = || fs::metadata(dir.path().join("t.db-wal")).unwrap().len();
    let db = Db::open(&path, SCHEMA).unwrap();
    for _ in 0..100 {
        db.write("t.write", insert).await.unwrap();
    }
    let before = log();
    // The last page that the database may have stands in for a full disk: SQLite's error is the same.
    let full = db.write("t.write", |tx| {
        tx.query_row("PRAGMA max_page_count = 1", [], |_| Ok(()))?;
        tx.execute("INSERT INTO t (n, more) VALUES (1, hex(randomblob(100000)))", [])
    });
    assert_eq!(full.await.unwrap_err().kind(), ErrorKind::Full);
    assert!(before > 100_000 && log() == 0, "{before} and then {}", log());
    assert_eq!(db.read("t.read", count).await.unwrap(), 100);
}

#[tokio::test]
async fn opening_what_is_up_to_date_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.db");
    let first = Db::open(&path, SCHEMA).unwrap();
    let log = || fs::metadata(dir.path().join("t.db-wal")).unwrap().len();
    let before = log();
    drop(Db::open(&path, SCHEMA).unwrap());
    assert_eq!(log(), before);
    drop(first);
}

#[tokio::test]
async fn only_the_owner_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let db = Db::open(&dir.path().join("t.db"), SCHEMA).unwrap();
    db.write("t.write", insert).await.unwrap();
    let files: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|f| f.unwrap()).collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
}

#[tokio::test]
async fn a_database_of_an_earlier_version_is_upgraded_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.db");
    Db::open(&path, FIRST).unwrap().write("t.write", insert).await.unwrap();
    for _ in 0..2 {
        let db = Db::open(&path, SCHEMA).unwrap();
        let more = |tx: &Transaction<'_>| tx.execute("UPDATE t SET more = 'x'", []);
        assert_eq!(db.write("t.write", more).await.unwrap(), 1);
    }
    assert_eq!(Db::open(&path, FIRST).unwrap_err().kind(), ErrorKind::Invalid, "not by the earlier program");
}

#[tokio::test]
async fn a_program_stops_using_a_database_that_a_later_one_upgrades() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.db");
    let earlier = Db::open(&path, FIRST).unwrap();
    earlier.write("t.write", insert).await.unwrap();
    drop(Db::open(&path, SCHEMA).unwrap());
    for refused in
        [earlier.write("t.write", insert).await.map(drop), earlier.read("t.read", count).await.map(drop)]
    {
        let error = refused.unwrap_err();
        assert_eq!(error.retry(), Retry::After(None), "the work waits: {error:?}");
        assert!(error.to_string().contains("t.db is used by another version of Efflux"), "{error}");
    }
    assert_eq!(Db::open(&path, SCHEMA).unwrap().read("t.read", count).await.unwrap(), 1);
}

#[tokio::test]
async fn columns_that_a_program_does_not_know_are_tolerated() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.db");
    let db = Db::open(&path, SCHEMA).unwrap();
    let add = "ALTER TABLE t ADD COLUMN hereafter TEXT NOT NULL DEFAULT 'x'";
    Connection::open(&path).unwrap().execute_batch(add).unwrap();
    db.write("t.write", insert).await.unwrap();
    assert_eq!(Db::open(&path, SCHEMA).unwrap().read("t.read", count).await.unwrap(), 1);
}

#[test]
fn unusable_files_are_named_without_their_folder() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.db");
    fs::write(&path, "this is surely not a database ".repeat(100)).unwrap();
    let error = Db::open(&path, SCHEMA).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("t.db") && !error.to_string().contains('/'), "{error}");

    let later = dir.path().join("later.db");
    Connection::open(&later).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert_eq!(Db::open(&later, SCHEMA).unwrap_err().kind(), ErrorKind::Invalid);
}
