//! The receipt of one file: rows in, and how many have which outcome.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::money::Money;
use crate::object::ObjectRef;
use crate::outcome::Outcome;
use crate::pixel::PixelRef;
use crate::time::UnixMillis;

/// What the filter did with the rows of one interpreted file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilterReceipt {
    /// The interpreted file.
    pub object: ObjectRef,
    /// The file that holds the rows that were kept; absent when the file was refused or nothing was kept.
    pub output: Option<ObjectRef>,
    /// Why the file was refused whole; nothing of it was done then.
    pub refused: Option<String>,
    /// Why the file looks wrong as a whole; empty when it does not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suspicious: Vec<String>,
    /// Whether it is held for the operator because of that; nothing of it was passed on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub held: bool,
    /// Rows read.
    pub rows_in: u64,
    /// Rows passed on, those without a readable campaign field included when filtering is off.
    pub kept: u64,
    /// Rows that were filtered out, by reason.
    pub filtered_out: BTreeMap<String, u64>,
    /// When the filter was done.
    pub at: UnixMillis,
}

impl FilterReceipt {
    /// Rows in = kept + filtered out.
    #[must_use]
    pub fn balances(&self) -> bool {
        self.rows_in == self.kept + self.filtered_out.values().sum::<u64>()
    }
}

/// What the ledger has of one filtered file at this moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Receipt {
    /// Why the file was refused whole; nothing of it was done then.
    pub refused: Option<String>,
    /// Rows read; 0 until the file has been read to its end.
    pub rows_in: u64,
    /// Whether the file has been read to its end and each of its rows is durable in the ledger.
    pub complete: bool,
    /// The digest of the content that was read, once it has been read to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Rows by outcome and, where there is one, reason.
    pub outcomes: Vec<OutcomeCount>,
    /// Events that the destination accepted, by pixel.
    pub pixels: Vec<PixelCount>,
    /// What feeds stated last that the conversions of this file earned, in the feed's currency. A duplicate's is its conversion's.
    #[serde(default)]
    pub stated: Money,
    /// What of it no event has reported: it waits, cannot be sent, or has no paid click that could carry it.
    #[serde(default)]
    pub unreported: Money,
}

/// How many rows ended the same way for the same reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeCount {
    /// How they ended.
    pub outcome: Outcome,
    /// The category, or the destination's words; empty where there is nothing to say.
    pub reason: String,
    /// How many rows.
    pub rows: u64,
}

/// What was reported to one pixel from one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PixelCount {
    /// The pixel.
    pub pixel: PixelRef,
    /// Conversions of which all events were accepted.
    pub conversions: u64,
    /// Events accepted.
    pub events: u64,
    /// Value of the Purchases accepted.
    pub revenue: Money,
}

impl Receipt {
    /// Adds a conversion of the file for which so much was stated and reported.
    pub fn add_money(&mut self, stated: Money, reported: Money) {
        self.stated = self.stated + stated;
        self.unreported = self.unreported + (stated - reported).max(Money::ZERO);
    }

    /// How many rows have this outcome, whatever the reason.
    #[must_use]
    pub fn rows(&self, outcome: Outcome) -> u64 {
        self.outcomes.iter().filter(|o| o.outcome == outcome).map(|o| o.rows).sum()
    }

    /// Rows in = sum of outcomes. An incomplete file does not balance yet.
    #[must_use]
    pub fn balances(&self) -> bool {
        self.complete && self.rows_in == self.outcomes.iter().map(|o| o.rows).sum::<u64>()
    }

    /// Whether the file was read to its end and none of its rows may be sent.
    #[must_use]
    pub fn is_all_invalid(&self) -> bool {
        self.complete && self.rows_in > 0 && self.rows(Outcome::Invalid) == self.rows_in
    }

    /// Rows that are not at an end yet.
    #[must_use]
    pub fn open(&self) -> u64 {
        self.outcomes.iter().filter(|o| !o.outcome.is_end()).map(|o| o.rows).sum()
    }

    /// Events accepted from this file.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.pixels.iter().map(|p| p.events).sum()
    }

    /// Value reported from this file.
    #[must_use]
    pub fn revenue(&self) -> Money {
        self.pixels.iter().map(|p| p.revenue).sum()
    }
}
