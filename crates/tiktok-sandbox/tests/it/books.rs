//! What the sandbox remembers.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::json;
use tiktok_sandbox::{EventFilter, Sandbox, SandboxConfig};

use crate::client::{NOW, PIXEL, batch, config, control, send, start};

#[tokio::test]
async fn the_first_of_an_id_counts_and_sums_are_exact() {
    let sandbox = start().await;
    for _ in 0..3 {
        assert_eq!(send(&sandbox, &batch(&["a", "b", "c"])).await.unwrap().code(), 0);
    }
    let mut legacy = batch(&["a"]);
    legacy["data"][0]["event"] = json!("CompletePayment");
    send(&sandbox, &legacy).await.unwrap();
    let stats = sandbox.stats();
    let purchase = &stats.pixels[PIXEL].names["Purchase"];
    assert_eq!((purchase.accepted, purchase.repeated), (3, 6));
    assert_eq!(purchase.value["EUR"].normalize().to_string(), "0.3");
    assert_eq!(stats.pixels[PIXEL].names["CompletePayment"].accepted, 1, "another name is another key");
}

#[tokio::test]
async fn an_id_is_forgotten_48_hours_after_it_first_came() {
    const HOUR: i64 = 3_600;
    let now = Arc::new(AtomicI64::new(NOW));
    let clock = Arc::clone(&now);
    let config = SandboxConfig { clock: Arc::new(move || clock.load(Ordering::SeqCst)), ..config() };
    let sandbox = Sandbox::start(config).await.unwrap();
    // The last look renews nothing: the first receipt counts.
    for (hours, accepted, repeated, again) in [(0, 1, 0, 0), (47, 1, 1, 0), (49, 2, 1, 1), (96, 2, 2, 1)] {
        now.store(NOW + hours * HOUR, Ordering::SeqCst);
        assert_eq!(send(&sandbox, &batch(&["a"])).await.unwrap().code(), 0);
        let stats = sandbox.stats();
        let purchase = &stats.pixels[PIXEL].names["Purchase"];
        let counted = (purchase.accepted, purchase.repeated, purchase.counted_again);
        assert_eq!(counted, (accepted, repeated, again), "after {hours} hours");
    }
}

#[tokio::test]
async fn a_test_counts_nothing() {
    let sandbox = start().await;
    let mut body = batch(&["a"]);
    body["test_event_code"] = json!("TEST123");
    assert_eq!(send(&sandbox, &body).await.unwrap().code(), 0);
    assert_eq!((sandbox.stats().accepted_events(), sandbox.stats().requests.accepted), (0, 1));
    body["data"][0]["event_id"] = json!(7);
    assert_eq!(send(&sandbox, &body).await.unwrap().code(), 40_002, "it is checked all the same");
}

#[tokio::test]
async fn events_and_statistics_can_be_read() {
    let sandbox = start().await;
    send(&sandbox, &batch(&["a", "b"])).await.unwrap();
    let events = control(&sandbox, "GET", &format!("events?pixel={PIXEL}&offset=1"), "").await.json();
    assert_eq!((events.as_array().unwrap().len(), &events[0]["id"]), (1, &json!("b")));
    assert_eq!(events[0]["event"]["user"]["ttclid"], "E.C.P.x");
    let stats = control(&sandbox, "GET", "stats", "").await.json();
    assert_eq!(stats["pixels"][PIXEL]["names"]["Purchase"]["value"]["EUR"], "0.2");
    assert_eq!(sandbox.events(&EventFilter::all()).len(), 2);
    assert_eq!(control(&sandbox, "PUT", "pixels/C77", r#"{"tokens": ["t"]}"#).await.status, 200);
    assert_eq!(control(&sandbox, "DELETE", "events", "").await.status, 200);
    assert_eq!(sandbox.stats(), tiktok_sandbox::Stats::default());
}

#[tokio::test]
async fn a_record_outlives_the_sandbox() {
    let folder = tempfile::tempdir().unwrap();
    let config = SandboxConfig { record_file: Some(folder.path().join("record")), ..config() };
    let sandbox = Sandbox::start(config.clone()).await.unwrap();
    send(&sandbox, &batch(&["a"])).await.unwrap();
    sandbox.stop().await;
    let sandbox = Sandbox::start(config).await.unwrap();
    send(&sandbox, &batch(&["a", "b"])).await.unwrap();
    assert_eq!((sandbox.stats().accepted_events(), sandbox.stats().repeated_events()), (2, 1));
}
