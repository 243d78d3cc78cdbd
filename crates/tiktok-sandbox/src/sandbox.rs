//! The sandbox as its owner sees it.

use std::fmt;
use std::io;
use std::ops::Deref;
use std::sync::Arc;

use sandbox_kit::Serving;

use crate::config::SandboxConfig;
use crate::faults::Action;
use crate::state::State;

/// A running sandbox. Dropping it stops it too, without waiting. What every sandbox can do is documented at [`Serving`].
pub struct Sandbox(Serving<Action>);

impl Sandbox {
    /// Opens the record file and the port, and serves from then on in the current Tokio runtime.
    ///
    /// # Errors
    /// When the port cannot be had, or the record file is not readable or not a record file.
    pub async fn start(config: SandboxConfig) -> io::Result<Self> {
        let listen = config.listen;
        let state = State::open(config)?;
        let shared = Arc::clone(&state.shared);
        Serving::start(listen, state, shared).await.map(Self)
    }

    /// Stops accepting and waits for the requests under way, half a second at most.
    pub async fn stop(self) {
        self.0.stop().await;
    }
}

impl Deref for Sandbox {
    type Target = Serving<Action>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("address", &self.address()).finish_non_exhaustive()
    }
}
