//! `efflux run` and `efflux sandbox`: processes that stay up.

pub(crate) mod sandboxes;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use assembly::Parts;
use clap::Args;
use ports::Clock;
use runtime::{ExitStatus, Lifecycle, WrongUsage};
use settings::Settings;

use crate::context::{Context, Run};
use crate::out;
use sandboxes::{Listen, Sandboxes};

#[derive(Debug, Args)]
pub(crate) struct RunServices {
    /// Start the sandboxes too, and send to them; they listen at META_GRAPH_URL, and with TIKTOK_ENABLED at TIKTOK_URL, if these are
    /// on this machine
    #[arg(long)]
    sandbox: bool,
    /// Keep files that look wrong as a whole for you, as HOLD_SUSPICIOUS_FILES=true does; see `efflux held`
    #[arg(long)]
    hold_suspicious: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RunSandbox {
    /// Address that the sandbox of Meta listens on
    #[arg(long, default_value = "127.0.0.1:8787")]
    listen: SocketAddr,
    /// Address that the sandbox of TikTok listens on; by default port 8788 beside port 8787, else any free one
    #[arg(long)]
    listen_tiktok: Option<SocketAddr>,
    /// Keep the accepted events across restarts, in this file, and those of TikTok in one beside it that ends with .tiktok
    #[arg(long)]
    record: Option<PathBuf>,
}

impl Run for RunServices {
    async fn run(self, context: Context) -> anyhow::Result<ExitStatus> {
        let context = context.staying_up();
        if self.sandbox {
            only_embedded(&context.settings()?)?;
        }
        let mut parts: Parts = context.open().await?;
        parts.settings.toggles.hold_suspicious_files |= self.hold_suspicious;
        run(parts, self.sandbox).await
    }
}

impl Run for RunSandbox {
    async fn run(self, context: Context) -> anyhow::Result<ExitStatus> {
        let context = context.staying_up();
        let lifecycle = Lifecycle::new(context.settings()?.process.shutdown);
        let tiktok = self.listen_tiktok.unwrap_or_else(|| beside(self.listen));
        let listen = Listen { meta: self.listen, tiktok: Some(tiktok) };
        sandbox(&context.clock, listen, self.record.as_deref(), lifecycle).await
    }
}

/// What a sandbox accepts counts as reported, so nothing of a trial may reach a ledger that is used in earnest.
fn only_embedded(settings: &Settings) -> Result<(), WrongUsage> {
    let backends = &settings.backends;
    let set = [
        ("TRIGGER_CONVERSION_REPORTS_QUEUE_URL and REPORT_CONVERSIONS_QUEUE_URL", backends.aws.is_some()),
        ("MONGODB_URI", backends.mongodb.is_some()),
        ("CLICKHOUSE_URL", backends.clickhouse.is_some()),
        ("DATABASE_URL", backends.postgres.is_some()),
    ];
    let set: Vec<_> = set.into_iter().filter_map(|(name, is_set)| is_set.then_some(name)).collect();
    if set.is_empty() {
        return Ok(());
    }
    let names = set.join(", ");
    Err(WrongUsage::new(format!(
        "--sandbox works on the embedded backends only, or conversions that no platform has seen would count as reported: unset {names}"
    )))
}

/// All services in one process, with the sandbox if asked for.
async fn run(mut parts: Parts, sandbox: bool) -> anyhow::Result<ExitStatus> {
    let running = if sandbox {
        let record = PathBuf::from(&parts.settings.backends.data_dir).join("sandbox-accepted.tsv");
        let destinations = &mut parts.settings.destinations;
        let meta = &destinations.meta.graph_url;
        let meta = local_address(meta.host_str(), meta.port());
        let tiktok = &destinations.tiktok;
        let tiktok = tiktok.enabled.then(|| local_address(tiktok.url.host_str(), tiktok.url.port()));
        let listen = Listen { meta, tiktok };
        let sandboxes = Sandboxes::start(&parts.clock, listen, Some(&record)).await?;
        sandboxes.direct(destinations)?;
        Some(sandboxes)
    } else {
        None
    };
    let status = assembly::run(Arc::new(parts)).await?;
    if let Some(sandboxes) = running {
        sandboxes.stop().await;
    }
    Ok(status)
}

/// The address in `META_GRAPH_URL` if it is on this machine, so that other commands find the sandbox too; else any free port.
fn local_address(host: Option<&str>, port: Option<u16>) -> SocketAddr {
    let ip = match host {
        Some("localhost") => Some(IpAddr::from(Ipv4Addr::LOCALHOST)),
        host => host.and_then(|h| h.parse().ok()),
    };
    match (ip, port) {
        (Some(ip), Some(port)) if ip.is_loopback() => SocketAddr::from((ip, port)),
        _ => SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
    }
}

/// Port 8788 beside port 8787, so that both are where the documents say; else any free one.
fn beside(meta: SocketAddr) -> SocketAddr {
    SocketAddr::new(meta.ip(), if meta.port() == 8787 { 8788 } else { 0 })
}

/// The sandboxes alone.
async fn sandbox(
    clock: &Arc<dyn Clock>,
    listen: Listen,
    record: Option<&Path>,
    lifecycle: Lifecycle,
) -> anyhow::Result<ExitStatus> {
    let sandboxes = Sandboxes::start(clock, listen, record).await?;
    sandboxes.urls().for_each(|url| out(&format!("{url}\n")));
    let stop = lifecycle.soft_token();
    lifecycle.spawn("sandbox", async move {
        stop.cancelled().await;
        sandboxes.stop().await;
        Ok(())
    });
    Ok(lifecycle.run_to_end().await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sandbox_listens_where_the_setting_points_on_this_machine() {
        let at = |host, port| local_address(host, port).to_string();
        assert_eq!(at(Some("127.0.0.1"), Some(8787)), "127.0.0.1:8787");
        assert_eq!(at(Some("localhost"), Some(8787)), "127.0.0.1:8787");
        assert_eq!(at(Some("graph.facebook.com"), None), "127.0.0.1:0");
        assert_eq!(at(Some("192.0.2.1"), Some(80)), "127.0.0.1:0");
    }

    #[test]
    fn the_sandbox_of_tiktok_is_beside_that_of_meta() {
        let at = |meta: &str| beside(meta.parse().unwrap()).to_string();
        assert_eq!(at("0.0.0.0:8787"), "0.0.0.0:8788");
        assert_eq!(at("127.0.0.1:4711"), "127.0.0.1:0");
    }
}
