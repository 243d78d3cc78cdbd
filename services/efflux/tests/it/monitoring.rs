//! What `/metrics` shows, as Prometheus' own tool reads it.

use std::io::Write;
use std::process::{Command, Stdio};

use ports::MetricSink;
use ports::metric::{MetricKind, name};
use runtime::Metrics;
use samples::{SampleNetwork, SampleSpec, default_pixels};

use crate::harness::{LONGEST, World, spec, wait_until};
use crate::wire::{free_port, get};

#[test]
fn promtool_finds_nothing_in_what_metrics_shows() {
    let world = World::patient();
    let port = free_port();
    let running = world.start_with("efflux", &["run"], &[("PORT", port.to_string().as_str())]);
    let dirty = SampleSpec { dirty: 0.2, ..spec(SampleNetwork::Tonic, 200, 3) };
    assert_eq!(world.ingest(&[&world.sample("a.json", &dirty)]).0, 0);
    let (_, answer) = get(port, "/metrics");
    let (head, text) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("text/plain; version=0.0.4"), "{head}");
    for shown in
        [name::FILTER_ROWS_READ, name::REPORTED_REVENUE, name::PIXEL_CREDENTIALS, name::DISK_FREE_BYTES]
    {
        assert!(text.lines().any(|line| line.starts_with(&format!("{shown}{{"))), "{shown}: {text}");
    }
    assert!(
        text.contains("efflux_rows_total{outcome=\"invalid\",reason=\"invalid_pixel\"} "),
        "rows by their reason: {text}"
    );
    checked(text);
    assert_eq!(running.terminate(), Some(0));
}

/// What a process shows depends on what has happened; so each metric of the table is measured once.
#[test]
fn promtool_finds_nothing_in_any_metric() {
    let metrics = Metrics::new("EUR");
    for metric in name::ALL {
        let labels: Vec<_> = metric.labels.iter().map(|label| (*label, "x")).collect();
        match metric.kind {
            MetricKind::Counter | MetricKind::Money => metrics.count(metric.name, &labels, 1),
            MetricKind::Gauge | MetricKind::MoneyGauge => metrics.gauge(metric.name, &labels, 1.0),
            MetricKind::Histogram(_) => metrics.observe(metric.name, &labels, 1.0),
        }
    }
    let text = metrics.render();
    for metric in name::ALL {
        let mut lines = text.lines().filter(|line| line.starts_with(metric.name));
        let line = lines.next().unwrap_or_else(|| panic!("{} is not shown", metric.name));
        assert_eq!(line.contains("currency=\"EUR\""), metric.kind.is_money(), "{line}");
    }
    checked(&text);
}

/// Prometheus' own tool has nothing to say about it.
fn checked(text: &str) {
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
}

#[test]
fn a_refused_token_and_its_successor_are_seen_in_metrics() {
    let world = World::patient();
    let port = free_port();
    let pixel = &default_pixels()[0];
    world.sandbox.set_tokens(pixel, &["EAABnew"]);
    let running = world.start_with("efflux", &["run"], &[("PORT", port.to_string().as_str())]);
    let file = world.sample("a.json", &spec(SampleNetwork::Tonic, 60, 3));
    world.ok(&["ingest", file.to_str().unwrap()]);
    let shown = |value: &str| {
        let (_, text) = get(port, "/metrics");
        let is_ours = |line: &str| {
            line.starts_with(&format!("{}{{", name::PIXEL_CREDENTIALS))
                && line.contains(&format!("pixel=\"{pixel}\""))
                && line.ends_with(value)
        };
        text.lines().any(is_ours)
    };
    wait_until(LONGEST, "the token is refused", || shown(" 0"));
    let tokens = world.file("new.txt", "EAABnew\n");
    world.ok(&["pixels", "add", pixel, "--tokens", tokens.to_str().unwrap()]);
    wait_until(LONGEST, "the new one is accepted", || shown(" 1"));
    assert_eq!(running.terminate(), Some(0));
}
