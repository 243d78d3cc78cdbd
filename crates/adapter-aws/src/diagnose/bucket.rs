//! The settings of a bucket, and whether it announces its objects.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{
    BucketVersioningStatus, ExpirationStatus, NotificationConfigurationFilter, QueueConfiguration,
};
use ports::diagnose::Check;

use super::{Announcing, last};
use crate::connect::Aws;
use crate::error::{Call, code};
use crate::s3;

pub(super) async fn checks(aws: &Aws, way: &Announcing) -> Vec<Check> {
    let bucket = Bucket { client: s3::client(aws), way, name: format!("bucket {}", way.bucket) };
    vec![
        bucket.notifications().await,
        bucket.versions().await,
        bucket.lifecycle().await,
        bucket.public_access().await,
        bucket.encryption().await,
    ]
}

struct Bucket<'w> {
    client: Client,
    way: &'w Announcing,
    name: String,
}

impl Bucket<'_> {
    const fn call(&self, permission: &'static str) -> Call<'_> {
        Call { operation: "blob.check", permission, what: self.name.as_str() }
    }

    fn check(&self, what: &str) -> String {
        format!("{}: {what}", self.name)
    }

    async fn notifications(&self) -> Check {
        let check = self.check("notifications");
        let asked = self.client.get_bucket_notification_configuration().bucket(&self.way.bucket).send().await;
        let found = match asked {
            Ok(found) => found,
            Err(e) => return Check::failed(check, &self.call("s3:GetBucketNotification").failed(e)),
        };
        let queue = last(&self.way.queue);
        let ours = |rule: &&QueueConfiguration| last(rule.queue_arn()) == queue && announces_creation(rule);
        let rules: Vec<_> = found.queue_configurations().iter().filter(ours).collect();
        let prefix = &self.way.prefix;
        if rules.iter().any(|rule| lets_through(rule.filter(), prefix)) {
            return Check::ok(check, format!("new objects are announced in {queue}"));
        }
        let remedy = format!(
            "have s3:ObjectCreated:* of keys that begin with `{prefix}` announced in the queue {queue}"
        );
        if !rules.is_empty() {
            return Check::finding(
                check,
                format!("a filter of the rule for {queue} leaves out keys"),
                remedy,
            );
        }
        if found.event_bridge_configuration().is_some() {
            let saw = "they go to EventBridge, whose rules are not looked at";
            return Check::unknowable(
                check,
                saw,
                format!("check that a rule sends `Object Created` to {queue}"),
            );
        }
        Check::finding(check, format!("none leads to {queue}: files that are put are never seen"), remedy)
    }

    async fn versions(&self) -> Check {
        let check = self.check("versions");
        match self.client.get_bucket_versioning().bucket(&self.way.bucket).send().await {
            Ok(found) => Check::that(
                found.status() == Some(&BucketVersioningStatus::Enabled),
                check,
                if found.status() == Some(&BucketVersioningStatus::Enabled) { "kept" } else { "not kept" },
                "switch versioning on: without it a file that is put again takes the place of one that waits",
            ),
            Err(e) => Check::failed(check, &self.call("s3:GetBucketVersioning").failed(e)),
        }
    }

    async fn lifecycle(&self) -> Check {
        let check = self.check("lifecycle");
        let remedy = "add a rule that expires objects after RETENTION_DAYS: files hold personal data";
        match self.client.get_bucket_lifecycle_configuration().bucket(&self.way.bucket).send().await {
            Ok(found) => {
                let ends = found.rules().iter().filter(|rule| *rule.status() == ExpirationStatus::Enabled);
                let days = ends.filter_map(|rule| rule.expiration()?.days()).min();
                match days {
                    Some(days) => Check::ok(check, format!("objects expire after {days} days")),
                    None => Check::finding(check, "no rule expires objects", remedy),
                }
            }
            Err(e) if code(&e) == Some("NoSuchLifecycleConfiguration") => {
                Check::finding(check, "there is none: files stay for good", remedy)
            }
            Err(e) => Check::failed(check, &self.call("s3:GetLifecycleConfiguration").failed(e)),
        }
    }

    async fn public_access(&self) -> Check {
        let check = self.check("public access");
        let remedy = "block it (all four switches of the public access block)";
        match self.client.get_public_access_block().bucket(&self.way.bucket).send().await {
            Ok(found) => {
                let block = found.public_access_block_configuration();
                let all = block.is_some_and(|b| {
                    [
                        b.block_public_acls(),
                        b.block_public_policy(),
                        b.ignore_public_acls(),
                        b.restrict_public_buckets(),
                    ]
                    .iter()
                    .all(|switch| *switch == Some(true))
                });
                Check::that(all, check, if all { "blocked" } else { "not blocked in every way" }, remedy)
            }
            Err(e) if code(&e) == Some("NoSuchPublicAccessBlockConfiguration") => {
                Check::finding(check, "not blocked by the bucket; the account may block it", remedy)
            }
            Err(e) => Check::failed(check, &self.call("s3:GetBucketPublicAccessBlock").failed(e)),
        }
    }

    async fn encryption(&self) -> Check {
        let check = self.check("encryption");
        match self.client.get_bucket_encryption().bucket(&self.way.bucket).send().await {
            Ok(found) => {
                let rules =
                    found.server_side_encryption_configuration().map(|c| c.rules()).unwrap_or_default();
                let kinds: Vec<_> = rules
                    .iter()
                    .filter_map(|rule| {
                        Some(rule.apply_server_side_encryption_by_default()?.sse_algorithm().as_str())
                    })
                    .collect();
                Check::that(
                    !kinds.is_empty(),
                    check,
                    format!("by default: {}", kinds.join(", ")),
                    "set a default encryption",
                )
            }
            Err(e) if code(&e) == Some("ServerSideEncryptionConfigurationNotFoundError") => Check::finding(
                check,
                "objects are not encrypted by default",
                "set a default encryption (AES256 or aws:kms)",
            ),
            Err(e) => Check::failed(check, &self.call("s3:GetEncryptionConfiguration").failed(e)),
        }
    }
}

fn announces_creation(rule: &QueueConfiguration) -> bool {
    let events = rule.events().iter().map(aws_sdk_s3::types::Event::as_str);
    events.into_iter().any(|event| event == "s3:ObjectCreated:*")
}

/// Whether a rule announces every key that begins with the prefix.
fn lets_through(filter: Option<&NotificationConfigurationFilter>, prefix: &str) -> bool {
    let rules = filter.and_then(|filter| filter.key()).map(|key| key.filter_rules()).unwrap_or_default();
    rules.iter().all(|rule| {
        let value = rule.value().unwrap_or_default();
        let is_prefix = rule.name().is_some_and(|name| name.as_str().eq_ignore_ascii_case("prefix"));
        value.is_empty() || is_prefix && prefix.starts_with(value)
    })
}
