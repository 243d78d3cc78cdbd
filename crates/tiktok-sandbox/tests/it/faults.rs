//! Faults on demand.

use std::time::Duration;

use tiktok_sandbox::{Action, BadEvent, ErrorAnswer};

use crate::client::{PIXEL, TOKEN, batch, control, send, start};

#[tokio::test]
async fn resets_come_before_or_after_storing() {
    let sandbox = start().await;
    sandbox.add_fault(Action::ResetBeforeAccepting.times(1));
    assert!(send(&sandbox, &batch(&["a"])).await.is_err());
    assert_eq!(sandbox.stats().accepted_events(), 0);
    sandbox.add_fault(Action::ResetAfterAccepting.times(1));
    assert!(send(&sandbox, &batch(&["a"])).await.is_err());
    assert_eq!((sandbox.stats().accepted_events(), sandbox.stats().requests.accepted_then_reset), (1, 1));
}

#[tokio::test]
async fn errors_carry_status_codes_and_headers() {
    let sandbox = start().await;
    let headers = [("Retry-After".to_owned(), "7".to_owned())].into();
    let error = ErrorAnswer { code: 40_100, headers, ..ErrorAnswer::default() };
    sandbox.add_fault(Action::Error(error).times(1));
    sandbox.add_fault(Action::HtmlBody { status: 502, html: "<p>".into() }.times(1));
    let reply = send(&sandbox, &batch(&["a"])).await.unwrap();
    assert_eq!(
        (reply.status, reply.code(), &reply.headers["retry-after"]),
        (200, 40_100, &"7".parse().unwrap())
    );
    let reply = send(&sandbox, &batch(&["a"])).await.unwrap();
    assert_eq!((reply.status, &*reply.body), (502, b"<p>".as_slice()));
    assert_eq!((sandbox.stats().requests.answered_by_fault, sandbox.stats().accepted_events()), (2, 0));
}

#[tokio::test]
async fn latency_comes_before_or_after_storing() {
    let sandbox = start().await;
    let within = Duration::from_millis(150);
    sandbox.add_fault(Action::LatencyMs(60_000).times(1));
    sandbox.add_fault(Action::LateAnswerMs(60_000).times(1));
    assert!(tokio::time::timeout(within, send(&sandbox, &batch(&["a"]))).await.is_err());
    assert_eq!(sandbox.stats().accepted_events(), 0);
    assert!(tokio::time::timeout(within, send(&sandbox, &batch(&["a"]))).await.is_err());
    assert_eq!(sandbox.stats().accepted_events(), 1);
}

#[tokio::test]
async fn a_bad_event_can_be_found_by_halving() {
    let sandbox = start().await;
    let bad = BadEvent { event_ids: vec!["3".into()], ..BadEvent::default() };
    sandbox.add_fault(Action::BadEvent(bad).always());
    assert_eq!(send(&sandbox, &batch(&["0", "1", "2", "3"])).await.unwrap().code(), 40_002);
    assert_eq!(send(&sandbox, &batch(&["0", "1", "2"])).await.unwrap().code(), 0);
    assert_eq!(send(&sandbox, &batch(&["3"])).await.unwrap().code(), 40_002);
}

#[tokio::test]
async fn a_request_can_be_taken_in_part() {
    let sandbox = start().await;
    sandbox.add_fault(Action::PartlyTaken(1).times(1));
    assert_eq!(send(&sandbox, &batch(&["a", "b"])).await.unwrap().code(), 20_001);
    let ids: Vec<_> = sandbox.ids().unwrap().into_iter().map(|one| one.id).collect();
    assert_eq!(ids, ["a"]);
}

#[tokio::test]
async fn a_token_can_be_taken_away_in_mid_flight() {
    let sandbox = start().await;
    sandbox.add_fault(Action::RevokeTokenAfterAccepting.times(1));
    assert_eq!(send(&sandbox, &batch(&["a"])).await.unwrap().code(), 0);
    assert_eq!(send(&sandbox, &batch(&["b"])).await.unwrap().code(), 40_105);
    sandbox.set_tokens(PIXEL, &[TOKEN]);
    sandbox.add_fault(Action::RevokeToken.times(1));
    for _ in 0..2 {
        assert_eq!(send(&sandbox, &batch(&["c"])).await.unwrap().code(), 40_105);
    }
}

#[tokio::test]
async fn faults_can_be_set_by_http() {
    let sandbox = start().await;
    let faults = r#"[{"match": {"times": 1}, "action": {"error": {"code": 50002}}}]"#;
    assert_eq!(control(&sandbox, "POST", "faults", faults).await.status, 200);
    assert_eq!(send(&sandbox, &batch(&["a"])).await.unwrap().code(), 50_002);
    assert_eq!(control(&sandbox, "DELETE", "faults", "").await.status, 200);
    assert_eq!(control(&sandbox, "GET", "faults", "").await.json(), serde_json::json!([]));
}
