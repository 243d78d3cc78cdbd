//! One SQLite database: opened once per process, shared by all that store in it.

mod error;
mod scrub;

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ports::{Error, ErrorKind, Result, Retry};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::Notify;

use error::translate;

/// How long one process waits for another that writes.
const BUSY: Duration = Duration::from_secs(10);

/// How long room is waited for that others may still read in.
const ROOM_BUSY: Duration = Duration::from_secs(1);

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
    pub(crate) fn version(&self) -> u32 {
        u32::try_from(self.upgrades.len()).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// Brings a database to this version; `false` when a later version has been here.
    fn apply(&self, tx: &Transaction<'_>) -> rusqlite::Result<bool> {
        let found: u32 = tx.query_row("PRAGMA user_version", [], |r| r.get(0))?;
        if found > self.version() {
            return Ok(false);
        }
        if found == self.version() {
            // Nothing is written: a look at a full disk must be possible.
            tx.execute_batch(self.create)?;
            return Ok(true);
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
    /// The version that this program's statements are for.
    version: u32,
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
    /// When the file cannot be opened, is not a database, or was made by a later version.
    pub fn open(path: &Path, schema: Schema) -> Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let unusable = |e: io::Error| crate::io_error("database.open", &name, e);
        // Two processes that both create a database or switch it to WAL would refuse each other at once, not wait.
        let gate = private_file(&path.with_file_name(".lock"), false).map_err(unusable)?;
        gate.lock().map_err(unusable)?;
        // Only a file that no process has open may be opened beside SQLite: closing it would drop the process's locks on it.
        match private_file(path, true) {
            Ok(file) => drop(file),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(unusable(e)),
        }
        let connect = || -> rusqlite::Result<(Connection, Connection, bool)> {
            let mut writer = Connection::open(path)?;
            let ours = prepare(&mut writer, schema)?;
            write_back(&writer);
            let reader = Connection::open(path)?;
            tune(&reader)?;
            // What is read is new, as a rule: few of its pages are read again.
            reader.pragma_update(None, "cache_size", -4_096)?;
            reader.pragma_update(None, "query_only", true)?;
            Ok((writer, reader, ours))
        };
        let (writer, reader, ours) = connect().map_err(|e| translate(e, "database.open", &name))?;
        if !ours {
            return Err(Error::new(ErrorKind::Invalid, "database.open")
                .detail(format!("{name} was written by a later version of Efflux; use that version")));
        }
        let [writer, reader] = [writer, reader].map(|connection| Arc::new(Mutex::new(connection)));
        Ok(Self::of(name, writer, reader, (Place::Pool, schema.version())))
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
        Ok(Self::of(name, Arc::clone(&connection), connection, (place, schema.version())))
    }

    fn of(
        name: String,
        writer: Arc<Mutex<Connection>>,
        reader: Arc<Mutex<Connection>>,
        (place, version): (Place, u32),
    ) -> Self {
        Self(Arc::new(Shared { name, writer, reader, changed: Notify::new(), place, version }))
    }

    /// Runs `f` in a transaction that is alone in writing, in all processes. It is applied whole, or not at all. It is refused, and
    /// so is each read, while another version of Efflux has the database in its form.
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

    /// Overwrites what pages still hold of deleted content, some of them at each call: the number of the page to go on with. The last
    /// call, which answers nothing, also empties the write-ahead log, which holds former states of pages.
    pub(crate) async fn scrub(&self, from: u64) -> Result<Option<u64>> {
        const OPERATION: &str = "database.scrub";
        let next = self.write(OPERATION, move |tx| scrub::pages(tx, from)).await?;
        if next.is_some() {
            return Ok(next);
        }
        let connection = Arc::clone(&self.0.writer);
        let empty = move || empty_log(&connection.lock().unwrap_or_else(PoisonError::into_inner));
        let emptied = match self.0.place {
            Place::Pool => crate::blocking(OPERATION, empty).await?,
            Place::Caller => empty(),
        };
        if emptied.map_err(|e| translate(e, OPERATION, &self.0.name))? {
            return Ok(None);
        }
        let detail = format!("other processes keep reading the write-ahead log of {}", self.0.name);
        Err(Error::new(ErrorKind::Throttled, OPERATION).detail(detail))
    }

    /// Wakes the tasks of this process that wait for something in the database.
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
        let (connection, version) = (Arc::clone(connection), self.0.version);
        let work = move || {
            // A panic inside a transaction rolls it back; the connection stays sound.
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            let done = transact(&mut connection, behavior, version, f);
            if done.as_ref().is_err_and(error::is_full) {
                make_room(&connection);
            }
            done
        };
        let done = match self.0.place {
            Place::Pool => crate::blocking(operation, work).await?,
            Place::Caller => work(),
        };
        let name = &self.0.name;
        match done {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(OtherVersion)) => Err(OtherVersion::error(operation, name)),
            Err(error) => Err(translate(error, operation, name)),
        }
    }
}

/// Another version of Efflux has brought the database into its own form since this process opened it.
struct OtherVersion;

impl OtherVersion {
    /// Nothing is wrong with what was asked: the work waits for a process that understands the form.
    fn error(operation: &'static str, name: &str) -> Error {
        let detail = format!(
            "{name} is used by another version of Efflux now; stop this process and start that version"
        );
        Error::new(ErrorKind::Invalid, operation).detail(detail).retry_with(Retry::After(None))
    }
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Db({})", self.0.name)
    }
}

fn transact<T>(
    connection: &mut Connection,
    behavior: TransactionBehavior,
    version: u32,
    work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Result<T, OtherVersion>> {
    let transaction = connection.transaction_with_behavior(behavior)?;
    // In the transaction: no upgrade can come between this look and the work.
    let found: u32 = transaction.prepare_cached("PRAGMA user_version")?.query_row([], |r| r.get(0))?;
    if found != version {
        return Ok(Err(OtherVersion));
    }
    let answer = work(&transaction)?;
    transaction.commit()?;
    Ok(Ok(answer))
}

/// Writes what the log holds back into the database, as far as no other process keeps it from doing so. A process may have ended after a
/// sync that failed: its pages then look sound in the log until the power fails, and all that was committed behind them would be gone with
/// them. A full disk must not keep anyone from looking.
fn write_back(connection: &Connection) {
    drop(connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())));
}

/// Frees what the write-ahead log takes of a full disk: most of it is older states of pages. Without that, logs that fill a
/// disk would keep it full, for they are emptied by writing.
fn make_room(connection: &Connection) {
    // The caller gets the error of the full disk either way.
    drop(connection.busy_timeout(ROOM_BUSY));
    drop(connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
    drop(connection.busy_timeout(BUSY));
}

/// Writes the write-ahead log back and cuts it to nothing; `false` when others read it all the time.
fn empty_log(connection: &Connection) -> rusqlite::Result<bool> {
    connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0))
        .map(|busy| busy == 0)
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
            // What is deleted is overwritten at once, where it stood.
            "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -32768;
             PRAGMA wal_autocheckpoint = 8000; PRAGMA secure_delete = ON;
             -- A damaged page is noticed when it is read, before what it says is followed.
             PRAGMA cell_size_check = ON;",
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

#[cfg(test)]
mod tests;
