//! A running sandbox as its owner sees it.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::books::events::EventFilter;
use crate::books::ledger::{AcceptedId, KeptEvent};
use crate::books::stats::Stats;
use crate::faults::fault::{Fault, FaultAction};
use crate::http::server::{self, SandboxedPlatform};
use crate::shared::Shared;

/// A running sandbox. Dropping it stops it too, without waiting.
pub struct Serving<A> {
    address: SocketAddr,
    shared: Arc<Shared<A>>,
    stop: DropGuard,
    tasks: TaskTracker,
}

impl<A: FaultAction> Serving<A> {
    /// Opens the port, and serves from then on in the current Tokio runtime. `shared` is what the platform shares.
    ///
    /// # Errors
    /// When the port cannot be had.
    pub async fn start<P: SandboxedPlatform<Action = A>>(
        listen: SocketAddr,
        platform: P,
        shared: Arc<Shared<A>>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(server::run(listener, Arc::new(platform), stop.clone(), tasks.clone()));
        Ok(Self { address, shared, stop: stop.drop_guard(), tasks })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL, such as `http://127.0.0.1:4711`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything counted so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.ledger().stats()
    }

    /// The kept events the filter lets through.
    #[must_use]
    pub fn events(&self, filter: &EventFilter) -> Vec<KeptEvent> {
        filter.pick(&self.shared.ledger())
    }

    /// Every accepted id in order, or `None` when `keep_events` is 0.
    #[must_use]
    pub fn ids(&self) -> Option<Vec<AcceptedId>> {
        self.shared.ledger().ids()
    }

    /// Forgets every event and every count; the record file is emptied.
    ///
    /// # Errors
    /// When the record file cannot be emptied; nothing is forgotten then.
    pub fn clear_events(&self) -> io::Result<()> {
        self.shared.ledger().clear()
    }

    /// Replaces the tokens of a pixel; those taken away count as expired from then on.
    pub fn set_tokens(&self, pixel: &str, tokens: &[&str]) {
        let tokens = tokens.iter().map(|token| (*token).to_owned()).collect();
        self.shared.tokens().set(pixel.to_owned(), tokens);
    }

    /// Lets these tokens be good, and refuses them at this pixel for want of a permission.
    pub fn set_powerless_tokens(&self, pixel: &str, tokens: &[&str]) {
        let tokens = tokens.iter().map(|token| (*token).to_owned()).collect();
        self.shared.tokens().set_powerless(pixel, tokens);
    }

    /// Adds a fault behind those in force.
    pub fn add_fault(&self, fault: Fault<A>) {
        self.shared.faults().add(fault);
    }

    /// Takes all faults away.
    pub fn clear_faults(&self) {
        self.shared.faults().clear();
    }

    /// Stops accepting and waits for the requests under way, half a second at most.
    pub async fn stop(self) {
        drop(self.stop);
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl<A> fmt::Debug for Serving<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serving").field("address", &self.address).finish_non_exhaustive()
    }
}
