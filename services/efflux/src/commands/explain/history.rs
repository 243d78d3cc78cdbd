//! The history of one entry: what the ledger, the files and the directory say about it, as text and as JSON.

use std::fmt::Write;

use assembly::Parts;
use domain::finding::{Finding, findings};
use domain::receipt::FilterReceipt;
use domain::{FeedMap, PixelCode, PixelRef, Platform, Reason, Reasons, Row};
use ports::destination::Answer;
use ports::ledger::{Attempt, Erased, Erasure, Record};
use runtime::terminal::one_line;
use serde_json::{Value, json};

use super::{Directory, Found, next, receipt_of_filtered, source};
use crate::tables::money;

/// What is known about an entry.
pub(super) struct History {
    record: Record,
    /// The filter's receipt for its file.
    receipt: Option<FilterReceipt>,
    /// The number of its row in the interpreted file.
    row: Option<u64>,
    findings: Vec<Finding>,
    attempts: Vec<Attempt>,
    /// Whether the directory has its pixel; `None` when it has no pixel, or the directory cannot be read.
    is_pixel_known: Option<bool>,
    next: String,
    currency: String,
}

impl History {
    pub(super) async fn of(
        parts: &Parts<Found>,
        record: Record,
        directory: &Directory,
    ) -> anyhow::Result<Self> {
        let receipt = receipt_of_filtered(parts, &record.source.object).await?;
        let row = match &receipt {
            Some(receipt) => source::row(parts, receipt, &record).await?,
            None => None,
        };
        let findings = match record.erased {
            Some(_) => Vec::new(),
            None => {
                let row = row_of(&record, &directory.feeds);
                findings(&row, Reasons::of_words(&record.reasons), Some(&record.network))
            }
        };
        let is_known = |pixel: &PixelRef| directory.pixels.as_ref().map(|pixels| pixels.contains(pixel));
        let is_pixel_known = pixel_of(&record).as_ref().and_then(is_known);
        let (now, restatements) = (parts.clock.now(), parts.settings.reporting.restatements);
        Ok(Self {
            next: next::of(&record, restatements, now),
            attempts: parts.ports.ledger.attempts(&record.key).await?,
            currency: parts.settings.reporting.currency.clone(),
            record,
            receipt,
            row,
            findings,
            is_pixel_known,
        })
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let mut text = format!("{}\n", self.subject());
        let mut line = |name: &str, what: &str| {
            writeln!(text, "  {name:<9} {what}").expect("writing to a String never fails");
        };
        let record = &self.record;
        line("key", &record.key.to_string());
        if let Some(click) = record.click_time {
            line("click", &click.millis().to_string());
        }
        line("file", &self.file());
        if self.receipt.is_some() {
            let source = &record.source;
            line("filtered", &format!("{}, row {}", one_line(&source.object), source.row));
        }
        line("filter", &self.filter());
        line("checks", if record.reasons.is_empty() { "valid" } else { &record.reasons });
        self.findings.iter().for_each(|finding| line("wrong", &one_line(&finding.to_string())));
        line("pixel", &format!("{}, network {}", self.pixel(), one_line(&record.network)));
        self.money().iter().for_each(|(name, what)| line(name, what));
        line("entered", &format!("{}; {} claims so far", record.created_at, record.attempts));
        self.attempts.iter().for_each(|attempt| line("attempt", &attempted(attempt)));
        if let Some(erased) = &record.erased {
            line("erased", &erased_in_words(erased));
        }
        line("now", &format!("{} since {}", with_reason(record), record.updated_at));
        line("next", &self.next());
        text.push('\n');
        text
    }

    /// For programs.
    pub(super) fn json(&self) -> Value {
        let record = &self.record;
        let time = |at: Option<domain::UnixMillis>| at.map(|at| at.to_string());
        json!({
            "session": record.session_id, "keyword": record.keyword_clicked, "key": record.key,
            "click": time(record.click_time.map(domain::UnixSeconds::millis)),
            "file": self.receipt.as_ref().map(|receipt| receipt.object.to_string()), "row": self.row,
            "filtered_file": record.source.object, "filtered_row": record.source.row,
            "checks": Reasons::of_words(&record.reasons).iter().map(Reason::as_str).collect::<Vec<_>>(),
            "findings": self.findings.iter().map(finding_json).collect::<Vec<_>>(),
            "pixel": record.pixel.as_ref().map(PixelRef::to_string), "pixel_in_directory": self.is_pixel_known,
            "network": record.network, "currency": self.currency,
            "stated": {"paid_clicks": record.observed.count, "revenue": record.observed.revenue},
            "reported": {
                "purchases": record.reported.count, "revenue": record.reported.revenue, "events": record.events,
            },
            "unreported_revenue": record.unreported(),
            "entered": record.created_at.to_string(), "claims": record.attempts,
            "attempts": self.attempts.iter().map(attempt_json).collect::<Vec<_>>(),
            "erased": record.erased.as_ref().map(|erased| erased.at.to_string()),
            "outcome": record.outcome, "reason": record.reason, "since": record.updated_at.to_string(),
            "due": time(record.due_at), "deadline": time(record.deadline), "next": self.next(),
        })
    }

    fn subject(&self) -> String {
        let record = &self.record;
        if record.session_id.is_none() && record.erased.is_some() {
            return "Session and keyword are erased".to_owned();
        }
        let keyword = record.keyword_clicked.as_deref();
        let keyword = keyword.map_or("no keyword".to_owned(), |k| format!("keyword {}", one_line(k)));
        format!("Session {}, {keyword}", one_line(record.session_id.as_deref().unwrap_or_default()))
    }

