//! What all connections share.

use std::io;
use std::sync::Arc;

use sandbox_kit::{Shared, SharedConfig};

use crate::config::SandboxConfig;
use crate::faults::Action;
use crate::refusal::Refusal;
use crate::rules::proof;

/// What all connections share.
pub(crate) struct State {
    pub(crate) shared: Arc<Shared<Action>>,
    app_secret: Option<String>,
}

impl State {
    pub(crate) fn open(config: &SandboxConfig) -> io::Result<Self> {
        let shared = Shared::open(SharedConfig {
            pixels: config.pixels.clone(),
            accept_any_pixel: config.accept_any_pixel,
            keep_events: config.keep_events,
            record_file: config.record_file.clone(),
            clock: config.clock.clone(),
        })?;
        Ok(Self { shared: Arc::new(shared), app_secret: config.app_secret.clone() })
    }

    /// Whether the request proves what it must.
    pub(crate) fn check_proof(
        &self,
        token: Option<&str>,
        (proof, time): (Option<&str>, Option<i64>),
    ) -> Result<(), Refusal> {
        let Some(secret) = &self.app_secret else { return Ok(()) };
        proof::check(secret, token.unwrap_or_default(), (proof, time), self.shared.now())
    }

    /// A trace id no other answer carries.
    pub(crate) fn trace(&self) -> String {
        format!("A{:022x}", self.shared.next_answer())
    }
}
