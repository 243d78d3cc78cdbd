//! `efflux meta preview`: the events of a file's rows. Sends and stores nothing.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use assembly::{StartError, row_limits};
use backends::{OpenError, Opener};
use destination_meta::destination::PLATFORM;
use destination_meta::map::{MapConfig, UserField, prepare, user_fields};
use domain::validate::{KnownPixels, OnePlatform, Rules, Valid, check};
use domain::{ConversionKey, Money, PixelRef, Row};
use ports::Clock;
use ports::destination::PreparedEvent;
use row_files::{Rows, check as check_file, decompressed};
use runtime::ExitStatus;
use runtime::terminal::one_line;
use settings::Settings;

use crate::context::Context;
use crate::out;

/// The pixels of the directory, or any if there is no directory.
#[derive(Debug)]
enum Known {
    Any,
    These(HashSet<PixelRef>),
}

impl KnownPixels for Known {
    fn knows(&self, pixel: &PixelRef) -> bool {
        match self {
            Self::Any => true,
            Self::These(pixels) => pixels.contains(pixel),
        }
    }
}

/// Prints the rows of a file one after the other.
pub(crate) async fn run(context: &Context, file: &Path, network: Option<&str>) -> anyhow::Result<ExitStatus> {
    let (settings, clock) = (&context.settings()?, &context.clock);
    let meta = destination_meta::config(settings, clock)
        .map_err(OpenError::of_destination)
        .map_err(StartError::from)?;
    let pixels = known_pixels(settings, clock).await?;
    let name = file.display();
    let open = || -> anyhow::Result<_> {
        let opened = File::open(file).with_context(|| format!("cannot read {name}"))?;
        Ok(decompressed(opened, settings.limits.max_object_bytes)?)
    };
    let limits = row_limits(settings);
    check_file(open()?, limits).with_context(|| format!("{name}: the whole file is refused"))?;
    let platforms = OnePlatform(PLATFORM, &meta);
    let rules = Rules { now: clock.now(), pixels: &pixels, platforms: &platforms, object_network: network };
    if matches!(pixels, Known::Any) {
        out("There is no data directory here: any pixel counts as known.\n");
    }
    let mut rows = Rows::new(open()?, limits)?;
    let mut seen = HashMap::new();
    let max_per_click = settings.reporting.max_revenue_per_click;
    while let Some(text) = rows.next_row()? {
        out(&show((&meta.map, max_per_click), rules, &mut seen, text.number, &Row::parse(text.text)));
    }
    Ok(ExitStatus::Done)
}

/// The directory of pixels if there is one. A preview must not create one.
async fn known_pixels(settings: &Settings, clock: &Arc<dyn Clock>) -> anyhow::Result<Known> {
    let backends = &settings.backends;
    if backends.postgres.is_none() && !backends.data_dir.is_dir() {
        return Ok(Known::Any);
    }
    let directory = Opener::new(settings, clock).pixels().await.map_err(StartError::from)?;
    let pixels = directory.snapshot().await?;
    Ok(Known::These(pixels.into_iter().map(|pixel| pixel.pixel).collect()))
}

/// One row: its events and its visitor's data, or why nothing would be sent.
fn show(
    (map, max_per_click): (&MapConfig, Money),
    rules: Rules<'_>,
    seen: &mut HashMap<ConversionKey, u64>,
    number: u64,
    row: &Row<'_>,
) -> String {
    let mut text = format!("row {number}");
    if let Some(conversion) = &row.conversion {
        let keyword = conversion.keyword_clicked.as_deref().unwrap_or_default();
        put(&mut text, format_args!("  session {}  keyword {keyword:?}", one_line(&conversion.session_id)));
    }
    let valid = match check(row, rules) {
        Ok(valid) => valid,
        Err(reasons) => {
            let reasons: Vec<_> = reasons.iter().map(|reason| reason.as_str()).collect();
            put(&mut text, format_args!("\n  not sent: {}\n", reasons.join(", ")));
            return text;
        }
    };
    match prepare(map, &row.key, &valid) {
        Err(reason) => put(&mut text, format_args!("\n  not sent: {reason}\n")),
        Ok(events) if events.is_empty() => text.push_str("\n  not sent: no_events\n"),
        Ok(events) => match seen.get(&row.key) {
            Some(first) => put(&mut text, format_args!("\n  not sent: duplicate of row {first}\n")),
            None => {
                seen.insert(row.key, number);
                put_events(&mut text, &valid, &events, max_per_click);
            }
        },
    }
    user_fields(&valid).iter().for_each(|field| put_field(&mut text, field));
    text
}

fn put_events(text: &mut String, valid: &Valid<'_, '_>, events: &[PreparedEvent], max_per_click: Money) {
    let value: Money = events.iter().filter_map(|event| event.value).sum();
    put(text, format_args!("\n  {} events to pixel {}, value {value}", events.len(), valid.pixel().code));
    if valid.revenue() != value {
        put(text, format_args!("; no paid click carries the stated {}", valid.revenue()));
    }
    if let Some(odd) = valid.odd_amount(max_per_click) {
        put(text, format_args!("; they wait: {}", odd.as_str()));
    }
    text.push('\n');
    for event in events {
        put(text, format_args!("  event {}\n", String::from_utf8_lossy(&event.payload)));
    }
}

fn put_field(text: &mut String, field: &UserField) {
    let (name, before) = (field.name, &field.before);
    match &field.after {
        Ok(sent) => put(text, format_args!("  {name}\t{before:?}\t{:?}\t{}\n", sent.normalised, sent.value)),
        Err(reason) => put(text, format_args!("  {name}\t{before:?}\tomitted\t{reason}\n")),
    }
}

fn put(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.write_fmt(what).expect("writing to a String never fails");
}
