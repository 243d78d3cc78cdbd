//! What the two processes say to each other: one line of JSON to the child, two lines back.

use domain::UnixMillis;
use pipeline::worker::{Handled, NoResult};
use ports::queue::{Delivery, Handle};
use serde::{Deserialize, Serialize};

/// The child's first line: what it needs is there, and the message begins.
pub(crate) const BEGUN: &str = "begun";

/// A message for the child.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Question {
    message_id: String,
    body: String,
    receive_count: u32,
    sent_at: i64,
}

impl From<&Delivery> for Question {
    fn from(delivery: &Delivery) -> Self {
        Self {
            message_id: delivery.message_id.clone(),
            body: delivery.body.clone(),
            receive_count: delivery.receive_count,
            sent_at: delivery.sent_at.0,
        }
    }
}

impl From<Question> for Delivery {
    /// Without its handle: the child has nothing to do with the queue.
    fn from(question: Question) -> Self {
        Self {
            message_id: question.message_id,
            handle: Handle(String::new()),
            body: question.body,
            receive_count: question.receive_count,
            sent_at: UnixMillis(question.sent_at),
        }
    }
}

/// The child's result.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    Done,
    Later { unavailable: Option<String>, reason: String },
    DeadLetter { reason: String },
    Died { how: String },
}

impl From<Result<Handled, NoResult>> for Answer {
    fn from(result: Result<Handled, NoResult>) -> Self {
        match result {
            Ok(Handled::Done) => Self::Done,
            Ok(Handled::Later { unavailable, reason }) => {
                Self::Later { unavailable: unavailable.map(Into::into), reason }
            }
            Ok(Handled::DeadLetter { reason }) => Self::DeadLetter { reason },
            Err(NoResult::Died(how) | NoResult::NotBegun(how)) => Self::Died { how },
        }
    }
}

impl From<Answer> for Result<Handled, NoResult> {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Done => Ok(Handled::Done),
            Answer::Later { unavailable, reason } => {
                Ok(Handled::Later { unavailable: unavailable.map(Into::into), reason })
            }
            Answer::DeadLetter { reason } => Ok(Handled::DeadLetter { reason }),
            Answer::Died { how } => Err(NoResult::Died(how)),
        }
    }
}
