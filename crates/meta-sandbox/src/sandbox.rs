//! The sandbox as its owner sees it.

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
use crate::config::SandboxConfig;
use crate::faults::fault::Fault;
use crate::http::server;
use crate::state::State;

/// A running sandbox. Dropping it stops it too, without waiting.
pub struct Sandbox {
    address: SocketAddr,
    state: Arc<State>,
    stop: DropGuard,
    tasks: TaskTracker,
}

impl Sandbox {
    /// Opens the record file and the port, and serves from then on in the current Tokio runtime.
    ///
    /// # Errors
    /// When the port cannot be had, or the record file is not readable or not a record file.
    pub async fn start(config: SandboxConfig) -> io::Result<Self> {
        let state = Arc::new(State::open(&config)?);
        let listener = TcpListener::bind(config.listen).await?;
        let address = listener.local_addr()?;
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(server::run(listener, Arc::clone(&state), stop.clone(), tasks.clone()));
        Ok(Self { address, state, stop: stop.drop_guard(), tasks })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL, such as `http://127.0.0.1:4711`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything counted so far.
    pub fn stats(&self) -> Stats {
        self.state.ledger().stats()
    }

    /// The kept events the filter lets through.
    pub fn events(&self, filter: &EventFilter) -> Vec<KeptEvent> {
        filter.pick(&self.state.ledger())
    }

    /// Every accepted id in order, or `None` when `keep_events` is 0.
    pub fn ids(&self) -> Option<Vec<AcceptedId>> {
        self.state.ledger().ids()
    }

    /// Forgets every event and every count; the record file is emptied.
    ///
    /// # Errors
    /// When the record file cannot be emptied; nothing is forgotten then.
    pub fn clear_events(&self) -> io::Result<()> {
        self.state.ledger().clear()
    }

    /// Replaces the tokens of a pixel; those taken away count as expired from then on.
    pub fn set_tokens(&self, pixel: &str, tokens: &[&str]) {
        let tokens = tokens.iter().map(|token| (*token).to_owned()).collect();
        self.state.tokens().set(pixel.to_owned(), tokens);
    }

    /// Lets these tokens be good, and refuses them at this pixel for want of a permission.
    pub fn set_powerless_tokens(&self, pixel: &str, tokens: &[&str]) {
        let tokens = tokens.iter().map(|token| (*token).to_owned()).collect();
        self.state.tokens().set_powerless(pixel, tokens);
    }

    /// Adds a fault behind those in force.
    pub fn add_fault(&self, fault: Fault) {
        self.state.faults().add(fault);
    }

    /// Takes all faults away.
    pub fn clear_faults(&self) {
        self.state.faults().clear();
    }

    /// Stops accepting and waits for the requests under way, half a second at most.
    pub async fn stop(self) {
        drop(self.stop);
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("address", &self.address).finish_non_exhaustive()
    }
}
