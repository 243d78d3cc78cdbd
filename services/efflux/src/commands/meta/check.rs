//! `efflux meta check`: tests each pixel's tokens without making an event.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use assembly::StartError;
use backends::{OpenError, Opener};
use destination_meta::destination::{Meta, PLATFORM, Probe, Standing};
use ports::Clock;
use ports::pixels::Pixel;
use runtime::ExitStatus;

use crate::context::Context;
use crate::{out, tables};

/// A token that was tested.
struct Tested {
    pixel: String,
    label: String,
    probe: Probe,
}

/// Prints the standing of every token of Meta's pixels; done when every pixel has one that works.
pub(crate) async fn run(context: &Context, only: Option<&str>, json: bool) -> anyhow::Result<ExitStatus> {
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
    let mut all_work = true;
    for pixel in pixels {
        let of_pixel = test_pixel(&meta, clock, pixel).await;
        all_work &= of_pixel.iter().any(|t| t.probe.standing == Standing::Works);
        if of_pixel.is_empty() && !json {
            out(&format!("pixel {} has no token: its conversions wait\n", pixel.pixel.code));
        }
        tested.extend(of_pixel);
    }
    if json {
        out(&as_json(&tested, version, warning.as_deref())?);
    } else {
        out(&as_table(&tested, warning.as_deref()));
    }
    Ok(if all_work { ExitStatus::Done } else { ExitStatus::Incomplete })
}

async fn test_pixel(meta: &Meta, clock: &Arc<dyn Clock>, pixel: &Pixel) -> Vec<Tested> {
    let mut tested = Vec::with_capacity(pixel.credentials.len());
    for credential in &pixel.credentials {
        let code = &pixel.pixel.code;
        let probe = meta.probe(code, credential, clock.now()).await;
        tested.push(Tested { pixel: code.to_string(), label: credential.label.clone(), probe });
    }
    tested
}

fn as_table(tested: &[Tested], warning: Option<&str>) -> String {
    let rows = tested.iter().map(|t| {
        let standing = t.probe.standing;
        let trace = t.probe.trace_id.as_deref().unwrap_or_default();
        [&t.pixel, &t.label, standing.as_str(), &t.probe.detail, trace, standing.remedy()].map(str::to_owned)
    });
    let table = tables::texts(&["Pixel", "Token", "Standing", "Meta said", "Trace", "What to do"], rows);
    let warning = warning.map_or_else(String::new, |warning| format!("{warning}\n"));
    format!("{table}\n{warning}")
}

fn as_json(tested: &[Tested], version: &str, warning: Option<&str>) -> anyhow::Result<String> {
    let tokens: Vec<_> = tested
        .iter()
        .map(|t| {
            serde_json::json!({
                "pixel": t.pixel, "token": t.label, "standing": t.probe.standing.as_str(),
                "detail": t.probe.detail, "trace": t.probe.trace_id,
            })
        })
        .collect();
    let all = serde_json::json!({"version": version, "warning": warning, "tokens": tokens});
    Ok(format!("{}\n", serde_json::to_string_pretty(&all).context("cannot write JSON")?))
}
