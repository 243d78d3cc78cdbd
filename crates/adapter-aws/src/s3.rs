//! Objects on S3. Keys are given and taken as they are; notifications are S3's own, where the bucket has them configured.

mod body;
mod read;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation};
use aws_sdk_s3::types::EncodingType;
use domain::ObjectRef;
use ports::{Blob, BlobStore, ErrorKind, Result, notification};

use crate::connect::{Aws, timeouts_with};
use crate::error::{Call, code, status};

/// What S3 takes in one put.
const MAX_PUT_BYTES: u64 = 5 * 1024 * 1024 * 1024;

/// A put may go as slowly as this before it is given up.
const SLOWEST_BYTES_PER_SECOND: u64 = 512 * 1024;

/// What S3 lists in one call.
const LIST_PAGE: usize = 1000;

/// Objects in all buckets that the credentials reach.
#[derive(Debug, Clone)]
pub struct S3Blobs {
    client: Client,
}

impl S3Blobs {
    /// The buckets behind a connection.
    #[must_use]
    pub fn new(aws: &Aws) -> Self {
        Self { client: client(aws) }
    }

    /// Whether a bucket exists and may be used.
    ///
    /// # Errors
    /// What is missing or denied, and what to do about it.
    pub async fn check(&self, bucket: &str) -> Result<()> {
        let name = format!("bucket {bucket}");
        let call = Call { operation: "blob.check", permission: "s3:ListBucket", what: &name };
        // Unlike HeadBucket, the answer has a body, and says why not.
        let listed = self.client.list_objects_v2().bucket(bucket).max_keys(1).send().await;
        listed.map(|_| ()).map_err(|e| call.failed(e))
    }
}

/// A client that counts its requests.
pub(crate) fn client(aws: &Aws) -> Client {
    let mut config = aws_sdk_s3::config::Builder::from(&aws.sdk).interceptor(aws.requests.clone());
    if aws.has_endpoint() {
        // Servers other than AWS's know buckets by path, and not always the newer checksums.
        config = config
            .force_path_style(true)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
    }
    Client::from_conf(config.build())
}

#[async_trait]
impl BlobStore for S3Blobs {
    async fn get(&self, object: &ObjectRef, max_bytes: u64) -> Result<Option<Blob>> {
        let what = object.to_string();
        // Without s3:ListBucket, S3 denies what does not exist.
        let permission = if object.version.is_some() {
            "s3:GetObjectVersion and s3:ListBucket"
        } else {
            "s3:GetObject and s3:ListBucket"
        };
        let call = Call { operation: "blob.get", permission, what: &what };
        let request = self
            .client
            .get_object()
            .bucket(&object.bucket)
            .key(&object.key)
            .set_version_id(object.version.clone());
        match request.send().await {
            Ok(answer) => read::content(&call, answer, max_bytes).await.map(Some),
            // 405: the version is the mark of a deletion.
            Err(e) if matches!(code(&e), Some("NoSuchKey" | "NoSuchVersion")) || status(&e) == Some(405) => {
                Ok(None)
            }
            Err(e) => Err(call.failed(e)),
        }
    }

    async fn put(&self, object: &ObjectRef, content: Blob) -> Result<ObjectRef> {
        let what = object.to_string();
        let call = Call { operation: "blob.put", permission: "s3:PutObject", what: &what };
        let size = content.size();
        let length = i64::try_from(size).ok().filter(|_| size <= MAX_PUT_BYTES);
        let Some(length) = length else {
            return Err(call.error(ErrorKind::TooLarge, "S3 takes 5 GiB at once"));
        };
        let patience = timeouts_with(Duration::from_secs(size / SLOWEST_BYTES_PER_SECOND));
        self.client
            .put_object()
            .bucket(&object.bucket)
            .key(&object.key)
            .content_length(length)
            .body(body::of(&call, content).await?)
            .customize()
            .config_override(aws_sdk_s3::config::Builder::default().timeout_config(patience))
            .send()
            .await
            // A bucket that no longer keeps versions calls the only one "null".
            .map(|put| object.clone().at_version(put.version_id.filter(|version| version != "null")))
            .map_err(|e| call.failed(e))
    }

    async fn list(&self, bucket: &str, prefix: &str, limit: usize) -> Result<Vec<String>> {
        let name = format!("bucket {bucket}");
        let call = Call { operation: "blob.list", permission: "s3:ListBucket", what: &name };
        let (mut keys, mut next) = (Vec::new(), None);
        while keys.len() < limit {
            let page = (limit - keys.len()).min(LIST_PAGE);
            let answer = self
                .client
                .list_objects_v2()
                .bucket(bucket)
                .prefix(prefix)
                .max_keys(i32::try_from(page).unwrap_or(i32::MAX))
                // XML cannot hold every key.
                .encoding_type(EncodingType::Url)
                .set_continuation_token(next)
                .send()
                .await
                .map_err(|e| call.failed(e))?;
            for key in answer.contents.unwrap_or_default().into_iter().filter_map(|o| o.key) {
                let key = notification::decode_key(&key);
                keys.push(key.ok_or_else(|| call.error(ErrorKind::Corrupt, "a key in it is not UTF-8"))?);
            }
            next = answer.next_continuation_token;
            if next.is_none() {
                break;
            }
        }
        Ok(keys)
    }
}
