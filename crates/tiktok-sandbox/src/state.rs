//! What all connections share, and which token opens what.

use std::io;
use std::sync::Arc;

use sandbox_kit::{Shared, SharedConfig, Standing};

use crate::config::SandboxConfig;
use crate::faults::Action;
use crate::refusal::Refusal;

/// What all connections share.
pub(crate) struct State {
    pub(crate) shared: Arc<Shared<Action>>,
}

impl State {
    pub(crate) fn open(config: SandboxConfig) -> io::Result<Self> {
        let shared = Shared::open(SharedConfig {
            pixels: config.pixels,
            accept_any_pixel: config.accept_any_pixel,
            keep_events: config.keep_events,
            record_file: config.record_file,
            clock: config.clock,
        })?;
        Ok(Self { shared: Arc::new(shared) })
    }

    /// An id of a request that no other answer carries.
    pub(crate) fn request_id(&self) -> String {
        format!("2026{:028X}", self.shared.next_answer())
    }

    /// Whether `token` may send to `pixel`.
    pub(crate) fn judge(&self, pixel: &str, token: &str) -> Result<(), Refusal> {
        let tokens = self.shared.tokens();
        match tokens.judge(pixel, Some(token)) {
            Standing::Opens => Ok(()),
            Standing::Missing => Err(Refusal::new(40_104, "Access token is empty")),
            Standing::Retired | Standing::Unknown => Err(revoked()),
            Standing::Elsewhere if !tokens.knows(pixel) => {
                Err(Refusal::new(40_007, "The object does not exist"))
            }
            Standing::Powerless | Standing::Elsewhere => {
                Err(Refusal::new(40_001, "No permission to operate this pixel"))
            }
        }
    }
}

/// It is wrong, or was taken away: which of these is not said.
pub(crate) fn revoked() -> Refusal {
    Refusal::new(40_105, "Access token is incorrect or has been revoked.")
}
