//! What the sandbox remembers.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use meta_sandbox::{EventFilter, Sandbox, SandboxConfig};
use serde_json::json;

use crate::client::{NOW, PIXEL, batch, call, config, event, post, send, start};

#[tokio::test]
async fn the_first_of_an_id_counts_and_sums_are_exact() {
    let sandbox = start().await;
    for _ in 0..3 {
        assert_eq!(send(&sandbox, &batch(&["a", "b", "c"])).await.unwrap().status, 200);
    }
    let mut lead = event("a");
    lead["event_name"] = json!("Lead");
    let mut nameless = event("x");
    nameless.as_object_mut().unwrap().remove("event_id");
    send(&sandbox, &json!({"data": [lead, nameless.clone(), nameless]})).await.unwrap();
    let stats = sandbox.stats();
    let purchase = &stats.pixels[PIXEL].names["Purchase"];
    assert_eq!((purchase.accepted, purchase.repeated, purchase.without_id), (5, 6, 2));
    assert_eq!(purchase.value["EUR"].normalize().to_string(), "0.5");
    assert_eq!(stats.pixels[PIXEL].names["Lead"].accepted, 1);
    assert_eq!((stats.accepted_events(), stats.repeated_events()), (6, 6));
    assert_eq!((stats.requests.accepted, stats.pixels[PIXEL].requests), (4, 4));
    let ids = sandbox.ids().unwrap();
    let ids: Vec<_> = ids.iter().map(|one| (one.name.as_str(), one.id.as_str(), one.times)).collect();
    assert_eq!(ids, [("Lead", "a", 1), ("Purchase", "a", 3), ("Purchase", "b", 3), ("Purchase", "c", 3)]);
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
        assert_eq!(send(&sandbox, &batch(&["a"])).await.unwrap().status, 200);
        let stats = sandbox.stats();
        let purchase = &stats.pixels[PIXEL].names["Purchase"];
        let counted = (purchase.accepted, purchase.repeated, purchase.counted_again);
        assert_eq!(counted, (accepted, repeated, again), "after {hours} hours");
    }
}

#[tokio::test]
async fn the_newest_events_are_kept_in_full() {
    let sandbox = Sandbox::start(SandboxConfig { keep_events: 2, ..config() }).await.unwrap();
    send(&sandbox, &batch(&["a", "b", "c", "b"])).await.unwrap();
    let kept = sandbox.events(&EventFilter::all());
    assert_eq!(kept.len(), 2);
    assert_eq!((kept[0].id.as_deref(), kept[0].repeated), (Some("c"), false));
    assert_eq!((kept[1].id.as_deref(), kept[1].repeated), (Some("b"), true));
    let sent: serde_json::Value = serde_json::from_str(&kept[0].json).unwrap();
    assert_eq!(sent, event("c"));
    assert_eq!(sandbox.ids().unwrap().len(), 3);
}

#[tokio::test]
async fn with_nothing_kept_it_still_knows_repeats() {
    let sandbox = Sandbox::start(SandboxConfig { keep_events: 0, ..config() }).await.unwrap();
    send(&sandbox, &batch(&["a", "b", "a"])).await.unwrap();
    assert_eq!((sandbox.stats().accepted_events(), sandbox.stats().repeated_events()), (2, 1));
    assert_eq!(sandbox.ids(), None);
    assert!(sandbox.events(&EventFilter::all()).is_empty());
}

#[tokio::test]
async fn a_restarted_sandbox_knows_what_it_took() {
    let dir = tempfile::tempdir().unwrap();
    let config = || SandboxConfig { record_file: Some(dir.path().join("record")), ..config() };
    let sandbox = Sandbox::start(config()).await.unwrap();
    send(&sandbox, &batch(&["a", "b", "b"])).await.unwrap();
    let before = sandbox.stats().pixels[PIXEL].names["Purchase"].clone();
    sandbox.stop().await;
    let sandbox = Sandbox::start(config()).await.unwrap();
    assert_eq!(sandbox.stats().pixels[PIXEL].names["Purchase"], before);
    send(&sandbox, &batch(&["a"])).await.unwrap();
    assert_eq!((sandbox.stats().accepted_events(), sandbox.stats().repeated_events()), (2, 2));
    sandbox.clear_events().unwrap();
    drop(sandbox);
    assert_eq!(Sandbox::start(config()).await.unwrap().stats().accepted_events(), 0);
}

#[tokio::test]
async fn any_pixel_is_open_when_asked_for() {
    let sandbox = Sandbox::start(SandboxConfig { accept_any_pixel: true, ..config() }).await.unwrap();
    let reply = call(&sandbox, post("/v26.0/77/events", Some("whatever"), &batch(&["a"]))).await.unwrap();
    assert_eq!(reply.status, 200);
    assert_eq!(sandbox.stats().pixels["77"].names["Purchase"].accepted, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_senders_at_once_lose_nothing() {
    let sandbox = Arc::new(start().await);
    let mut tasks = tokio::task::JoinSet::new();
    for sender in 0..16 {
        let sandbox = Arc::clone(&sandbox);
        tasks.spawn(async move {
            for round in 0..10 {
                let own = format!("{sender}-{round}");
                let reply = send(&sandbox, &batch(&[&own, "shared"])).await.unwrap();
                assert_eq!(reply.json()["events_received"], 2);
            }
        });
    }
    tasks.join_all().await;
    let stats = sandbox.stats();
    assert_eq!((stats.accepted_events(), stats.repeated_events()), (161, 159));
    assert_eq!(stats.pixels[PIXEL].names["Purchase"].value["EUR"].normalize().to_string(), "16.1");
}
