//! The destination against the sandbox, which shares no code with it.

use std::sync::Arc;
use std::time::Duration;

use destination_tiktok::destination::{PLATFORM, TikTok, TikTokConfig, answered};
use destination_tiktok::map::{EventNames, MapConfig};
use destination_tiktok::transport::Transport;
use domain::validate::{AnyPixel, OnePlatform, Rules, check};
use domain::{PixelCode, Row, UnixMillis};
use outbound_http::{ClientConfig, Reply};
use ports::Destination;
use ports::destination::{EventOutcome, PixelRefusal, PreparedEvent, SendReport};
use ports::ledger::Portion;
use ports::pixels::Credential;
use secrecy::SecretString;
use serde_json::json;
use tiktok_sandbox::{Action, ErrorAnswer, EventFilter, Sandbox, SandboxConfig};

const PIXEL: &str = "C4A1B2C3D4E5F6G7H8I9";
const TOKEN: &str = "token-good";
const NOW_S: i64 = 1_780_000_000;
const CLICK: &str = "E.C.P.CtwBqXQ0-Zb_aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789";

async fn sandbox() -> Sandbox {
    let config = SandboxConfig { clock: Arc::new(|| NOW_S), ..SandboxConfig::with_pixel(PIXEL, TOKEN) };
    Sandbox::start(config).await.unwrap()
}

fn tiktok_with(sandbox: &Sandbox, test_event_code: Option<&str>) -> TikTok {
    let map = MapConfig {
        event_names: EventNames::Standard,
        currency: "USD".into(),
        default_page_url: None,
        limited_data_use: Some(true),
    };
    let config =
        TikTokConfig { test_event_code: test_event_code.map(str::to_owned), ..TikTokConfig::new(map) };
    TikTok::new(config, Transport::new(ClientConfig::new(sandbox.url().parse().unwrap())).unwrap())
}

fn tiktok(sandbox: &Sandbox) -> TikTok {
    tiktok_with(sandbox, None)
}

/// A row that has all that a row can have.
fn events(tiktok: &TikTok) -> Vec<PreparedEvent> {
    let raw = json!({
        "session_id": "s", "keyword_clicked": "k", "click_timestamp": NOW_S - 60, "pixel_id": PIXEL, "network": "tonic",
        "traffic_source": "TikTok", "ts_click_id": CLICK, "ttp": "2abcDEFghiJKLmnoPQRstuVWXyz", "user_agent": "Mozilla/5.0",
        "domain_name": "homes.example", "ip": "2001:db8::7", "country_code": "US", "region": "NewYork", "city": "St. Louis",
        "zp": "10001-1234", "em": ["A@b.example", "c@b.example"], "ph": "(650) 555-1212", "fn": "Jos\u{e9}", "ln": "O'Neil",
        "db": "2/16/1997", "ge": "Female", "external_id": "customer-7", "event_source_url": "https://homes.example/a?b=1",
        "order_id": "o-1", "currency": "eur", "conversions": 2, "revenue": 1.5,
    })
    .to_string();
    let row = Row::parse(&raw);
    let platforms = OnePlatform(PLATFORM, tiktok);
    let now = UnixMillis(NOW_S * 1000);
    let rules = Rules { now, pixels: &AnyPixel, platforms: &platforms, object_network: None };
    tiktok.prepare(&row.key, &check(&row, rules).unwrap(), Portion::Full).unwrap()
}

async fn send_to(tiktok: &TikTok, pixel: &str, token: &str) -> SendReport {
    let credential = Credential { label: "token-1".into(), token: SecretString::from(token) };
    tiktok.send(&PixelCode::new(pixel).unwrap(), &credential, &events(tiktok)).await
}

async fn send(tiktok: &TikTok) -> SendReport {
    send_to(tiktok, PIXEL, TOKEN).await
}

fn all(report: &SendReport, outcome: &EventOutcome) -> bool {
    report.outcomes.iter().all(|one| one == outcome)
}

#[tokio::test]
async fn everything_a_row_can_have_is_taken() {
    let sandbox = sandbox().await;
    let report = send(&tiktok(&sandbox)).await;
    assert!(all(&report, &EventOutcome::Accepted) && report.alarms.is_empty(), "{report:?}");
    assert!(report.answer.trace_id.is_some() && report.server_time.is_some());
    let kept = sandbox.events(&EventFilter { name: Some("Purchase".into()), ..EventFilter::all() });
    assert_eq!(kept.len(), 2);
    let event: serde_json::Value = serde_json::from_str(&kept[0].json).unwrap();
    let digest = |text: &str| user_data::hash::hash(text).as_str().to_owned();
    assert_eq!(
        event["user"],
        json!({
            "ttclid": CLICK, "ttp": "2abcDEFghiJKLmnoPQRstuVWXyz", "email": [digest("a@b.example"), digest("c@b.example")],
            "phone": digest("+16505551212"), "external_id": digest("customer-7"), "first_name": digest("jos\u{e9}"),
            "last_name": digest("oneil"), "zip_code": digest("100011234"), "city": "stlouis", "state": "ny", "country": "us",
            "ip": "2001:db8::7", "user_agent": "Mozilla/5.0",
        })
    );
    assert_eq!(event["page"]["url"], "https://homes.example/a?b=1");
    assert_eq!((&event["limited_data_use"], event["event_time"].as_i64()), (&json!(true), Some(NOW_S - 60)));
    assert_eq!(event["properties"], json!({"value": 0.75, "currency": "EUR", "order_id": "o-1"}));
}

