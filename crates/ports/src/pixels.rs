//! Pixels and the credentials that may send to them.

use std::fmt;

use async_trait::async_trait;
use domain::PixelRef;
use secrecy::{ExposeSecret, SecretString};

use crate::Result;

/// A pixel, as the directory has it.
#[derive(Debug, Clone)]
pub struct Pixel {
    /// Its platform and code.
    pub pixel: PixelRef,
    /// For people.
    pub name: Option<String>,
    /// What may send to it, the first choice first. May be empty: then its conversions are parked.
    pub credentials: Vec<Credential>,
}

/// A token, and a label by which people distinguish it from others. The token cannot be printed.
#[derive(Debug, Clone)]
pub struct Credential {
    /// Shown in logs and tables in the token's place.
    pub label: String,
    /// The access token.
    pub token: SecretString,
}

/// Tokens of fewer characters show nothing of themselves.
const SHOWN_FROM: usize = 20;

impl Credential {
    /// The last four characters, by which people tell tokens apart; `None` of a short one.
    #[must_use]
    pub fn ending(&self) -> Option<&str> {
        let token = self.token.expose_secret();
        let ending = token.len().checked_sub(4).filter(|_| token.len() >= SHOWN_FROM)?;
        token.get(ending..)
    }

    /// The label with that ending: `token-1 (…wxyz)`.
    #[must_use]
    pub fn shown(&self) -> String {
        match self.ending() {
            Some(ending) => format!("{} (…{ending})", self.label),
            None => self.label.clone(),
        }
    }
}

/// The directory of pixels.
#[async_trait]
pub trait PixelDirectory: fmt::Debug + Send + Sync {
    /// All pixels, in the order of platform and code.
    async fn snapshot(&self) -> Result<Vec<Pixel>>;

    /// Adds a pixel or replaces it, credentials included.
    async fn put(&self, pixel: &Pixel) -> Result<()>;

    /// Removes a pixel; `false` when there was none.
    async fn remove(&self, pixel: &PixelRef) -> Result<bool>;
}