    /// The file that the feed's engineer has.
    fn file(&self) -> String {
        let source = &self.record.source;
        match (&self.receipt, self.row) {
            (Some(receipt), Some(row)) => {
                format!("{}, row {row} (counted from 0)", one_line(&receipt.object.to_string()))
            }
            (Some(receipt), None) => format!(
                "{}; its row is not known: the file does not exist any more, or has other rows by now",
                one_line(&receipt.object.to_string())
            ),
            (None, _) => format!("{}, row {} (counted from 0)", one_line(&source.object), source.row),
        }
    }

    fn filter(&self) -> String {
        match &self.receipt {
            None => "its receipt does not exist, or another program wrote the file".to_owned(),
            Some(receipt) => format!(
                "kept the row: {} of {} rows of {} passed at {}",
                receipt.kept,
                receipt.rows_in,
                one_line(&receipt.object.to_string()),
                receipt.at
            ),
        }
    }

    fn pixel(&self) -> String {
        let Some(pixel) = &self.record.pixel else { return "none".to_owned() };
        match self.is_pixel_known {
            Some(false) => format!("{pixel} (not in the directory any more)"),
            Some(true) | None => pixel.to_string(),
        }
    }

    fn money(&self) -> Vec<(&'static str, String)> {
        let record = &self.record;
        let (observed, reported) = (record.observed, record.reported);
        let shown = |amount| money(amount, &self.currency);
        let mut lines = vec![
            ("stated", format!("{} paid clicks, {}", observed.count, shown(observed.revenue))),
            (
                "reported",
                format!(
                    "{} Purchases, {}, {} events in all",
                    reported.count,
                    shown(reported.revenue),
                    record.events
                ),
            ),
        ];
        if !record.unreported().is_zero() {
            lines.push(("missing", format!("{} are stated and not reported", shown(record.unreported()))));
        }
        lines
    }

    fn next(&self) -> String {
        let is_invalid = Reasons::of_words(&self.record.reasons).contains(Reason::InvalidPixel);
        match (self.is_pixel_known, &self.record.pixel) {
            (Some(true), None) if is_invalid => {
                format!("its pixel is in the directory by now; {}", self.next)
            }
            (Some(false), Some(_)) if !self.record.outcome.is_end() => {
                format!("its pixel is not in the directory any more: add it again; {}", self.next)
            }
            _ => self.next.clone(),
        }
    }
}

/// The row as it was judged: a time zone that was set for its feed since did not count.
fn row_of<'r>(record: &'r Record, feeds: &FeedMap) -> Row<'r> {
    let row = Row::of_feed(&record.raw, feeds, Some(&record.network));
    let is_read = row.conversion.as_deref().is_some_and(|conversion| conversion.click_time.is_some());
    if record.click_time.is_none() && is_read { Row::parse(&record.raw) } else { row }
}

/// The entry's pixel, or the one that its invalid row names.
fn pixel_of(record: &Record) -> Option<PixelRef> {
    record.pixel.clone().or_else(|| {
        let row = Row::parse(&record.raw);
        let conversion = row.conversion.as_deref()?;
        let code = PixelCode::new(conversion.pixel_id.as_deref()?).ok()?;
        Some(PixelRef::new(Platform::from_feed(conversion.traffic_source.as_deref())?, code))
    })
}

/// A finding for programs.
pub(in crate::commands) fn finding_json(finding: &Finding) -> Value {
    let Finding { reason, field, value, rule } = finding;
    json!({"reason": reason.as_str(), "field": field, "value": value, "rule": rule})
}

fn attempt_json(attempt: &Attempt) -> Value {
    let Attempt { number, at, owner, outcome, reason, events, answer } = attempt;
    json!({
        "number": number, "at": at.to_string(), "owner": owner, "outcome": outcome, "reason": reason,
        "events": events, "answer": answer,
    })
}

fn with_reason(record: &Record) -> String {
    match record.reason.as_str() {
        "" => record.outcome.to_string(),
        reason => format!("{} ({})", record.outcome, one_line(reason)),
    }
}

fn erased_in_words(erased: &Erased) -> String {
    let why = match erased.why {
        Erasure::Retention => "retention (RETENTION_DAYS)",
        Erasure::Request => "`efflux erase`",
    };
    format!("its text was erased by {why} at {}; key, figures and outcome stay", erased.at)
}

fn attempted(attempt: &Attempt) -> String {
    let Attempt { number, at, owner, outcome, reason, events, answer } = attempt;
    let because = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
    let response = answer.as_ref().map_or_else(|| "nothing was sent".to_owned(), answered);
    format!("{number} at {at} by {owner}: {outcome}{because}, {events} events accepted; {response}")
}

fn answered(answer: &Answer) -> String {
    let mut text = match answer.status {
        0 => "no answer".to_owned(),
        status => format!("Meta answered {status}"),
    };
    if let Some(code) = answer.code {
        let subcode = answer.subcode.map_or(String::new(), |s| format!("/{s}"));
        text.push_str(&format!(", code {code}{subcode}"));
    }
    if !answer.message.is_empty() {
        text.push_str(&format!(", {}", one_line(&answer.message)));
    }
    if let Some(trace) = &answer.trace_id {
        text.push_str(&format!(", trace id {}", one_line(trace)));
    }
    text
}
