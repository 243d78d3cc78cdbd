//! What the ledger is asked to claim for a row.

use std::sync::Arc;

use domain::restate::Figures;
use domain::row::Count;
use domain::validate::{Rules, Valid, check};
use domain::{Conversion, FeedMap, Money, Network, Row, UnixMillis};
use ports::Destinations;
use ports::ledger::{RowClaim, RowVerdict, Source};

use crate::report::{PixelMap, ZeroRevenue, mutations};

/// Builds the claims of one file.
pub(super) struct RowClaimBuilder {
    /// The name under which the ledger knows the file.
    pub(super) object: String,
    /// The feed network that the file's key names.
    pub(super) network: String,
    pub(super) pixels: Arc<PixelMap>,
    pub(super) feeds: Arc<FeedMap>,
    pub(super) now: UnixMillis,
    pub(super) destinations: Arc<Destinations>,
    /// The most that one paid click may earn without the operator's consent.
    pub(super) max_per_click: Money,
    pub(super) zero_revenue: ZeroRevenue,
}

impl RowClaimBuilder {
    /// Reads a row of the file.
    pub(super) fn row<'a>(&self, text: &'a str) -> Row<'a> {
        Row::of_feed(text, &self.feeds, Some(&self.network))
    }

    /// The claim of a row, with the verdict of the rules; and how many events it stands for.
    pub(super) fn row_claim(&self, row: &Row<'_>, number: u64) -> (RowClaim, u32) {
        let rules = Rules {
            now: self.now,
            pixels: &*self.pixels,
            platforms: &*self.destinations,
            object_network: Some(&self.network),
        };
        let row = &*mutations::row_of_claim(row);
        let conversion = row.conversion.as_deref();
        let valid = check(row, rules);
        let events = valid.as_ref().map_or(0, |valid| valid.counts().total());
        let (verdict, pixel) = match valid {
            Err(reasons) => (RowVerdict::Invalid(reasons), None),
            Ok(valid) if events == 0 => (RowVerdict::NoEvents, Some(valid.into_pixel())),
            Ok(valid) => (self.verdict(&valid), Some(valid.into_pixel())),
        };
        let claim = RowClaim {
            key: if conversion.is_some() { row.key } else { row.key.at_place(&self.object, number) },
            source: Source { object: self.object.clone(), row: number },
            raw: row.raw.to_owned(),
            session_id: conversion.map(|c| c.session_id.to_string()),
            keyword_clicked: conversion.and_then(|c| c.keyword_clicked.as_deref()).map(str::to_owned),
            click_time: conversion.and_then(|c| c.click_time),
            pixel,
            network: self.network_of(row),
            observed: conversion.and_then(observed),
            verdict,
        };
        (claim, events)
    }

    /// The verdict on a valid row that has events.
    fn verdict(&self, valid: &Valid<'_, '_>) -> RowVerdict {
        let deadline = valid.deadline();
        match mutations::odd_amount(valid.odd_amount(self.max_per_click)) {
            Some(odd) => RowVerdict::Waits { deadline, due_at: self.zero_revenue.due_at(odd, deadline), odd },
            None => RowVerdict::Sendable { deadline },
        }
    }

    /// The network that later attempts go by: the known one's name, or the name in the row or in the file's key.
    fn network_of(&self, row: &Row<'_>) -> String {
        let named = row.conversion.as_deref().and_then(|c| c.network.as_deref()).unwrap_or(&self.network);
        let known = Network::find(named);
        if known.is_known() { known.name.to_owned() } else { named.to_owned() }
    }
}

/// What a row says was earned.
fn observed(conversion: &Conversion<'_>) -> Option<Figures> {
    let revenue = conversion.revenue?;
    Some(Figures { count: number_of(conversion.conversions), revenue })
}

fn number_of(count: Count) -> i64 {
    match count {
        Count::Number(n) => n,
        Count::Absent | Count::Unreadable => 0,
    }
}
