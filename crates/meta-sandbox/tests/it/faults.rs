//! Faults on demand.

use std::time::Duration;

use meta_sandbox::{Action, BadEvent, ErrorAnswer, Fault, Matcher};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{PIXEL, TOKEN, batch, call_h2, post, send, start};

/// Sends a request by hand and returns how reading its answer ended.
async fn read_raw(address: std::net::SocketAddr, ids: &[&str]) -> std::io::Result<usize> {
    let body = batch(ids).to_string();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /v26.0/{PIXEL}/events HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
         authorization: Bearer {TOKEN}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await.unwrap();
    stream.read(&mut [0; 64]).await
}

#[tokio::test]
async fn a_reset_before_accepting_stores_nothing() {
    let sandbox = start().await;
    sandbox.add_fault(Action::ResetBeforeAccepting.times(2));
    let error = read_raw(sandbox.address(), &["a"]).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert!(send(&sandbox, &batch(&["a"])).await.is_err());
    assert_eq!((sandbox.stats().accepted_events(), sandbox.stats().requests.reset), (0, 2));
    assert_eq!(send(&sandbox, &batch(&["a"])).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_reset_after_accepting_stores_everything() {
    let sandbox = start().await;
    sandbox.add_fault(Action::ResetAfterAccepting.times(2));
    let error = read_raw(sandbox.address(), &["a", "b"]).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    let request = post(&format!("/v26.0/{PIXEL}/events"), Some(TOKEN), &batch(&["c"]));
    assert!(call_h2(&sandbox, request).await.is_err());
    assert_eq!(sandbox.stats().accepted_events(), 3);
    assert_eq!(sandbox.stats().requests.accepted_then_reset, 2);
    assert_eq!(send(&sandbox, &batch(&["a"])).await.unwrap().status, 200);
    assert_eq!(sandbox.stats().repeated_events(), 1);
}

#[tokio::test]
async fn errors_carry_status_codes_and_headers() {
    let sandbox = start().await;
    let headers = [("Retry-After", "7"), ("X-App-Usage", "{\"call_count\":100}")];
    let error = ErrorAnswer {
        status: 403,
        code: 80_004,
        subcode: Some(2_446_079),
        is_transient: false,
        message: "There have been too many calls".into(),
        headers: headers.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
    };
    sandbox.add_fault(Action::Error(error).times(1));
    let page = "<html>Bad gateway</html>".to_owned();
    sandbox.add_fault(Action::HtmlBody { status: 502, html: page.clone() }.times(1));
    let reply = send(&sandbox, &batch(&["a"])).await.unwrap();
    assert_eq!((reply.status, reply.error().as_str()), (403, "80004/2446079"));
    assert_eq!(reply.headers["retry-after"], "7");
    assert_eq!(reply.headers["x-app-usage"], "{\"call_count\":100}");
    let reply = send(&sandbox, &batch(&["a"])).await.unwrap();
    assert_eq!((reply.status, reply.body), (502, page.into()));
    assert_eq!(send(&sandbox, &batch(&["a"])).await.unwrap().status, 200);
    let stats = sandbox.stats();
    assert_eq!(
        (stats.requests.answered_by_fault, stats.requests.accepted, stats.accepted_events()),
        (2, 1, 1)
    );
}

#[tokio::test]
async fn successes_can_be_odd() {
    let sandbox = start().await;
    sandbox.add_fault(Action::ShortReceived(1).times(1));
    sandbox.add_fault(Action::Messages(vec!["look".into()]).times(1));
    let usage = [("X-Business-Use-Case-Usage".to_owned(), "{}".to_owned())].into();
    sandbox.add_fault(Action::Headers(usage).times(1));
    let reply = send(&sandbox, &batch(&["a", "b"])).await.unwrap();
    assert_eq!((reply.status, &reply.json()["events_received"]), (200, &1.into()));
    assert_eq!(reply.json()["messages"][0], "look");
    assert!(reply.headers.contains_key("x-business-use-case-usage"));
    assert_eq!(sandbox.stats().accepted_events(), 2);
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
    assert_eq!(send(&sandbox, &batch(&["a"])).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_bad_event_can_be_found_by_halving() {
    let sandbox = start().await;
    let bad = BadEvent { event_ids: vec!["3".into()], ..BadEvent::default() };
    sandbox.add_fault(Action::BadEvent(bad.clone()).always());
    let reply = send(&sandbox, &batch(&["0", "1", "2", "3"])).await.unwrap();
    assert_eq!((reply.status, reply.error().as_str()), (400, "100/2804004"));
    assert!(!String::from_utf8_lossy(&reply.body).contains("['data']"));
    assert_eq!(send(&sandbox, &batch(&["0", "1", "2"])).await.unwrap().status, 200);
    assert_eq!(send(&sandbox, &batch(&["3"])).await.unwrap().status, 400);
    sandbox.clear_faults();
    sandbox.add_fault(Action::BadEvent(BadEvent { named: true, subcode: 2_804_019, ..bad }).always());
    let reply = send(&sandbox, &batch(&["0", "3"])).await.unwrap();
    assert_eq!(reply.error(), "100/2804019");
    let json = reply.json();
    assert!(json["error"]["error_user_msg"].as_str().unwrap().contains("$['data'][1]['event_id']"), "{json}");
}

#[tokio::test]
async fn a_matcher_limits_a_fault_to_pixel_and_events() {
    let sandbox = start().await;
    for (pixel, ids) in [(Some("2"), vec![]), (None, vec!["z".to_owned()])] {
        let matcher = Matcher { pixel: pixel.map(Into::into), event_ids: ids, ..Matcher::default() };
        sandbox.add_fault(Fault { matcher, action: Action::Error(ErrorAnswer::default()) });
    }
    assert_eq!(send(&sandbox, &batch(&["a"])).await.unwrap().status, 200);
    let reply = send(&sandbox, &batch(&["a", "z"])).await.unwrap();
    assert_eq!(
        (reply.status, reply.error().as_str(), &reply.json()["error"]["is_transient"]),
        (500, "2", &true.into())
    );
}

#[tokio::test]
async fn a_token_can_be_taken_away_in_mid_flight() {
    let sandbox = start().await;
    sandbox.add_fault(Action::RevokeTokenAfterAccepting.times(1));
    assert_eq!(send(&sandbox, &batch(&["a"])).await.unwrap().status, 200);
    assert_eq!(send(&sandbox, &batch(&["b"])).await.unwrap().error(), "190/463");
    sandbox.set_tokens(PIXEL, &[TOKEN]);
    sandbox.add_fault(Action::RevokeToken.times(1));
    for _ in 0..2 {
        assert_eq!(send(&sandbox, &batch(&["c"])).await.unwrap().error(), "190/463");
    }
    assert_eq!((sandbox.stats().accepted_events(), sandbox.stats().requests.refused), (1, 3));
}

#[tokio::test]
async fn successes_tell_of_all_three_kinds_of_usage() {
    let sandbox = start().await;
    let usage = [
        ("X-App-Usage", r#"{"call_count":28,"total_time":25,"total_cputime":25}"#),
        ("X-Ad-Account-Usage", r#"{"acc_id_util_pct":100,"reset_time_duration":90}"#),
        (
            "X-Business-Use-Case-Usage",
            r#"{"1":[{"type":"ads_management","estimated_time_to_regain_access":2}]}"#,
        ),
    ];
    let headers = usage.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    sandbox.add_fault(Action::Headers(headers).always());
    let reply = send(&sandbox, &batch(&["a"])).await.unwrap();
    for (name, value) in usage {
        assert_eq!(reply.headers[name], value);
    }
}
