//! What goes wrong with a ledger in MongoDB.

use std::time::Duration;

use async_trait::async_trait;
use bson::{Bson, Document, doc};
use domain::UnixMillis;
use ports::diagnose::{Check, Diagnose};
use ports::{Clock, Result};
use std::sync::Arc;

use super::schema::{self, CONVERSIONS, OBJECTS};
use super::upgrade;
use crate::MongoLedger;
use crate::connection::{Connection, Query};

const OPERATION: &str = "ledger.check";

/// A document of the legacy system that is younger says that it still runs, and so sends too.
const RECENT: Duration = Duration::from_secs(24 * 3600);

/// Examines the ledger.
#[derive(Debug)]
pub struct MongoDiagnosis {
    connection: Connection,
    clock: Arc<dyn Clock>,
}

impl MongoDiagnosis {
    /// Nothing is asked yet.
    #[must_use]
    pub fn new(ledger: &MongoLedger, clock: Arc<dyn Clock>) -> Self {
        Self { connection: ledger.connection.clone(), clock }
    }

    /// What the server says about itself. When it says nothing, nothing else can be asked.
    async fn hello(&self) -> Result<(Document, Check)> {
        let before = self.clock.now();
        let hello = self.connection.command(OPERATION, doc! { "hello": 1 }).await?;
        let after = self.clock.now();
        let clock = match hello.get("localTime") {
            Some(Bson::DateTime(theirs)) => {
                Check::clock("MongoDB", UnixMillis(theirs.timestamp_millis()), before, after)
            }
            _ => Check::not_applicable("clock: MongoDB", "the server does not show its time"),
        };
        Ok((hello, clock))
    }

    async fn indexes(&self, collection: &str) -> Check {
        let name = format!("collection {collection}: indexes");
        match schema::wrong(&self.connection, OPERATION, collection).await {
            Err(error) => Check::failed(name, &error),
            Ok(wrong) if !wrong.missing.is_empty() => {
                let saw = format!("there is no index {}", wrong.missing.join(", "));
                Check::finding(name, saw, "run `efflux migrate`")
            }
            Ok(wrong) if !wrong.other.is_empty() => {
                let saw = format!("another key has the index {}", wrong.other.join(", "));
                Check::finding(name, saw, "drop it, then run `efflux migrate`")
            }
            Ok(_) => Check::ok(name, "all are there"),
        }
    }

    async fn version(&self) -> Check {
        let name = "ledger version";
        match upgrade::standing(&self.connection, OPERATION).await {
            Err(error) => Check::failed(name, &error),
            Ok((fits, saw)) => Check::that(
                fits,
                name,
                saw,
                "run `efflux migrate` of the latest version that you use, and end the processes of earlier ones",
            ),
        }
    }

    async fn shard_key(&self, hello: &Document) -> Check {
        let name = format!("collection {CONVERSIONS}: shard key");
        if hello.get_str("msg").ok() != Some("isdbgrid") {
            return Check::not_applicable(name, "the server is not a sharded cluster");
        }
        let key = match self.connection.shard_key(OPERATION, CONVERSIONS).await {
            Ok(Some(key)) => key,
            Ok(None) => return Check::ok(name, "the collection is on one shard"),
            Err(error) => return Check::failed(name, &error),
        };
        let fields: Vec<_> = key.keys().map(String::as_str).collect();
        Check::that(
            fields == ["_id"],
            name,
            fields.join(", "),
            "shard by { _id: \"hashed\" }: each claim names keys, and with another shard key it asks every shard",
        )
    }

    /// The one other sender whose traces the ledger has.
    async fn legacy_system(&self) -> Check {
        let name = "another sender: the legacy system";
        let query = Query {
            filter: doc! { "state": { "$exists": false }, "_id": { "$type": "objectId" } },
            fields: Some(doc! { "_id": 1 }),
            sort: Some(doc! { "_id": -1 }),
            limit: Some(1),
            ..Query::default()
        };
        let latest: Result<Vec<Document>> = self.connection.find(OPERATION, CONVERSIONS, query).await;
        let id = match latest {
            Err(error) => return Check::failed(name, &error),
            Ok(found) => found.first().and_then(|document| document.get_object_id("_id").ok()),
        };
        let Some(id) = id else { return Check::ok(name, "it has left nothing in this ledger") };
        let wrote = UnixMillis(id.timestamp().timestamp_millis());
        Check::that(
            self.clock.now().since(wrote) > RECENT,
            name,
            format!("it wrote into this ledger last at {wrote}"),
            "stop it: two senders report every conversion twice; then run `efflux migrate --from-original`",
        )
    }
}

#[async_trait]
impl Diagnose for MongoDiagnosis {
    async fn findings(&self) -> Vec<Check> {
        let (hello, clock) = match self.hello().await {
            Ok(asked) => asked,
            Err(error) => return vec![Check::failed("ledger: MongoDB", &error)],
        };
        vec![
            clock,
            self.version().await,
            self.indexes(CONVERSIONS).await,
            self.indexes(OBJECTS).await,
            self.shard_key(&hello).await,
            self.legacy_system().await,
        ]
    }
}
