use std::sync::Arc;

use adapter_aws::dynamodb::DynamoSubscriptions;
use adapter_aws::{Aws, provision};
use port_tests::subscriptions::suite;
use ports::subscriptions::Subscription;
use ports::{ErrorKind, Retry, SubscriptionStore};

use crate::canned::Canned;
use crate::world::{at, aws, connect, unique};

async fn table(aws: &Aws) -> DynamoSubscriptions {
    let name = unique("table");
    provision::subscriptions(aws, &name).await.unwrap();
    DynamoSubscriptions::new(aws, &name)
}

#[tokio::test(flavor = "multi_thread")]
async fn suite_on_dynamodb() {
    let aws = aws().await;
    suite(async || Arc::new(table(&aws).await) as _).await;
}

#[tokio::test]
async fn no_subscription_costs_a_request() {
    let aws = aws().await;
    let table = table(&aws).await;
    table.check().await.unwrap();
    let all: Vec<_> = (0..1000).map(|i| Subscription::of(format!("{i:04}"))).collect();
    let before = aws.requests();
    table.put(&all).await.unwrap();
    assert_eq!(aws.requests() - before, 40, "25 at once");
    let before = aws.requests();
    assert_eq!(table.snapshot().await.unwrap(), all);
    assert_eq!(aws.requests() - before, 4, "one page in each of four parts");
}

#[tokio::test]
async fn a_table_of_many_pages_is_whole() {
    let aws = aws().await;
    let table = table(&aws).await;
    let note = Some("x".repeat(20_000));
    let all: Vec<_> = (0..300)
        .map(|i| Subscription { note: note.clone(), ..Subscription::of(format!("{i:03}")) })
        .collect();
    table.put(&all).await.unwrap();
    let before = aws.requests();
    assert!(table.snapshot().await.unwrap() == all);
    let pages = aws.requests() - before;
    assert!(pages >= 8, "6 MB came in {pages} pages");
}

#[tokio::test]
async fn conditions_come_back_and_the_last_of_one_id_counts() {
    let aws = aws().await;
    let table = table(&aws).await;
    let full = Subscription {
        enabled: false,
        networks: vec!["tonic".to_owned(), "airfind".to_owned()],
        countries: vec!["DE".to_owned()],
        min_revenue: Some("0.123456789012".parse().unwrap()),
        note: Some("Müller".to_owned()),
        ..Subscription::of("120330000000000001")
    };
    table.put(&[Subscription::of(&*full.id), full.clone()]).await.unwrap();
    assert_eq!(table.snapshot().await.unwrap(), [full]);
}

const DESCRIBED: &str = r#"{"Table":{"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"N"}]}}"#;

async fn at_canned(canned: &Canned) -> DynamoSubscriptions {
    DynamoSubscriptions::new(&connect(at(&canned.url)).await, "t")
}

#[tokio::test]
async fn what_dynamodb_leaves_is_sent_again() {
    let left = r#"{"UnprocessedItems":{"t":[{"PutRequest":{"Item":{"id":{"N":"2"}}}}]}}"#;
    let canned = Canned::answers([(200, DESCRIBED), (200, left), (200, "{}"), (200, "{}")]).await;
    let table = at_canned(&canned).await;
    table.put(&[Subscription::of("1"), Subscription::of("2")]).await.unwrap();
    let bodies = canned.bodies();
    assert!(
        bodies[1].contains(r#""N":"1""#) && bodies[1].contains(r#""N":"2""#),
        "ids as the table has them"
    );
    assert!(!bodies[2].contains(r#""N":"1""#) && bodies[2].contains(r#""N":"2""#));
    let error = table.put(&[Subscription::of("no number")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(!table.remove("no number").await.unwrap());
    assert_eq!(canned.bodies().len(), 3);
}

#[tokio::test]
async fn an_item_that_cannot_be_read_is_named_and_loses_no_campaign() {
    let items = r#"{"Items":[{"id":{"S":"1"}},{"id":{"S":"120330"},"min_revenue":{"S":"much"}}]}"#;
    let canned = Canned::answers([(200, items); 4]).await;
    let error = at_canned(&canned).await.snapshot().await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Corrupt, Retry::After(None)));
    for word in ["table t", "120330", "min_revenue", "0.50"] {
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[tokio::test]
async fn a_table_with_another_key_is_refused_at_the_start() {
    let other = DESCRIBED.replace("\"id\"", "\"campaign\"");
    let canned = Canned::answers([(200, other.as_str())]).await;
    let error = at_canned(&canned).await.check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("SUBSCRIPTIONS_TABLE"), "{error}");
}
