//! Conversions that no credential helps: the operator decides, or a row with their money comes.

use domain::{Money, Outcome};
use ports::LedgerAdmin;
use ports::ledger::{Selection, WaitReason};
use serde_json::{Value, json};

/// Entries that are read at once.
const PAGE: usize = 1_000;

/// Those of one reason.
#[derive(Debug)]
struct Group {
    reason: WaitReason,
    conversions: u64,
    unreported: Money,
}

/// All of them, by reason.
#[derive(Debug, Default)]
pub(super) struct Undecided(Vec<Group>);

impl Undecided {
    pub(super) fn json(&self) -> Value {
        let one = |group: &Group| {
            json!({
                "reason": group.reason.as_str(),
                "conversions": group.conversions,
                "unreported": group.unreported.to_string(),
            })
        };
        self.0.iter().map(one).collect()
    }

    /// A line for each reason.
    pub(super) fn in_words(&self) -> Vec<String> {
        let line = |group: &Group| {
            let what = match group.reason {
                WaitReason::Damaged => "are damaged in the ledger",
                WaitReason::ZeroRevenue => "earned 0 so far",
                WaitReason::ImplausibleRevenue => "earned more than MAX_REVENUE_PER_CLICK",
                _ => "may have been received by the platform",
            };
            let whom = if group.reason == WaitReason::ZeroRevenue { "their money" } else { "you" };
            format!(
                "{} conversions, unreported revenue {}, {what} and wait for {whom} (parked: {}); see `efflux explain`.",
                group.conversions, group.unreported, group.reason
            )
        };
        self.0.iter().map(line).collect()
    }
}

/// `damaged` is the number of entries that are set aside as damaged, as the ledger counts them.
pub(super) async fn undecided(ledger: &dyn LedgerAdmin, damaged: u64) -> ports::Result<Undecided> {
    let mut undecided = Undecided::default();
    for reason in WaitReason::WITHOUT_CREDENTIAL {
        let text = Some(reason.as_str().to_owned());
        let selection = Selection { outcome: Outcome::Parked, reason: text, pixel: None, since: None };
        let mut group = Group { reason, conversions: 0, unreported: Money::ZERO };
        let mut after = None;
        loop {
            let page = ledger.select(&selection, after.as_ref(), PAGE).await?;
            group.conversions += page.len() as u64;
            group.unreported = page.iter().fold(group.unreported, |sum, record| sum + record.unreported());
            let Some(last) = page.last() else { break };
            after = Some(last.key);
        }
        if group.reason == WaitReason::Damaged {
            // Those that cannot be read are among them.
            group.conversions = damaged;
        }
        if group.conversions > 0 {
            undecided.0.push(group);
        }
    }
    Ok(undecided)
}
