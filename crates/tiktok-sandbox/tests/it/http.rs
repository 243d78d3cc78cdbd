//! Paths, tokens and the shape of answers.

use http::Request;
use serde_json::json;

use crate::client::{PIXEL, TOKEN, TRACK, batch, call, event, post, send, start};

#[tokio::test]
async fn success_has_the_known_shape() {
    let sandbox = start().await;
    let first = send(&sandbox, &batch(&["a", "b"])).await.unwrap();
    let (body, second) = (first.json(), send(&sandbox, &batch(&["c"])).await.unwrap().json());
    assert_eq!((first.status, &body["code"], &body["message"]), (200, &json!(0), &json!("OK")));
    assert!(body["request_id"].as_str().unwrap().len() > 10 && body["request_id"] != second["request_id"]);
    sandbox.stop().await;
}

#[tokio::test]
async fn tokens_and_pixels_are_refused_with_200_and_a_code() {
    let sandbox = start().await;
    sandbox.set_tokens("C42", &["other", "old"]);
    sandbox.set_tokens("C42", &["other"]);
    sandbox.set_powerless_tokens(PIXEL, &["weak"]);
    let bearer = format!("Bearer {TOKEN}");
    for (pixel, token, code) in [
        (PIXEL, Some(TOKEN), 0),
        (PIXEL, None, 40_104),
        (PIXEL, Some(""), 40_104),
        (PIXEL, Some(bearer.as_str()), 40_105),
        (PIXEL, Some("nonsense"), 40_105),
        (PIXEL, Some("old"), 40_105),
        (PIXEL, Some("other"), 40_001),
        (PIXEL, Some("weak"), 40_001),
        ("C99", Some(TOKEN), 40_007),
    ] {
        let mut body = batch(&["a"]);
        body["event_source_id"] = json!(pixel);
        let reply = call(&sandbox, post(TRACK, token, &body)).await.unwrap();
        assert_eq!((reply.status, reply.code()), (200, code), "{pixel} {token:?}");
    }
    let bearer = Request::post(TRACK)
        .header("host", "x")
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {TOKEN}"))
        .body(batch(&["a"]).to_string().into())
        .unwrap();
    assert_eq!(call(&sandbox, bearer).await.unwrap().code(), 40_104, "that header says nothing");
}

#[tokio::test]
async fn other_paths_and_methods_meet_no_interface() {
    let sandbox = start().await;
    for path in [
        "/open_api/v1.3/event/track",
        "/open_api/v1.2/pixel/track/",
        "/open_api/v2.0/event/track/",
        "/open_api/v1.3/pixel/batch/",
        "/",
    ] {
        let reply = call(&sandbox, post(path, Some(TOKEN), &batch(&["a"]))).await.unwrap();
        assert_eq!(reply.status, 404, "{path}");
    }
    let get = Request::get(TRACK).header("host", "x").body(String::new().into()).unwrap();
    assert_eq!(call(&sandbox, get).await.unwrap().status, 405);
    let form = Request::post(TRACK).header("host", "x").header("access-token", TOKEN);
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(call(&sandbox, form.body("data=[]".to_owned().into()).unwrap()).await.unwrap().code(), 40_002);
}

#[tokio::test]
async fn the_outer_object_is_closed_too() {
    let sandbox = start().await;
    for (key, value) in [
        ("data", json!([])),
        ("data", json!({})),
        ("data", json!(null)),
        ("data", json!(vec![event("x"); 1_001])),
        ("event_source", json!("website")),
        ("event_source_id", json!(7)),
        ("event_source_id", json!("c4a1")),
        ("pixel_code", json!(PIXEL)),
        ("access_token", json!(TOKEN)),
        ("test_event_code", json!("")),
    ] {
        let mut body = batch(&["a"]);
        body[key] = value;
        assert_eq!(send(&sandbox, &body).await.unwrap().code(), 40_002, "{key}");
    }
    assert_eq!(sandbox.stats().accepted_events(), 0);
    let full = json!({"event_source": "web", "event_source_id": PIXEL, "partner_name": "x", "data": vec![event("x"); 1_000]});
    assert_eq!(send(&sandbox, &full).await.unwrap().code(), 0);
    let mut large = event("y");
    large["properties"]["description"] = json!("x".repeat(1_000_000));
    let large = json!({"event_source": "web", "event_source_id": PIXEL, "data": [large]});
    assert_eq!(send(&sandbox, &large).await.unwrap().status, 413);
}

#[tokio::test]
async fn one_bad_event_refuses_all_and_is_not_named() {
    let sandbox = start().await;
    let mut body = batch(&["a", "b", "c"]);
    body["data"][1]["event_id"] = json!(7);
    let reply = send(&sandbox, &body).await.unwrap();
    assert_eq!((reply.code(), &reply.json()["message"]), (40_002, &json!("event_id: Not a valid string.")));
    assert_eq!(sandbox.stats().accepted_events(), 0);
    assert_eq!(sandbox.stats().refused["40002"], 1);
}
