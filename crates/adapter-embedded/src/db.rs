//! One SQLite database: opened once per process, shared by all that store in it.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ports::{Error, ErrorKind, Result, Retry};
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use tokio::sync::Notify;

/// How long one process waits for another that writes.
const BUSY: Duration = Duration::from_secs(10);

/// The tables of a database, and how those of earlier versions become them.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// Run at each opening, so it is harmless to repeat (`IF NOT EXISTS`).
    create: &'static str,
    /// The nth takes a database of version n (from 1) to the next.
    upgrades: &'static [&'static str],
}

impl Schema {
    /// A schema that has had these upgrades so far. A new one is added whenever older programs cannot read the result.
    #[must_use]
    pub const fn new(create: &'static str, upgrades: &'static [&'static str]) -> Self {
        Self { create, upgrades }
    }

    /// The statements that make its tables where they are absent.
    pub(crate) const fn create(&self) -> &'static str {
        self.create
    }

    /// Stored in each database as `user_version`.
    fn version(&self) -> u32 {
        u32::try_from(self.upgrades.len()).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// Brings a database to this version; `false` when a later version has been here.
    fn apply(&self, tx: &Transaction<'_>) -> rusqlite::Result<bool> {
        let found: u32 = tx.query_row("PRAGMA user_version", [], |r| r.get(0))?;
        if found > self.version() {
            return Ok(false);
        }
        // 0 is a database that was made just now.
        if let Some(done) = found.checked_sub(1) {
            let missing = self.upgrades.iter().skip(done as usize);
            missing.into_iter().try_for_each(|upgrade| tx.execute_batch(upgrade))?;
        }
        tx.execute_batch(self.create)?;
        tx.pragma_update(None, "user_version", self.version())?;
        Ok(true)
    }
}

/// A database with its schema. Clones share their connections.
#[derive(Clone)]
pub struct Db(Arc<Shared>);

struct Shared {
    /// The file's name without its folder, for error texts.
    name: String,
    writer: Arc<Mutex<Connection>>,
    /// In a file this is a second connection, so that readers do not wait for the writer; in memory it is the writer.
    reader: Arc<Mutex<Connection>>,
    changed: Notify,
    place: Place,
}

/// Where statements run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Beside the runtime, on threads that may block.
    Pool,
    /// Where they are called.
    Caller,
}

impl Db {
    /// Opens or creates a database file that only its owner can read, and upgrades it where an earlier version made it. Its
    /// folder must exist. Blocks.
    ///
    /// # Errors
    /// When the file cannot be opened, is no database, or was made by a later version.
    pub fn open(path: &Path, schema: Schema) -> Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let unusable = |e: io::Error| crate::io_error("database.open", &name, e);
        // Two processes that both create a database or switch it to WAL would refuse each other at once, not wait.
        let gate = private_file(&path.with_file_name(".lock"), false).map_err(unusable)?;
        gate.lock().map_err(unusable)?;
        // Only a file that nobody has open may be opened beside SQLite: closing it would drop the process's locks on it.
        match private_file(path, true) {
            Ok(file) => drop(file),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(unusable(e)),
        }
        let connect = || -> rusqlite::Result<(Connection, Connection, bool)> {
            let mut writer = Connection::open(path)?;
            let ours = prepare(&mut writer, schema)?;
            let reader = Connection::open(path)?;
            tune(&reader)?;
            reader.pragma_update(None, "query_only", true)?;
            Ok((writer, reader, ours))
        };
        let (writer, reader, ours) = connect().map_err(|e| translate(e, "database.open", &name))?;
        if !ours {
            return Err(Error::new(ErrorKind::Invalid, "database.open")
                .detail(format!("{name} was written by a later version of Efflux; use that version")));
        }
        Ok(Self::of(name, Arc::new(Mutex::new(writer)), Arc::new(Mutex::new(reader)), Place::Pool))
    }

    /// A database that lives as long as its last clone.
    ///
    /// # Errors
    /// When the schema is refused or there is no memory.
    pub fn in_memory(schema: Schema) -> Result<Self> {
        Self::memory(schema, Place::Pool)
    }

    /// The same, for one thread that must not be left: a simulation is only repeatable when nothing runs beside it.
    ///
    /// # Errors
    /// As [`in_memory`](Self::in_memory).
    pub fn in_memory_on_caller(schema: Schema) -> Result<Self> {
        Self::memory(schema, Place::Caller)
    }

    fn memory(schema: Schema, place: Place) -> Result<Self> {
        let connect = || -> rusqlite::Result<Connection> {
            let mut connection = Connection::open_in_memory()?;
            prepare(&mut connection, schema)?;
            Ok(connection)
        };
        let name = "the database in memory".to_owned();
        let connection = connect().map_err(|e| translate(e, "database.open", &name))?;
        let connection = Arc::new(Mutex::new(connection));
        Ok(Self::of(name, Arc::clone(&connection), connection, place))
    }

    fn of(
        name: String,
        writer: Arc<Mutex<Connection>>,
        reader: Arc<Mutex<Connection>>,
        place: Place,
    ) -> Self {
        Self(Arc::new(Shared { name, writer, reader, changed: Notify::new(), place }))
    }

    /// Runs `f` in a transaction that is alone in writing, in all processes. It is applied whole, or not at all.
    pub(crate) async fn write<T, F>(&self, operation: &'static str, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        let done = self.run(&self.0.writer, TransactionBehavior::Immediate, operation, f).await;
        done.map_err(|e| match e.kind() {
            // The disk may have failed just when the commit was on it.
            ErrorKind::Unavailable => e.retry_with(Retry::Unknown),
            _ => e,
        })
    }

    /// Runs `f` on one consistent state of the database.
    pub(crate) async fn read<T, F>(&self, operation: &'static str, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        self.run(&self.0.reader, TransactionBehavior::Deferred, operation, f).await
    }

    /// Tells those of this process who wait for something in the database to look again.
    pub(crate) fn changed(&self) -> &Notify {
        &self.0.changed
    }

    async fn run<T, F>(
        &self,
        connection: &Arc<Mutex<Connection>>,
        behavior: TransactionBehavior,
        operation: &'static str,
        f: F,
    ) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        let connection = Arc::clone(connection);
        let transact = move || {
            // A panic inside a transaction rolls it back; the connection stays sound.
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            let transaction = connection.transaction_with_behavior(behavior)?;
            let answer = f(&transaction)?;
            transaction.commit()?;
            Ok(answer)
        };
        let done = match self.0.place {
            Place::Pool => crate::blocking(operation, transact).await?,
            Place::Caller => transact(),
        };
        done.map_err(|e| translate(e, operation, &self.0.name))
    }
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Db({})", self.0.name)
    }
}

