//! The way to the server: time-outs, majority, and many statements in one command.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bson::{Bson, Document, doc};
use futures_util::TryStreamExt;
use mongodb::event::EventHandler;
use mongodb::event::command::CommandEvent;
use mongodb::options::{
    ClientOptions, CollectionOptions, ReadConcern, ReadPreference, SelectionCriteria, WriteConcern,
};
use mongodb::{Client, Collection, Cursor, Database};
use ports::configuration::MongoSettings;
use ports::{Error, ErrorKind, Result, Retry};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;

use crate::error::{refused_write, translate};

/// How long to look for a server that can be written to.
const SELECTION: Duration = Duration::from_secs(5);

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// How long the server waits for a majority to have a write.
const MAJORITY: Duration = Duration::from_secs(10);

/// How long an answer may take altogether; longer than what it is made of, so that the finer error comes first.
const ANSWER: Duration = Duration::from_secs(25);

/// The largest command: the server takes 16 MiB in one document, and it needs some of it itself.
const COMMAND_BYTES: usize = 12 * 1024 * 1024;

/// The most statements or documents in one command: more would keep a server from answering others for too long.
const COMMAND_STATEMENTS: usize = 2_000;

/// A MongoDB error code: the key exists already.
const DUPLICATE_KEY: i32 = 11_000;

/// A database, and how many commands it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    client: Client,
    database: Database,
    commands: Arc<AtomicU64>,
}

impl Connection {
    /// Reads the address. Connects only when something is asked.
    pub(crate) async fn open(settings: &MongoSettings) -> Result<Self> {
        const OPERATION: &str = "ledger.open";
        let mut options =
            ClientOptions::parse(settings.uri.expose_secret()).await.map_err(|e| translate(OPERATION, &e))?;
        options.app_name.get_or_insert_with(|| "efflux".to_owned());
        options.server_selection_timeout.get_or_insert(SELECTION);
        options.connect_timeout.get_or_insert(CONNECT);
        // The ledger decides what is sent: it never reads what a fail-over could take back, nor from a copy that lags behind.
        options.write_concern = Some(
            WriteConcern::builder().w_timeout(MAJORITY).w(mongodb::options::Acknowledgment::Majority).build(),
        );
        options.read_concern = Some(ReadConcern::majority());
        options.selection_criteria = Some(SelectionCriteria::ReadPreference(ReadPreference::Primary));
        let commands = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&commands);
        options.command_event_handler = Some(EventHandler::callback(move |event| {
            if matches!(event, CommandEvent::Started(_)) {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }));
        let client = Client::with_options(options).map_err(|e| translate(OPERATION, &e))?;
        Ok(Self { database: client.database(&settings.database), client, commands })
    }

    pub(crate) fn commands(&self) -> u64 {
        self.commands.load(Ordering::Relaxed)
    }

    pub(crate) fn collection(&self, name: &str) -> Collection<Document> {
        self.database.collection_with_options(name, CollectionOptions::default())
    }

    /// The key by which a cluster spreads a collection over its shards; `None` when it does not.
    pub(crate) async fn shard_key(
        &self,
        operation: &'static str,
        collection: &str,
    ) -> Result<Option<Document>> {
        let all = self.client.database("config").collection::<Document>("collections");
        let name = format!("{}.{collection}", self.database.name());
        let found = in_time(operation, async { all.find_one(bson::doc! { "_id": name }).await }).await?;
        Ok(found.and_then(|entry| entry.get_document("key").ok().cloned()))
    }

    /// Runs a command whose answer is one document.
    pub(crate) async fn command(&self, operation: &'static str, command: Document) -> Result<Document> {
        in_time(operation, async { self.database.run_command(command).await }).await
    }

    /// Enters documents; which of them, by position, were not because their key exists.
    pub(crate) async fn insert(
        &self,
        operation: &'static str,
        collection: &str,
        documents: &[Document],
    ) -> Result<Vec<usize>> {
        let mut known = Vec::new();
        for (part, documents) in documents.chunks(COMMAND_STATEMENTS).enumerate() {
            let refused = self.insert_part(operation, collection, documents).await?;
            known.extend(refused.into_iter().map(|index| part * COMMAND_STATEMENTS + index));
        }
        Ok(known)
    }

