//! One request, with the first credential that is not refused.

use std::time::Duration;

use domain::PixelCode;
use ports::destination::{Answer, EventOutcome, PreparedEvent, SendReport};
use ports::metric::name;
use ports::pixels::Credential;

use super::Reporting;
use super::lanes::PixelState;

impl Reporting {
    /// What the directory says of a pixel's credentials; `None` before its first successful read.
    pub(super) async fn credentials(&self, pixel: &PixelCode) -> Option<Vec<Credential>> {
        Some(self.pixels.current().await.ok()?.credentials(pixel).to_vec())
    }

    /// Tries one credential after the other until one is not refused.
    pub(super) async fn request(
        &self,
        pixel: &PixelCode,
        state: &PixelState,
        events: &[PreparedEvent],
    ) -> SendReport {
        let mut report = no_credential(events.len());
        // Again only if the directory shows other credentials than those that were tried.
        while let Some(current) = self.credentials(pixel).await {
            let to_try = state.gate().credentials_to_try(&current);
            for credential in to_try {
                let started = self.clock.now();
                report = self.destination.send(pixel, &credential, events).await;
                let took = self.clock.now().since(started);
                self.measure_request(&report, took);
                self.silence.note(&report.answer, self.clock.now(), &*self.health);
                if !is_refused(&report) {
                    return report;
                }
                state.gate().credentials.refuse(&credential);
                tracing::warn!(
                    pixel.id = %pixel, credential = credential.label, code = report.answer.code,
                    subcode = report.answer.subcode, answer = report.answer.message,
                    "the destination refused a credential"
                );
            }
            if !self.shows_other_credentials(pixel, state).await {
                break;
            }
        }
        report
    }

    /// Whether the directory shows other credentials than those that were tried last.
    pub(super) async fn shows_other_credentials(&self, pixel: &PixelCode, state: &PixelState) -> bool {
        let current = self.credentials(pixel).await;
        current.is_some_and(|current| state.gate().credentials.differ_from(&current))
    }

    fn measure_request(&self, report: &SendReport, took: Duration) {
        let result = match report.outcomes.first() {
            Some(EventOutcome::Accepted) => "accepted",
            Some(EventOutcome::Refused) => "refused",
            Some(EventOutcome::Unknown) => "unknown",
            Some(EventOutcome::Transient) if report.throttled => "throttled",
            Some(EventOutcome::Transient) => "transient",
            _ => "bad_event",
        };
        self.metrics.count(name::REQUESTS, &[("result", result)], 1);
        self.metrics.observe(name::REQUEST_SECONDS, &[], took.as_secs_f64());
        let unknown = report.outcomes.iter().filter(|o| **o == EventOutcome::Unknown).count();
        self.metrics.count(name::UNKNOWN_OUTCOMES, &[], unknown as u64);
        for alarm in &report.alarms {
            tracing::error!(
                alarm,
                trace_id = report.answer.trace_id,
                "the destination's answer does not match what was sent"
            );
            self.metrics.count(name::ANSWER_ALARMS, &[], 1);
        }
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
        alarms: Vec::new(),
    }
}
