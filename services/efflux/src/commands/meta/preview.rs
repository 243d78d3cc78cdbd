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
use domain::finding::{Finding, findings};
use domain::validate::{KnownPixels, OnePlatform, Rules, Valid, check};
use domain::{Conversion, ConversionKey, FeedMap, Money, OddAmount, PixelRef, Reason, Reasons, Row};
use ports::Clock;
use ports::destination::PreparedEvent;
use row_files::{Rows, check as check_file, decompressed};
use runtime::terminal::one_line;
use runtime::{ExitStatus, NoInput};
use serde_json::{Value, json};
use settings::Settings;

use crate::commands::explain::finding_json;
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

/// What a preview looks at besides the rows.
struct Preview<'p> {
    map: &'p MapConfig,
    max_per_click: Money,
    rules: Rules<'p>,
    /// The first row of each conversion.
    seen: HashMap<ConversionKey, u64>,
}

/// Prints the rows of a file one after the other.
pub(crate) async fn run(
    context: &Context,
    file: &Path,
    network: Option<&str>,
    json: bool,
) -> anyhow::Result<ExitStatus> {
    let (settings, clock) = (&context.settings()?, &context.clock);
    let meta = destination_meta::config(settings, clock)
        .map_err(OpenError::of_destination)
        .map_err(StartError::from)?;
    let (pixels, feeds) = directory(settings, clock).await?;
    let name = file.display();
    let open = || -> anyhow::Result<_> {
        let opened = File::open(file).map_err(|error| NoInput::new(&name, &error))?;
        Ok(decompressed(opened, settings.limits.max_object_bytes)?)
    };
    let limits = row_limits(settings);
    check_file(open()?, limits).with_context(|| format!("{name}: the whole file is refused"))?;
    let platforms = OnePlatform(PLATFORM, &meta);
    let rules = Rules { now: clock.now(), pixels: &pixels, platforms: &platforms, object_network: network };
    if matches!(pixels, Known::Any) && !json {
        out("There is no data directory here: any pixel counts as known.\n");
    }
    let max_per_click = settings.reporting.max_revenue_per_click;
    let mut preview = Preview { map: &meta.map, max_per_click, rules, seen: HashMap::new() };
    let mut rows = Rows::new(open()?, limits)?;
    let mut separator = "[";
    while let Some(text) = rows.next_row()? {
        let row = Row::of_feed(text.text, &feeds, network);
        let shown = preview.look(text.number, &row);
        if json {
            out(&format!(
                "{separator}\n{}",
                serde_json::to_string_pretty(&shown.json(&settings.reporting.currency))?
            ));
            separator = ",";
        } else {
            out(&shown.text());
        }
    }
    if json {
        out(if separator == "[" { "[]\n" } else { "\n]\n" });
    }
    Ok(ExitStatus::Done)
}

/// The directory of pixels and feeds if there is one. A preview must not create one.
async fn directory(settings: &Settings, clock: &Arc<dyn Clock>) -> anyhow::Result<(Known, FeedMap)> {
    let backends = &settings.backends;
    if backends.postgres.is_none() && !backends.data_dir.is_dir() {
        return Ok((Known::Any, FeedMap::default()));
    }
    let mut opener = Opener::new(settings, clock);
    let pixels = opener.pixels().await.map_err(StartError::from)?.snapshot().await?;
    let feeds = opener.feeds().await.map_err(StartError::from)?.snapshot().await?;
    let pixels = Known::These(pixels.into_iter().map(|pixel| pixel.pixel).collect());
    Ok((pixels, feeds.into_iter().collect()))
}

impl Preview<'_> {
    /// One row: its events and its visitor's data, or why nothing would be sent.
    fn look<'r>(&mut self, number: u64, row: &'r Row<'_>) -> Shown<'r> {
        let mut shown = Shown { number, conversion: row.conversion.as_deref(), ..Shown::default() };
        let valid = match check(row, self.rules) {
            Ok(valid) => valid,
            Err(reasons) => {
                self.refuse(&mut shown, row, reasons);
                return shown;
            }
        };
        shown.user = user_fields(&valid);
        match prepare(self.map, &row.key, &valid) {
            Err(reason) => self.refuse(&mut shown, row, [reason].into_iter().collect()),
            Ok(events) if events.is_empty() => shown.not_sent = Some("no_events".to_owned()),
            Ok(events) => match self.seen.get(&row.key) {
                Some(first) => shown.not_sent = Some(format!("duplicate of row {first}")),
                None => {
                    self.seen.insert(row.key, number);
                    shown.sent = Some(ToSend::of(&valid, events, self.max_per_click));
                }
            },
        }
        shown
    }

    fn refuse(&self, shown: &mut Shown<'_>, row: &Row<'_>, reasons: Reasons) {
        let words: Vec<_> = reasons.iter().map(Reason::as_str).collect();
        shown.not_sent = Some(words.join(", "));
        shown.findings = findings(row, reasons, self.rules.object_network);
    }
}

