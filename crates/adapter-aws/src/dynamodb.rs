//! Subscriptions on DynamoDB: one item per campaign, by its id.

mod item;
mod read;
mod write;

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{KeyType, ReturnValue, ScalarAttributeType};
use futures_util::future::try_join_all;
use ports::subscriptions::Subscription;
use ports::{Clock, ErrorKind, Result, SubscriptionStore};
use tokio::sync::OnceCell;

use crate::connect::Aws;
use crate::error::Call;

/// Parts that a table is read in at once.
const SEGMENTS: i32 = 4;

/// The table of subscriptions.
#[derive(Debug, Clone)]
pub struct DynamoSubscriptions {
    client: Client,
    table: Arc<str>,
    /// For messages.
    name: Arc<str>,
    clock: Arc<dyn Clock>,
    /// Asked for once: a table cannot change it.
    id_type: Arc<OnceCell<IdType>>,
}

/// What ids are to the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdType {
    Text,
    Number,
}

impl DynamoSubscriptions {
    /// The table with this name, whose key is `id`.
    #[must_use]
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self {
            client: client(aws),
            table: table.into(),
            name: format!("table {table}").into(),
            clock: Arc::clone(&aws.clock),
            id_type: Arc::default(),
        }
    }

    /// Whether the table exists, has the right key and may be used.
    ///
    /// # Errors
    /// What is missing, wrong or denied, and what to do about it.
    pub async fn check(&self) -> Result<()> {
        self.id_type("subscriptions.check").await?;
        let call = self.call("subscriptions.check", "dynamodb:Scan");
        let scanned = self.client.scan().table_name(&*self.table).limit(1).send().await;
        scanned.map(|_| ()).map_err(|e| call.failed(e))
    }

    fn call(&self, operation: &'static str, permission: &'static str) -> Call<'_> {
        Call { operation, permission, what: &self.name }
    }

    async fn id_type(&self, operation: &'static str) -> Result<IdType> {
        let call = self.call(operation, "dynamodb:DescribeTable");
        let ask = async || {
            let answer = self.client.describe_table().table_name(&*self.table).send().await;
            let table = answer.map_err(|e| call.failed(e))?.table;
            let keys = table.as_ref().map(|t| t.key_schema()).unwrap_or_default();
            let attributes = table.as_ref().map(|t| t.attribute_definitions()).unwrap_or_default();
            let is_id =
                keys.len() == 1 && keys[0].attribute_name == item::ID && keys[0].key_type == KeyType::Hash;
            let kind = attributes.iter().find(|a| a.attribute_name == item::ID).map(|a| &a.attribute_type);
            match kind {
                Some(ScalarAttributeType::S) if is_id => Ok(IdType::Text),
                Some(ScalarAttributeType::N) if is_id => Ok(IdType::Number),
                _ => Err(call.error(
                    ErrorKind::Invalid,
                    "its key must be `id` alone, text or number: make a new table and set SUBSCRIPTIONS_TABLE",
                )),
            }
        };
        self.id_type.get_or_try_init(ask).await.copied()
    }
}

/// A client that counts its requests.
pub(crate) fn client(aws: &Aws) -> Client {
    let config = aws_sdk_dynamodb::config::Builder::from(&aws.sdk).interceptor(aws.requests.clone()).build();
    Client::from_conf(config)
}

#[async_trait]
impl SubscriptionStore for DynamoSubscriptions {
    async fn snapshot(&self) -> Result<Vec<Subscription>> {
        let segments = (0..SEGMENTS).map(|segment| read::segment(self, segment, SEGMENTS));
        let mut all: Vec<_> = try_join_all(segments).await?.into_iter().flatten().collect();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(all)
    }

    fn is_cheap(&self) -> bool {
        false
    }

    async fn put(&self, subscriptions: &[Subscription]) -> Result<()> {
        if subscriptions.is_empty() {
            return Ok(());
        }
        let id_type = self.id_type("subscriptions.put").await?;
        write::put(self, id_type, subscriptions).await
    }

    async fn remove(&self, id: &str) -> Result<bool> {
        let id_type = self.id_type("subscriptions.remove").await?;
        let call = self.call("subscriptions.remove", "dynamodb:DeleteItem");
        let Some(id) = item::id(id, id_type) else { return Ok(false) };
        let answer = self
            .client
            .delete_item()
            .table_name(&*self.table)
            .key(item::ID, id)
            .return_values(ReturnValue::AllOld)
            .send()
            .await
            .map_err(|e| call.failed(e))?;
        Ok(answer.attributes.is_some_and(|old| !old.is_empty()))
    }
}
