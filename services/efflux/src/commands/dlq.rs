//! `efflux dlq`: messages that failed processing.

use std::sync::Arc;

use anyhow::bail;
use assembly::Parts;
use clap::{Subcommand, ValueEnum};
use ports::EventQueue;
use runtime::ExitStatus;
use runtime::terminal::one_line;
use serde_json::{Value, json};

use crate::context::{Context, Run};
use crate::out;
use crate::sheet::{Cell, Format, Sheet, print_json};

/// Dead letters that are read in one call; real queues return them in tens.
const READ_AT_ONCE: usize = 1_000;

#[derive(Debug, Subcommand)]
pub(crate) enum Dlq {
    /// Print the dead letters, the latest first: queue, time, service, message id, reason
    List {
        /// Only of this queue
        #[arg(long)]
        queue: Option<QueueName>,
        /// At most this many of each queue
        #[arg(long, default_value_t = 100)]
        limit: usize,
        #[command(flatten)]
        format: Format,
    },
    /// Print one dead letter with its body
    Show {
        /// The message's id, as `list` prints it
        id: String,
        /// Only of this queue
        #[arg(long)]
        queue: Option<QueueName>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Put dead letters back into their queue, to be processed again from the start
    Redrive {
        /// Message ids, as `list` prints them
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        ids: Vec<String>,
        /// All that are in the queue now
        #[arg(long)]
        all: bool,
        /// Only of this queue
        #[arg(long)]
        queue: Option<QueueName>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum QueueName {
    /// Notifications of interpreted files, for filter-svc
    Trigger,
    /// Notifications of filtered files, for reporter-svc
    Report,
}

backends::port_set! {
    /// To list and redrive dead letters.
    pub(crate) struct Queues { trigger_queue: EventQueue, report_queue: EventQueue }
}

impl Run for Dlq {
    async fn run(self, context: Context) -> anyhow::Result<ExitStatus> {
        let parts = context.reading().open::<Queues>().await?;
        match self {
            Self::List { queue, limit, format } => list(&parts, queue, limit, format).await,
            Self::Show { id, queue, json } => show(&parts, &id, queue, json).await,
            Self::Redrive { ids, all: true, queue, json } if ids.is_empty() => {
                redrive_all(&parts, queue, json).await
            }
            Self::Redrive { ids, queue, json, .. } => redrive(&parts, &ids, queue, json).await,
        }
    }
}

/// The selected queues, by name.
fn queues(parts: &Parts<Queues>, only: Option<QueueName>) -> Vec<(&'static str, Arc<dyn EventQueue>)> {
    let all = [
        (QueueName::Trigger, "trigger", &parts.ports.trigger_queue),
        (QueueName::Report, "report", &parts.ports.report_queue),
    ];
    let meant = all.into_iter().filter(|(queue, ..)| only.is_none_or(|only| only == *queue));
    meant.map(|(_, name, queue)| (name, Arc::clone(queue))).collect()
}

async fn list(
    parts: &Parts<Queues>,
    only: Option<QueueName>,
    limit: usize,
    format: Format,
) -> anyhow::Result<ExitStatus> {
    let mut sheet = Sheet::new(["queue", "dead_since", "service", "message", "deliveries", "reason"]);
    for (name, queue) in queues(parts, only) {
        for letter in queue.dead_letters(limit).await? {
            sheet.add([
                Cell::text(name),
                Cell::Time(letter.at),
                Cell::text(letter.service),
                Cell::text(letter.message_id),
                Cell::Number(u64::from(letter.receive_count)),
                Cell::text(letter.reason),
            ]);
        }
    }
    sheet.print(format, "There is no dead letter.")?;
    Ok(ExitStatus::Done)
}

async fn show(
    parts: &Parts<Queues>,
    id: &str,
    only: Option<QueueName>,
    json: bool,
) -> anyhow::Result<ExitStatus> {
    for (name, queue) in queues(parts, only) {
        let dead_letters = queue.dead_letters(READ_AT_ONCE).await?;
        if let Some(letter) = dead_letters.into_iter().find(|letter| letter.message_id == id) {
            if json {
                print_json(&json!({
                    "queue": name,
                    "dead_since": letter.at.rfc3339(),
                    "service": letter.service,
                    "message": letter.message_id,
                    "deliveries": letter.receive_count,
                    "reason": letter.reason,
                    "body": letter.body,
                }))?;
                return Ok(ExitStatus::Done);
            }
            out(&format!(
                "queue      {name}\nmessage    {}\ndead since {} by {}, after {} deliveries\nreason     {}\n\n{}\n",
                letter.message_id,
                letter.at,
                letter.service,
                letter.receive_count,
                one_line(&letter.reason),
                letter.body
            ));
            return Ok(ExitStatus::Done);
        }
    }
    bail!("unknown dead letter {id}; see `efflux dlq list`")
}

async fn redrive(
    parts: &Parts<Queues>,
    ids: &[String],
    only: Option<QueueName>,
    json: bool,
) -> anyhow::Result<ExitStatus> {
    let mut done = Redriven { not_found: ids.to_vec(), ..Redriven::default() };
    for (name, queue) in queues(parts, only) {
        for id in queue.redrive(&done.not_found).await? {
            if !json {
                out(&format!("{} is back in the {name} queue\n", one_line(&id)));
            }
            done.not_found.retain(|l| *l != id);
            done.messages.push((name, id));
        }
    }
    if json {
        done.print()?;
    } else if !done.not_found.is_empty() {
        out(&format!("not found: {}\n", one_line(&done.not_found.join(", "))));
    }
    Ok(if done.not_found.is_empty() { ExitStatus::Done } else { ExitStatus::Incomplete })
}

/// Those that were dead-lettered until now: a message that fails again meanwhile stays.
async fn redrive_all(
    parts: &Parts<Queues>,
    only: Option<QueueName>,
    json: bool,
) -> anyhow::Result<ExitStatus> {
    let started = parts.clock.now();
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
    if json {
        done.print()?;
    }
    Ok(ExitStatus::Done)
}

/// Messages that are back in their queues.
#[derive(Debug, Default)]
struct Redriven {
    messages: Vec<(&'static str, String)>,
    not_found: Vec<String>,
}

impl Redriven {
    fn print(&self) -> anyhow::Result<()> {
        let message = |(queue, id): &(&str, String)| json!({"queue": queue, "message": id});
        let redriven: Value = self.messages.iter().map(message).collect();
        print_json(&json!({"redriven": redriven, "not_found": self.not_found}))
    }
}