/// What is shown of a row.
#[derive(Default)]
struct Shown<'r> {
    number: u64,
    conversion: Option<&'r Conversion<'r>>,
    not_sent: Option<String>,
    findings: Vec<Finding>,
    sent: Option<ToSend>,
    user: Vec<UserField>,
}

/// The events of a row.
struct ToSend {
    pixel: PixelRef,
    events: Vec<PreparedEvent>,
    value: Money,
    stated: Money,
    waits: Option<&'static str>,
}

impl ToSend {
    fn of(valid: &Valid<'_, '_>, events: Vec<PreparedEvent>, max_per_click: Money) -> Self {
        Self {
            pixel: valid.pixel().clone(),
            value: events.iter().filter_map(|event| event.value).sum(),
            stated: valid.revenue(),
            waits: valid.odd_amount(max_per_click).map(OddAmount::as_str),
            events,
        }
    }

    fn put(&self, text: &mut String) {
        let Self { pixel, events, value, stated, waits } = self;
        put(text, format_args!("\n  {} events to pixel {}, value {value}", events.len(), pixel.code));
        if stated != value {
            put(text, format_args!("; no paid click carries the stated {stated}"));
        }
        if let Some(odd) = waits {
            put(text, format_args!("; they wait: {odd}"));
        }
        text.push('\n');
        for event in events {
            put(text, format_args!("  event {}\n", String::from_utf8_lossy(&event.payload)));
        }
    }
}

impl Shown<'_> {
    /// For people.
    fn text(&self) -> String {
        let mut text = format!("row {}", self.number);
        if let Some(conversion) = self.conversion {
            let keyword = conversion.keyword_clicked.as_deref().unwrap_or_default();
            put(
                &mut text,
                format_args!("  session {}  keyword {keyword:?}", one_line(&conversion.session_id)),
            );
        }
        if let Some(reason) = &self.not_sent {
            put(&mut text, format_args!("\n  not sent: {reason}\n"));
        }
        for finding in &self.findings {
            put(&mut text, format_args!("  wrong    {}\n", one_line(&finding.to_string())));
        }
        if let Some(sent) = &self.sent {
            sent.put(&mut text);
        }
        self.user.iter().for_each(|field| put_field(&mut text, field));
        text
    }

    /// For programs.
    fn json(&self, currency: &str) -> Value {
        let event = |event: &PreparedEvent| -> Value {
            serde_json::from_slice(&event.payload)
                .unwrap_or_else(|_| String::from_utf8_lossy(&event.payload).into_owned().into())
        };
        let sent = self.sent.as_ref();
        json!({
            "row": self.number,
            "session": self.conversion.map(|conversion| &*conversion.session_id),
            "keyword": self.conversion.and_then(|conversion| conversion.keyword_clicked.as_deref()),
            "not_sent": self.not_sent,
            "findings": self.findings.iter().map(finding_json).collect::<Vec<_>>(),
            "pixel": sent.map(|sent| sent.pixel.to_string()),
            "value": sent.map(|sent| sent.value), "stated_revenue": sent.map(|sent| sent.stated),
            "currency": currency,
            "waits": sent.and_then(|sent| sent.waits),
            "events": sent.map_or_else(Vec::new, |sent| sent.events.iter().map(event).collect()),
            "user_data": self.user.iter().map(field_json).collect::<Vec<_>>(),
        })
    }
}

fn field_json(field: &UserField) -> Value {
    let (name, before) = (field.name, &field.before);
    match &field.after {
        Ok(sent) => {
            json!({"name": name, "before": before, "normalised": sent.normalised, "sent": sent.value})
        }
        Err(reason) => json!({"name": name, "before": before, "omitted": reason.to_string()}),
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
