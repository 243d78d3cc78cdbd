//! TikTok beside Meta in one process, each with its sandbox.

use std::sync::Arc;
use std::time::Duration;

use destination_tiktok::destination::{TikTok, TikTokConfig};
use destination_tiktok::map::{EventNames, MapConfig};
use destination_tiktok::transport::Transport;
use domain::{ConversionKey, EventId, EventKind, Outcome, Row};
use outbound_http::ClientConfig;
use port_tests::clock::ManualClock;
use ports::{Clock, ReportLedger};
use samples::{SampleNetwork, SampleSpec, generate};
use serde_json::Value;
use tiktok_sandbox::{Action, BadEvent, ErrorAnswer, Sandbox, SandboxConfig};

use crate::world::World;

const PIXEL: &str = "C0EXAMPLETIKTOK00001";
const TOKEN: &str = "token-of-tiktok";

async fn world() -> (World, Sandbox) {
    // Clicks of the samples lie before this time, and not long.
    let started_s = ManualClock::default().now().seconds().0;
    let config =
        SandboxConfig { clock: Arc::new(move || started_s), ..SandboxConfig::with_pixel(PIXEL, TOKEN) };
    let sandbox = Sandbox::start(config).await.unwrap();
    let map = MapConfig {
        event_names: EventNames::Standard,
        currency: "USD".into(),
        default_page_url: None,
        limited_data_use: None,
    };
    let transport = Transport::new(ClientConfig::new(sandbox.url().parse().unwrap())).unwrap();
    let world = World::with_also(Arc::new(TikTok::new(TikTokConfig::new(map), transport))).await;
    world.tokens(&format!("tiktok:{PIXEL}"), &[TOKEN]).await;
    (world, sandbox)
}

/// Sample rows of TikTok's pixel alone.
fn rows(world: &World, number: usize, seed: u64) -> Vec<String> {
    let spec = SampleSpec {
        network: SampleNetwork::Tonic,
        // A third of the campaigns is TikTok's.
        rows: 4 * number + 50,
        campaigns: 3,
        seed,
        now_unix_s: world.clock.now().seconds().0,
        tiktok_pixels: vec![PIXEL.to_owned()],
        ..SampleSpec::default()
    };
    let mut rows: Vec<_> = generate(&spec).rows.into_iter().filter(|row| row.contains(PIXEL)).collect();
    assert!(rows.len() >= number);
    rows.truncate(number);
    rows
}

fn changed(row: &str, change: impl Fn(&mut Value)) -> String {
    let mut row: Value = serde_json::from_str(row).unwrap();
    change(&mut row);
    row.to_string()
}

fn page_view_of(row: &str) -> String {
    let key: ConversionKey = Row::parse(row).key;
    EventId::new(&key, EventKind::PageView, 0).to_string()
}

#[tokio::test]
async fn each_platform_gets_its_own() {
    let (world, sandbox) = world().await;
    let mut all = world.rows(40, 1, &["1"]);
    all.extend(rows(&world, 40, 2));
    let receipt = world.report("a", &all).await;
    assert_eq!(receipt.rows(Outcome::Reported), 80, "{receipt:?}");
    let events = |pixel: &str| receipt.pixels.iter().find(|p| p.pixel.to_string() == pixel).unwrap().events;
    world.sandbox_has(events("meta:1"));
    assert_eq!(sandbox.stats().accepted_events(), events(&format!("tiktok:{PIXEL}")));
    assert_eq!(sandbox.stats().requests.refused, 0);
}

