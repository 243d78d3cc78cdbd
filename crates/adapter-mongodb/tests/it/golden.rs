//! Collections that an earlier version wrote; see the workspace's folder `fixtures`.

use bson::{Document, doc};
use mongodb::Client;
use port_tests::golden::{self, Kind};

use super::world::{database, settings};

/// A database with the earlier version's collections and indexes; its name.
async fn restored() -> String {
    let name = database();
    let client = Client::with_uri_str(port_tests::service::url("MONGODB")).await.unwrap();
    let there = client.database(&name);
    for collection in ["report_conversions", "report_objects"] {
        let documents = lines(&format!("mongodb/{collection}.jsonl"));
        there.collection::<Document>(collection).insert_many(documents).await.unwrap();
        let mut indexes = lines(&format!("mongodb/{collection}.indexes.jsonl"));
        indexes.retain(|index| index.get_str("name").ok() != Some("_id_"));
        for index in &mut indexes {
            index.remove("ns");
            index.remove("v");
        }
        there.run_command(doc! { "createIndexes": collection, "indexes": indexes }).await.unwrap();
    }
    name
}

/// The documents of a file in canonical extended JSON.
fn lines(file: &str) -> Vec<Document> {
    let text = golden::text(Kind::Production(1), file);
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_goes_on_after_migrating_however_often() {
    for times in 1..=2 {
        let settings = settings(&port_tests::service::url("MONGODB"), &restored().await);
        let ledger = adapter_mongodb::MongoLedger::open(&settings).await.unwrap();
        for _ in 0..times {
            ledger.migrate().await.unwrap();
        }
        ledger.check().await.unwrap();
        golden::ledger_suite(&ledger, Kind::Production(1)).await;
    }
}
