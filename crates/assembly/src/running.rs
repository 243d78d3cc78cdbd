//! A service's tasks, from start to orderly stop.

use std::net::SocketAddr;
use std::sync::Arc;

use runtime::http::Server;
use runtime::{ExitStatus, Lifecycle};
use settings::Service;

use crate::{Parts, filter, gauges, optimizer, reporter};

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

/// Starts a service; [`Service::Efflux`] is all of them.
///
/// # Errors
/// When its port is taken or the destination cannot be set up.
pub async fn start(parts: Arc<Parts>, service: Service) -> anyhow::Result<Running> {
    let lifecycle = Lifecycle::new(parts.settings.limits.shutdown);
    let stop = lifecycle.soft_token();
    let server =
        Server::bind(&parts.settings.http, Arc::clone(&parts.registry), Arc::clone(&parts.readiness)).await?;
    let address = server.address();
    tracing::info!(%address, "listening");

    let does = |one: Service| service == one || service == Service::Efflux;
    if does(Service::Filter) {
        let (parts, stop) = (Arc::clone(&parts), stop.clone());
        lifecycle.spawn("filter", async move {
            filter::run(parts, stop).await;
            Ok(())
        });
    }
    if does(Service::Reporter) {
        let destination = backends::meta(&parts.settings)?;
        let (parts, stop) = (Arc::clone(&parts), stop.clone());
        lifecycle.spawn("reporter", async move {
            reporter::run(parts, destination, stop).await;
            Ok(())
        });
    }
    if does(Service::Optimizer) {
        let (parts, stop) = (Arc::clone(&parts), stop.clone());
        lifecycle.spawn("optimizer", async move { Ok(optimizer::run(parts, stop).await?) });
    }
    let gauges = gauges::run(parts, stop.clone());
    lifecycle.spawn("gauges", async move {
        gauges.await;
        Ok(())
    });
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
pub async fn run(parts: Arc<Parts>, service: Service) -> anyhow::Result<ExitStatus> {
    let running = start(parts, service).await?;
    Ok(running.lifecycle.run_to_end().await)
}