#[tokio::test]
async fn of_10_000_events_the_bad_ones_that_are_not_named_are_found_with_few_requests() {
    const BAD: usize = 19;
    let (world, sandbox) = world().await;
    let rows = rows(&world, 5_000, 3);
    let bad: Vec<_> = (0..BAD).map(|i| page_view_of(&rows[i * 263 + i % 7])).collect();
    sandbox.add_fault(Action::BadEvent(BadEvent { event_ids: bad, ..BadEvent::default() }).always());
    let receipt = world.report("a", &rows).await;
    let (rejected, reported) = (receipt.rows(Outcome::Rejected), receipt.rows(Outcome::Reported));
    assert_eq!((rejected, reported), (BAD as u64, (rows.len() - BAD) as u64), "{receipt:?}");
    let (stats, full) = (sandbox.stats(), receipt.events().div_ceil(1_000));
    assert!(receipt.events() >= 10_000, "{} events", receipt.events());
    println!("{:?} for {} events", stats.requests, receipt.events());
    assert!(stats.requests.refused <= 12 * BAD as u64, "{:?}", stats.requests);
    let most = full + full / 4 + 1 + 12 * BAD as u64;
    assert!(stats.requests.refused + stats.requests.accepted <= most, "{:?}", stats.requests);
    assert_eq!((stats.accepted_events(), stats.repeated_events()), (receipt.events(), 0));
}

/// The sandbox refuses a body of more than a megabyte.
#[tokio::test]
async fn a_request_has_no_more_bytes_than_the_platform_takes() {
    let (world, sandbox) = world().await;
    let page = format!("https://homes.example/{}", "a".repeat(7_000));
    let mut rows: Vec<_> = rows(&world, 300, 4)
        .iter()
        .map(|row| changed(row, |row| row["event_source_url"] = page.as_str().into()))
        .collect();
    // One conversion has more bytes than a request.
    rows[7] = changed(&rows[7], |row| {
        row["conversions"] = 400.into();
        row["revenue"] = 100.into();
    });
    let receipt = world.report("a", &rows).await;
    assert_eq!(receipt.rows(Outcome::Reported), 300, "{receipt:?}");
    let stats = sandbox.stats();
    assert_eq!(
        (stats.requests.refused, stats.accepted_events()),
        (0, receipt.events()),
        "{:?}",
        stats.refused
    );
}

#[tokio::test]
async fn a_refused_credential_parks_the_pixel_until_there_is_another() {
    let (world, sandbox) = world().await;
    sandbox.set_tokens(PIXEL, &["token-new"]);
    let receipt = world.report("a", &rows(&world, 20, 5)).await;
    assert_eq!(receipt.rows(Outcome::Parked), 20, "{receipt:?}");
    assert!(receipt.outcomes.iter().all(|o| o.reason == "no_working_credential"), "{receipt:?}");
    world.tokens(&format!("tiktok:{PIXEL}"), &["token-new"]).await;
    let changed = world.reporting.pixels.refresh().await.unwrap();
    world.ledger.release_parked(&changed[0], world.clock.now()).await.unwrap();
    world.until(async || world.entries(Outcome::Reported).await == 20).await;
    assert_eq!(sandbox.stats().repeated_events(), 0);
}

#[tokio::test]
async fn what_may_be_taken_in_part_is_never_sent_again() {
    let (world, sandbox) = world().await;
    sandbox.add_fault(Action::PartlyTaken(1).times(1));
    let receipt = world.report("a", &rows(&world, 20, 6)).await;
    assert_eq!(receipt.rows(Outcome::Reported), 20, "{receipt:?}");
    world.clock.advance(Duration::from_secs(3 * 86_400));
    world.settled().await;
    let stats = sandbox.stats();
    assert_eq!((stats.accepted_events(), stats.repeated_events()), (receipt.events() - 1, 0));
    assert_eq!(stats.requests.accepted, 1);
}

#[tokio::test]
async fn a_rate_limit_and_an_outage_pass() {
    let (world, sandbox) = world().await;
    for code in [40_100, 50_000, 51_021, 50_017] {
        sandbox.add_fault(Action::Error(ErrorAnswer { code, ..ErrorAnswer::default() }).times(1));
    }
    let rows = rows(&world, 20, 7);
    world.report("a", &rows).await;
    world.until(async || world.entries(Outcome::Reported).await == 20).await;
    assert_eq!(sandbox.stats().repeated_events(), 0);
}