#[tokio::test]
async fn a_test_code_goes_with_the_whole_request() {
    let sandbox = sandbox().await;
    let report = send(&tiktok_with(&sandbox, Some("TEST12345"))).await;
    assert!(all(&report, &EventOutcome::Accepted), "{report:?}");
    assert_eq!(sandbox.stats().accepted_events(), 0, "a test counts nothing");
}

#[tokio::test]
async fn a_token_that_does_not_open_the_pixel_is_refused_and_no_event_is() {
    let sandbox = sandbox().await;
    sandbox.set_tokens("C42", &["other", "old"]);
    sandbox.set_tokens("C42", &["other"]);
    sandbox.set_powerless_tokens(PIXEL, &["weak"]);
    let tiktok = tiktok(&sandbox);
    for (pixel, token, code) in [
        (PIXEL, "nonsense", 40_105),
        (PIXEL, "old", 40_105),
        (PIXEL, "other", 40_001),
        (PIXEL, "weak", 40_001),
        ("C99", TOKEN, 40_007),
    ] {
        let report = send_to(&tiktok, pixel, token).await;
        assert!(all(&report, &EventOutcome::Refused), "{token}: {report:?}");
        assert_eq!((report.answer.status, report.answer.code), (200, Some(code)), "{token}");
    }
}

#[tokio::test]
async fn what_may_be_taken_in_part_counts_as_taken_and_alarms() {
    let sandbox = sandbox().await;
    sandbox.add_fault(Action::PartlyTaken(1).times(1));
    let report = send(&tiktok(&sandbox)).await;
    assert!(all(&report, &EventOutcome::Accepted) && !report.short, "never sent again: {report:?}");
    assert_eq!((report.alarms.len(), report.answer.code), (1, Some(20_001)), "{:?}", report.alarms);
}

#[tokio::test]
async fn every_code_leads_to_its_outcome() {
    let sandbox = sandbox().await;
    let tiktok = tiktok(&sandbox);
    for (status, code, outcome) in [
        (200, 40_000, EventOutcome::BatchRefused),
        (400, 40_002, EventOutcome::BatchRefused),
        (200, 40_001, EventOutcome::Refused),
        (200, 40_104, EventOutcome::Refused),
        (401, 40_110, EventOutcome::Refused),
        (200, 40_700, EventOutcome::Transient),
        (500, 50_002, EventOutcome::Transient),
        (200, 50_017, EventOutcome::Unknown),
        (500, 0, EventOutcome::Unknown),
        (500, 41_234, EventOutcome::Unknown),
        (200, 41_234, EventOutcome::Unexplained),
    ] {
        sandbox.add_fault(Action::Error(ErrorAnswer { status, code, ..ErrorAnswer::default() }).times(1));
        let report = send(&tiktok).await;
        assert!(all(&report, &outcome) && !report.throttled, "{status} {code}: {report:?}");
    }
    for (status, outcome) in [
        (200, EventOutcome::Unknown),
        (502, EventOutcome::Unknown),
        (401, EventOutcome::Refused),
        (413, EventOutcome::Unexplained),
        (405, EventOutcome::PixelRefused(PixelRefusal::Endpoint)),
    ] {
        sandbox.add_fault(Action::HtmlBody { status, html: "<p>".into() }.times(1));
        let report = send(&tiktok).await;
        assert!(all(&report, &outcome), "{status}: {report:?}");
    }
    assert_eq!(sandbox.stats().accepted_events(), 0);
}

#[tokio::test]
async fn both_rate_limits_are_heard_with_their_waits() {
    let sandbox = sandbox().await;
    for (code, after, wait) in [(40_100, "7", Some(7)), (51_021, "junk", None)] {
        let headers = [("Retry-After".to_owned(), after.to_owned())].into();
        let answer = ErrorAnswer { code, headers, ..ErrorAnswer::default() };
        sandbox.add_fault(Action::Error(answer).times(1));
        let report = send(&tiktok(&sandbox)).await;
        assert!(report.throttled && all(&report, &EventOutcome::Transient), "{report:?}");
        assert_eq!(report.wait, wait.map(Duration::from_secs));
    }
}

#[tokio::test]
async fn a_token_and_a_message_are_in_no_report() {
    let sandbox = sandbox().await;
    let message = format!("token {TOKEN} of email jo@x.example is wrong");
    let quoting = ErrorAnswer { code: 40_002, message, ..ErrorAnswer::default() };
    sandbox.add_fault(Action::Error(quoting).times(1));
    let report = send(&tiktok(&sandbox)).await;
    let shown = format!("{report:?} {:?}", tiktok(&sandbox));
    assert!(!shown.contains(TOKEN) && !shown.contains("jo@x"), "{shown}");
    assert_eq!(report.answer.message, "email", "the key is named");
    let html = Reply { status: 200, body: "<p>token-good".into(), ..Reply::default() };
    assert!(!format!("{:?} {html:?}", answered(&html, 1)).contains(TOKEN));
}
