//! The sandboxes of all platforms, side by side.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use ports::Clock;
use runtime::Unreachable;
use settings::DestinationSettings;

/// Where they listen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listen {
    pub(crate) meta: SocketAddr,
    /// Without it TikTok has no sandbox.
    pub(crate) tiktok: Option<SocketAddr>,
}

/// The running sandboxes. They accept any token for pixels that have no tokens set.
#[derive(Debug)]
pub(crate) struct Sandboxes {
    meta: meta_sandbox::Sandbox,
    tiktok: Option<tiktok_sandbox::Sandbox>,
}

impl Sandboxes {
    /// Starts them. `record` is where they keep what they accepted: Meta's in this file, TikTok's beside it.
    pub(crate) async fn start(
        clock: &Arc<dyn Clock>,
        listen: Listen,
        record: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let meta = meta(clock, listen.meta, record.map(Path::to_owned)).await?;
        let tiktok = match listen.tiktok {
            Some(listen) => Some(tiktok(clock, listen, record.map(beside)).await?),
            None => None,
        };
        Ok(Self { meta, tiktok })
    }

    /// Their addresses, Meta's first.
    pub(crate) fn urls(&self) -> impl Iterator<Item = String> {
        [Some(self.meta.url()), self.tiktok.as_ref().map(|tiktok| tiktok.url())].into_iter().flatten()
    }

    /// Lets the platforms' settings lead to them.
    pub(crate) fn direct(&self, destinations: &mut DestinationSettings) -> anyhow::Result<()> {
        destinations.meta.graph_url = self.meta.url().parse().context("the sandbox's own address")?;
        tracing::info!(platform = "meta", url = self.meta.url(), "the sandbox listens");
        if let Some(tiktok) = &self.tiktok {
            destinations.tiktok.url = tiktok.url().parse().context("the sandbox's own address")?;
            tracing::info!(platform = "tiktok", url = tiktok.url(), "the sandbox listens");
        }
        Ok(())
    }

    /// Events that each platform's sandbox accepted, and how often it received one again.
    pub(crate) fn accepted(&self) -> Vec<(&'static str, u64, u64)> {
        let meta = self.meta.stats();
        let mut all = vec![("meta", meta.accepted_events(), meta.repeated_events())];
        if let Some(tiktok) = &self.tiktok {
            let stats = tiktok.stats();
            all.push(("tiktok", stats.accepted_events(), stats.repeated_events()));
        }
        all
    }

    /// Stops them, and waits for the requests under way.
    pub(crate) async fn stop(self) {
        self.meta.stop().await;
        if let Some(tiktok) = self.tiktok {
            tiktok.stop().await;
        }
    }
}

async fn meta(
    clock: &Arc<dyn Clock>,
    listen: SocketAddr,
    record_file: Option<PathBuf>,
) -> anyhow::Result<meta_sandbox::Sandbox> {
    let clock = Arc::clone(clock);
    let config = meta_sandbox::SandboxConfig {
        listen,
        accept_any_pixel: true,
        clock: Arc::new(move || clock.now().seconds().0),
        record_file,
        ..meta_sandbox::SandboxConfig::default()
    };
    meta_sandbox::Sandbox::start(config).await.map_err(|error| cannot(listen, &error))
}

async fn tiktok(
    clock: &Arc<dyn Clock>,
    listen: SocketAddr,
    record_file: Option<PathBuf>,
) -> anyhow::Result<tiktok_sandbox::Sandbox> {
    let clock = Arc::clone(clock);
    let config = tiktok_sandbox::SandboxConfig {
        listen,
        accept_any_pixel: true,
        clock: Arc::new(move || clock.now().seconds().0),
        record_file,
        ..tiktok_sandbox::SandboxConfig::default()
    };
    tiktok_sandbox::Sandbox::start(config).await.map_err(|error| cannot(listen, &error))
}

fn cannot(listen: SocketAddr, error: &std::io::Error) -> anyhow::Error {
    Unreachable(format!("the sandbox cannot listen on {listen}: {error:#}")).into()
}

fn beside(record: &Path) -> PathBuf {
    let mut name = OsString::from(record);
    name.push(".tiktok");
    name.into()
}
