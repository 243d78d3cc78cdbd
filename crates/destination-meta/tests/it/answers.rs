//! From a whole reply to a verdict.

use destination_meta::errors::{AnswerVerdict, ReadAnswer};
use outbound_http::Reply;

fn answer(status: u16, headers: &[(&str, &str)], body: &'static str) -> ReadAnswer {
    let headers =
        headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
    ReadAnswer::read(&Reply { status, headers, body: body.into() })
}

#[test]
fn a_success() {
    let answer = answer(200, &[], r#"{"events_received":2,"messages":[],"fbtrace_id":"A"}"#);
    assert_eq!(answer.verdict, AnswerVerdict::Accepted);
    assert_eq!(answer.success.unwrap().events_received, 2);
}

#[test]
fn a_named_bad_event() {
    let body = r#"{"error":{"message":"Invalid parameter","type":"OAuthException","code":100,
        "error_subcode":2804019,"is_transient":false,"error_user_msg":"Fehlt: $['data'][1]['event_time']"}}"#;
    let answer = answer(400, &[], body);
    assert_eq!(answer.verdict, AnswerVerdict::BadEvent { index: Some(1) });
    assert_eq!(answer.error.unwrap().event_field.as_deref(), Some("event_time"));
}

#[test]
fn a_throttle_with_a_wait_in_minutes() {
    let usage = r#"{"42":[{"type":"ads_management","estimated_time_to_regain_access":3}]}"#;
    let body = r#"{"error":{"code":80004,"error_subcode":2446079,"type":"OAuthException"}}"#;
    let answer = answer(400, &[("x-business-use-case-usage", usage)], body);
    assert_eq!(answer.verdict, AnswerVerdict::Throttled { wait: Some(std::time::Duration::from_secs(180)) });
}

#[test]
fn a_proxys_page() {
    assert_eq!(
        answer(200, &[], "<html>Service Unavailable</html>").verdict,
        AnswerVerdict::UnknownOutcome { wait: None }
    );
    assert_eq!(
        answer(502, &[], "<html>Bad Gateway</html>").verdict,
        AnswerVerdict::UnknownOutcome { wait: None }
    );
}
