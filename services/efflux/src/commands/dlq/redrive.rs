//! Puts dead letters back, with a plan first.

use std::io::{IsTerminal, stdin};

use assembly::Parts;
use domain::UnixMillis;
use ports::queue::DeadLetter;
use runtime::ExitStatus;
use runtime::terminal::one_line;
use serde_json::json;

use super::{QueueName, Queues, READ_AT_ONCE, exit_status, messages_json, missing, named, queues};
use crate::commands::retry::agreed;
use crate::out;
use crate::sheet::print_json;

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
    pub(super) json: bool,
}

/// Messages that are back in their queues, or would be.
#[derive(Debug, Default)]
struct Redriven {
    messages: Vec<(&'static str, String)>,
    not_found: Vec<String>,
}

impl Redriven {
    fn print(&self) -> anyhow::Result<()> {
        print_json(&json!({"redriven": messages_json(&self.messages), "not_found": self.not_found}))
    }
}

pub(super) async fn run(
    parts: &Parts<Queues>,
    wanted: &Wanted,
    only: Option<QueueName>,
    consent: Consent,
) -> anyhow::Result<ExitStatus> {
    let started = parts.clock.now();
    let (planned, lines) = plan(parts, wanted, only, started).await?;
    if !consent.json && (consent.dry_run || !planned.messages.is_empty()) {
        out(&in_words(&planned, &lines));
    }
    if consent.dry_run {
        if consent.json {
            planned.print()?;
        }
        return Ok(ExitStatus::Done);
    }
    // A script asks for what it means; a person is asked once more.
    let asks = !planned.messages.is_empty() && !consent.yes && stdin().is_terminal();
    if asks && !agreed(&question(planned.messages.len()))? {
        out("Nothing was changed.\n");
        return Ok(ExitStatus::Incomplete);
    }
    let done = match wanted {
        Wanted::All => redrive_all(parts, only, started, consent.json).await?,
        Wanted::These(ids) => redrive(parts, ids, only, consent.json).await?,
    };
    if consent.json {
        done.print()?;
    } else {
        missing(&done.not_found);
    }
    Ok(exit_status(&done.not_found))
}

fn question(messages: usize) -> String {
    format!("Put these {messages} messages back?")
}

fn in_words(planned: &Redriven, lines: &str) -> String {
    match planned.messages.len() {
        0 => "To put back:\n  nothing\n".to_owned(),
        messages => format!(
            "To put back:\n{lines}{messages} messages are processed again from the start. One whose cause is not fixed becomes a dead letter again.\n"
        ),
    }
}

/// What would be put back, and a line about each message.
async fn plan(
    parts: &Parts<Queues>,
    wanted: &Wanted,
    only: Option<QueueName>,
    started: UnixMillis,
) -> anyhow::Result<(Redriven, String)> {
    let is_wanted = |letter: &DeadLetter| match wanted {
        Wanted::All => letter.at <= started,
        Wanted::These(ids) => ids.contains(&letter.message_id),
    };
    let (mut planned, mut lines) = (Redriven::default(), String::new());
    if let Wanted::These(ids) = wanted {
        planned.not_found.clone_from(ids);
    }
    for (name, queue) in queues(parts, only) {
        let dead_letters = queue.dead_letters(READ_AT_ONCE).await?;
        for letter in dead_letters.into_iter().filter(is_wanted) {
            let names = named(&letter.body).join(", ");
            let (id, reason) = (one_line(&letter.message_id), one_line(&letter.reason));
            lines.push_str(&format!("  {name}  {id}  {}\n      because: {reason}\n", one_line(&names)));
            planned.not_found.retain(|wanted| *wanted != letter.message_id);
            planned.messages.push((name, letter.message_id));
        }
    }
    Ok((planned, lines))
}

async fn redrive(
    parts: &Parts<Queues>,
    ids: &[String],
    only: Option<QueueName>,
    json: bool,
) -> anyhow::Result<Redriven> {
    let mut done = Redriven { not_found: ids.to_vec(), ..Redriven::default() };
    for (name, queue) in queues(parts, only) {
        for id in queue.redrive(&done.not_found).await? {
            if !json {
                out(&format!("{} is back in the {name} queue\n", one_line(&id)));
            }
            done.not_found.retain(|wanted| *wanted != id);
            done.messages.push((name, id));
        }
    }
    Ok(done)
}

/// Those that were dead-lettered until now: a message that fails again meanwhile stays.
async fn redrive_all(
    parts: &Parts<Queues>,
    only: Option<QueueName>,
    started: UnixMillis,
    json: bool,
) -> anyhow::Result<Redriven> {
    let mut done = Redriven::default();
    for (name, queue) in queues(parts, only) {
        let before = done.messages.len();
        loop {
            let dead_letters = queue.dead_letters(READ_AT_ONCE).await?;
            let ids: Vec<_> =
                dead_letters.into_iter().filter(|l| l.at <= started).map(|l| l.message_id).collect();
            let back = queue.redrive(&ids).await?;
            if back.is_empty() {
                break;
            }
            done.messages.extend(back.into_iter().map(|id| (name, id)));
        }
        if !json {
            out(&format!("{} messages are back in the {name} queue\n", done.messages.len() - before));
        }
    }
    Ok(done)
}
