//! Whether anything can be sent to the pixels of a plan: their tokens are asked, without making an event.

use std::collections::{BTreeMap, BTreeSet};

use assembly::{Parts, StartError};
use backends::OpenError;
use destination_meta::destination::{Meta, PLATFORM, Standing};
use domain::PixelRef;
use ports::pixels::Credential;

use super::Replayable;

/// So many pixels are asked about; of more it is not known.
const MOST_PIXELS: usize = 50;

/// What is known about the tokens of a pixel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tokens {
    /// One of them may send.
    Work,
    /// None may send; what each of them is.
    Fail(String),
    /// The platform did not say so.
    Unknown,
}

/// The tokens of these pixels.
pub(super) async fn of(
    parts: &Parts<Replayable>,
    pixels: impl Iterator<Item = &PixelRef>,
) -> anyhow::Result<BTreeMap<PixelRef, Tokens>> {
    let asked: BTreeSet<&PixelRef> = pixels.filter(|pixel| pixel.platform == PLATFORM).collect();
    if asked.is_empty() {
        return Ok(BTreeMap::new());
    }
    let meta = destination_meta::client(&parts.settings, &parts.clock)
        .map_err(OpenError::of_destination)
        .map_err(StartError::from)?;
    let directory = parts.ports.pixels.snapshot().await?;
    let mut found = BTreeMap::new();
    for pixel in asked.into_iter().take(MOST_PIXELS) {
        let credentials =
            directory.iter().find(|known| known.pixel == *pixel).map(|known| &known.credentials);
        let tokens = test(parts, &meta, pixel, credentials.map_or(&[], Vec::as_slice)).await;
        let is_unreachable = tokens == Tokens::Unknown;
        found.insert(pixel.clone(), tokens);
        if is_unreachable {
            // The others would make the operator wait for the same.
            break;
        }
    }
    Ok(found)
}

async fn test(parts: &Parts<Replayable>, meta: &Meta, pixel: &PixelRef, all: &[Credential]) -> Tokens {
    let mut said = Vec::new();
    for credential in all {
        match meta.probe(&pixel.code, credential, parts.clock.now()).await.standing {
            Standing::Works | Standing::Accepted => return Tokens::Work,
            standing if standing.is_unknown() => return Tokens::Unknown,
            standing => said.push(format!("{}: {}", credential.shown(), standing.as_str())),
        }
    }
    if said.is_empty() {
        said.push("it has none at all".to_owned());
    }
    Tokens::Fail(said.join(", "))
}
