//! One request, with the first credential that is not refused.

use std::time::Duration;

use ports::destination::{Answer, EventOutcome, PreparedEvent, SendReport};
use ports::metric::name;
use ports::notice::{State, Subject};

use super::pixel_context::PixelContext;

/// Sends events, trying one credential after the other until one is not refused.
pub(super) async fn send(context: &PixelContext, events: &[PreparedEvent]) -> SendReport {
    let PixelContext { reporting, pixel, destination, .. } = context;
    let mut report = no_credential(events.len());
    // Again only if the directory shows other credentials than those that were tried.
    while let Some(current) = context.credentials().await {
        let to_try = context.throttle().credentials_to_try(&current);
        for credential in to_try {
            let started = reporting.clock.now();
            report = destination.send(&pixel.code, &credential, events).await;
            let took = reporting.clock.now().since(started);
            if let Some(shown) = report.server_time {
                reporting.clock.observe(shown, took);
            }
            measure(context, &report, took);
            log_answer(events.len(), &report.answer);
            if let Some(reachability) = reporting.reachability.get(&context.platform()) {
                reachability.record(&report.answer, reporting.clock.now(), &*reporting.health);
            }
            if !is_refused(&report) {
                if report.outcomes.first() == Some(&EventOutcome::Accepted) {
                    show_credentials(context, true, "");
                }
                return report;
            }
            context.throttle().credentials.refuse(&credential);
            tracing::warn!(
                credential = credential.label,
                answer.code = report.answer.code,
                answer.subcode = report.answer.subcode,
                answer.message = report.answer.message,
                "the destination refused a credential"
            );
        }
        if !context.has_new_credentials().await {
            break;
        }
    }
    show_credentials(context, false, &report.answer.message);
    report
}

/// Shows whether the platform takes any of the pixel's credentials; an answer that says nothing about it changes nothing.
fn show_credentials(context: &PixelContext, works: bool, reason: &str) {
    let (platform, code) = (context.platform(), context.pixel.code.as_str());
    let labels = [("platform", platform.as_str()), ("pixel", code)];
    context.reporting.metrics.gauge(name::PIXEL_CREDENTIALS, &labels, if works { 1.0 } else { 0.0 });
    let state = if works { State::Well } else { State::CredentialsRefused };
    context.reporting.notices.note(Subject::Pixel(context.pixel.clone()), state, reason);
}

fn log_answer(events: usize, answer: &Answer) {
    tracing::debug!(
        events,
        answer.status,
        answer.code,
        answer.trace_id,
        "the destination answered a request"
    );
}

fn measure(context: &PixelContext, report: &SendReport, took: Duration) {
    let metrics = &context.reporting.metrics;
    let platform = context.platform();
    let (platform, code) = (("platform", platform.as_str()), ("pixel", context.pixel.code.as_str()));
    let result = match report.outcomes.first() {
        Some(EventOutcome::Accepted) => "accepted",
        Some(EventOutcome::Refused | EventOutcome::PixelRefused(_)) => "refused",
        Some(EventOutcome::Unknown) => "unknown",
        Some(EventOutcome::Transient) if report.throttled => "throttled",
        Some(EventOutcome::Transient) => "transient",
        _ => "bad_event",
    };
    metrics.count(name::REQUESTS, &[platform, code, ("result", result)], 1);
    metrics.observe(name::REQUEST_SECONDS, &[platform], took.as_secs_f64());
    let unknown = report.outcomes.iter().filter(|o| **o == EventOutcome::Unknown).count();
    metrics.count(name::UNKNOWN_OUTCOMES, &[platform, code], unknown as u64);
    for alarm in &report.alarms {
        tracing::error!(
            alarm,
            answer.trace_id = report.answer.trace_id,
            "the destination's answer does not match what was sent"
        );
        metrics.count(name::ANSWER_ALARMS, &[platform, code], 1);
    }
}

fn is_refused(report: &SendReport) -> bool {
    report.outcomes.first() == Some(&EventOutcome::Refused)
}

fn no_credential(events: usize) -> SendReport {
    SendReport {
        outcomes: vec![EventOutcome::Refused; events],
        answer: Answer {
            message: "no credential for this pixel: see `efflux pixels`".to_owned(),
            ..Answer::default()
        },
        throttled: false,
        wait: None,
        short: false,
        server_time: None,
        alarms: Vec::new(),
    }
}
