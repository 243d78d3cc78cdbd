//! The destination against the sandbox, which shares no code with it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use destination_meta::destination::{Meta, MetaConfig, PLATFORM, Standing, answered};
use destination_meta::map::{DataProcessing, EventNames, MapConfig, Place};
use destination_meta::proof::AppSecret;
use destination_meta::transport::Transport;
use domain::validate::{AnyPixel, OnePlatform, Rules, check};
use domain::{PixelCode, Row, UnixMillis};
use meta_sandbox::{Action, ErrorAnswer, EventFilter, Sandbox, SandboxConfig};
use outbound_http::{ClientConfig, Reply};
use ports::destination::{EventOutcome, PreparedEvent, SendReport};
use ports::ledger::Portion;
use ports::pixels::Credential;
use ports::{Clock, Destination};
use secrecy::SecretString;
use serde_json::json;

const PIXEL: &str = "1234567890";
const TOKEN: &str = "EAABgood";
const SECRET: &str = "app-secret";
const NOW_S: i64 = 1_780_000_000;

#[derive(Debug)]
struct Still;

#[async_trait]
impl Clock for Still {
    fn now(&self) -> UnixMillis {
        UnixMillis(NOW_S * 1000)
    }
    async fn sleep(&self, _: Duration) {}
}

async fn sandbox(app_secret: Option<&str>) -> Sandbox {
    let config = SandboxConfig {
        clock: Arc::new(|| NOW_S),
        app_secret: app_secret.map(str::to_owned),
        ..SandboxConfig::with_pixel(PIXEL, TOKEN)
    };
    Sandbox::start(config).await.unwrap()
}

fn meta(sandbox: &Sandbox, app_secret: Option<&str>) -> Meta {
    let map = MapConfig {
        event_names: EventNames::Standard,
        currency: "USD".into(),
        default_event_source_url: None,
        data_processing: DataProcessing::Limited(Place::new(1, 1000).unwrap()),
    };
    let app_secret = app_secret.map(|secret| AppSecret::new(SecretString::from(secret), Arc::new(Still)));
    let config = MetaConfig { app_secret, ..MetaConfig::new("v25.0", map) };
    Meta::new(config, Transport::new(ClientConfig::new(sandbox.url().parse().unwrap())).unwrap())
}

fn credential(token: &str) -> Credential {
    Credential { label: "token-1".into(), token: SecretString::from(token) }
}

/// A row that has all that a row can have.
fn events(meta: &Meta) -> Vec<PreparedEvent> {
    let raw = json!({
        "session_id": "s", "keyword_clicked": "k", "click_timestamp": NOW_S - 60, "pixel_id": PIXEL, "network": "tonic",
        "ts_click_id": "IwAR0_a-B", "user_agent": "Mozilla/5.0", "domain_name": "homes.example", "ip": "203.0.113.7",
        "country_code": "US", "region": "NewYork", "city": "St. Louis", "zp": "10001-1234", "em": "A@b.example",
        "ph": "(650) 555-1212", "fn": "Jos\u{e9}", "ln": "O'Neil", "db": "2/16/1997", "ge": "Female",
        "external_id": "customer-7", "fbp": "fb.1.1779999000000.1116446470", "fbc": "fb.1.1779999000000.IwAR0_a-B",
        "event_source_url": "https://homes.example/a?b=1", "order_id": "o-1", "currency": "eur",
        "conversions": 2, "revenue": 1.5,
    })
    .to_string();
    let row = Row::parse(&raw);
    let platforms = OnePlatform(PLATFORM, meta);
    let rules = Rules { now: Still.now(), pixels: &AnyPixel, platforms: &platforms, object_network: None };
    meta.prepare(&row.key, &check(&row, rules).unwrap(), Portion::Full).unwrap()
}

async fn send(meta: &Meta, token: &str) -> SendReport {
    meta.send(&PixelCode::new(PIXEL).unwrap(), &credential(token), &events(meta)).await
}

