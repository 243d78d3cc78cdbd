//! The sandbox's own paths.

use serde_json::json;

use crate::client::{PIXEL, batch, call, control, post, send, start};

#[tokio::test]
async fn events_ids_and_statistics_can_be_read() {
    let sandbox = start().await;
    send(&sandbox, &batch(&["a", "b", "tab\there"])).await.unwrap();
    send(&sandbox, &batch(&["b"])).await.unwrap();
    let ids = control(&sandbox, "GET", "ids", "").await;
    let expected =
        format!("{PIXEL}\tPurchase\ta\t1\n{PIXEL}\tPurchase\tb\t2\n{PIXEL}\tPurchase\ttab\\there\t1\n");
    assert_eq!(ids.body, expected);
    let stats = control(&sandbox, "GET", "stats", "").await.json();
    let purchase = &stats["pixels"][PIXEL]["names"]["Purchase"];
    assert_eq!((&purchase["accepted"], &purchase["repeated"]), (&json!(3), &json!(1)));
    assert_eq!(purchase["value"]["EUR"], "0.3");
    let events =
        control(&sandbox, "GET", &format!("events?pixel={PIXEL}&name=Purchase&offset=1&limit=1"), "").await;
    let events = events.json();
    assert_eq!((events.as_array().unwrap().len(), &events[0]["id"]), (1, &json!("b")));
    assert_eq!(events[0]["event"]["custom_data"]["currency"], "EUR");
    assert_eq!(control(&sandbox, "GET", "events?name=Lead", "").await.json(), json!([]));
    assert_eq!(control(&sandbox, "DELETE", "events", "").await.status, 200);
    assert_eq!(sandbox.stats(), meta_sandbox::Stats::default());
}

#[tokio::test]
async fn faults_and_tokens_can_be_set() {
    let sandbox = start().await;
    let faults = r#"[{"match": {"times": 1}, "action": {"error": {"status": 400, "code": 4}}}]"#;
    assert_eq!(control(&sandbox, "POST", "faults", faults).await.status, 200);
    assert_eq!(control(&sandbox, "GET", "faults", "").await.json()[0]["match"]["times"], 1);
    assert_eq!(send(&sandbox, &batch(&["a"])).await.unwrap().error(), "4");
    assert_eq!(control(&sandbox, "POST", "faults", "[\"explode\"]").await.status, 400);
    assert_eq!(control(&sandbox, "DELETE", "faults", "").await.status, 200);
    assert_eq!(control(&sandbox, "GET", "faults", "").await.json(), json!([]));
    assert_eq!(control(&sandbox, "PUT", "pixels/77", r#"{"tokens": ["t"]}"#).await.status, 200);
    let reply = call(&sandbox, post("/v26.0/77/events", Some("t"), &batch(&["a"]))).await.unwrap();
    assert_eq!(reply.status, 200);
    assert_eq!(control(&sandbox, "PUT", "pixels/77", "{}").await.status, 400);
}

#[tokio::test]
async fn wrong_control_requests_are_distinguished() {
    let sandbox = start().await;
    for (method, path, status) in [
        ("GET", "health", 200),
        ("POST", "stats", 405),
        ("GET", "nonsense", 404),
        ("GET", "events?limit=many", 400),
        ("GET", "events?colour=red", 400),
    ] {
        assert_eq!(control(&sandbox, method, path, "").await.status, status, "{method} {path}");
    }
    let live = http::Request::get("/health/live").header("host", "x").body(String::new().into()).unwrap();
    assert_eq!(call(&sandbox, live).await.unwrap().status, 200);
    let sandbox_without_ids = meta_sandbox::SandboxConfig { keep_events: 0, ..crate::client::config() };
    let sandbox = meta_sandbox::Sandbox::start(sandbox_without_ids).await.unwrap();
    assert_eq!(control(&sandbox, "GET", "ids", "").await.status, 409);
}