/// Opens a file for its owner only; `fresh`: only if it is not there yet.
fn private_file(path: &Path, fresh: bool) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = fs::OpenOptions::new();
    options.write(true).mode(0o600);
    if fresh {
        options.create_new(true)
    } else {
        options.create(true).truncate(false)
    };
    options.open(path)
}

/// Settings that every connection needs.
fn tune(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(64);
    // FULL: what was committed survives a power cut too. Negative: KiB.
    connection
        // Keys fall on random pages: a large ledger changes many in each commit, and writing them back less often finds most of
        // them changed more than once.
        .execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -32768;
             PRAGMA wal_autocheckpoint = 8000;",
        )
}

/// Prepares the writing connection; `false` when a later version has been here.
fn prepare(connection: &mut Connection, schema: Schema) -> rusqlite::Result<bool> {
    tune(connection)?;
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let ours = schema.apply(&transaction)?;
    transaction.commit()?;
    Ok(ours)
}

/// SQLite's error as the ports know it.
fn translate(error: rusqlite::Error, operation: &'static str, name: &str) -> Error {
    use rusqlite::Error as E;
    let (kind, what) = match (&error, error.sqlite_error_code()) {
        (_, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)) => {
            (ErrorKind::Throttled, "is being written by another process")
        }
        (_, Some(ErrorCode::DiskFull)) => (ErrorKind::Full, "has no room on its disk; free some"),
        (_, Some(ErrorCode::ReadOnly)) => (ErrorKind::Full, "is read-only; check its owner and its disk"),
        (_, Some(ErrorCode::PermissionDenied)) => (ErrorKind::Denied, "may not be opened; check its owner"),
        (_, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)) => {
            (ErrorKind::Corrupt, "is damaged or no database; restore it, or move it away to begin anew")
        }
        (E::FromSqlConversionFailure(..) | E::InvalidColumnType(..) | E::IntegralValueOutOfRange(..), _) => {
            (ErrorKind::Corrupt, "holds a value that cannot be read")
        }
        (_, Some(ErrorCode::TooBig)) => (ErrorKind::TooLarge, "does not take a value of this length"),
        (
            _,
            Some(
                ErrorCode::CannotOpen
                | ErrorCode::SystemIoFailure
                | ErrorCode::OutOfMemory
                | ErrorCode::FileLockingProtocolFailed
                | ErrorCode::OperationInterrupted,
            ),
        ) => (ErrorKind::Unavailable, "cannot be read or written; check its disk"),
        _ => (ErrorKind::Invalid, "refuses the statement"),
    };
    Error::new(kind, operation).detail(format!("{name} {what}")).source(error)
}

#[cfg(test)]
mod tests {
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
        assert_eq!(
            Db::open(&path, FIRST).unwrap_err().kind(),
            ErrorKind::Invalid,
            "not by the earlier program"
        );
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
}
