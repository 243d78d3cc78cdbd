//! Paths, tokens and the shape of answers.

use http::{Method, Request};
use serde_json::{Value, json};

use crate::client::{PIXEL, TOKEN, batch, call, call_h2, event, post, send, start};

#[tokio::test]
async fn success_has_the_documented_shape_on_both_protocols() {
    let sandbox = start().await;
    let path = format!("/v26.0/{PIXEL}/events");
    let first = send(&sandbox, &batch(&["a", "b"])).await.unwrap();
    assert_eq!(
        (first.status, first.headers["content-type"].to_str().unwrap()),
        (200, "application/json; charset=UTF-8")
    );
    let body = first.json();
    assert_eq!(body["events_received"], 2);
    assert_eq!(body["messages"], json!([]));
    assert!(body["fbtrace_id"].as_str().unwrap().len() > 10);
    let second = call_h2(&sandbox, post(&path, Some(TOKEN), &batch(&["c"]))).await.unwrap();
    assert_eq!((second.status, &second.json()["events_received"]), (200, &json!(1)));
    assert_ne!(second.json()["fbtrace_id"], body["fbtrace_id"]);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_token_may_travel_in_header_body_or_query() {
    let sandbox = start().await;
    let path = format!("/v25.0/{PIXEL}/events");
    let mut with_token = batch(&["a"]);
    with_token["access_token"] = json!(TOKEN);
    for request in [
        post(&path, Some(TOKEN), &batch(&["a"])),
        post(&path, None, &with_token),
        post(&format!("{path}?access_token={TOKEN}"), None, &batch(&["a"])),
    ] {
        assert_eq!(call(&sandbox, request).await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn tokens_and_paths_are_refused_as_meta_does() {
    let sandbox = start().await;
    sandbox.set_tokens("42", &["EAAB-other", "EAAB-old"]);
    sandbox.set_tokens("42", &["EAAB-other"]);
    let body = batch(&["a"]);
    let cases: [(String, Option<&str>, u16, &str); 9] = [
        (format!("/v26.0/{PIXEL}/events"), None, 400, "2500"),
        (format!("/v26.0/{PIXEL}/events"), Some("nonsense"), 401, "190"),
        (format!("/v26.0/{PIXEL}/events"), Some("EAAB-other"), 400, "100/33"),
        (format!("/v26.0/{PIXEL}/events"), Some("EAAB-old"), 401, "190/463"),
        ("/v26.0/999/events".into(), Some(TOKEN), 400, "100/33"),
        ("/v26.0/shop/events".into(), Some(TOKEN), 404, "803"),
        (format!("/v20.0/{PIXEL}/events"), Some(TOKEN), 400, "2635"),
        (format!("/v27.0/{PIXEL}/events"), Some(TOKEN), 400, "2500"),
        (format!("/{PIXEL}/events"), Some(TOKEN), 400, "2500"),
    ];
    for (path, token, status, error) in cases {
        let reply = call(&sandbox, post(&path, token, &body)).await.unwrap();
        assert_eq!((reply.status, reply.error().as_str()), (status, error), "{path} {token:?}");
    }
    assert_eq!(sandbox.stats().accepted_events(), 0);
    assert_eq!(sandbox.stats().requests.refused, 9);
    assert_eq!(sandbox.stats().refused["2500"], 3);
}

#[tokio::test]
async fn other_methods_types_and_broken_bodies_are_refused() {
    let sandbox = start().await;
    let path = format!("/v26.0/{PIXEL}/events");
    let mut get = post(&path, Some(TOKEN), &json!({}));
    *get.method_mut() = Method::GET;
    let mut form = post(&path, Some(TOKEN), &json!({}));
    form.headers_mut().insert("content-type", "text/plain".parse().unwrap());
    let broken: Request<_> = post(&path, Some(TOKEN), &json!({})).map(|_| "{\"data\": [".into());
    for (request, error) in [(get, "100/33"), (form, "100"), (broken, "100")] {
        let reply = call(&sandbox, request).await.unwrap();
        assert_eq!((reply.status, reply.error().as_str()), (400, error));
    }
}

#[tokio::test]
async fn forms_are_taken_as_metas_sdk_and_curl_send_them() {
    let sandbox = start().await;
    let path = format!("/v26.0/{PIXEL}/events?access_token={TOKEN}");
    let in_texts = json!([event("a").to_string(), event("b").to_string()]).to_string();
    let encoded: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("partner_agent", "efflux_1_0")
        .append_pair("data", &in_texts)
        .finish();
    let field = |name: &str, value: &str| {
        format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let parts = field("data", &json!([event("c")]).to_string()) + &field("access_token", TOKEN) + "--X--\r\n";
    for (path, kind, body, events) in [
        (path.clone(), "application/x-www-form-urlencoded", encoded, 2),
        (format!("/v26.0/{PIXEL}/events"), "multipart/form-data; boundary=X", parts, 1),
    ] {
        let mut request = post(&path, None, &json!({})).map(|_| body.into());
        request.headers_mut().insert("content-type", kind.parse().unwrap());
        let reply = call(&sandbox, request).await.unwrap();
        assert_eq!((reply.status, &reply.json()["events_received"]), (200, &json!(events)), "{kind}");
    }
    assert_eq!(sandbox.stats().accepted_events(), 3);
    let kept = sandbox.events(&meta_sandbox::EventFilter::all());
    assert_eq!(serde_json::from_str::<Value>(&kept[0].json).unwrap(), event("a"));
}

#[tokio::test]
async fn one_bad_event_refuses_all_and_says_where() {
    let sandbox = start().await;
    let mut body = batch(&["a", "b", "c"]);
    body["data"][1].as_object_mut().unwrap().remove("event_time");
    let reply = send(&sandbox, &body).await.unwrap();
    let error = &reply.json()["error"];
    assert_eq!((reply.status, reply.error().as_str()), (400, "100/2804019"));
    assert_eq!(error["type"], "OAuthException");
    assert_eq!(error["is_transient"], false);
    assert!(error["error_user_title"].is_string() && error["fbtrace_id"].is_string());
    assert!(error["error_user_msg"].as_str().unwrap().contains("$['data'][1]['event_time']"), "{error}");
    assert_eq!(sandbox.stats().accepted_events(), 0);
    assert_eq!(sandbox.stats().refused["100/2804019"], 1);
}

type Edit = fn(&mut Value);

#[tokio::test]
async fn codes_other_than_the_schema_do_not_name_the_event() {
    let sandbox = start().await;
    let edits: [(&str, Edit); 5] = [
        ("100/2804003", |event| event["event_time"] = json!(1_700_000_000)),
        ("100/2804004", |event| event["event_time"] = json!(1_800_000_000_000_i64)),
        ("100/2804009", |event| event["custom_data"] = json!({"currency": "EUR"})),
        ("100/2804010", |event| event["custom_data"] = json!({"value": 1})),
        ("100/2804050", |event| event["user_data"] = json!({"client_user_agent": "x"})),
    ];
    for (expected, edit) in edits {
        let mut bad = event("bad");
        edit(&mut bad);
        let reply = send(&sandbox, &json!({"data": [event("good"), bad]})).await.unwrap();
        assert_eq!((reply.status, reply.error().as_str()), (400, expected));
        assert!(!String::from_utf8_lossy(&reply.body).contains("['data']"), "{expected}");
    }
    assert_eq!(sandbox.stats().accepted_events(), 0);
}

#[tokio::test]
async fn a_token_without_the_permission_and_an_event_too_old_leave_nothing_behind() {
    let sandbox = start().await;
    sandbox.set_powerless_tokens(PIXEL, &["EAAB-weak"]);
    let mut old = batch(&["a"]);
    old["data"][0]["event_time"] = json!(1_700_000_000);
    let path = format!("/v26.0/{PIXEL}/events");
    for (token, error) in [("EAAB-weak", "200"), ("nonsense", "190"), (TOKEN, "100/2804003")] {
        let reply = call(&sandbox, post(&path, Some(token), &old)).await.unwrap();
        assert_eq!(reply.error(), error, "the token is looked at first");
    }
    assert_eq!((sandbox.stats().accepted_events(), sandbox.stats().pixels.len()), (0, 0));
}

#[tokio::test]
async fn a_proof_is_asked_for_where_there_is_a_secret() {
    let config = meta_sandbox::SandboxConfig { app_secret: Some("s".into()), ..crate::client::config() };
    let sandbox = meta_sandbox::Sandbox::start(config).await.unwrap();
    let reply = send(&sandbox, &batch(&["a"])).await.unwrap();
    assert_eq!((reply.status, reply.error().as_str()), (400, "100"));
    assert!(reply.json()["error"]["message"].as_str().unwrap().contains("appsecret_proof"));
}
