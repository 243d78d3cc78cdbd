//! A second platform, small enough to be read whole: what a destination must bring, and no more. It lives in tests only.
//!
//! It asks for neither agent nor page, takes events of the last day, 20 in a request, and answers in its own way.

mod destination;
mod sandbox;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::{PixelCode, UnixMillis};
use port_tests::destination::{Fault, Site, suite};
use ports::Destination;
use ports::destination::PreparedEvent;
use serde_json::json;

pub(crate) use destination::{PLATFORM, Postcard};
pub(crate) use sandbox::PostOffice;

const NOW_S: i64 = 1_780_000_000;
const TOKEN: &str = "stamp-1";

struct PostcardSite {
    office: Arc<PostOffice>,
    postcard: Postcard,
}

#[async_trait]
impl Site for PostcardSite {
    fn destination(&self) -> &dyn Destination {
        &self.postcard
    }

    fn unreachable(&self) -> Box<dyn Destination> {
        Box::new(Postcard::new("http://127.0.0.1:1"))
    }

    fn now(&self) -> UnixMillis {
        UnixMillis(NOW_S * 1_000)
    }

    fn pixel(&self) -> (PixelCode, &'static str) {
        (PixelCode::new("box-7").unwrap(), TOKEN)
    }

    fn row(&self, session: &str) -> String {
        json!({
            "session_id": session, "click_timestamp": NOW_S - 60, "pixel_id": "box-7", "traffic_source": "Postcard",
            "network": "tonic", "ts_click_id": "c", "conversions": 2, "revenue": 1.5,
        })
        .to_string()
    }

    fn arrange(&self, fault: Fault, _: &[PreparedEvent]) {
        self.office.arrange(fault);
    }

    fn has(&self) -> Vec<String> {
        self.office.has("box-7")
    }
}

#[tokio::test]
async fn it_keeps_the_rules_of_destinations() {
    suite(async || {
        let office = PostOffice::open(&[("box-7", TOKEN)]).await;
        let postcard = Postcard::new(&office.url());
        let site: Box<dyn Site> = Box::new(PostcardSite { office, postcard });
        site
    })
    .await;
}

/// How long the platform takes events.
pub(crate) const WINDOW: Duration = Duration::from_secs(24 * 3600);
