//! The status for programs and spreadsheets.

use ports::queue::Depth;
use serde_json::{Value, json};

use super::files::OddFile;
use super::known::{Known, Unavailable};
use super::{advice, waiting};

impl Known {
    /// The table of what waits.
    pub(super) fn csv(&self, currency: &str) -> anyhow::Result<String> {
        let waiting = self.ledger.as_ref().map_or(&[][..], |ledger| &ledger.waiting);
        waiting::sheet(waiting).in_currency(currency).to_csv()
    }

    pub(super) fn json(&self, currency: &str) -> Value {
        let ledger = self.ledger.as_ref();
        let states = ledger.map(|l| -> serde_json::Map<_, _> {
            l.stats.states.iter().map(|s| (s.outcome.to_string(), s.entries.into())).collect()
        });
        let files = ledger.map(|l| -> Vec<_> {
            l.latest
                .iter()
                .map(|f| json!({"object": f.object, "at": f.at.rfc3339(), "receipt": f.receipt}))
                .collect()
        });
        let money = self.analytics.as_ref().map(|a| &a.money);
        json!({
            "currency": currency,
            "queues": {"trigger": self.trigger_queue.map(queue), "report": self.report_queue.map(queue)},
            "ledger": states,
            "unexported": ledger.map(|l| l.stats.unexported),
            "analytics": self.analytics.as_ref().map(|a| a.conversions),
            "money": {
                "since": self.since.rfc3339(),
                "stated": money.map(|m| m.stated.to_string()),
                "reported": money.map(|m| m.reported.to_string()),
                "unreported": money.map(|m| m.unreported.to_string()),
                "lost": money.map(|m| m.lost.to_string()),
                "waiting": ledger.map(|l| waiting::money(&l.waiting).to_string()),
                "expiring_within_24h": ledger.map(|l| waiting::expiring(&l.waiting).to_string()),
            },
            "waiting": ledger.map(|l| waiting::sheet(&l.waiting).in_currency(currency).to_json()),
            "for_a_person": ledger.map(|l| l.undecided.json()),
            "file_counts": self.files.as_ref().map(|files| files.counts.json()),
            "files_of_filter": self.files.as_ref().map(|files| -> Vec<_> {
                files.odd.iter().map(OddFile::json).collect()
            }),
            "files": files,
            "unavailable": self.unavailable.iter().map(Unavailable::json).collect::<Value>(),
            "next": advice::of(self),
        })
    }
}

impl Unavailable {
    fn json(&self) -> Value {
        json!({"part": self.part, "why": self.why()})
    }
}

fn queue(depth: Depth) -> Value {
    let age = depth.oldest_age.map(|age| age.as_secs());
    json!({"visible": depth.visible, "hidden": depth.hidden, "dead": depth.dead, "oldest_seconds": age})
}
