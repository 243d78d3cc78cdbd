//! The status as people read it.

use std::fmt::Write;
use std::io::{IsTerminal, stdout};

use ports::ledger::ObjectReceipt;
use ports::queue::Depth;
use runtime::terminal::one_line;

use super::files::OddFile;
use super::known::{InLedger, Known};
use super::{advice, waiting};
use crate::tables::money;

impl Known {
    pub(super) fn in_words(&self, currency: &str) -> String {
        let mut text = String::new();
        let mut line = |written: String| {
            writeln!(text, "{written}").expect("writing to a String never fails");
        };
        for part in &self.unavailable {
            line(format!("NOT ASKED: {}: {}", part.part, one_line(&part.why())));
        }
        for (name, depth) in [("trigger", self.trigger_queue), ("report", self.report_queue)] {
            depth.into_iter().for_each(|depth| line(queue(name, depth)));
        }
        if let Some(files) = self.files.as_ref().map(|files| files.counts) {
            line(format!(
                "files: {} of the latest {} refused, {} suspicious; {} held",
                files.refused, files.latest, files.suspicious, files.held
            ));
        }
        self.money(currency).into_iter().for_each(&mut line);
        if let Some(ledger) = &self.ledger {
            ledger.in_words(currency).into_iter().for_each(&mut line);
        }
        if let Some(analytics) = &self.analytics {
            line(format!("\nAnalytics shows {} conversions.", analytics.conversions));
        }
        if let Some(ledger) = &self.ledger {
            line(format!("{} changes wait for export to analytics.", ledger.stats.unexported));
            latest(&ledger.latest, currency).into_iter().for_each(&mut line);
        }
        let odd: Vec<_> = self.files.iter().flat_map(|files| &files.odd).map(OddFile::line).collect();
        if !odd.is_empty() {
            line("\nFiles that need a look:".to_owned());
            odd.into_iter().for_each(&mut line);
        }
        let advice = advice::of(self);
        line(if advice.is_empty() { "\nNothing needs you.".to_owned() } else { "\nNext:".to_owned() });
        advice.into_iter().for_each(|one| line(format!("  {one}")));
        text
    }

    fn money(&self, currency: &str) -> Option<String> {
        let known = self.analytics.as_ref()?.money;
        let [stated, reported, unreported, lost] =
            [known.stated, known.reported, known.unreported, known.lost].map(|sum| money(sum, currency));
        let late = match self.ledger.as_ref().map_or(0, |ledger| ledger.stats.unexported) {
            0 => String::new(),
            changes => format!(" ({changes} changes are not exported yet)"),
        };
        let since = self.since;
        Some(format!(
            "\nMoney entered since {since}: stated {stated}, reported {reported}, not reported {unreported}, of which lost {lost}{late}"
        ))
    }
}

impl InLedger {
    fn in_words(&self, currency: &str) -> Vec<String> {
        let mut lines = Vec::new();
        if self.waiting.is_empty() {
            lines.push("No money waits.".to_owned());
        } else {
            let [all, soon] = [waiting::money(&self.waiting), waiting::expiring(&self.waiting)];
            lines.push(format!(
                "Money that waits: {}, of which {} expires within 24 hours",
                money(all, currency),
                money(soon, currency)
            ));
            lines.push(waiting::sheet(&self.waiting).to_table(stdout().is_terminal()));
        }
        lines.extend(self.undecided.in_words(currency));
        lines.push("\nConversions in the ledger:".to_owned());
        let states = self.stats.states.iter();
        lines.extend(states.map(|state| format!("  {:<10} {:>9}", state.outcome.as_str(), state.entries)));
        lines
    }
}

fn queue(name: &str, depth: Depth) -> String {
    let age =
        depth.oldest_age.map_or_else(String::new, |age| format!(", the oldest {} s old", age.as_secs()));
    format!(
        "{name} queue: {} waiting, {} in flight or delayed, {} dead{age}",
        depth.visible, depth.hidden, depth.dead
    )
}

fn latest(files: &[ObjectReceipt], currency: &str) -> Vec<String> {
    let header = (!files.is_empty()).then(|| "\nLatest files:".to_owned());
    let files = files.iter().map(|file| {
        format!("  {}  {}  {}", file.at, one_line(&file.object), one_line(&summary(file, currency)))
    });
    header.into_iter().chain(files).collect()
}

fn summary(file: &ObjectReceipt, currency: &str) -> String {
    let receipt = &file.receipt;
    match &receipt.refused {
        Some(reason) => format!("refused: {reason}"),
        None if receipt.balances() => {
            let [stated, unreported] =
                [receipt.stated, receipt.unreported].map(|amount| money(amount, currency));
            let (rows, open) = (receipt.rows_in, receipt.open());
            format!("{rows} rows, {open} open, stated {stated}, of which {unreported} is not reported")
        }
        None => format!("{} rows, NOT reconciled", receipt.rows_in),
    }
}
