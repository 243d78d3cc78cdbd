//! The trace of a run, line by line: always hashed, shown when a seed is replayed.

/// The trace of a run. Two runs of one seed have the same trace, byte for byte.
#[derive(Debug)]
pub(crate) struct Trace {
    hash: u64,
    lines: u64,
    shown: bool,
}

/// FNV-1a, 64 bits: it must show a difference; it need not withstand an attacker.
const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

impl Trace {
    pub(crate) const fn new(shown: bool) -> Self {
        Self { hash: BASIS, lines: 0, shown }
    }

    /// Adds a line.
    pub(crate) fn add(&mut self, elapsed_ms: i64, what: std::fmt::Arguments<'_>) {
        let text = format!("{:>10.3}s {what}", elapsed_ms as f64 / 1_000.0);
        for byte in text.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(PRIME);
        }
        self.lines += 1;
        if self.shown {
            eprintln!("{text}");
        }
    }

    pub(crate) const fn hash(&self) -> u64 {
        self.hash
    }

    pub(crate) const fn lines(&self) -> u64 {
        self.lines
    }
}
