//! `efflux dlq`: messages that failed processing.

mod redrive;

use std::sync::Arc;

use anyhow::bail;
use assembly::Parts;
use clap::{Subcommand, ValueEnum};
use domain::ObjectRef;
use ports::EventQueue;
use ports::notification::{self, Notification};
use ports::queue::DeadLetter;
use runtime::terminal::one_line;
use runtime::{ExitStatus, WrongUsage};
use serde_json::{Value, json};

use crate::context::{Context, Run};
use crate::out;
use crate::sheet::{Cell, Format, Sheet, print_json};

use redrive::{Consent, Wanted};

/// Dead letters that are read in one call; real queues return them in tens.
const READ_AT_ONCE: usize = 10_000;

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
    /// Put dead letters back into their queue, to be processed again from the start; prints the plan first
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
        /// Print the plan and change nothing
        #[arg(long)]
        dry_run: bool,
        /// Continue without asking; without a terminal nothing is asked
        #[arg(long)]
        yes: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Delete dead letters for good: what they ask for is never done. The log keeps who did so, and why
    Discard {
        /// Message ids, as `list` prints them
        #[arg(required = true)]
        ids: Vec<String>,
        /// Why, for the log
        #[arg(long)]
        reason: String,
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
        if let Self::Discard { reason, .. } = &self
            && reason.trim().is_empty()
        {
            return Err(WrongUsage::new("--reason is empty: say why the messages are given up").into());
        }
        let parts = context.reading().open::<Queues>().await?;
        match self {
            Self::List { queue, limit, format } => list(&parts, queue, limit, format).await,
            Self::Show { id, queue, json } => show(&parts, &id, queue, json).await,
            Self::Redrive { ids, all, queue, dry_run, yes, json } => {
                let wanted = if all { Wanted::All } else { Wanted::These(ids) };
                redrive::run(&parts, &wanted, queue, Consent { dry_run, yes, json }).await
            }
            Self::Discard { ids, reason, queue, json } => discard(&parts, ids, &reason, queue, json).await,
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
            out(&if json {
                format!("{:#}\n", letter_json(name, &letter))
            } else {
                letter_text(name, &letter)
            });
            return Ok(ExitStatus::Done);
        }
    }
    bail!("unknown dead letter {id}; see `efflux dlq list`")
}

fn letter_text(queue: &str, letter: &DeadLetter) -> String {
    let mut text = format!(
        "queue      {queue}\nmessage    {}\ndead since {} by {}, after {} deliveries\nreason     {}\n",
        one_line(&letter.message_id),
        letter.at,
        one_line(&letter.service),
        letter.receive_count,
        one_line(&letter.reason),
    );
    named(&letter.body).iter().for_each(|named| text.push_str(&format!("names      {}\n", one_line(named))));
    text.push_str(&format!("\n{}\n", letter.body));
    text
}

fn letter_json(queue: &str, letter: &DeadLetter) -> Value {
    json!({
        "queue": queue, "message": letter.message_id, "dead_since": letter.at.rfc3339(),
        "service": letter.service, "deliveries": letter.receive_count, "reason": letter.reason,
        "names": named(&letter.body), "body": letter.body,
    })
}

/// The objects that a message names, and what is wrong with it.
fn named(body: &str) -> Vec<String> {
    let objects = |objects: Vec<ObjectRef>| objects.iter().map(ToString::to_string).collect::<Vec<_>>();
    match notification::parse(body) {
        Ok(Notification::Created(created)) if created.is_empty() => vec!["no object".to_owned()],
        Ok(Notification::Created(created)) => objects(created),
        Ok(Notification::CreatedAmongOthers { created, unreadable }) => {
            let mut all = objects(created);
            all.push(unreadable.to_string());
            all
        }
        Ok(Notification::Test) => vec!["nothing: it is S3's test message".to_owned()],
        Err(error) => vec![format!("nothing: {error}")],
    }
}

/// Deletes dead letters, and says in the log who did so, and why.
async fn discard(
    parts: &Parts<Queues>,
    ids: Vec<String>,
    reason: &str,
    only: Option<QueueName>,
    json: bool,
) -> anyhow::Result<ExitStatus> {
    let operator = operator(parts);
    let (mut discarded, mut not_found) = (Vec::new(), ids);
    for (name, queue) in queues(parts, only) {
        let known = queue.dead_letters(READ_AT_ONCE).await?;
        for id in queue.discard(&not_found).await? {
            let letter = known.iter().find(|letter| letter.message_id == id);
            let names = letter.map(|letter| named(&letter.body).join(", ")).unwrap_or_default();
            let failed = letter.map_or("", |letter| letter.reason.as_str());
            tracing::warn!(
                queue = name,
                message.id = id,
                operator,
                reason,
                names,
                failed,
                "dead letter discarded"
            );
            if !json {
                out(&format!("{} is discarded from the {name} queue\n", one_line(&id)));
            }
            not_found.retain(|wanted| *wanted != id);
            discarded.push((name, id));
        }
    }
    if json {
        print_json(&json!({"discarded": messages_json(&discarded), "not_found": not_found}))?;
        return Ok(exit_status(&not_found));
    }
    Ok(missing(&not_found))
}

/// Who uses this machine, as it says so itself.
fn operator(parts: &Parts<Queues>) -> &str {
    let names = ["SUDO_USER", "USER", "LOGNAME"];
    names.iter().find_map(|name| parts.settings.environment.get(name)).unwrap_or("unknown")
}

/// Says which messages were not found.
fn missing(ids: &[String]) -> ExitStatus {
    if !ids.is_empty() {
        out(&format!("not found: {}\n", one_line(&ids.join(", "))));
    }
    exit_status(ids)
}

const fn exit_status(not_found: &[String]) -> ExitStatus {
    if not_found.is_empty() { ExitStatus::Done } else { ExitStatus::Incomplete }
}

/// Messages by their ids, with the names of their queues.
fn messages_json(messages: &[(&str, String)]) -> Value {
    messages.iter().map(|(queue, id)| json!({"queue": queue, "message": id})).collect()
}
