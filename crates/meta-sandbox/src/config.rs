//! What a sandbox is started with.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use sandbox_kit::{SandboxClock, system_clock};

/// What a sandbox is started with. The default listens on a free port of localhost and knows no pixel.
#[derive(Clone)]
pub struct SandboxConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The pixels and the tokens that open each.
    pub pixels: Vec<(String, Vec<String>)>,
    /// The time that event times are held against.
    pub clock: SandboxClock,
    /// How many accepted events to keep in full, the newest ones; ids and statistics are kept for all. With 0
    /// only a hash of each id is kept, so that memory stays small but ids cannot be listed.
    pub keep_events: usize,
    /// Whether a pixel not named in `pixels` takes any token that is not empty.
    pub accept_any_pixel: bool,
    /// With it, every request must prove by `appsecret_proof` that it knows this secret.
    pub app_secret: Option<String>,
    /// Where to note each accepted event, so that a sandbox started again with this file knows its ids.
    pub record_file: Option<PathBuf>,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            pixels: Vec::new(),
            clock: Arc::new(system_clock),
            keep_events: 100_000,
            accept_any_pixel: false,
            app_secret: None,
            record_file: None,
        }
    }
}

impl SandboxConfig {
    /// A sandbox with one pixel and one token.
    pub fn with_pixel(pixel: &str, token: &str) -> Self {
        Self { pixels: vec![(pixel.to_owned(), vec![token.to_owned()])], ..Self::default() }
    }
}

impl fmt::Debug for SandboxConfig {
    /// Leaves the tokens and the secret out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pixels: Vec<&str> = self.pixels.iter().map(|(pixel, _)| pixel.as_str()).collect();
        f.debug_struct("SandboxConfig")
            .field("listen", &self.listen)
            .field("pixels", &pixels)
            .field("keep_events", &self.keep_events)
            .field("accept_any_pixel", &self.accept_any_pixel)
            .field("needs_proof", &self.app_secret.is_some())
            .field("record_file", &self.record_file)
            .finish_non_exhaustive()
    }
}