    async fn insert_part(
        &self,
        operation: &'static str,
        collection: &str,
        documents: &[Document],
    ) -> Result<Vec<usize>> {
        let collection = self.collection(collection);
        let inserting = async { collection.insert_many(documents).ordered(false).await };
        let error = match timed(operation, inserting).await? {
            Ok(_) => return Ok(Vec::new()),
            Err(error) => error,
        };
        let mongodb::error::ErrorKind::InsertMany(refused) = &*error.kind else {
            return Err(translate(operation, &error));
        };
        let errors = refused.write_errors.as_deref().unwrap_or_default();
        let other = errors.iter().find(|e| e.code != DUPLICATE_KEY);
        if let Some(other) = other {
            return Err(refused_write(operation, other.code, &other.message));
        }
        if refused.write_concern_error.is_some() || errors.is_empty() {
            return Err(translate(operation, &error));
        }
        Ok(errors.iter().map(|e| e.index).collect())
    }

    /// Runs update statements, each by itself; how many documents they matched.
    pub(crate) async fn update(
        &self,
        operation: &'static str,
        collection: &str,
        statements: Vec<Document>,
    ) -> Result<u64> {
        let mut matched = 0;
        for part in parts(operation, statements)? {
            let command = doc! {
                "update": collection,
                "updates": part,
                "ordered": false,
                "writeConcern": { "w": "majority", "wtimeout": i64::try_from(MAJORITY.as_millis()).unwrap_or(i64::MAX) },
            };
            matched += written(operation, &self.command(operation, command).await?)?;
        }
        Ok(matched)
    }

    /// Finds documents: one round trip as long as they fit into one answer of the server's.
    pub(crate) async fn find<T: DeserializeOwned + Send + Sync + Unpin>(
        &self,
        operation: &'static str,
        collection: &str,
        query: Query,
    ) -> Result<Vec<T>> {
        let bytes = query.bytes.unwrap_or(u64::MAX);
        read(operation, self.cursor(operation, collection, query).await?, bytes).await
    }

    /// The same, and one document that cannot be read keeps no other from being found.
    pub(crate) async fn find_each<T: DeserializeOwned + Send + Sync + Unpin>(
        &self,
        operation: &'static str,
        collection: &str,
        query: Query,
    ) -> Result<Vec<std::result::Result<T, Unreadable>>> {
        let bytes = query.bytes.unwrap_or(u64::MAX);
        read_each(operation, self.cursor(operation, collection, query).await?, bytes).await
    }

    async fn cursor(
        &self,
        operation: &'static str,
        collection: &str,
        query: Query,
    ) -> Result<Cursor<Document>> {
        let collection = self.collection(collection);
        let mut find = collection.find(query.filter).batch_size(u32::MAX >> 1);
        if let Some(fields) = query.fields {
            find = find.projection(fields);
        }
        if let Some(sort) = query.sort {
            find = find.sort(sort);
        }
        if let Some(limit) = query.limit {
            find = find.limit(i64::try_from(limit).unwrap_or(i64::MAX));
        }
        in_time(operation, async { find.await }).await
    }

    /// Runs an aggregation.
    pub(crate) async fn aggregate<T: DeserializeOwned + Send + Sync + Unpin>(
        &self,
        operation: &'static str,
        collection: &str,
        stages: Vec<Document>,
    ) -> Result<Vec<T>> {
        read(operation, self.aggregation(operation, collection, stages).await?, u64::MAX).await
    }

    /// The same, and one answer that cannot be read keeps no other from being found.
    pub(crate) async fn aggregate_each<T: DeserializeOwned + Send + Sync + Unpin>(
        &self,
        operation: &'static str,
        collection: &str,
        stages: Vec<Document>,
    ) -> Result<Vec<std::result::Result<T, Unreadable>>> {
        read_each(operation, self.aggregation(operation, collection, stages).await?, u64::MAX).await
    }

    async fn aggregation(
        &self,
        operation: &'static str,
        collection: &str,
        stages: Vec<Document>,
    ) -> Result<Cursor<Document>> {
        let collection = self.collection(collection);
        let aggregating = async { collection.aggregate(stages).batch_size(u32::MAX >> 1).await };
        in_time(operation, aggregating).await
    }
}

/// What to find.
#[derive(Debug, Default)]
pub(crate) struct Query {
    pub(crate) filter: Document,
    pub(crate) fields: Option<Document>,
    pub(crate) sort: Option<Document>,
    pub(crate) limit: Option<usize>,
    /// So many bytes of rows' text are enough: the document that reaches them is the last.
    pub(crate) bytes: Option<u64>,
}

async fn read<T: DeserializeOwned>(
    operation: &'static str,
    cursor: Cursor<Document>,
    bytes: u64,
) -> Result<Vec<T>> {
    let found = read_each(operation, cursor, bytes).await?;
    // The cause would show what is in the document.
    found.into_iter().collect::<std::result::Result<_, _>>().map_err(|Unreadable(_)| {
        Error::new(ErrorKind::Corrupt, operation)
            .detail("a document of the ledger lacks fields, or has them in other types")
    })
}

