//! Whether there is such a reason: a misspelt one would match nothing, silently.

use std::collections::BTreeMap;

use domain::Reason;
use ports::LedgerAdmin;
use ports::ledger::{Selection, WaitReason};
use runtime::WrongUsage;
use runtime::terminal::one_line;

/// Entries that are read at once.
const PAGE: usize = 1_000;

/// Refuses a reason that is unknown and that no entry of the status has, and names those that there are.
pub(super) async fn check(ledger: &dyn LedgerAdmin, selection: &Selection) -> anyhow::Result<()> {
    let Some(reason) = selection.reason.as_deref() else { return Ok(()) };
    let of_status = Selection { pixel: None, since: None, ..selection.clone() };
    if is_known(reason) || !ledger.select(&of_status, None, 1).await?.is_empty() {
        return Ok(());
    }
    let there_are = count(ledger, &Selection { reason: None, ..of_status }).await?;
    let list: Vec<_> = there_are.iter().map(|(reason, entries)| format!("{reason} ({entries})")).collect();
    let list = if list.is_empty() { "there is none at all".to_owned() } else { list.join(", ") };
    let (status, reason) = (selection.outcome, one_line(reason));
    Err(WrongUsage::new(format!(
        "--reason: no conversion that is {status} has the reason `{reason}`; there are: {}",
        one_line(&list)
    ))
    .into())
}

/// A word of ours, or an answer's code as rejections have it.
fn is_known(reason: &str) -> bool {
    let is_code = !reason.is_empty() && reason.bytes().all(|byte| byte.is_ascii_digit() || byte == b'/');
    is_code || Reason::of_word(reason).is_some() || !matches!(WaitReason::from(reason), WaitReason::Other(_))
}

async fn count(ledger: &dyn LedgerAdmin, selection: &Selection) -> ports::Result<BTreeMap<String, u64>> {
    let (mut counts, mut after) = (BTreeMap::new(), None);
    loop {
        let page = ledger.select(selection, after.as_ref(), PAGE).await?;
        for record in &page {
            *counts.entry(record.reason.clone()).or_default() += 1;
        }
        match page.last() {
            Some(last) => after = Some(last.key),
            None => return Ok(counts),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_words_are_not_known() {
        for known in ["invalid_pixel", "no_working_credential", "100/2804004", "190"] {
            assert!(is_known(known), "{known}");
        }
        for unknown in ["invalid_pixl", "", "no working credential"] {
            assert!(!is_known(unknown), "{unknown}");
        }
    }
}
