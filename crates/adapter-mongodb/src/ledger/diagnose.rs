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
        if !is_sharded(hello) {
            return Check::not_applicable(shard_key_name(), "the server is not a sharded cluster");
        }
        match self.connection.shard_key(OPERATION, CONVERSIONS).await {
            Ok(key) => of_shard_key(key.as_ref()),
            Err(error) => Check::failed(shard_key_name(), &error),
        }
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

/// Whether the answer to `hello` is that of a router to shards.
fn is_sharded(hello: &Document) -> bool {
    hello.get_str("msg").ok() == Some("isdbgrid")
}

fn shard_key_name() -> String {
    format!("collection {CONVERSIONS}: shard key")
}

/// Whether a claim finds its entries on one shard; without a key the collection is not sharded.
fn of_shard_key(key: Option<&Document>) -> Check {
    let Some(key) = key else { return Check::ok(shard_key_name(), "the collection is on one shard") };
    let fields: Vec<_> = key.keys().map(String::as_str).collect();
    Check::that(
        fields == ["_id"],
        shard_key_name(),
        fields.join(", "),
        "shard by { _id: \"hashed\" }: each claim names keys, and with another shard key it asks every shard",
    )
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

#[cfg(test)]
mod tests {
    use ports::diagnose::CheckState;

    use super::*;

    #[test]
    fn only_a_router_has_a_shard_key_and_only_by_id_is_it_right() {
        assert!(is_sharded(&doc! { "msg": "isdbgrid", "ok": 1 }));
        assert!(!is_sharded(&doc! { "setName": "rs0", "ok": 1 }));
        let state = |key: Option<Document>| of_shard_key(key.as_ref()).state;
        assert_eq!(state(None), CheckState::Ok);
        assert_eq!(state(Some(doc! { "_id": "hashed" })), CheckState::Ok);
        for wrong in [doc! { "pixel": 1 }, doc! { "_id": 1, "pixel": 1 }, doc! { "pixel": 1, "_id": 1 }] {
            assert_eq!(state(Some(wrong.clone())), CheckState::Finding, "{wrong}");
        }
    }
}
