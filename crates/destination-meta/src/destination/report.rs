//! An answer as the pipeline understands it.

use domain::UnixMillis;
use outbound_http::{Reply, RequestError};
use ports::destination::{Answer, EventOutcome, PixelRefusal, SendReport};

use crate::errors::{AnswerVerdict, MetaError, ReadAnswer, Success};

/// Use of a limit from which even a success counts as near the limit: waiting for the error would cost the requests until then.
const NEAR_LIMIT_PERCENT: f64 = 80.0;

/// What an answer means for each of the `sent` events of its request.
#[must_use]
pub fn answered(reply: &Reply, sent: usize) -> SendReport {
    let reading = ReadAnswer::read(reply);
    let mut report = SendReport {
        outcomes: Vec::new(),
        answer: answer(reply.status, &reading),
        throttled: false,
        wait: None,
        short: false,
        server_time: server_time(reply),
        alarms: Vec::new(),
    };
    let outcome = match reading.verdict {
        AnswerVerdict::Accepted => {
            report.throttled =
                reading.usage.busiest_percent.is_some_and(|percent| percent >= NEAR_LIMIT_PERCENT);
            report.wait = reading.usage.regain_after().filter(|_| report.throttled);
            report.alarms = alarms(reading.success.as_ref(), sent);
            report.answer.message = report.alarms.join("; ");
            report.short = is_short(reading.success.as_ref(), sent);
            if report.short { EventOutcome::Unknown } else { EventOutcome::Accepted }
        }
        AnswerVerdict::Throttled { wait } => {
            (report.throttled, report.wait) = (true, wait);
            EventOutcome::Transient
        }
        AnswerVerdict::Blocked { wait } => {
            (report.throttled, report.wait) = (true, Some(wait));
            EventOutcome::Transient
        }
        AnswerVerdict::Transient { wait } => {
            report.wait = wait;
            EventOutcome::Transient
        }
        AnswerVerdict::UnknownOutcome { wait } => {
            report.wait = wait;
            EventOutcome::Unknown
        }
        AnswerVerdict::Credential | AnswerVerdict::Configuration => EventOutcome::Refused,
        AnswerVerdict::Endpoint => EventOutcome::PixelRefused(PixelRefusal::Endpoint),
        AnswerVerdict::Account => EventOutcome::PixelRefused(PixelRefusal::Account),
        AnswerVerdict::BadEvent { index: Some(index) } if index < sent => {
            report.outcomes = vec![EventOutcome::NotProcessed; sent];
            report.outcomes[index] = EventOutcome::Rejected;
            return report;
        }
        AnswerVerdict::BadEvent { .. } => EventOutcome::BatchRefused,
        AnswerVerdict::Unexplained => EventOutcome::Unexplained,
    };
    report.outcomes = vec![outcome; sent];
    report
}

/// What Meta's clock showed when it answered.
pub(super) fn server_time(reply: &Reply) -> Option<UnixMillis> {
    UnixMillis::of(reply.date()?)
}

fn answer(status: u16, reading: &ReadAnswer) -> Answer {
    let of_error = |error: &MetaError| Answer {
        status,
        code: error.code,
        subcode: error.subcode,
        message: error.event_field.clone().unwrap_or_default(),
        trace_id: error.fbtrace_id.clone(),
    };
    let trace_id = || reading.success.as_ref().and_then(|s| s.fbtrace_id.clone());
    reading
        .error
        .as_ref()
        .map_or_else(|| Answer { status, trace_id: trace_id(), ..Answer::default() }, of_error)
}

/// Whether a success counts fewer events than were sent. Which of them are missing is not said.
fn is_short(success: Option<&Success>, sent: usize) -> bool {
    success.is_some_and(|success| success.events_received < sent as u64)
}

/// What a success says that does not match what was sent.
fn alarms(success: Option<&Success>, sent: usize) -> Vec<String> {
    let Some(success) = success else { return vec!["a success without events_received".to_owned()] };
    let mut alarms = Vec::new();
    if success.events_received != sent as u64 {
        alarms.push(format!("{sent} events sent, {} received", success.events_received));
    }
    if !success.messages.is_empty() {
        alarms.push(format!("{} messages with the answer", success.messages.len()));
    }
    alarms
}

/// What it means for each of the `sent` events that no usable answer came.
#[must_use]
pub fn unanswered(error: &RequestError, sent: usize) -> SendReport {
    SendReport::unanswered(error, error.can_have_arrived(), sent)
}
