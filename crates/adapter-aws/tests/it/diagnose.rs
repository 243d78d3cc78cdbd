//! Each check sees what is really broken, and all are content with a good deployment.

use std::time::Duration;

use adapter_aws::diagnose::{Announcing, AwsDiagnosis, AwsExpectations};
use adapter_aws::{Aws, provision};
use ports::Diagnose;
use ports::diagnose::{Check, CheckState};

use crate::world::{at, aws, connect, unique};

struct Deployed {
    aws: Aws,
    expected: AwsExpectations,
}

/// All as it should be, but for what is given.
async fn deployed(visibility_s: u64, receives: u32) -> Deployed {
    let aws = aws().await;
    let (bucket, table) = (unique("bucket"), unique("table"));
    let urls =
        provision::queue(&aws, &unique("queue"), receives, Duration::from_secs(visibility_s)).await.unwrap();
    provision::bucket(&aws, &bucket).await.unwrap();
    provision::protect(&aws, &bucket, 30).await.unwrap();
    provision::keep_versions(&aws, &bucket).await.unwrap();
    provision::announce(&aws, &bucket, "networks/", &urls.main).await.unwrap();
    provision::subscriptions(&aws, &table).await.unwrap();
    let way =
        Announcing { queue: urls.main, dead_letters: urls.dead, bucket, prefix: "networks/".to_owned() };
    let expected = AwsExpectations {
        ways: vec![way],
        table: Some(table),
        visibility: Duration::from_secs(60),
        max_receives: 3,
    };
    Deployed { aws, expected }
}

impl Deployed {
    async fn findings(&self) -> Vec<String> {
        let checks = AwsDiagnosis::new(self.aws.clone(), self.expected.clone()).findings().await;
        let found = checks.iter().filter(|c| c.state == CheckState::Finding);
        // Without the name that only this test has.
        found.map(|c| c.name.split_once(": ").map_or(c.name.as_str(), |(_, what)| what).to_owned()).collect()
    }
}

#[tokio::test]
async fn a_good_deployment_has_no_finding() {
    let deployed = deployed(60, 1_000).await;
    let checks = AwsDiagnosis::new(deployed.aws, deployed.expected).findings().await;
    assert!(checks.len() == 9 && checks.iter().all(|c| c.state == CheckState::Ok), "{checks:?}");
}

#[tokio::test]
async fn a_queue_that_hides_too_shortly_or_gives_up_too_soon_is_a_finding() {
    assert_eq!(deployed(10, 1_000).await.findings().await, ["visibility"]);
    assert_eq!(deployed(60, 2).await.findings().await, ["redrive policy"]);
    let mut other = deployed(60, 1_000).await;
    let another = deployed(60, 1_000).await;
    other.expected.ways[0].dead_letters.clone_from(&another.expected.ways[0].dead_letters);
    assert_eq!(other.findings().await, ["redrive policy"], "it leads to another queue");
    // A dead-letter queue has no redrive policy itself, keeps no longer than itself, and nothing is announced there.
    let mut none = deployed(60, 1_000).await;
    none.expected.ways[0].queue = none.expected.ways[0].dead_letters.clone();
    assert_eq!(none.findings().await, ["visibility", "redrive policy", "retention", "notifications"]);
}

#[tokio::test]
async fn a_bucket_that_announces_nothing_or_too_little_is_a_finding() {
    let deployed = deployed(60, 1_000).await;
    let way = &deployed.expected.ways[0];
    provision::announce(&deployed.aws, &way.bucket, "networks/tonic/", &way.queue).await.unwrap();
    assert_eq!(deployed.findings().await, ["notifications"]);
    provision::announce(&deployed.aws, &way.bucket, "", &way.queue).await.unwrap();
    assert_eq!(deployed.findings().await, [""; 0], "all keys are announced");
    let bare = unique("bare");
    provision::bucket(&deployed.aws, &bare).await.unwrap();
    let mut expected = deployed.expected.clone();
    expected.ways[0].bucket = bare;
    let bare = Deployed { aws: deployed.aws, expected };
    let found = bare.findings().await;
    for what in ["notifications", "versions", "lifecycle", "public access", "encryption"] {
        assert!(found.iter().any(|name| name == what), "{what}: {found:?}");
    }
}

#[tokio::test]
async fn what_is_missing_is_a_finding_and_what_does_not_answer_unreachable() {
    let mut missing = deployed(60, 1_000).await;
    missing.expected.table = Some("no-such-table".to_owned());
    missing.expected.ways[0].queue.push_str("-not");
    let checks = AwsDiagnosis::new(missing.aws.clone(), missing.expected.clone()).findings().await;
    let finding = |begins: &str| {
        checks.iter().any(|c: &Check| c.state == CheckState::Finding && c.name.starts_with(begins))
    };
    assert!(finding("table no-such-table") && finding("queue "), "{checks:?}");
    let nowhere = connect(at("http://127.0.0.1:1")).await;
    let checks = AwsDiagnosis::new(nowhere, missing.expected).findings().await;
    assert!(!checks.is_empty() && checks.iter().all(|c| c.unreachable), "{checks:?}");
}
