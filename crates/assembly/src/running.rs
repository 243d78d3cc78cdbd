//! A service's tasks, from start to orderly stop.

use std::net::SocketAddr;
use std::sync::Arc;

use backends::{FilterPorts, OptimizerPorts, Ports, ReporterPorts};
use runtime::http::Server;
use runtime::{ExitStatus, Lifecycle};

use crate::gauges::Measured;
use crate::{Parts, audience, filter, gauges, optimizer, reporter};

/// A service that runs.
#[derive(Debug)]
pub struct Running {
    lifecycle: Lifecycle,
    address: SocketAddr,
}

impl Running {
    /// Where its HTTP surface listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it as SIGTERM would.
    pub async fn shut_down(self) -> ExitStatus {
        self.lifecycle.stop();
        self.lifecycle.run_to_end().await
    }
}

/// The work of a service, as tasks of a process.
pub trait Serve: Measured + Sized + Send + Sync + 'static {
    /// Starts them.
    ///
    /// # Errors
    /// When a destination cannot be set up.
    fn serve(parts: &Arc<Parts<Self>>, lifecycle: &Lifecycle) -> anyhow::Result<()>;
}

impl Serve for FilterPorts {
    fn serve(parts: &Arc<Parts<Self>>, lifecycle: &Lifecycle) -> anyhow::Result<()> {
        let (parts, stop) = (Arc::clone(parts), lifecycle.soft_token());
        lifecycle.spawn("filter", async move {
            filter::run(parts, stop).await;
            Ok(())
        });
        Ok(())
    }
}

impl Serve for ReporterPorts {
    fn serve(parts: &Arc<Parts<Self>>, lifecycle: &Lifecycle) -> anyhow::Result<()> {
        audience::check(&parts.settings)?;
        let destinations = backends::destinations(&parts.settings, &parts.clock)?;
        let (parts, stop) = (Arc::clone(parts), lifecycle.soft_token());
        lifecycle.spawn("reporter", async move {
            reporter::run(parts, destinations, stop).await;
            Ok(())
        });
        Ok(())
    }
}

impl Serve for OptimizerPorts {
    fn serve(parts: &Arc<Parts<Self>>, lifecycle: &Lifecycle) -> anyhow::Result<()> {
        let (parts, stop) = (Arc::clone(parts), lifecycle.soft_token());
        lifecycle.spawn("optimizer", async move { Ok(optimizer::run(parts, stop).await?) });
        Ok(())
    }
}

impl Serve for Ports {
    fn serve(parts: &Arc<Parts<Self>>, lifecycle: &Lifecycle) -> anyhow::Result<()> {
        FilterPorts::serve(&parts.narrow(), lifecycle)?;
        ReporterPorts::serve(&parts.narrow(), lifecycle)?;
        OptimizerPorts::serve(&parts.narrow(), lifecycle)
    }
}

/// Starts a service; that of [`Ports`] is all of them.
///
/// # Errors
/// When its port is taken or a destination cannot be set up.
pub async fn start<P: Serve>(parts: Arc<Parts<P>>) -> anyhow::Result<Running> {
    let lifecycle = Lifecycle::new(parts.settings.process.shutdown);
    let stop = lifecycle.soft_token();
    let server =
        Server::bind(&parts.settings.http, Arc::clone(&parts.registry), Arc::clone(&parts.readiness)).await?;
    let address = server.address();
    tracing::info!(%address, "listening");
    P::serve(&parts, &lifecycle)?;
    let upload = parts.take_upload();
    let webhook = parts.take_webhook();
    let gauges = gauges::run(parts, stop.clone());
    lifecycle.spawn("gauges", async move {
        gauges.await;
        Ok(())
    });
    if let Some(upload) = upload {
        let upload = (upload.run)(stop.clone());
        lifecycle.spawn("metrics", async move {
            upload.await;
            Ok(())
        });
    }
    if let Some(webhook) = webhook {
        let sending = webhook.run(stop.clone());
        lifecycle.spawn("notices", async move {
            sending.await;
            Ok(())
        });
    }
    lifecycle.spawn("http", async move {
        server.serve(stop).await;
        Ok(())
    });
    Ok(Running { lifecycle, address })
}

/// Runs a service until a signal or a bug ends it.
///
/// # Errors
/// As [`start`].
pub async fn run<P: Serve>(parts: Arc<Parts<P>>) -> anyhow::Result<ExitStatus> {
    let running = start(parts).await?;
    Ok(running.lifecycle.run_to_end().await)
}
