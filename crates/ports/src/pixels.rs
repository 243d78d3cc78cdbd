//! Pixels and the credentials that may send to them.

use std::fmt;

use async_trait::async_trait;
use domain::{PixelCode, TrafficSource};
use secrecy::SecretString;

use crate::Result;

/// A pixel of a traffic source.
#[derive(Debug, Clone)]
pub struct Pixel {
    /// The platform's code.
    pub code: PixelCode,
    /// The platform.
    pub source: TrafficSource,
    /// For people.
    pub name: Option<String>,
    /// What may send to it, the first choice first. May be empty: then its conversions are parked.
    pub credentials: Vec<Credential>,
}

/// A token, and a label by which people tell it from others. The token cannot be printed.
#[derive(Debug, Clone)]
pub struct Credential {
    /// Shown in logs and tables in the token's place.
    pub label: String,
    /// The access token.
    pub token: SecretString,
}

/// The directory of pixels.
#[async_trait]
pub trait PixelDirectory: fmt::Debug + Send + Sync {
    /// All pixels, in the order of source and code.
    async fn snapshot(&self) -> Result<Vec<Pixel>>;

    /// Adds a pixel or replaces it, credentials included.
    async fn put(&self, pixel: &Pixel) -> Result<()>;

    /// Removes a pixel; `false` when there was none.
    async fn remove(&self, source: TrafficSource, code: &PixelCode) -> Result<bool>;
}
