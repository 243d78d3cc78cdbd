//! How each deliberate bug of [`ports::mutations`] bends the filter, the worker, the exporter and the memory budget.
//!
//! A function here returns what it was given, or does nothing, unless a simulation switched its bug on. Without debug assertions no
//! bug can be on, and the optimiser drops the calls.

use domain::UnixMillis;
use ports::ledger::Record;
use ports::mutations::{Mutation, is_on};
use ports::queue::Delivery;
use ports::{EventQueue, LedgerExport, Result};

/// The filter names its output by the time.
pub(crate) fn output_key(key: String, now: UnixMillis) -> String {
    if is_on(Mutation::OutputNamedByTime) { format!("{key}.{now}.json") } else { key }
}

/// A service acknowledges its message before the work is done.
pub(crate) async fn acknowledge_first(service: &str, queue: &dyn EventQueue, delivery: &Delivery) {
    let early = match service {
        "filter-svc" => Mutation::FilterAcknowledgesFirst,
        _ => Mutation::AcknowledgeBeforeClaim,
    };
    if is_on(early) {
        drop(queue.acknowledge(std::slice::from_ref(&delivery.handle)).await);
    }
}

/// A message that was delivered too often is a dead letter, whatever ended the processes that had it.
pub(crate) fn is_blamed(delivery: &Delivery, max_receives: u32) -> bool {
    is_on(Mutation::EndsBlamed) && delivery.receive_count > max_receives
}

/// A part of the memory budget gives without taking anything off.
pub(crate) fn units(units: u32) -> u32 {
    if is_on(Mutation::BytesUnbounded) { 0 } else { units }
}

/// Records are marked as exported before analytics has them.
pub(crate) async fn mark_before_insert(ledger: &dyn LedgerExport, records: &[Record]) -> Result<()> {
    if is_on(Mutation::MarkBeforeInsert) {
        ledger.mark_exported(records).await?;
    }
    Ok(())
}
