//! How much due work is handed out, and of which pixels.

use std::collections::BTreeMap;

use domain::PixelRef;
use ports::ledger::{Due, DueLimits, RowClaim, RowVerdict};

use super::fixture::{Subject, at, holder, pixel, retry, sendable};

/// Entries of pixels, in retry and due at second 10; the deadline grows with the row.
async fn waiting(ledger: &Subject, pixels: &[(&str, u64)]) {
    let mut rows = Vec::new();
    for (code, entries) in pixels {
        for row in 0..*entries {
            let deadline = at(10_000 + i64::try_from(row).expect("few rows"));
            let stated = sendable(&format!("{code}/{row}"), &format!("b/{code}"), row);
            let verdict = RowVerdict::Sendable { deadline };
            rows.push(RowClaim { pixel: Some(pixel(code)), verdict, ..stated });
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
    let limits = DueLimits { total: 20, per_pixel: 5, except: Vec::new() };
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

pub(super) async fn what_is_past_its_deadline_comes_in_any_case(ledger: Subject) {
    waiting(&ledger, &[("111", 8)]).await;
    let limits = DueLimits { total: 20, per_pixel: 1, except: vec![pixel("111")] };
    assert_eq!(claim(&ledger, &limits, 10).await, []);
    let due = claim(&ledger, &limits, 10_004).await;
    assert_eq!(due.len(), 5, "those whose deadlines are 10,000 to 10,004");
    let limits = DueLimits { except: Vec::new(), ..limits };
    assert_eq!(claim(&ledger, &limits, 10_004).await.len(), 1);
}