/// A document that is not what this version wrote; its id.
#[derive(Debug, PartialEq)]
pub(crate) struct Unreadable(pub(crate) Bson);

async fn read_each<T: DeserializeOwned>(
    operation: &'static str,
    mut cursor: Cursor<Document>,
    bytes: u64,
) -> Result<Vec<std::result::Result<T, Unreadable>>> {
    let (mut found, mut text) = (Vec::new(), 0);
    while let Some(document) = in_time(operation, async { cursor.try_next().await }).await? {
        text += document.get_str("raw").map_or(0, str::len) as u64;
        let id = document.get("_id").cloned().unwrap_or(Bson::Null);
        found.push(bson::deserialize_from_document(document).map_err(|_| Unreadable(id)));
        if text >= bytes {
            break;
        }
    }
    Ok(found)
}

async fn in_time<T>(
    operation: &'static str,
    work: impl Future<Output = mongodb::error::Result<T>>,
) -> Result<T> {
    timed(operation, work).await?.map_err(|e| translate(operation, &e))
}

/// A server that hangs is one that does not answer: the driver alone would wait for as long as the connection lives.
async fn timed<T>(operation: &'static str, work: impl Future<Output = T>) -> Result<T> {
    // Boxed: what the driver does takes kilobytes, and callers hold several of these.
    tokio::time::timeout(ANSWER, Box::pin(work)).await.map_err(|_| {
        Error::new(ErrorKind::Timeout, operation)
            .detail(format!("no answer from MongoDB in {} s", ANSWER.as_secs()))
            .retry_with(Retry::Unknown)
    })
}

/// How many documents an update matched.
fn written(operation: &'static str, answer: &Document) -> Result<u64> {
    let first = answer.get_array("writeErrors").ok().and_then(|errors| errors.first());
    if let Some(Bson::Document(error)) = first.or_else(|| answer.get("writeConcernError")) {
        return Err(refused_write(
            operation,
            number(error, "code").and_then(|code| i32::try_from(code).ok()).unwrap_or_default(),
            error.get_str("errmsg").unwrap_or_default(),
        ));
    }
    Ok(number(answer, "n").and_then(|n| u64::try_from(n).ok()).unwrap_or_default())
}

fn number(document: &Document, name: &str) -> Option<i64> {
    match document.get(name)? {
        Bson::Int32(number) => Some(i64::from(*number)),
        Bson::Int64(number) => Some(*number),
        Bson::Double(number) => Some(*number as i64),
        _ => None,
    }
}

/// Splits statements so that each part fits into one command.
fn parts(operation: &'static str, statements: Vec<Document>) -> Result<Vec<Vec<Document>>> {
    let mut parts: Vec<Vec<Document>> = Vec::new();
    let mut room = 0;
    for statement in statements {
        let bytes = bson::serialize_to_vec(&statement)
            .map_err(|e| Error::new(ErrorKind::Invalid, operation).source(e))?
            .len();
        match parts.last_mut().filter(|part| room >= bytes && part.len() < COMMAND_STATEMENTS) {
            Some(part) => part.push(statement),
            None => {
                parts.push(vec![statement]);
                room = COMMAND_BYTES;
            }
        }
        room = room.saturating_sub(bytes);
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_batches_are_split_by_bytes_and_keep_their_order() {
        let statement = |i: i32| doc! { "i": i, "text": "x".repeat(5 * 1024 * 1024) };
        let parts = parts("test", (0..5).map(statement).collect()).unwrap();
        let order: Vec<Vec<_>> =
            parts.iter().map(|part| part.iter().map(|d| d.get_i32("i").unwrap()).collect()).collect();
        assert_eq!(order, [vec![0, 1], vec![2, 3], vec![4]]);
    }

    #[test]
    fn an_answer_may_hide_errors() {
        assert_eq!(written("test", &doc! { "n": 3, "ok": 1 }).unwrap(), 3);
        let refused = doc! { "n": 1, "writeErrors": [{ "index": 1, "code": 13, "errmsg": "not you" }] };
        assert_eq!(written("test", &refused).unwrap_err().kind(), ErrorKind::Denied);
        let slow = doc! { "n": 1, "writeConcernError": { "code": 64, "errmsg": "waiting for replication timed out" } };
        assert_eq!(written("test", &slow).unwrap_err().retry(), Retry::Unknown);
    }
}
