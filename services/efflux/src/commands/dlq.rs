//! `efflux dlq`: messages that could not be done.

use std::sync::Arc;

use anyhow::bail;
use assembly::Parts;
use ports::EventQueue;
use ports::queue::DeadLetter;
use runtime::ExitStatus;

use crate::cli::{Dlq, QueueName};
use crate::out;
use crate::port_sets::Queues;

/// Dead letters that are looked at in one go; real queues hand them out in tens.
const LOOKED_AT: usize = 1_000;

pub(crate) async fn run(parts: &Parts<Queues>, action: Dlq) -> anyhow::Result<ExitStatus> {
    match action {
        Dlq::List { queue, limit } => list(parts, queue, limit).await,
        Dlq::Show { id, queue } => show(parts, &id, queue).await,
        Dlq::Redrive { ids, all: true, queue } if ids.is_empty() => redrive_all(parts, queue).await,
        Dlq::Redrive { ids, queue, .. } => redrive(parts, &ids, queue).await,
    }
}

/// The queues that are meant, by name.
fn queues(parts: &Parts<Queues>, only: Option<QueueName>) -> Vec<(&'static str, Arc<dyn EventQueue>)> {
    let all = [
        (QueueName::Trigger, "trigger", &parts.ports.trigger_queue),
        (QueueName::Report, "report", &parts.ports.report_queue),
    ];
    let meant = all.into_iter().filter(|(queue, ..)| only.is_none_or(|only| only == *queue));
    meant.map(|(_, name, queue)| (name, Arc::clone(queue))).collect()
}

async fn list(parts: &Parts<Queues>, only: Option<QueueName>, limit: usize) -> anyhow::Result<ExitStatus> {
    for (name, queue) in queues(parts, only) {
        for letter in queue.dead_letters(limit).await? {
            let DeadLetter { message_id, reason, service, at, .. } = letter;
            out(&format!("{name}\t{at}\t{service}\t{message_id}\t{reason}\n"));
        }
    }
    Ok(ExitStatus::Done)
}

async fn show(parts: &Parts<Queues>, id: &str, only: Option<QueueName>) -> anyhow::Result<ExitStatus> {
    for (name, queue) in queues(parts, only) {
        let letters = queue.dead_letters(LOOKED_AT).await?;
        if let Some(letter) = letters.into_iter().find(|letter| letter.message_id == id) {
            out(&format!(
                "queue      {name}\nmessage    {}\nset aside  {} by {}, after {} deliveries\nreason     {}\n\n{}\n",
                letter.message_id,
                letter.at,
                letter.service,
                letter.receive_count,
                letter.reason,
                letter.body
            ));
            return Ok(ExitStatus::Done);
        }
    }
    bail!("there is no dead letter {id}; see `efflux dlq list`")
}

async fn redrive(
    parts: &Parts<Queues>,
    ids: &[String],
    only: Option<QueueName>,
) -> anyhow::Result<ExitStatus> {
    let mut left = ids.to_vec();
    for (name, queue) in queues(parts, only) {
        for id in queue.redrive(&left).await? {
            out(&format!("{id} is back in the {name} queue\n"));
            left.retain(|l| *l != id);
        }
    }
    if left.is_empty() {
        return Ok(ExitStatus::Done);
    }
    out(&format!("not found: {}\n", left.join(", ")));
    Ok(ExitStatus::Undone)
}

/// Those that were set aside until now: what fails again meanwhile stays.
async fn redrive_all(parts: &Parts<Queues>, only: Option<QueueName>) -> anyhow::Result<ExitStatus> {
    let started = parts.clock.now();
    for (name, queue) in queues(parts, only) {
        let mut messages = 0;
        loop {
            let letters = queue.dead_letters(LOOKED_AT).await?;
            let ids: Vec<_> = letters.into_iter().filter(|l| l.at <= started).map(|l| l.message_id).collect();
            let back = queue.redrive(&ids).await?.len();
            messages += back;
            if back == 0 {
                break;
            }
        }
        out(&format!("{messages} messages are back in the {name} queue\n"));
    }
    Ok(ExitStatus::Done)
}
