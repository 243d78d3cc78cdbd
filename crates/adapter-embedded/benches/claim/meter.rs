//! Time and bytes that a call took.

use std::fs;
use std::time::{Duration, Instant};

/// What one call, or many on average, took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spent {
    time: Duration,
    pub(crate) written: u64,
    pub(crate) read: u64,
}

impl Spent {
    pub(crate) fn milliseconds(&self) -> f64 {
        self.time.as_secs_f64() * 1_000.0
    }
}

/// Measures from its start on.
pub(crate) struct Meter {
    since: Instant,
    written: u64,
    read: u64,
}

impl Meter {
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    pub(crate) fn start() -> Self {
        let (read, written) = bytes();
        Self { written, read, since: Instant::now() }
    }

    pub(crate) fn stop(self) -> Spent {
        let time = self.since.elapsed();
        let (read, written) = bytes();
        Spent { time, written: written - self.written, read: read - self.read }
    }
}

/// Bytes that this process has read and written so far; zeros where the system does not count them.
fn bytes() -> (u64, u64) {
    let counters = fs::read_to_string("/proc/self/io").unwrap_or_default();
    let value = |name: &str| {
        let line = counters.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|n| n.trim().parse().ok()).unwrap_or(0)
    };
    (value("rchar:"), value("wchar:"))
}

pub(crate) fn median(spent: &[Spent]) -> f64 {
    let mut times: Vec<f64> = spent.iter().map(Spent::milliseconds).collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

pub(crate) fn mean(spent: &[Spent]) -> Spent {
    let count = spent.len() as u64;
    Spent {
        time: spent.iter().map(|s| s.time).sum::<Duration>() / u32::try_from(count).expect("few rounds"),
        written: spent.iter().map(|s| s.written).sum::<u64>() / count,
        read: spent.iter().map(|s| s.read).sum::<u64>() / count,
    }
}
