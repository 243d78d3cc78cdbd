//! Settings of the client.

use std::time::Duration;

use thiserror::Error;
use url::Url;

/// How to reach a platform, and how long to wait.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// Scheme, host and optional path before everything else: `https://graph.facebook.com`. Plain `http` is for a sandbox.
    pub base_url: Url,
    /// The longest time for one TCP connection to be made.
    pub connect_timeout: Duration,
    /// The longest time from the call to the last byte of the answer.
    pub request_timeout: Duration,
    /// How long an unused connection is kept.
    pub idle_timeout: Duration,
    /// The longest answer accepted, in bytes.
    pub answer_limit: usize,
}

impl ClientConfig {
    /// The usual settings: 3 s to connect, 10 s in all, connections kept for 60 s, answers up to 1 MiB.
    ///
    /// Platforms answer mostly within a second, but giving up too early makes an outcome unknown.
    #[must_use]
    pub const fn new(base_url: Url) -> Self {
        Self {
            base_url,
            connect_timeout: Duration::from_secs(3),
            request_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
            answer_limit: 1024 * 1024,
        }
    }
}

/// Why a client cannot be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClientSetupError {
    /// The base address is not one of HTTP, or carries more than scheme, host and path.
    #[error("the platform's address must be http(s)://host[:port][/path], without user, query or fragment")]
    BaseUrl,
    /// The address is not one of HTTP, or holds a user or a fragment.
    #[error("the address must be http(s)://host[:port][/path][?query], without user or fragment")]
    Endpoint,
    /// No root certificates.
    #[error("cannot load this system's root certificates; install them (often the package ca-certificates)")]
    Roots(#[source] std::io::Error),
    /// TLS cannot be set up.
    #[error("cannot set up TLS")]
    Tls(#[from] rustls::Error),
}
