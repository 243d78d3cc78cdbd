//! The final check of a run that has come to rest.

use std::collections::BTreeMap;

use ports::{AnalyticsStore, EventQueue, LedgerAdmin};

use super::final_state::{FinalState, Violation};
use super::{OnlineChecker, entries, reconciliation};
use crate::input::FileKind;
use crate::worker::at_once;

/// Checks every rule; the first that does not hold is the error.
pub(crate) fn final_check(checker: &OnlineChecker, state: &FinalState<'_>) -> Result<(), Violation> {
    if let Some(violation) = &checker.violation {
        return Err(violation.clone());
    }
    messages(checker, state)?;
    reconciliation::check(checker, state)?;
    entries::check(checker, state)?;
    analytics(checker, state)
}

/// Every message was processed, or is a dead letter for a good cause.
fn messages(checker: &OnlineChecker, state: &FinalState<'_>) -> Result<(), Violation> {
    for (name, queue) in [("trigger", state.trigger), ("report", state.report)] {
        let depth = at_once(queue.depth()).map_err(|e| e.to_string())?;
        if depth.visible + depth.hidden > 0 {
            return Err(format!("the {name} queue still holds {} messages", depth.visible + depth.hidden));
        }
    }
    let unprocessable: Vec<_> = checker.input.files.iter().filter(|f| f.kind != FileKind::Good).collect();
    let dead_letters = at_once(state.trigger.dead_letters(1_000)).map_err(|e| e.to_string())?;
    for letter in &dead_letters {
        let has_cause = checker.input.junk.contains(&letter.body)
            || unprocessable.iter().any(|f| letter.body.contains(f.key.as_str()));
        if !has_cause {
            return Err(format!("a message is a dead letter without cause: {}", letter.reason));
        }
    }
    let is_dead = |part: &str| dead_letters.iter().any(|l| l.body.contains(part));
    let all =
        unprocessable.iter().map(|f| f.key.as_str()).chain(checker.input.junk.iter().map(String::as_str));
    for part in all {
        if !is_dead(part) {
            return Err(format!("a message that cannot be processed is not a dead letter: {part}"));
        }
    }
    let dead_letters = at_once(state.report.dead_letters(1_000)).map_err(|e| e.to_string())?;
    match dead_letters.first() {
        Some(letter) => Err(format!("a filtered file is a dead letter: {}", letter.reason)),
        None => Ok(()),
    }
}

/// Analytics shows the latest state of each entry, and nothing else.
fn analytics(checker: &OnlineChecker, state: &FinalState<'_>) -> Result<(), Violation> {
    let stats = at_once(state.ledger.stats()).map_err(|e| e.to_string())?;
    if stats.unexported > 0 {
        return Err(format!("{} entries wait for export", stats.unexported));
    }
    let entries: u64 = stats.states.iter().map(|s| s.entries).sum();
    let shown = at_once(state.analytics.conversions()).map_err(|e| e.to_string())?;
    if entries != shown {
        return Err(format!("the ledger has {entries} entries, analytics shows {shown}"));
    }
    let mut outcomes: BTreeMap<_, u64> = BTreeMap::new();
    for (_, outcome) in checker.exported.values() {
        *outcomes.entry(*outcome).or_default() += 1;
    }
    for state in stats.states {
        let shown = outcomes.get(&state.outcome).copied().unwrap_or(0);
        if shown != state.entries {
            let (outcome, entries) = (state.outcome, state.entries);
            return Err(format!("the ledger has {entries} {outcome} entries, analytics shows {shown}"));
        }
    }
    Ok(())
}
