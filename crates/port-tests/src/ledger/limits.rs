//! How much due work is handed out, and of which pixels.

use std::collections::BTreeMap;

use domain::PixelRef;
use ports::ledger::{Due, DueLimits, RowClaim, RowVerdict};

use super::fixture::{Subject, at, holder, pixel, retry, sendable};

/// Entries of pixels, in retry and due at second 10; the deadline grows with the row.
async fn waiting(ledger: &Subject, pixels: &[(&str, u64)]) {
    waiting_with(ledger, pixels, None).await;
}

/// The same with a text.
async fn waiting_with(ledger: &Subject, pixels: &[(&str, u64)], raw: Option<&str>) {
    let mut rows = Vec::new();
    for (code, entries) in pixels {
        for row in 0..*entries {
            let deadline = at(10_000 + i64::try_from(row).expect("few rows"));
            let stated = sendable(&format!("{code}/{row}"), &format!("b/{code}"), row);
            let verdict = RowVerdict::Sendable { deadline };
            let raw = raw.map_or_else(|| stated.raw.clone(), str::to_owned);
            rows.push(RowClaim { pixel: Some(pixel(code)), verdict, raw, ..stated });
        }
    }
    for claim in ledger.claim(rows, 0).await {
        let ports::ledger::Claim::Held(lease) = claim else { panic!("held was expected: {claim:?}") };
        ledger.done(&lease, retry(10), 1).await;
    }
}

async fn claim(ledger: &Subject, limits: &DueLimits, seconds: i64) -> Vec<Due> {
    let due = ledger.0.claim_due(limits, &holder("due", seconds)).await.expect("claim_due");
    assert!(due.len() <= limits.total);
    due
}

fn by_pixel(due: &[Due]) -> BTreeMap<PixelRef, usize> {
    let mut counts = BTreeMap::new();
    due.iter().for_each(|d| *counts.entry(d.pixel.clone()).or_default() += 1);
    counts
}

fn counts(pixels: &[(&str, usize)]) -> BTreeMap<PixelRef, usize> {
    pixels.iter().map(|(text, entries)| (pixel(text), *entries)).collect()
}

pub(super) async fn a_backlog_leaves_room_for_others(ledger: Subject) {
    waiting(&ledger, &[("111", 40), ("tiktok:111", 3), ("333", 2)]).await;
    let limits = DueLimits { per_pixel: 5, ..DueLimits::of(20) };
    let due = claim(&ledger, &limits, 10).await;
    assert_eq!(by_pixel(&due), counts(&[("111", 5), ("tiktok:111", 3), ("333", 2)]));
    let deadlines: Vec<_> = due.iter().map(|d| d.deadline).collect();
    assert!(deadlines.is_sorted(), "{deadlines:?}");
    let nearest = due.iter().filter(|d| d.pixel == pixel("111")).map(|d| d.deadline).max();
    assert_eq!(nearest, Some(at(10_004)), "the nearest of the pixel");
    assert_eq!(by_pixel(&claim(&ledger, &limits, 10).await), counts(&[("111", 5)]));
}

pub(super) async fn pixels_can_be_excepted(ledger: Subject) {
    waiting(&ledger, &[("111", 4), ("tiktok:111", 2)]).await;
    let limits = DueLimits { except: vec![pixel("111"), pixel("999")], ..DueLimits::of(10) };
    assert_eq!(by_pixel(&claim(&ledger, &limits, 10).await), counts(&[("tiktok:111", 2)]));
    assert_eq!(claim(&ledger, &limits, 10).await, []);
    assert_eq!(by_pixel(&claim(&ledger, &DueLimits::of(10), 10).await), counts(&[("111", 4)]));
}

pub(super) async fn long_rows_come_a_few_at_a_time(ledger: Subject) {
    waiting_with(&ledger, &[("111", 25), ("tiktok:111", 7)], Some(&"x".repeat(10_000))).await;
    let limits = DueLimits { bytes: 100_000, ..DueLimits::of(100) };
    let mut sizes = Vec::new();
    loop {
        let due = claim(&ledger, &limits, 10).await;
        if due.is_empty() {
            break;
        }
        sizes.push(due.len());
    }
    assert_eq!(sizes, [10, 10, 10, 2], "what is not claimed stays due");
    waiting(&ledger, &[("333", 1)]).await;
    let none = DueLimits { bytes: 1, ..limits };
    assert_eq!(claim(&ledger, &none, 10).await.len(), 1, "one is never too many");
}

pub(super) async fn what_is_past_its_deadline_comes_in_any_case(ledger: Subject) {
    waiting(&ledger, &[("111", 8)]).await;
    let limits = DueLimits { per_pixel: 1, except: vec![pixel("111")], ..DueLimits::of(20) };
    assert_eq!(claim(&ledger, &limits, 10).await, []);
    let due = claim(&ledger, &limits, 10_004).await;
    assert_eq!(due.len(), 5, "those whose deadlines are 10,000 to 10,004");
    let limits = DueLimits { except: Vec::new(), ..limits };
    assert_eq!(claim(&ledger, &limits, 10_004).await.len(), 1);
}
