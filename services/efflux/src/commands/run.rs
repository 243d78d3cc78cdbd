//! `efflux run` and `efflux sandbox`: processes that stay up.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use assembly::Parts;
use clap::Args;
use meta_sandbox::{Sandbox, SandboxConfig};
use ports::Clock;
use runtime::{ExitStatus, Lifecycle, Unreachable, WrongUsage};
use settings::Settings;

use crate::context::{Context, Run};
use crate::out;

#[derive(Debug, Args)]
pub(crate) struct RunServices {
    /// Start the sandbox too, and send to it; it listens at META_GRAPH_URL if that is on this machine
    #[arg(long)]
    sandbox: bool,
    /// Keep files that look wrong as a whole for you, as HOLD_SUSPICIOUS_FILES=true does; see `efflux held`
    #[arg(long)]
    hold_suspicious: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RunSandbox {
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1:8787")]
    listen: SocketAddr,
    /// Keep the accepted events across restarts, in this file
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
        sandbox(&context.clock, self.listen, self.record, lifecycle).await
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
    let running_sandbox = if sandbox {
        let record = PathBuf::from(&parts.settings.backends.data_dir).join("sandbox-accepted.tsv");
        let url = &parts.settings.destinations.meta.graph_url;
        let listen = local_address(url.host_str(), url.port());
        let sandbox = start_sandbox(&parts.clock, listen, Some(record)).await?;
        tracing::info!(url = sandbox.url(), "the sandbox listens");
        parts.settings.destinations.meta.graph_url =
            sandbox.url().parse().context("the sandbox's own address")?;
        Some(sandbox)
    } else {
        None
    };
    let status = assembly::run(Arc::new(parts)).await?;
    if let Some(sandbox) = running_sandbox {
        sandbox.stop().await;
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

/// The sandbox alone.
async fn sandbox(
    clock: &Arc<dyn Clock>,
    listen: SocketAddr,
    record: Option<PathBuf>,
    lifecycle: Lifecycle,
) -> anyhow::Result<ExitStatus> {
    let sandbox = start_sandbox(clock, listen, record).await?;
    out(&format!("{}\n", sandbox.url()));
    let stop = lifecycle.soft_token();
    lifecycle.spawn("sandbox", async move {
        stop.cancelled().await;
        sandbox.stop().await;
        Ok(())
    });
    Ok(lifecycle.run_to_end().await)
}

/// A sandbox that accepts any token for pixels that have no tokens set.
pub(crate) async fn start_sandbox(
    clock: &Arc<dyn Clock>,
    listen: SocketAddr,
    record: Option<PathBuf>,
) -> anyhow::Result<Sandbox> {
    let clock = Arc::clone(clock);
    let config = SandboxConfig {
        listen,
        accept_any_pixel: true,
        clock: Arc::new(move || clock.now().seconds().0),
        record_file: record,
        ..SandboxConfig::default()
    };
    let started = Sandbox::start(config).await;
    started.map_err(|error| Unreachable(format!("the sandbox cannot listen on {listen}: {error:#}")).into())
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
}