async fn standing(meta: &Meta, pixel: &str, token: &str) -> Standing {
    meta.probe(&PixelCode::new(pixel).unwrap(), &credential(token), Still.now()).await.standing
}

#[tokio::test]
async fn everything_a_row_can_have_is_taken() {
    let sandbox = sandbox(None).await;
    let report = send(&meta(&sandbox, None), TOKEN).await;
    assert!(
        report.outcomes.iter().all(|o| *o == EventOutcome::Accepted) && report.alarms.is_empty(),
        "{report:?}"
    );
    let kept = sandbox.events(&EventFilter { name: Some("Purchase".into()), ..EventFilter::all() });
    assert_eq!(kept.len(), 2);
    let event: serde_json::Value = serde_json::from_str(&kept[0].json).unwrap();
    let user = event["user_data"].as_object().unwrap();
    let mut keys: Vec<_> = user.keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        [
            "client_ip_address",
            "client_user_agent",
            "country",
            "ct",
            "db",
            "em",
            "external_id",
            "fbc",
            "fbp",
            "fn",
            "ge",
            "ln",
            "ph",
            "st",
            "zp"
        ]
    );
    let digest = |text: &str| user_data::hash::hash(text).as_str().to_owned();
    for (key, text) in
        [("ph", "16505551212"), ("zp", "10001"), ("external_id", "customer-7"), ("ln", "oneil")]
    {
        assert_eq!(user[key], digest(text), "{key}");
    }
    assert_eq!(user["fbc"], "fb.1.1779999000000.IwAR0_a-B");
    assert_eq!(event["data_processing_options"], json!(["LDU"]));
    assert_eq!(event["data_processing_options_state"], 1000);
    assert_eq!(
        (&event["custom_data"]["currency"], &event["custom_data"]["order_id"]),
        (&json!("EUR"), &json!("o-1"))
    );
}

#[tokio::test]
async fn a_proof_opens_an_app_that_asks_for_one() {
    let sandbox = sandbox(Some(SECRET)).await;
    assert!(
        send(&meta(&sandbox, Some(SECRET)), TOKEN)
            .await
            .outcomes
            .iter()
            .all(|o| *o == EventOutcome::Accepted)
    );
    for wrong in [None, Some("another")] {
        let meta = meta(&sandbox, wrong);
        assert!(send(&meta, TOKEN).await.outcomes.iter().all(|o| *o == EventOutcome::Refused));
        assert_eq!(standing(&meta, PIXEL, TOKEN).await, Standing::NeedsAppSecret);
    }
}

#[tokio::test]
async fn a_probe_tells_tokens_apart_and_leaves_no_event() {
    let sandbox = sandbox(None).await;
    sandbox.set_tokens("42", &["EAABother", "EAABold"]);
    sandbox.set_tokens("42", &["EAABother"]);
    sandbox.set_powerless_tokens(PIXEL, &["EAABweak"]);
    let meta = meta(&sandbox, None);
    for (pixel, token, expected) in [
        (PIXEL, TOKEN, Standing::Works),
        (PIXEL, "EAABold", Standing::Expired),
        (PIXEL, "EAABnonsense", Standing::Invalid),
        (PIXEL, "EAABweak", Standing::LacksPermission),
        (PIXEL, "EAABother", Standing::WrongPixel),
        ("99", TOKEN, Standing::WrongPixel),
        ("shop", TOKEN, Standing::WrongPixel),
    ] {
        assert_eq!(standing(&meta, pixel, token).await, expected, "{pixel} {token}");
    }
    for (error, expected) in [
        ((400, 2635), Standing::WrongVersion),
        ((400, 2500), Standing::WrongVersion),
        ((400, 368), Standing::Blocked),
        ((400, 2655), Standing::AccountRefused),
        ((400, 4), Standing::Unclear),
        ((500, 2), Standing::Unclear),
        ((403, 10), Standing::LacksPermission),
        ((400, 3), Standing::LacksPermission),
    ] {
        let answer =
            ErrorAnswer { status: error.0, code: error.1, is_transient: false, ..ErrorAnswer::default() };
        sandbox.add_fault(Action::Error(answer).times(1));
        assert_eq!(standing(&meta, PIXEL, TOKEN).await, expected, "{error:?}");
    }
    assert_eq!(sandbox.stats().accepted_events(), 0);
    let url = sandbox.url();
    sandbox.stop().await;
    let probe = meta.probe(&PixelCode::new(PIXEL).unwrap(), &credential(TOKEN), Still.now()).await;
    assert_eq!(probe.standing, Standing::Unreachable, "{url}");
    assert!(!format!("{probe:?}").contains(TOKEN));
}

