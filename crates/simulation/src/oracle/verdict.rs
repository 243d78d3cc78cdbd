//! The verdict over a run that has come to rest.

use std::collections::BTreeMap;

use ports::{AnalyticsStore, EventQueue, LedgerAdmin};

use super::remains::{Broken, Remains};
use super::{Witness, books, entries};
use crate::input::FileKind;
use crate::worker::at_once;

/// Asks every question; the first rule that does not hold.
pub(crate) fn verdict(witness: &Witness, remains: &Remains<'_>) -> Result<(), Broken> {
    if let Some(broken) = &witness.broken {
        return Err(broken.clone());
    }
    messages(witness, remains)?;
    books::check(witness, remains)?;
    entries::check(witness, remains)?;
    analytics(witness, remains)
}

/// Every message is done, or a dead letter that deserves it.
fn messages(witness: &Witness, remains: &Remains<'_>) -> Result<(), Broken> {
    for (name, queue) in [("trigger", remains.trigger), ("report", remains.report)] {
        let depth = at_once(queue.depth()).map_err(|e| e.to_string())?;
        if depth.visible + depth.hidden > 0 {
            return Err(format!("the {name} queue still holds {} messages", depth.visible + depth.hidden));
        }
    }
    let deserving: Vec<_> = witness.input.files.iter().filter(|f| f.kind != FileKind::Good).collect();
    let letters = at_once(remains.trigger.dead_letters(1_000)).map_err(|e| e.to_string())?;
    for letter in &letters {
        let deserves = witness.input.junk.contains(&letter.body)
            || deserving.iter().any(|f| letter.body.contains(f.key.as_str()));
        if !deserves {
            return Err(format!("a message is a dead letter that does not deserve it: {}", letter.reason));
        }
    }
    let is_dead = |part: &str| letters.iter().any(|l| l.body.contains(part));
    let all = deserving.iter().map(|f| f.key.as_str()).chain(witness.input.junk.iter().map(String::as_str));
    for part in all {
        if !is_dead(part) {
            return Err(format!("what can never be done is no dead letter: {part}"));
        }
    }
    let letters = at_once(remains.report.dead_letters(1_000)).map_err(|e| e.to_string())?;
    match letters.first() {
        Some(letter) => Err(format!("a filtered file is a dead letter: {}", letter.reason)),
        None => Ok(()),
    }
}

/// Analytics shows the latest state of each entry, and nothing else.
fn analytics(witness: &Witness, remains: &Remains<'_>) -> Result<(), Broken> {
    let stats = at_once(remains.ledger.stats()).map_err(|e| e.to_string())?;
    if stats.unexported > 0 {
        return Err(format!("{} entries wait for export", stats.unexported));
    }
    let entries: u64 = stats.states.iter().map(|s| s.entries).sum();
    let shown = at_once(remains.analytics.conversions()).map_err(|e| e.to_string())?;
    if entries != shown {
        return Err(format!("the ledger has {entries} entries, analytics shows {shown}"));
    }
    let mut outcomes: BTreeMap<_, u64> = BTreeMap::new();
    for (_, outcome) in witness.exported.values() {
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
