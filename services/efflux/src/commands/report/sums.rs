//! Sums by group, as a report shows them.

use std::collections::BTreeMap;

use domain::{Money, Outcome};
use ports::analytics::Total;
use serde_json::Value;

use crate::sheet::{Cell, Sheet};

/// The columns of a report.
pub(super) const COLUMNS: usize = 13;

/// What the sum of all groups is called.
const ALL: &str = "all";

/// The group of rows that named none.
const NONE: &str = "(none)";

/// Conversions and money of one group.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Sum {
    conversions: u64,
    reported: u64,
    waiting: u64,
    lost: u64,
    no_events: u64,
    purchases: u64,
    events: u64,
    stated: Money,
    reported_revenue: Money,
    unreported: Money,
    waiting_revenue: Money,
    lost_revenue: Money,
}

impl Sum {
    fn add(&mut self, total: &Total) {
        self.conversions += total.conversions;
        self.purchases += total.purchases;
        self.events += total.events;
        self.stated = self.stated + total.stated;
        self.reported_revenue = self.reported_revenue + total.reported;
        self.unreported = self.unreported + total.unreported;
        match total.outcome {
            Outcome::Reported => self.reported += total.conversions,
            Outcome::Retry | Outcome::Parked | Outcome::InFlight => {
                self.waiting += total.conversions;
                self.waiting_revenue = self.waiting_revenue + total.unreported;
            }
            Outcome::Rejected | Outcome::Expired | Outcome::Invalid => {
                self.lost += total.conversions;
                self.lost_revenue = self.lost_revenue + total.unreported;
            }
            Outcome::NoEvents | Outcome::Duplicate => self.no_events += total.conversions,
        }
    }

    fn cells(&self, group: Cell) -> [Cell; COLUMNS] {
        [
            group,
            Cell::Number(self.conversions),
            Cell::Number(self.reported),
            Cell::Number(self.waiting),
            Cell::Number(self.lost),
            Cell::Number(self.no_events),
            Cell::Number(self.purchases),
            Cell::Number(self.events),
            Cell::Money(self.stated),
            Cell::Money(self.reported_revenue),
            Cell::Money(self.unreported),
            Cell::Money(self.waiting_revenue),
            Cell::Money(self.lost_revenue),
        ]
    }
}

/// A group's place among the others, and its name.
pub(super) type Label = (i64, String);

/// Sums by group, and of all groups.
#[derive(Debug, Default)]
pub(super) struct Sums {
    groups: BTreeMap<Label, Sum>,
    all: Sum,
}

impl Sums {
    /// Adds up what has the same label.
    pub(super) fn of(totals: Vec<Total>, label: impl Fn(&str) -> Label) -> Self {
        let mut sums = Self::default();
        for total in totals {
            sums.groups.entry(label(&total.group)).or_default().add(&total);
            sums.all.add(&total);
        }
        sums
    }

    pub(super) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// A row for each group, in their order, for programs and spreadsheets.
    pub(super) fn sheet(&self, by: &'static str, currency: &str) -> Sheet<COLUMNS> {
        let mut sheet = Self::empty(by).in_currency(currency);
        for ((_, group), sum) in &self.groups {
            let group = Some(group).filter(|group| !group.is_empty());
            sheet.add(sum.cells(Cell::or_nothing(group, Cell::text)));
        }
        sheet
    }

    /// The same for people, with the sum of all groups where there are several.
    pub(super) fn sheet_for_people(&self, by: &'static str) -> Sheet<COLUMNS> {
        let mut sheet = Self::empty(by);
        for ((_, group), sum) in &self.groups {
            sheet.add(sum.cells(Cell::text(if group.is_empty() { NONE } else { group })));
        }
        if self.groups.len() > 1 {
            sheet.add(self.all.cells(Cell::text(ALL)));
        }
        sheet
    }

    /// The sum of all groups, for programs.
    pub(super) fn total(&self) -> Value {
        let mut total = Self::empty(ALL).object(&self.all.cells(Cell::Nothing));
        if let Some(total) = total.as_object_mut() {
            total.remove(ALL);
        }
        total
    }

    const fn empty(by: &'static str) -> Sheet<COLUMNS> {
        Sheet::new([
            by,
            "conversions",
            "reported",
            "waiting",
            "lost",
            "no_events",
            "purchases",
            "events",
            "stated_revenue",
            "reported_revenue",
            "unreported_revenue",
            "waiting_revenue",
            "lost_revenue",
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(group: &str, outcome: Outcome, stated: &str, reported: &str) -> Total {
        let (stated, reported): (Money, Money) = (stated.parse().unwrap(), reported.parse().unwrap());
        Total {
            group: group.to_owned(),
            outcome,
            conversions: 1,
            stated,
            reported,
            unreported: stated - reported,
            purchases: 0,
            events: 0,
        }
    }

    #[test]
    fn each_conversion_is_in_one_column_and_groups_with_one_label_are_one() {
        let totals = Outcome::ALL.map(|outcome| total("de", outcome, "1", "0.25")).into();
        let sums = Sums::of(totals, |group| (0, group.to_uppercase()));
        let all = sums.total();
        let count = |name: &str| all[name].as_u64().unwrap();
        assert_eq!(count("conversions"), 9);
        assert_eq!(count("reported") + count("waiting") + count("lost") + count("no_events"), 9);
        assert_eq!(all["waiting_revenue"], "2.25");
        let rows = sums.sheet("country", "USD").to_json();
        assert_eq!((rows.as_array().unwrap().len(), &rows[0]["country"]), (1, &"DE".into()));
        assert_eq!((&rows[0]["stated_revenue"], &rows[0]["currency"]), (&"9".into(), &"USD".into()));
    }
}
