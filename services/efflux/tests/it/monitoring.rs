//! What `/metrics` shows, as Prometheus' own tool reads it.

use std::io::Write;
use std::process::{Command, Stdio};

use ports::metric::name;
use samples::SampleNetwork;

use crate::harness::{World, spec};
use crate::wire::{free_port, get};

#[test]
fn promtool_finds_nothing_in_what_metrics_shows() {
    let world = World::patient();
    let port = free_port();
    let running = world.start_with("efflux", &["run"], &[("PORT", port.to_string().as_str())]);
    let file = world.sample("a.json", &spec(SampleNetwork::Tonic, 200, 3));
    assert_eq!(world.ingest(&[&file]).0, 0);
    let (_, answer) = get(port, "/metrics");
    let (head, text) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("text/plain; version=0.0.4"), "{head}");
    for shown in
        [name::FILTER_ROWS_READ, name::REPORTED_REVENUE, name::PIXEL_CREDENTIALS, name::DISK_FREE_BYTES]
    {
        assert!(text.lines().any(|line| line.starts_with(&format!("{shown}{{"))), "{shown}: {text}");
    }
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Debian's package prometheus has promtool");
    promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let checked = promtool.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success() && said.is_empty() && checked.stdout.is_empty(), "{said}");
    assert_eq!(running.terminate(), Some(0));
}
