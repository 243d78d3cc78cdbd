//! Reconciliation of every file: rows in = sum of outcomes, and as many rows as the generator wrote.

use std::collections::BTreeMap;

use domain::{ConversionKey, ObjectRef, Outcome};
use ports::{BlobStore, ReportLedger};
use serde::Deserialize;

use super::OnlineChecker;
use super::final_state::{FinalState, Violation};
use crate::input::{File, FileKind, OUT_BUCKET};
use crate::worker::at_once;

/// The filter's receipt, as far as it is checked.
#[derive(Deserialize)]
struct FilterReceipt {
    rows_in: u64,
    kept: u64,
    filtered_out: BTreeMap<String, u64>,
}

pub(super) fn check(checker: &OnlineChecker, state: &FinalState<'_>) -> Result<(), Violation> {
    let mut outputs = Vec::new();
    let mut sent_on = 0;
    for file in checker.input.files.iter().filter(|f| f.kind == FileKind::Good) {
        filtered(file, state)?;
        if file.kept().next().is_some() {
            outputs.push(file.out_key());
            sent_on += reported(file, state)?;
        }
    }
    outputs.sort();
    let there = at_once(state.blobs.list(OUT_BUCKET, "filtered-conversions/", 1_000));
    let there = there.map_err(|e| e.to_string())?;
    if there != outputs {
        return Err(format!("the filter's files are {there:?}, and should be {outputs:?}"));
    }
    // A row whose deadline passes during the run may be too old already when it is claimed, or seem so by a wrong clock. What is damaged
    // waits, whatever it was.
    let is_damaged =
        |visitor: usize| checker.is_damaged(&ConversionKey::from_bytes(checker.input.visitors[visitor].key));
    let is_uncertain = |visitor: &usize| {
        checker.input.visitors[*visitor].expiring
            || is_damaged(*visitor)
            || checker.may_be_misjudged(*visitor)
    };
    let visitors = 0..checker.input.visitors.len();
    let entered = visitors.filter(|visitor| {
        let mut rows = checker.input.rows_of(*visitor);
        rows.any(|row| row.has_events() || is_damaged(*visitor))
    });
    let (uncertain, due): (Vec<_>, Vec<_>) = entered.partition(is_uncertain);
    let (uncertain, due) = (uncertain.len() as u64, due.len() as u64);
    if !(due..=due + uncertain).contains(&sent_on) {
        return Err(format!("{due} conversions were to be sent, the receipts count {sent_on}"));
    }
    Ok(())
}

/// The filter's receipt of a file.
fn filtered(file: &File, state: &FinalState<'_>) -> Result<(), Violation> {
    let object = ObjectRef::new(OUT_BUCKET, file.receipt_key());
    let receipt = at_once(state.blobs.get(&object, u64::MAX)).map_err(|e| e.to_string())?;
    let mut receipt = receipt.ok_or_else(|| format!("{} was never filtered", file.key))?;
    let json = receipt.bytes().map_err(|e| e.to_string())?;
    let receipt: FilterReceipt = serde_json::from_slice(&json).map_err(|e| e.to_string())?;
    let (rows, kept) = (file.rows.len() as u64, file.kept().count() as u64);
    let out: u64 = receipt.filtered_out.values().sum();
    if (receipt.rows_in, receipt.kept, out) != (rows, kept, rows - kept) {
        return Err(format!("the filter's receipt of {} does not fit its {rows} rows", file.key));
    }
    Ok(())
}

/// The reporter's receipt of a file; how many rows had something to send.
fn reported(file: &File, state: &FinalState<'_>) -> Result<u64, Violation> {
    let id = file.out_id();
    let receipt = at_once(state.ledger.receipt(&id)).map_err(|e| e.to_string())?;
    let receipt = receipt.ok_or_else(|| format!("{id} was never reported"))?;
    let kept = file.kept().count() as u64;
    let sum: u64 = receipt.outcomes.iter().map(|o| o.rows).sum();
    if !receipt.complete || (receipt.rows_in, sum) != (kept, kept) {
        return Err(format!(
            "the receipt of {id} does not balance: {kept} rows, {} rows in, outcomes {:?}",
            receipt.rows_in, receipt.outcomes
        ));
    }
    let others = [Outcome::Duplicate, Outcome::Invalid, Outcome::NoEvents];
    Ok(receipt.outcomes.iter().filter(|o| !others.contains(&o.outcome)).map(|o| o.rows).sum())
}
