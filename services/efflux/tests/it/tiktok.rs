//! Conversions of TikTok, from the command line to its sandbox.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use samples::{SampleNetwork, SampleSpec, default_tiktok_pixels};
use serde_json::Value;

use crate::harness::{LONGEST, World, events, rows, rows_because, spec, wait_until};
use crate::wire::{free_port, get};

fn of_both() -> SampleSpec {
    SampleSpec { tiktok_pixels: default_tiktok_pixels(), ..spec(SampleNetwork::Tonic, 300, 5) }
}

/// What the sandbox at this port says of its events: counted, and received again.
fn accepted(port: u16) -> (u64, u64) {
    let (status, answer) = get(port, "/_sandbox/stats");
    assert_eq!(status, 200, "{answer}");
    let stats: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    let names = stats["pixels"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|pixel| pixel["names"].as_object().unwrap().values());
    names.fold((0, 0), |(accepted, repeated), name| {
        (accepted + name["accepted"].as_u64().unwrap(), repeated + name["repeated"].as_u64().unwrap())
    })
}

#[test]
fn both_platforms_are_reported_to_with_their_sandboxes() {
    let (meta, tiktok) = (free_port(), free_port());
    let settings = [
        ("META_GRAPH_URL", format!("http://127.0.0.1:{meta}")),
        ("TIKTOK_URL", format!("http://127.0.0.1:{tiktok}")),
        ("TIKTOK_ENABLED", "true".to_owned()),
        ("META_REQUEST_TIMEOUT_MS", "60000".to_owned()),
        ("TIKTOK_REQUEST_TIMEOUT_MS", "60000".to_owned()),
        ("LEASE_SECONDS", "120".to_owned()),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value));
    let world = World::empty(Vec::new(), settings.into());
    world.add_pixels_and_campaigns();
    let tokens = world.file("tiktok.txt", "token-of-tiktok\n");
    for pixel in default_tiktok_pixels() {
        world.ok(&["pixels", "add", &pixel, "--platform", "tiktok", "--tokens", tokens.to_str().unwrap()]);
    }
    let running = world.start("efflux", &["run", "--sandbox"]);
    let file = world.sample("both.json", &of_both());
    let (code, receipts) = world.ingest(&[&file]);
    assert_eq!(code, 0, "{receipts:?}");
    assert_eq!(rows(&receipts, "reported") + rows(&receipts, "no_events"), 300, "{receipts:?}");
    let ((of_meta, again), (of_tiktok, too)) = (accepted(meta), accepted(tiktok));
    assert!(of_meta > 0 && of_tiktok > 0, "{of_meta} {of_tiktok}");
    assert_eq!((of_meta + of_tiktok, again + too), (events(&receipts), 0));
    assert!(format!("{receipts:?}").contains("tiktok:C0EXAMPLETIKTOK00001"), "{receipts:?}");
    assert_eq!(running.terminate(), Some(0));
}

#[test]
fn without_the_setting_nothing_of_tiktok_is_reported() {
    let world = World::patient();
    let running = world.start("efflux", &["run"]);
    let file = world.sample("both.json", &of_both());
    let (_, receipts) = world.ingest(&[&file]);
    let left = rows_because(&receipts, "invalid", "unsupported_traffic_source")
        + rows_because(&receipts, "invalid", "invalid_pixel");
    assert!(left > 50, "{receipts:?}");
    assert_eq!(rows(&receipts, "reported") + rows(&receipts, "no_events"), 300 - left, "{receipts:?}");
    assert_eq!(world.events_exactly_once(), events(&receipts));
    assert_eq!(running.terminate(), Some(0));
}

#[test]
fn the_sandbox_command_serves_both() {
    let world = World::empty(Vec::new(), Vec::new());
    let mut command = world.command("efflux");
    command.args(["sandbox", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped());
    let mut process = command.spawn().unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let ports: Vec<u16> =
        lines.take(2).map(|line| line.unwrap().rsplit_once(':').unwrap().1.parse().unwrap()).collect();
    for port in &ports {
        wait_until(LONGEST, "the sandbox is there", || get(*port, "/_sandbox/health").0 == 200);
    }
    assert_eq!(get(ports[0], "/open_api/v1.3/event/track/").0, 400, "Meta's comes first");
    assert_eq!(get(ports[1], "/open_api/v1.3/event/track/").0, 405);
    process.kill().unwrap();
    process.wait().unwrap();
}
