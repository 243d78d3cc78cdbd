//! Puts dead letters back, with a plan first.

use std::io::{IsTerminal, stdin};

use assembly::Parts;
use domain::UnixMillis;
use ports::queue::DeadLetter;
use runtime::ExitStatus;
use runtime::terminal::one_line;

use super::{QueueName, Queues, READ_AT_ONCE, missing, named, queues};
use crate::commands::retry::agreed;
use crate::out;

/// Which dead letters are put back.
pub(super) enum Wanted {
    All,
    These(Vec<String>),
}

/// Whether anything is changed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Consent {
    pub(super) dry_run: bool,
    pub(super) yes: bool,
}

pub(super) async fn run(
    parts: &Parts<Queues>,
    wanted: &Wanted,
    only: Option<QueueName>,
    consent: Consent,
) -> anyhow::Result<ExitStatus> {
    let started = parts.clock.now();
    let planned = plan(parts, wanted, only, started).await?;
    if consent.dry_run && planned == 0 {
        out("To put back:\n  nothing\n");
    }
    if consent.dry_run {
        return Ok(ExitStatus::Done);
    }
    // A script asks for what it means; a person is asked once more.
    if planned > 0 && !consent.yes && stdin().is_terminal() && !agreed(&question(planned))? {
        out("Nothing was changed.\n");
        return Ok(ExitStatus::Incomplete);
    }
    match wanted {
        Wanted::All => redrive_all(parts, only, started).await,
        Wanted::These(ids) => redrive(parts, ids, only).await,
    }
}

fn question(messages: u64) -> String {
    format!("Put these {messages} messages back?")
}

/// Prints what would be put back; how many messages that is.
async fn plan(
    parts: &Parts<Queues>,
    wanted: &Wanted,
    only: Option<QueueName>,
    started: UnixMillis,
) -> anyhow::Result<u64> {
    let is_wanted = |letter: &DeadLetter| match wanted {
        Wanted::All => letter.at <= started,
        Wanted::These(ids) => ids.contains(&letter.message_id),
    };
    let (mut planned, mut lines) = (0, String::new());
    for (name, queue) in queues(parts, only) {
        let dead_letters = queue.dead_letters(READ_AT_ONCE).await?;
        for letter in dead_letters.iter().filter(|letter| is_wanted(letter)) {
            planned += 1;
            let names = named(&letter.body).join(", ");
            let (id, reason) = (one_line(&letter.message_id), one_line(&letter.reason));
            lines.push_str(&format!("  {name}  {id}  {}\n      because: {reason}\n", one_line(&names)));
        }
    }
    if planned > 0 {
        out(&format!(
            "To put back:\n{lines}{planned} messages are processed again from the start. One whose cause is not fixed becomes a dead letter again.\n"
        ));
    }
    Ok(planned)
}

async fn redrive(
    parts: &Parts<Queues>,
    ids: &[String],
    only: Option<QueueName>,
) -> anyhow::Result<ExitStatus> {
    let mut not_found = ids.to_vec();
    for (name, queue) in queues(parts, only) {
        for id in queue.redrive(&not_found).await? {
            out(&format!("{} is back in the {name} queue\n", one_line(&id)));
            not_found.retain(|wanted| *wanted != id);
        }
    }
    Ok(missing(&not_found))
}

/// Those that were dead-lettered until now: a message that fails again meanwhile stays.
async fn redrive_all(
    parts: &Parts<Queues>,
    only: Option<QueueName>,
    started: UnixMillis,
) -> anyhow::Result<ExitStatus> {
    for (name, queue) in queues(parts, only) {
        let mut messages = 0;
        loop {
            let dead_letters = queue.dead_letters(READ_AT_ONCE).await?;
            let ids: Vec<_> =
                dead_letters.into_iter().filter(|l| l.at <= started).map(|l| l.message_id).collect();
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
