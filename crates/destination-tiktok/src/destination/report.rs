//! An answer as the pipeline understands it.

use domain::UnixMillis;
use outbound_http::{Reply, RequestError};
use ports::destination::{Answer, EventOutcome, PixelRefusal, SendReport};

use crate::errors::{AnswerVerdict, PARTLY_TAKEN, ReadAnswer};

/// What an answer means for each of the `sent` events of its request.
#[must_use]
pub fn answered(reply: &Reply, sent: usize) -> SendReport {
    let reading = ReadAnswer::read(reply);
    let is_partial = reading.verdict == AnswerVerdict::PartlyTaken;
    let alarms: Vec<_> = is_partial
        .then(|| format!("code {PARTLY_TAKEN}: TikTok may not have taken all of the {sent} events"))
        .into_iter()
        .collect();
    let message = alarms.first().cloned().unwrap_or_else(|| reading.field.unwrap_or_default().to_owned());
    SendReport {
        outcomes: vec![outcome(reading.verdict); sent],
        answer: Answer {
            status: reply.status,
            code: reading.code.filter(|code| *code != 0),
            subcode: None,
            message,
            trace_id: reading.request_id,
        },
        throttled: reading.verdict == AnswerVerdict::Throttled,
        wait: reading.wait.filter(|_| may_wait(reading.verdict)),
        short: false,
        server_time: server_time(reply),
        alarms,
    }
}

/// Which event is bad is never said, so the outcome of all is one.
const fn outcome(verdict: AnswerVerdict) -> EventOutcome {
    match verdict {
        // Which events were left out is not said. Sent again they would count twice once their ids are forgotten, so the operator is
        // alarmed instead.
        AnswerVerdict::Accepted | AnswerVerdict::PartlyTaken => EventOutcome::Accepted,
        AnswerVerdict::Throttled | AnswerVerdict::Transient => EventOutcome::Transient,
        AnswerVerdict::Credential | AnswerVerdict::Permission | AnswerVerdict::Configuration => {
            EventOutcome::Refused
        }
        AnswerVerdict::Endpoint => EventOutcome::PixelRefused(PixelRefusal::Endpoint),
        AnswerVerdict::BadEvent => EventOutcome::BatchRefused,
        AnswerVerdict::Unexplained => EventOutcome::Unexplained,
        AnswerVerdict::UnknownOutcome => EventOutcome::Unknown,
    }
}

/// Whether a pause that the answer asks for is about what went wrong.
const fn may_wait(verdict: AnswerVerdict) -> bool {
    matches!(verdict, AnswerVerdict::Throttled | AnswerVerdict::Transient | AnswerVerdict::UnknownOutcome)
}

/// What TikTok's clock showed when it answered.
pub(super) fn server_time(reply: &Reply) -> Option<UnixMillis> {
    UnixMillis::of(reply.date()?)
}

/// What it means for each of the `sent` events that no usable answer came.
#[must_use]
pub fn unanswered(error: &RequestError, sent: usize) -> SendReport {
    SendReport::unanswered(error, error.can_have_arrived(), sent)
}
