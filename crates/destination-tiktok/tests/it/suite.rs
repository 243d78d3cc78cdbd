//! The rules that every destination keeps, against TikTok's sandbox.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use destination_tiktok::destination::{TikTok, TikTokConfig};
use destination_tiktok::map::{EventNames, MapConfig};
use destination_tiktok::transport::Transport;
use domain::{PixelCode, UnixMillis};
use outbound_http::ClientConfig;
use port_tests::destination::{Fault, Site, suite};
use ports::Destination;
use ports::destination::PreparedEvent;
use serde_json::json;
use tiktok_sandbox::{Action, BadEvent, ErrorAnswer, EventFilter, Sandbox, SandboxConfig};

const PIXEL: &str = "C4A1B2C3D4E5F6G7H8I9";
const TOKEN: &str = "token-of-the-suite";
const NOW_S: i64 = 1_780_000_000;

/// The client gives a request up after this time; the sandbox answers a slow one long after.
const PATIENCE: Duration = Duration::from_secs(2);

struct TikTokSite {
    sandbox: Sandbox,
    tiktok: TikTok,
}

fn tiktok(url: &str) -> TikTok {
    let map = MapConfig {
        event_names: EventNames::Standard,
        currency: "USD".into(),
        default_page_url: None,
        limited_data_use: None,
    };
    let client = ClientConfig { request_timeout: PATIENCE, ..ClientConfig::new(url.parse().unwrap()) };
    TikTok::new(TikTokConfig::new(map), Transport::new(client).unwrap())
}

fn page(status: u16) -> Action {
    Action::HtmlBody { status, html: "<p>".to_owned() }
}

#[async_trait]
impl Site for TikTokSite {
    fn destination(&self) -> &dyn Destination {
        &self.tiktok
    }

    fn unreachable(&self) -> Box<dyn Destination> {
        Box::new(tiktok("http://127.0.0.1:1"))
    }

    fn now(&self) -> UnixMillis {
        UnixMillis(NOW_S * 1_000)
    }

    fn pixel(&self) -> (PixelCode, &'static str) {
        (PixelCode::new(PIXEL).unwrap(), TOKEN)
    }

    fn row(&self, session: &str) -> String {
        json!({
            "session_id": session, "keyword_clicked": "k", "click_timestamp": NOW_S - 60, "pixel_id": PIXEL,
            "traffic_source": "tiktok", "network": "tonic", "ts_click_id": "E.C.P.CtwBqXQ0-Zb_a", "user_agent": "Mozilla/5.0",
            "domain_name": "homes.example", "conversions": 2, "revenue": 1.5,
        })
        .to_string()
    }

    /// TikTok names no event, does not count what it received, and no code of its for terms is known.
    fn has_fault(&self, fault: Fault) -> bool {
        !matches!(fault, Fault::NamedBadEvent(_) | Fault::AccountRefused | Fault::FewerReceived)
    }

    fn arrange(&self, fault: Fault, events: &[PreparedEvent]) {
        let of_code = |code| Action::Error(ErrorAnswer { code, ..ErrorAnswer::default() });
        let late_ms = u64::try_from(2 * PATIENCE.as_millis()).unwrap();
        let action = match fault {
            Fault::UnnamedBadEvent(place) => Action::BadEvent(BadEvent {
                event_ids: vec![events[place].id.to_string()],
                ..BadEvent::default()
            }),
            Fault::RateLimited => of_code(40_100),
            Fault::Outage => of_code(50_000),
            Fault::OutageOf(seconds) => {
                let headers = [("Retry-After".to_owned(), seconds.to_string())].into();
                Action::Error(ErrorAnswer { status: 503, headers, ..ErrorAnswer::default() })
            }
            Fault::WrongEndpoint => page(404),
            Fault::UnknownReason => of_code(41_234),
            Fault::AnswerLost => Action::ResetAfterAccepting,
            Fault::SlowAnswer => Action::LateAnswerMs(late_ms),
            Fault::NamedBadEvent(_) | Fault::AccountRefused | Fault::FewerReceived => {
                unreachable!("TikTok has no such fault")
            }
        };
        self.sandbox.add_fault(action.times(1));
    }

    fn has(&self) -> Vec<String> {
        let counted = self.sandbox.events(&EventFilter::all()).into_iter().filter(|event| !event.repeated);
        counted.filter_map(|event| event.id.map(String::from)).collect()
    }
}

#[tokio::test]
async fn it_keeps_the_rules_of_destinations() {
    suite(async || {
        let config = SandboxConfig { clock: Arc::new(|| NOW_S), ..SandboxConfig::with_pixel(PIXEL, TOKEN) };
        let sandbox = Sandbox::start(config).await.unwrap();
        let tiktok = tiktok(&sandbox.url());
        let site: Box<dyn Site> = Box::new(TikTokSite { sandbox, tiktok });
        site
    })
    .await;
}
