//! From a server's bytes to a verdict.

use bytes::Bytes;
use destination_meta::errors::{Answer, Verdict};
use destination_meta::transport::{Transport, TransportConfig};
use http::Response;
use secrecy::SecretString;

use crate::server::Server;

async fn answer(status: u16, headers: &[(&str, &str)], body: &'static str) -> Answer {
    let mut answer = Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(*name, *value);
    }
    let server = Server::answering(answer.body(Bytes::from_static(body.as_bytes())).unwrap()).await;
    let base = format!("http://{}", server.address).parse().unwrap();
    let transport = Transport::new(TransportConfig::new(base)).unwrap();
    let token = SecretString::from("token");
    Answer::read(&transport.post_events("v26.0", "1", &token, Bytes::from_static(b"{}")).await.unwrap())
}

#[tokio::test]
async fn a_success() {
    let answer = answer(200, &[], r#"{"events_received":2,"messages":[],"fbtrace_id":"A"}"#).await;
    assert_eq!(answer.verdict, Verdict::Accepted);
    assert_eq!(answer.success.unwrap().events_received, 2);
}

#[tokio::test]
async fn a_named_bad_event() {
    let body = r#"{"error":{"message":"Invalid parameter","type":"OAuthException","code":100,
        "error_subcode":2804019,"is_transient":false,"error_user_msg":"Fehlt: $['data'][1]['event_time']"}}"#;
    let answer = answer(400, &[], body).await;
    assert_eq!(answer.verdict, Verdict::BadEvent { index: Some(1) });
    assert_eq!(answer.error.unwrap().event_field.as_deref(), Some("event_time"));
}

#[tokio::test]
async fn a_throttle_with_a_wait_in_minutes() {
    let usage = r#"{"42":[{"type":"ads_management","estimated_time_to_regain_access":3}]}"#;
    let body = r#"{"error":{"code":80004,"error_subcode":2446079,"type":"OAuthException"}}"#;
    let answer = answer(400, &[("x-business-use-case-usage", usage)], body).await;
    assert_eq!(answer.verdict, Verdict::Throttled { wait: Some(std::time::Duration::from_secs(180)) });
}

#[tokio::test]
async fn a_proxys_page() {
    assert_eq!(answer(200, &[], "<html>Service Unavailable</html>").await.verdict, Verdict::UnknownOutcome);
    assert_eq!(answer(502, &[], "<html>Bad Gateway</html>").await.verdict, Verdict::UnknownOutcome);
}
