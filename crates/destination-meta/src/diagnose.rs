//! What goes wrong with Meta: clock, version, tokens, and who else sends.

use std::sync::Arc;

use async_trait::async_trait;
use domain::UnixMillis;
use ports::diagnose::{Check, Diagnose};
use ports::pixels::{Credential, Pixel};
use ports::{Clock, Destination, PixelDirectory};

use crate::destination::{Meta, PLATFORM, Standing};
use crate::version;

/// Pixels whose tokens are tried: each try is a request.
const PIXELS: usize = 500;

/// Examines the way to Meta.
#[derive(Debug)]
pub struct MetaDiagnosis {
    meta: Meta,
    version: String,
    /// The directory, or why it cannot be read.
    pixels: Result<Arc<dyn PixelDirectory>, String>,
    clock: Arc<dyn Clock>,
}

impl MetaDiagnosis {
    /// Nothing is asked yet. Without a directory of pixels no token can be tried.
    #[must_use]
    pub fn new(
        meta: Meta,
        version: impl Into<String>,
        pixels: Result<Arc<dyn PixelDirectory>, String>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { meta, version: version.into(), pixels, clock }
    }

    /// Meta's time, and how this machine's clock compares with it.
    async fn clock(&self) -> (Option<UnixMillis>, Check) {
        let before = self.clock.now();
        let theirs = self.meta.server_time().await;
        let after = self.clock.now();
        let check = match theirs {
            Some(theirs) => Check::clock("Meta", theirs, before, after),
            None => Check {
                unreachable: true,
                ..Check::unknowable(
                    "clock: Meta",
                    "no answer",
                    "check META_GRAPH_URL, the network and the certificates: without an answer nothing is sent",
                )
            },
        };
        (theirs, check)
    }

    fn version(&self, now: UnixMillis) -> Check {
        let name = "Graph API version";
        match version::warning(&self.version, now) {
            Some(warning) => {
                Check::finding(name, warning, "set META_GRAPH_VERSION, and try it with `efflux meta check`")
            }
            None => Check::ok(name, format!("{} is served for more than 90 days", self.version)),
        }
    }

    async fn tokens(&self, now: UnixMillis) -> Vec<Check> {
        let name = "tokens";
        let pixels = match &self.pixels {
            Ok(directory) => directory.snapshot().await,
            Err(why) => {
                let remedy = "see what is wrong with the directory of pixels";
                return vec![Check::unknowable(name, why, remedy)];
            }
        };
        let pixels = match pixels {
            Ok(pixels) => pixels,
            Err(error) => return vec![Check::failed(name, &error)],
        };
        let ours: Vec<_> = pixels.into_iter().filter(|pixel| pixel.pixel.platform == PLATFORM).collect();
        if ours.is_empty() {
            return vec![Check::finding(name, "no pixel was added", "add one with `efflux pixels add`")];
        }
        let mut checks = Vec::new();
        for pixel in ours.iter().take(PIXELS) {
            checks.push(self.pixel(pixel, now).await);
        }
        if let Some(rest) = ours.len().checked_sub(PIXELS).filter(|rest| *rest > 0) {
            checks.push(Check::unknowable(
                name,
                format!("{rest} more pixels were not tried"),
                "use `efflux meta check`",
            ));
        }
        checks
    }

    /// Whether a token of the pixel may send; each that may not is named by its label.
    async fn pixel(&self, pixel: &Pixel, now: UnixMillis) -> Check {
        let name = format!("pixel {}: tokens", pixel.pixel);
        if pixel.credentials.is_empty() {
            let remedy =
                "add a token with `efflux pixels add`: its conversions wait, and expire after 7 days";
            return Check::finding(name, "it has none", remedy);
        }
        let mut tried = Vec::new();
        for credential in &pixel.credentials {
            tried.push(self.token(pixel, credential, now).await);
        }
        let saw = tried.iter().map(|(saw, _)| saw.as_str()).collect::<Vec<_>>().join("; ");
        let wrong = tried.iter().map(|(_, standing)| *standing).find(|standing| *standing != Standing::Works);
        match wrong {
            None => Check::ok(name, saw),
            Some(standing) if standing.is_unknown() => {
                Check { unreachable: true, ..Check::unknowable(name, saw, standing.remedy()) }
            }
            Some(standing) => Check::finding(name, saw, standing.remedy()),
        }
    }

    async fn token(&self, pixel: &Pixel, credential: &Credential, now: UnixMillis) -> (String, Standing) {
        let probe = self.meta.probe(&pixel.pixel.code, credential, now).await;
        let saw = match probe.standing {
            Standing::Works => format!("{} works", credential.shown()),
            standing => format!("{}: {} ({})", credential.shown(), standing.as_str(), probe.detail),
        };
        (saw, probe.standing)
    }
}

/// Meta's API has no question that answers this.
fn other_senders() -> Check {
    Check::unknowable(
        "another sender: Meta",
        "Meta's API does not say who else sends to a pixel",
        "compare a day in Events Manager (Data sources, the pixel, Overview) with `reported` of `efflux status`; \
         more purchases there come from another sender, which the tab Diagnostics may name",
    )
}

#[async_trait]
impl Diagnose for MetaDiagnosis {
    async fn findings(&self) -> Vec<Check> {
        let (theirs, clock) = self.clock().await;
        // A clock that is wrong must not make the test event one that Meta would take.
        let now = theirs.unwrap_or_else(|| self.clock.now());
        let mut checks = vec![clock, self.version(now)];
        if theirs.is_some() {
            checks.extend(self.tokens(now).await);
        }
        checks.push(other_senders());
        checks
    }
}
