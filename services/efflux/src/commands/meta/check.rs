//! `efflux meta check`: tests each pixel's tokens without making an event.

use std::sync::Arc;

use anyhow::bail;
use assembly::StartError;
use backends::{OpenError, Opener};
use destination_meta::destination::{Meta, PLATFORM, Probe, Standing};
use ports::Clock;
use ports::pixels::Pixel;
use runtime::ExitStatus;
use serde_json::json;

use crate::context::Context;
use crate::out;
use crate::sheet::{Cell, Format, Sheet, print_json};

/// A token that was tested.
struct Tested {
    pixel: String,
    /// Its label and how it ends.
    token: String,
    probe: Probe,
}

/// Prints the standing of every token of Meta's pixels; done when every pixel has one that works.
pub(crate) async fn run(context: &Context, only: Option<&str>, format: Format) -> anyhow::Result<ExitStatus> {
    let (settings, clock) = (&context.settings()?, &context.clock);
    let directory = Opener::for_reading(settings, clock).pixels().await.map_err(StartError::from)?;
    let meta = destination_meta::client(settings, clock)
        .map_err(OpenError::of_destination)
        .map_err(StartError::from)?;
    let version = &settings.destinations.meta.graph_version;
    let warning = destination_meta::version::warning(version, clock.now());
    let pixels: Vec<Pixel> = directory.snapshot().await?;
    let ours = |pixel: &&Pixel| {
        pixel.pixel.platform == PLATFORM && only.is_none_or(|code| code == pixel.pixel.code.as_str())
    };
    let pixels: Vec<&Pixel> = pixels.iter().filter(ours).collect();
    if let (Some(code), true) = (only, pixels.is_empty()) {
        bail!("unknown pixel {code} of Meta; `efflux pixels list` shows all");
    }
    let mut tested = Vec::new();
    // Without a pixel nothing can be sent.
    let mut all_work = !pixels.is_empty();
    if pixels.is_empty() && !format.json && !format.csv {
        out("No pixel of Meta was added, so nothing can be sent: see `efflux pixels add --help`.\n");
    }
    for pixel in pixels {
        let of_pixel = test_pixel(&meta, clock, pixel).await;
        all_work &= of_pixel.iter().any(|t| t.probe.standing == Standing::Works);
        if of_pixel.is_empty() && !format.json && !format.csv {
            out(&format!("pixel {} has no token: its conversions wait\n", pixel.pixel.code));
        }
        tested.extend(of_pixel);
    }
    let sheet = sheet(&tested);
    if format.json {
        print_json(&json!({"version": version, "warning": warning, "tokens": sheet.to_json()}))?;
    } else {
        if format.csv || !sheet.is_empty() {
            sheet.print(format, "")?;
        }
        if let (Some(warning), false) = (warning, format.csv) {
            out(&format!("{warning}\n"));
        }
    }
    Ok(if all_work { ExitStatus::Done } else { ExitStatus::Incomplete })
}

async fn test_pixel(meta: &Meta, clock: &Arc<dyn Clock>, pixel: &Pixel) -> Vec<Tested> {
    let mut tested = Vec::with_capacity(pixel.credentials.len());
    for credential in &pixel.credentials {
        let code = &pixel.pixel.code;
        let probe = meta.probe(code, credential, clock.now()).await;
        tested.push(Tested { pixel: code.to_string(), token: credential.shown(), probe });
    }
    tested
}

fn sheet(tested: &[Tested]) -> Sheet<6> {
    let mut sheet = Sheet::new(["pixel", "token", "standing", "detail", "trace", "remedy"]);
    for Tested { pixel, token, probe } in tested {
        sheet.add([
            Cell::text(pixel),
            Cell::text(token),
            Cell::text(probe.standing.as_str()),
            Cell::text(&probe.detail),
            Cell::or_nothing(probe.trace_id.as_deref(), Cell::text),
            Cell::text(probe.standing.remedy()),
        ]);
    }
    sheet
}
