//! What was erased, for the operator's files. It holds keys, which are hashes, and nothing that was erased.

use domain::{ConversionKey, ObjectRef};
use pipeline::erase::EraseRecord;
use pipeline::retention::RetentionPass;
use serde_json::{Value, json};

fn files(objects: &[ObjectRef]) -> Vec<String> {
    objects.iter().map(ObjectRef::to_string).collect()
}

fn keys(keys: &[ConversionKey]) -> Vec<String> {
    keys.iter().map(ToString::to_string).collect()
}

fn line(value: &Value) -> String {
    format!("{value:#}\n")
}

/// The record as JSON.
pub(super) fn json(kind: &str, record: &EraseRecord, waiting: Option<u64>) -> String {
    line(&json!({
        "erased_by": kind,
        "at": record.at.to_string(),
        "complete": record.complete,
        "ledger": {
            "conversions": record.entries.len(),
            "ended": record.ended,
            "keys": keys(&record.entries),
            "in_flight": keys(&record.in_flight),
            "unreadable": record.unreadable,
        },
        "analytics": { "states": record.states },
        "files": {
            "rewritten": files(&record.rewritten),
            "removed": files(&record.removed),
            "left": files(&record.left),
        },
        "messages_waiting": waiting,
    }))
}

/// The record in words.
pub(super) fn words(record: &EraseRecord, waiting: Option<u64>) -> String {
    let mut text = format!(
        "Erased at {}:\n  {:>6} conversions in the ledger, {} of them were open and have ended\n  {:>6} states in analytics\n  {:>6} files rewritten, {} removed\n",
        record.at,
        record.entries.len(),
        record.ended,
        record.states,
        record.rewritten.len(),
        record.removed.len()
    );
    if !record.in_flight.is_empty() {
        text.push_str(&format!(
            "{} conversions are being sent right now and were not erased: do it again, or give more time with --wait\n",
            record.in_flight.len()
        ));
    }
    for id in &record.unreadable {
        text.push_str(&format!(
            "Entry {id} of the ledger was not erased, as its key cannot be read: remove it by hand\n"
        ));
    }
    for object in &record.left {
        text.push_str(&format!(
            "{object} holds rows: this store keeps earlier versions. Delete all of its versions, or leave it to the lifecycle rule\n"
        ));
    }
    if let Some(waiting) = waiting.filter(|waiting| *waiting > 0) {
        text.push_str(&format!(
            "{waiting} messages of files are not processed yet: when they are, do it again\n"
        ));
    }
    text.push_str(if record.complete {
        "A last look found nothing any more.\n"
    } else {
        "It is not complete.\n"
    });
    text
}

/// What retention did, as JSON.
pub(super) fn retention_json(pass: RetentionPass, states: u64) -> String {
    let RetentionPass { entries, ended, files } = pass;
    line(&json!({
        "erased_by": "retention",
        "ledger": { "conversions": entries, "ended": ended },
        "analytics": { "states": states },
        "files": { "removed": files },
    }))
}

/// What retention did, in words.
pub(super) fn retention_words(pass: RetentionPass, states: u64) -> String {
    let RetentionPass { entries, ended, files } = pass;
    format!(
        "Erased: {entries} conversions in the ledger, {ended} of them were open and have expired; {states} states in analytics; {files} files\n"
    )
}
