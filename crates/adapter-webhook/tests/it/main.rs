//! The webhook against a receiver over real HTTP.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use adapter_webhook::{Format, NotDelivered, Webhook, WebhookConfig};
use port_tests::clock::ManualClock;
use port_tests::webhook::WebhookReceiver;
use ports::metric::{Labels, NoMetrics};
use ports::notice::{State, Subject};
use ports::{MetricSink, NoticeSink};
use tokio_util::sync::CancellationToken;

const SECRET: &str = "secret-of-the-signature";

fn webhook(receiver: &WebhookReceiver, format: Format, metrics: Arc<dyn MetricSink>) -> Webhook {
    let config = WebhookConfig {
        url: receiver.url().into(),
        format,
        secret: Some(SECRET.into()),
        console: None,
        service: "reporter-svc",
        environment: "test".to_owned(),
    };
    Webhook::new(config, Arc::new(ManualClock::default()), metrics).unwrap()
}

/// Runs it while something is done, then until what waits is sent.
async fn while_running(webhook: &Webhook, work: impl Future<Output = ()>) {
    let stop = CancellationToken::new();
    let running = tokio::spawn(webhook.clone().run(stop.clone()));
    work.await;
    stop.cancel();
    running.await.unwrap();
}

fn pixel() -> Subject {
    Subject::Pixel("meta:111000000000001".parse().unwrap())
}

#[tokio::test]
async fn a_change_is_sent_once_and_signed() {
    let receiver = WebhookReceiver::start(&[]).await;
    let webhook = webhook(&receiver, Format::Json, Arc::new(NoMetrics));
    while_running(&webhook, async {
        for _ in 0..50 {
            webhook.note(pixel(), State::CredentialsRefused, "the token has expired");
        }
        receiver.wait_for(1).await;
        webhook.note(pixel(), State::Well, "");
        webhook.note(pixel(), State::Well, "");
        receiver.wait_for(2).await;
    })
    .await;
    let received = receiver.received();
    let states: Vec<_> = received.iter().map(|r| r.json()["state"].as_str().unwrap().to_owned()).collect();
    assert_eq!(states, ["credentials_refused", "well"]);
    assert_eq!(received[0].json()["name"], "meta:111000000000001");
    for request in &received {
        assert!(request.head.starts_with("POST /services/secret-of-the-path?key=secret-of-the-query "));
        assert!(request.is_signed_with(SECRET) && !request.is_signed_with("another"), "{}", request.head);
    }
}

#[tokio::test]
async fn what_fails_is_tried_again_under_the_same_id() {
    let receiver = WebhookReceiver::start(&[500, 0, 429]).await;
    let webhook = webhook(&receiver, Format::Json, Arc::new(NoMetrics));
    while_running(&webhook, async {
        webhook.note(pixel(), State::CredentialsRefused, "expired");
        receiver.wait_for(4).await;
    })
    .await;
    let ids: Vec<_> = receiver.received().iter().map(|r| r.json()["id"].to_string()).collect();
    assert!(ids.len() == 4 && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
}

#[derive(Debug, Default)]
struct Counted {
    dropped: AtomicU64,
    failed: AtomicU64,
}

impl MetricSink for Counted {
    fn count(&self, _: &'static str, labels: Labels<'_>, by: u64) {
        match labels[0].1 {
            "dropped" => self.dropped.fetch_add(by, Ordering::SeqCst),
            "failed" => self.failed.fetch_add(by, Ordering::SeqCst),
            _ => 0,
        };
    }
    fn gauge(&self, _: &'static str, _: Labels<'_>, _: f64) {}
    fn observe(&self, _: &'static str, _: Labels<'_>, _: f64) {}
}

#[tokio::test]
async fn a_receiver_that_refuses_is_not_asked_again() {
    let receiver = WebhookReceiver::start(&[404]).await;
    let counted = Arc::new(Counted::default());
    let webhook = webhook(&receiver, Format::Json, Arc::<Counted>::clone(&counted));
    while_running(&webhook, async {
        webhook.note(pixel(), State::CredentialsRefused, "expired");
        webhook.note(Subject::File("b/k".to_owned()), State::Refused, "no rows");
        receiver.wait_for(2).await;
    })
    .await;
    assert_eq!(receiver.received().len(), 2);
    assert_eq!(counted.failed.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn ten_thousand_changes_delay_no_one_and_the_next_notice_says_what_was_dropped() {
    let receiver = WebhookReceiver::start(&[]).await;
    let counted = Arc::new(Counted::default());
    let webhook = webhook(&receiver, Format::Json, Arc::<Counted>::clone(&counted));
    for number in 0..10_000 {
        webhook.note(Subject::File(format!("b/{number}")), State::Refused, "no rows");
    }
    let dropped = counted.dropped.load(Ordering::SeqCst);
    assert!(dropped >= 9_000, "{dropped}");
    while_running(&webhook, async { drop(receiver.wait_for(1).await) }).await;
    assert_eq!(receiver.received()[0].json()["dropped_before"], dropped);
}

#[tokio::test]
async fn what_waits_is_sent_when_the_process_ends() {
    let receiver = WebhookReceiver::start(&[]).await;
    let webhook = webhook(&receiver, Format::Slack, Arc::new(NoMetrics));
    webhook.note(pixel(), State::CredentialsRefused, "expired");
    let stop = CancellationToken::new();
    stop.cancel();
    webhook.run(stop).await;
    let text = receiver.received()[0].json()["text"].as_str().unwrap().to_owned();
    assert!(text.starts_with("*pixel meta:111000000000001: no credential"), "{text}");
}

#[tokio::test]
async fn a_test_says_what_is_wrong_without_the_secrets_of_the_address() {
    let receiver = WebhookReceiver::start(&[200, 403]).await;
    let webhook = webhook(&receiver, Format::Json, Arc::new(NoMetrics));
    webhook.test().await.unwrap();
    assert_eq!(receiver.received()[0].json()["kind"], "test");
    let refused = webhook.test().await.unwrap_err();
    assert!(matches!(refused, NotDelivered::Refused { status: 403, .. }));
    let shown = format!("{refused} {refused:?} {webhook:?}");
    assert!(!shown.contains("secret-of") && shown.contains("127.0.0.1"), "{shown}");
}

#[tokio::test]
async fn a_receiver_that_is_not_there_costs_a_moment() {
    let receiver = WebhookReceiver::start(&[]).await;
    let gone = receiver.url().replace("127.0.0.1", "127.0.0.2");
    let config = WebhookConfig {
        url: gone.into(),
        format: Format::Json,
        secret: None,
        console: None,
        service: "filter-svc",
        environment: String::new(),
    };
    let counted = Arc::new(Counted::default());
    let webhook =
        Webhook::new(config, Arc::new(ManualClock::default()), Arc::<Counted>::clone(&counted) as _).unwrap();
    webhook.note(pixel(), State::CredentialsRefused, "expired");
    let stop = CancellationToken::new();
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(20), webhook.run(stop)).await.unwrap();
    assert_eq!(counted.failed.load(Ordering::SeqCst), 1);
}
