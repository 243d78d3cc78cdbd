//! `efflux held`: files that look wrong and wait for the operator (`HOLD_SUSPICIOUS_FILES`).

use assembly::Parts;
use clap::Subcommand;
use domain::ObjectRef;
use domain::object::HOLD_PREFIX;
use domain::receipt::FilterReceipt;
use ports::{Blob, BlobStore, EventQueue, notification};
use runtime::ExitStatus;
use runtime::terminal::one_line;

use crate::context::{Context, Run};
use crate::follow::MAX_RECEIPT_BYTES;
use crate::out;
use crate::sheet::{Cell, Format, Sheet, print_json};

/// The most notes that are read.
const NOTES: usize = 100_000;

#[derive(Debug, Subcommand)]
pub(crate) enum Held {
    /// Print the files that are held: since when, rows, key, and why
    List {
        #[command(flatten)]
        format: Format,
    },
    /// Let files pass, whatever looks wrong about them
    Release {
        /// Keys, as `list` prints them
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        keys: Vec<String>,
        /// All that are held now
        #[arg(long)]
        all: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

backends::port_set! {
    /// To list and release held files.
    pub(crate) struct Holds { blobs: BlobStore, trigger_queue: EventQueue }
}

/// A held file, and the object with the note about it.
struct Note {
    at: ObjectRef,
    receipt: FilterReceipt,
}

impl Run for Held {
    async fn run(self, context: Context) -> anyhow::Result<ExitStatus> {
        let parts = context.reading().open::<Holds>().await?;
        match self {
            Self::List { format } => list(&parts, format).await,
            Self::Release { keys, all, json } => release(&parts, keys, all, json).await,
        }
    }
}

async fn notes(parts: &Parts<Holds>) -> anyhow::Result<Vec<Note>> {
    let (blobs, bucket) = (&parts.ports.blobs, &parts.settings.buckets.report);
    let mut notes = Vec::new();
    for key in blobs.list(bucket, HOLD_PREFIX, NOTES).await? {
        let at = ObjectRef::new(bucket, key);
        let Some(mut blob) = blobs.get(&at, MAX_RECEIPT_BYTES).await? else { continue };
        // What was released has a note that says so.
        match serde_json::from_slice::<FilterReceipt>(&blob.bytes()?) {
            Ok(receipt) if receipt.held => notes.push(Note { at, receipt }),
            Ok(_) | Err(_) => {}
        }
    }
    Ok(notes)
}

async fn list(parts: &Parts<Holds>, format: Format) -> anyhow::Result<ExitStatus> {
    let mut sheet = Sheet::new(["held_since", "rows", "key", "reason"]);
    for Note { receipt, .. } in notes(parts).await? {
        sheet.add([
            Cell::Time(receipt.at),
            Cell::Number(receipt.rows_in),
            Cell::text(receipt.object.key),
            Cell::text(receipt.suspicious.join("; ")),
        ]);
    }
    sheet.print(format, "No file is held.")?;
    Ok(ExitStatus::Done)
}

/// Asks the filter for each file once more. Only then is its note changed: asking twice is harmless.
async fn release(
    parts: &Parts<Holds>,
    mut keys: Vec<String>,
    all: bool,
    json: bool,
) -> anyhow::Result<ExitStatus> {
    let mut done = Vec::new();
    for Note { at, receipt } in notes(parts).await? {
        let object = &receipt.object;
        if !all && !keys.contains(&object.key) {
            continue;
        }
        let message = notification::release(object, 0, &parts.clock.now().rfc3339());
        parts.ports.trigger_queue.send(&message).await?;
        let released = FilterReceipt { held: false, ..receipt.clone() };
        parts.ports.blobs.put(&at, Blob::from_bytes(serde_json::to_vec(&released)?)).await?;
        if !json {
            out(&format!("{} is released\n", one_line(&object.key)));
        }
        keys.retain(|key| *key != object.key);
        done.push(object.key.clone());
    }
    if json {
        print_json(&serde_json::json!({"released": done, "not_held": keys}))?;
    } else if !keys.is_empty() {
        out(&format!("not held: {}\n", one_line(&keys.join(", "))));
    }
    Ok(if keys.is_empty() { ExitStatus::Done } else { ExitStatus::Incomplete })
}