#[tokio::test]
async fn messages_with_an_answer_are_an_alarm_and_no_failure() {
    let sandbox = sandbox(None).await;
    sandbox.add_fault(Action::Messages(vec!["look".into(), "here".into()]).times(1));
    let report = send(&meta(&sandbox, None), TOKEN).await;
    assert!(report.outcomes.iter().all(|o| *o == EventOutcome::Accepted) && !report.short);
    assert_eq!(report.alarms.len(), 1, "{:?}", report.alarms);
    assert!(report.answer.message.contains("messages"));
    assert!(!format!("{report:?}").contains("look"), "what messages hold is not documented");
}

#[tokio::test]
async fn fewer_received_than_sent_is_an_unknown_outcome() {
    let sandbox = sandbox(None).await;
    sandbox.add_fault(Action::ShortReceived(1).times(1));
    let report = send(&meta(&sandbox, None), TOKEN).await;
    assert!(report.outcomes.iter().all(|o| *o == EventOutcome::Unknown) && report.short);
    assert_eq!(report.alarms.len(), 1, "{:?}", report.alarms);
    assert!(report.answer.message.contains("received"));
}

#[tokio::test]
async fn waits_are_in_the_units_of_their_headers() {
    let sandbox = sandbox(None).await;
    for (name, value, seconds) in [
        ("Retry-After", "7", 7),
        ("X-Ad-Account-Usage", r#"{"acc_id_util_pct":100,"reset_time_duration":90}"#, 90),
        ("X-Business-Use-Case-Usage", r#"{"1":[{"estimated_time_to_regain_access":2}]}"#, 120),
    ] {
        let headers = [(name.to_owned(), value.to_owned())].into();
        let answer = ErrorAnswer { status: 400, code: 80_004, headers, ..ErrorAnswer::default() };
        sandbox.add_fault(Action::Error(answer).times(1));
        let report = send(&meta(&sandbox, None), TOKEN).await;
        assert!(report.throttled && report.outcomes.iter().all(|o| *o == EventOutcome::Transient));
        assert_eq!(report.wait, Some(Duration::from_secs(seconds)), "{name}");
    }
}

#[tokio::test]
async fn a_token_is_in_no_report() {
    let sandbox = sandbox(None).await;
    let quoting = |message: &str| ErrorAnswer {
        status: 401,
        code: 190,
        message: message.into(),
        ..ErrorAnswer::default()
    };
    sandbox.add_fault(Action::Error(quoting("Malformed access token EAABgood")).times(1));
    let report = send(&meta(&sandbox, Some(SECRET)), TOKEN).await;
    let shown = format!("{report:?} {:?}", meta(&sandbox, Some(SECRET)));
    assert!(!shown.contains(TOKEN) && !shown.contains(SECRET), "{shown}");
    assert_eq!(report.outcomes[0], EventOutcome::Refused);
    let html = Reply { status: 200, body: "<p>EAABgood".into(), ..Reply::default() };
    assert!(!format!("{:?} {html:?}", answered(&html, 1)).contains(TOKEN));
}
