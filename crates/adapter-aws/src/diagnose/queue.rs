//! The attributes of a queue and of its dead-letter queue.

use std::collections::HashMap;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName as Attribute;
use ports::Result;
use ports::diagnose::Check;

use super::{Announcing, AwsExpectations, last};
use crate::connect::Aws;
use crate::error::Call;
use crate::sqs;

/// A message must outlive a long weekend.
const LEAST_RETENTION_S: u64 = 4 * 86_400;

/// Deliveries that the ends of services may use up before the queue itself gives a message up: a deployment alone ends each of them.
const LEAST_RECEIVES: u64 = 10;

type Attributes = HashMap<Attribute, String>;

pub(super) async fn checks(aws: &Aws, way: &Announcing, expected: &AwsExpectations) -> Vec<Check> {
    let client = sqs::client(aws);
    let name = format!("queue {}", last(&way.queue));
    let (main, dead) = match read_both(&client, way).await {
        Ok(both) => both,
        Err(error) => return vec![Check::failed(name, &error)],
    };
    vec![
        visibility(&name, &main, expected),
        redrive(&name, &main, way, expected),
        retention(&name, &main, &dead),
    ]
}

async fn read_both(client: &Client, way: &Announcing) -> Result<(Attributes, Attributes)> {
    Ok((attributes(client, &way.queue).await?, attributes(client, &way.dead_letters).await?))
}

async fn attributes(client: &Client, url: &str) -> Result<Attributes> {
    let name = format!("queue {}", last(url));
    let call = Call { operation: "queue.check", permission: "sqs:GetQueueAttributes", what: &name };
    let request = client.get_queue_attributes().queue_url(url).attribute_names(Attribute::All);
    Ok(request.send().await.map_err(|e| call.failed(e))?.attributes.unwrap_or_default())
}

fn number(attributes: &Attributes, name: &Attribute) -> u64 {
    attributes.get(name).and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// Services name a time with each receive; other programs that receive a message, and the console, take that of the queue.
fn visibility(name: &str, main: &Attributes, expected: &AwsExpectations) -> Check {
    let seconds = number(main, &Attribute::VisibilityTimeout);
    let needed = expected.visibility.as_secs();
    Check::that(
        seconds >= needed,
        format!("{name}: visibility"),
        format!("{seconds} s; QUEUE_VISIBILITY_SECONDS is {needed}"),
        format!(
            "set the queue's VisibilityTimeout to {needed} s, or messages come twice while they are worked on"
        ),
    )
}

fn redrive(name: &str, main: &Attributes, way: &Announcing, expected: &AwsExpectations) -> Check {
    let check = format!("{name}: redrive policy");
    let wanted = last(&way.dead_letters);
    let least = LEAST_RECEIVES.max(u64::from(expected.max_receives) + 1);
    let remedy = format!("set a RedrivePolicy with the queue {wanted} and a maxReceiveCount of 1000");
    let policy = main
        .get(&Attribute::RedrivePolicy)
        .and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
    let Some(policy) = policy else {
        return Check::finding(
            check,
            "there is none: a message that ends every service is tried forever",
            remedy,
        );
    };
    let target = last(policy["deadLetterTargetArn"].as_str().unwrap_or_default());
    // Both forms are in use.
    let count = &policy["maxReceiveCount"];
    let receives = count.as_u64().or_else(|| count.as_str()?.parse().ok()).unwrap_or_default();
    if target != wanted {
        let saw = format!("dead letters go to {target}, and the settings name {wanted}");
        return Check::finding(check, saw, remedy);
    }
    let saw = format!("to {target} after {receives} receives");
    let remedy = format!(
        "set maxReceiveCount to 1000; ends of services count as receives, and below {least} they cost good messages"
    );
    Check::that(receives >= least, check, saw, remedy)
}

/// A dead letter that the queue moved itself keeps the age of its message.
fn retention(name: &str, main: &Attributes, dead: &Attributes) -> Check {
    let [main, dead] = [main, dead].map(|queue| number(queue, &Attribute::MessageRetentionPeriod));
    Check::that(
        main >= LEAST_RETENTION_S && dead > main,
        format!("{name}: retention"),
        format!("{} days, its dead letters {} days", main / 86_400, dead / 86_400),
        "keep messages for at least 4 days, and dead letters for longer (MessageRetentionPeriod; 14 days are the most)",
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ports::diagnose::CheckState;

    use super::*;

    fn expected() -> AwsExpectations {
        AwsExpectations {
            ways: Vec::new(),
            table: None,
            visibility: Duration::from_secs(60),
            max_receives: 3,
        }
    }

    fn way() -> Announcing {
        Announcing {
            queue: "https://sqs/1/q".to_owned(),
            dead_letters: "https://sqs/1/q-dlq".to_owned(),
            bucket: "b".to_owned(),
            prefix: String::new(),
        }
    }

    #[test]
    fn redrive_policies() {
        for (policy, state, saw) in [
            (
                r#"{"deadLetterTargetArn":"arn:aws:sqs:r:1:q-dlq","maxReceiveCount":1000}"#,
                CheckState::Ok,
                "after 1000",
            ),
            (
                r#"{"deadLetterTargetArn":"arn:aws:sqs:r:1:q-dlq","maxReceiveCount":"12"}"#,
                CheckState::Ok,
                "after 12",
            ),
            (
                r#"{"deadLetterTargetArn":"arn:aws:sqs:r:1:q-dlq","maxReceiveCount":3}"#,
                CheckState::Finding,
                "after 3",
            ),
            (
                r#"{"deadLetterTargetArn":"arn:aws:sqs:r:1:other","maxReceiveCount":50}"#,
                CheckState::Finding,
                "other",
            ),
            ("", CheckState::Finding, "there is none"),
        ] {
            let main = Attributes::from([(Attribute::RedrivePolicy, policy.to_owned())]);
            let check = redrive("queue q", &main, &way(), &expected());
            assert!(check.state == state && check.saw.contains(saw), "{check:?}");
        }
    }
}
