//! What goes wrong with TikTok: the clock, the test code, and pixels without a token.

use std::sync::Arc;

use async_trait::async_trait;
use ports::diagnose::{Check, Diagnose};
use ports::{Clock, Destination, PixelDirectory};

use crate::destination::{PLATFORM, TikTok};

/// Examines the way to TikTok. Tokens are not tried: no request is known that tests one and leaves no event.
#[derive(Debug)]
pub struct TikTokDiagnosis {
    tiktok: TikTok,
    /// The directory, or why it cannot be read.
    pixels: Result<Arc<dyn PixelDirectory>, String>,
    clock: Arc<dyn Clock>,
}

impl TikTokDiagnosis {
    /// Nothing is asked yet.
    #[must_use]
    pub fn new(
        tiktok: TikTok,
        pixels: Result<Arc<dyn PixelDirectory>, String>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { tiktok, pixels, clock }
    }

    async fn clock(&self) -> Check {
        let before = self.clock.now();
        let theirs = self.tiktok.server_time().await;
        let after = self.clock.now();
        match theirs {
            Some(theirs) => Check::clock("TikTok", theirs, before, after),
            None => Check {
                unreachable: true,
                ..Check::unknowable(
                    "clock: TikTok",
                    "no answer",
                    "check TIKTOK_URL, the network and the certificates: without an answer nothing is sent",
                )
            },
        }
    }

    fn test_code(&self) -> Check {
        let name = "TikTok's test code";
        if self.tiktok.is_test() {
            return Check::finding(
                name,
                "TikTok counts nothing of what it is sent",
                "unset TIKTOK_TEST_EVENT_CODE",
            );
        }
        Check::ok(name, "not set")
    }

    async fn pixels(&self) -> Vec<Check> {
        let name = "TikTok's pixels";
        let pixels = match &self.pixels {
            Ok(directory) => directory.snapshot().await,
            Err(why) => {
                return vec![Check::unknowable(name, why, "see what is wrong with the directory of pixels")];
            }
        };
        let pixels = match pixels {
            Ok(pixels) => pixels,
            Err(error) => return vec![Check::failed(name, &error)],
        };
        let ours: Vec<_> = pixels.iter().filter(|pixel| pixel.pixel.platform == PLATFORM).collect();
        if ours.is_empty() {
            let remedy = "add one with `efflux pixels add --platform tiktok`";
            return vec![Check::finding(name, "no pixel was added", remedy)];
        }
        let bare: Vec<_> = ours
            .iter()
            .filter(|pixel| pixel.credentials.is_empty())
            .map(|pixel| {
                let remedy = "add a token with `efflux pixels add`: its conversions wait, and expire";
                Check::finding(format!("pixel {}: tokens", pixel.pixel), "it has none", remedy)
            })
            .collect();
        if bare.is_empty() { vec![Check::ok(name, format!("{} with tokens", ours.len()))] } else { bare }
    }
}

#[async_trait]
impl Diagnose for TikTokDiagnosis {
    async fn findings(&self) -> Vec<Check> {
        let mut checks = vec![self.clock().await, self.test_code()];
        checks.extend(self.pixels().await);
        checks
    }
}
