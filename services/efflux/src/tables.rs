//! Receipts as tables, for people.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::{IsTerminal, stdout};

use comfy_table::{CellAlignment, Table};
use domain::{Money, Outcome, PixelRef, Reason, Receipt};
use runtime::terminal::one_line;

use crate::arrangement;
use crate::follow::Followed;

/// A table with a header whose columns from the second on are numbers.
fn table(header: &[&str]) -> Table {
    let mut table = arrangement::arranged(stdout().is_terminal());
    table.set_header(header.to_vec());
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn written(table: &Table) -> String {
    arrangement::written(table, stdout().is_terminal())
}

/// Amounts as people read them: at least two decimals, at most four.
pub(crate) fn amount(money: Money) -> String {
    let rounded = format!("{:.4}", money.decimal().round_dp(4));
    match rounded.strip_suffix("00") {
        Some(short) => short.to_owned(),
        None => rounded,
    }
}

/// An amount with its currency: `$` stands for US dollars and for nothing else.
pub(crate) fn money(money: Money, currency: &str) -> String {
    match currency {
        "USD" => format!("$ {}", amount(money)),
        other => format!("{other} {}", amount(money)),
    }
}

/// The receipt of one file, its money in this currency.
pub(crate) fn receipt(followed: &Followed, currency: &str) -> String {
    let mut text = format!("{}\n", followed.object);
    if let Some(reason) = followed.refused() {
        writeln!(text, "  refused: {reason}").expect("writing to a String never fails");
        return text;
    }
    let mut table = table(&["", "rows", "events", &format!("revenue {currency}")]);
    let Some(filter) = &followed.filter else {
        text.push_str("  not processed yet: is `efflux run`, or filter-svc, running on this data?\n");
        return text;
    };
    table.add_row([String::from("rows in"), filter.rows_in.to_string()]);
    for (reason, rows) in &filter.filtered_out {
        table.add_row([format!("filtered out: {reason}"), rows.to_string()]);
    }
    if let Some(report) = &followed.report {
        for count in report.outcomes.iter().filter(|c| c.rows > 0) {
            let colon = if count.reason.is_empty() { "" } else { ": " };
            let reason = one_line(&count.reason);
            table.add_row([format!("{}{colon}{reason}", count.outcome), count.rows.to_string()]);
        }
        for pixel in &report.pixels {
            table.add_row([
                format!("to pixel {}", pixel.pixel),
                pixel.conversions.to_string(),
                pixel.events.to_string(),
                amount(pixel.revenue),
            ]);
        }
    }
    for (what, sum) in followed.report.iter().flat_map(in_all) {
        table.add_row([what.to_owned(), String::new(), String::new(), amount(sum)]);
    }
    let mut suspicions = String::new();
    for reason in followed.suspicious() {
        writeln!(suspicions, "Suspicious: {}.", one_line(&reason)).expect("writing to a String never fails");
    }
    if followed.is_held() {
        let key = &followed.object.key;
        writeln!(
            suspicions,
            "Held: nothing of it was passed on. `efflux held release '{key}'` lets it pass."
        )
        .expect("writing to a String never fails");
    }
    if followed.is_without_effect() {
        suspicions.push_str("No row of it was reported.\n");
    }
    writeln!(text, "{}\n{suspicions}{}", written(&table), conclusion(followed))
        .expect("writing to a String never fails");
    text
}

/// The money of a file.
fn in_all(report: &Receipt) -> Vec<(&'static str, Money)> {
    let mut sums = vec![("stated in all", report.stated), ("reported in all", report.revenue())];
    sums.push(("stated and not reported", report.unreported));
    sums.retain(|(_, sum)| !sum.is_zero());
    sums
}

/// Whether all of a file is at its end.
fn conclusion(followed: &Followed) -> String {
    let (open, again) = (followed.open(), followed.open_duplicates.all());
    if !followed.balances() {
        let waits = "It waits for you.";
        return if followed.is_held() { waits } else { "Not reconciled (yet): some rows have no outcome." }
            .to_owned();
    }
    match (open, again) {
        (0, 0) => "Reconciled: every row has an outcome, and none is open.".to_owned(),
        (open, 0) => format!("Reconciled; {open} rows are still open."),
        (0, again) => format!("Reconciled; {}.", still_to_be_sent(again)),
        (open, again) => format!("Reconciled; {open} rows are still open, and {}.", still_to_be_sent(again)),
    }
}

fn still_to_be_sent(again: u64) -> String {
    format!("of {again} of its duplicates something is still to be sent: see `efflux status`")
}

/// All files together, for a media buyer.
pub(crate) fn summary(files: &[(String, Followed)], currency: &str) -> String {
    let mut sums: Vec<(&str, Sums)> = Vec::new();
    for (network, followed) in files {
        let at = sums.iter().position(|(n, _)| n == network).unwrap_or_else(|| {
            sums.push((network, Sums::default()));
            sums.len() - 1
        });
        sums[at].1.add(followed);
    }
    let mut all = Sums::default();
    files.iter().for_each(|(_, followed)| all.add(followed));

    let mut networks = table(&[
        "Feed network",
        "Rows in",
        "Reported",
        "Not reported",
        "Events sent",
        "Money reported",
        "Stated and not reported",
    ]);
    let total = [("All", &all)];
    for (name, s) in sums.iter().map(|(n, s)| (*n, s)).chain(total) {
        let not_reported: u64 = s.not_reported.values().sum();
        networks.add_row([
            name.to_owned(),
            s.rows.to_string(),
            s.reported.to_string(),
            not_reported.to_string(),
            s.events.to_string(),
            money(s.revenue, currency),
            money(s.unreported, currency),
        ]);
    }
    let mut pixels = table(&["Pixel", "Conversions", "Events", "Money"]);
    for (pixel, (conversions, events, revenue)) in &all.pixels {
        pixels.add_row([
            pixel.to_string(),
            conversions.to_string(),
            events.to_string(),
            money(*revenue, currency),
        ]);
    }
    let mut reasons = table(&["Not reported because", "Rows"]);
    for (reason, rows) in &all.not_reported {
        reasons.add_row([reason.clone(), rows.to_string()]);
    }
    [networks, pixels, reasons].map(|table| written(&table) + "\n").join("\n")
}

#[derive(Default)]
struct Sums {
    rows: u64,
    reported: u64,
    events: u64,
    revenue: Money,
    unreported: Money,
    not_reported: BTreeMap<String, u64>,
    pixels: BTreeMap<PixelRef, (u64, u64, Money)>,
}

impl Sums {
    fn add(&mut self, followed: &Followed) {
        if let Some(filter) = &followed.filter {
            self.rows += filter.rows_in;
            for (reason, rows) in &filter.filtered_out {
                *self.not_reported.entry(in_words("filtered", reason)).or_default() += rows;
            }
        }
        let Some(report) = &followed.report else { return };
        self.reported += report.rows(Outcome::Reported);
        self.events += report.events();
        self.revenue = self.revenue + report.revenue();
        self.unreported = self.unreported + report.unreported;
        for count in report.outcomes.iter().filter(|c| c.outcome != Outcome::Reported && c.rows > 0) {
            *self.not_reported.entry(in_words(count.outcome.as_str(), &count.reason)).or_default() +=
                count.rows;
        }
        for pixel in &report.pixels {
            let sum = self.pixels.entry(pixel.pixel.clone()).or_default();
            *sum = (sum.0 + pixel.conversions, sum.1 + pixel.events, sum.2 + pixel.revenue);
        }
    }
}

/// A reason in a media buyer's words, followed by the log's word.
fn in_words(outcome: &str, reason: &str) -> String {
    let words = match (outcome, reason) {
        ("filtered", "not_subscribed") => "campaign not subscribed",
        ("filtered", "no_campaign") => "no campaign in the row",
        ("duplicate", _) => "already reported: the same session and keyword again",
        ("no_events", _) => "no events yet: all counts are zero",
        (_, "") => return outcome.to_owned(),
        _ => match Reason::ALL.iter().find(|known| known.as_str() == reason) {
            Some(known) => known.explanation(),
            None => return format!("{outcome}: {reason}"),
        },
    };
    let reason = if reason.is_empty() { outcome } else { reason };
    format!("{words} ({reason})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_two_to_four_decimals() {
        let text = |s: &str| amount(s.parse().unwrap());
        assert_eq!(
            [text("0.3"), text("12"), text("0.1234567"), text("0.125")],
            ["0.30", "12.00", "0.1235", "0.1250"]
        );
        let cents = "1.5".parse().unwrap();
        assert_eq!([money(cents, "USD"), money(cents, "EUR")], ["$ 1.50", "EUR 1.50"]);
    }
}
