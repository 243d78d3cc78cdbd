//! The rules that every destination keeps, against Meta's sandbox.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use destination_meta::destination::{Meta, MetaConfig};
use destination_meta::map::{DataProcessing, EventNames, MapConfig};
use destination_meta::transport::Transport;
use domain::{PixelCode, UnixMillis};
use meta_sandbox::{Action, BadEvent, ErrorAnswer, EventFilter, Sandbox, SandboxConfig};
use outbound_http::ClientConfig;
use port_tests::destination::{Fault, Site, suite};
use ports::Destination;
use ports::destination::PreparedEvent;
use serde_json::json;

const PIXEL: &str = "1234567890";
const TOKEN: &str = "EAABsuite";
const NOW_S: i64 = 1_780_000_000;

/// The client gives a request up after this time; the sandbox answers a slow one long after.
const PATIENCE: Duration = Duration::from_secs(2);

struct MetaSite {
    sandbox: Sandbox,
    meta: Meta,
}

fn meta(url: &str) -> Meta {
    let map = MapConfig {
        event_names: EventNames::Standard,
        currency: "USD".into(),
        default_event_source_url: None,
        data_processing: DataProcessing::Unsaid,
    };
    let client = ClientConfig { request_timeout: PATIENCE, ..ClientConfig::new(url.parse().unwrap()) };
    Meta::new(MetaConfig::new("v25.0", map), Transport::new(client).unwrap())
}

#[async_trait]
impl Site for MetaSite {
    fn destination(&self) -> &dyn Destination {
        &self.meta
    }

    fn unreachable(&self) -> Box<dyn Destination> {
        Box::new(meta("http://127.0.0.1:1"))
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
            "network": "tonic", "ts_click_id": "IwAR0_a-B", "user_agent": "Mozilla/5.0", "domain_name": "homes.example",
            "conversions": 2, "revenue": 1.5,
        })
        .to_string()
    }

    fn arrange(&self, fault: Fault, events: &[PreparedEvent]) {
        let bad = |place: usize, named: bool| {
            let subcode = if named { 2_804_019 } else { 2_804_004 };
            let event_ids = vec![events[place].id.to_string()];
            Action::BadEvent(BadEvent { event_ids, named, subcode, ..BadEvent::default() })
        };
        let of_code = |code| {
            let answer = ErrorAnswer { status: 400, code, is_transient: false, ..ErrorAnswer::default() };
            Action::Error(answer)
        };
        let late_ms = u64::try_from(2 * PATIENCE.as_millis()).unwrap();
        let action = match fault {
            Fault::NamedBadEvent(place) => bad(place, true),
            Fault::UnnamedBadEvent(place) => bad(place, false),
            Fault::RateLimited => {
                Action::Error(ErrorAnswer { status: 400, code: 80_004, ..ErrorAnswer::default() })
            }
            Fault::Outage => Action::Error(ErrorAnswer::default()),
            Fault::OutageOf(seconds) => {
                let headers = [("Retry-After".to_owned(), seconds.to_string())].into();
                Action::Error(ErrorAnswer { status: 503, headers, ..ErrorAnswer::default() })
            }
            Fault::AccountRefused => of_code(2655),
            Fault::WrongEndpoint => of_code(2635),
            Fault::UnknownReason => of_code(31_234),
            Fault::AnswerLost => Action::ResetAfterAccepting,
            Fault::SlowAnswer => Action::LateAnswerMs(late_ms),
            Fault::FewerReceived => Action::ShortReceived(1),
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
        let meta = meta(&sandbox.url());
        let site: Box<dyn Site> = Box::new(MetaSite { sandbox, meta });
        site
    })
    .await;
}
