//! One round of requests for a lane's batch: full requests first, then whatever isolating a bad event takes.

use std::time::Duration;

use domain::{PixelCode, UnixMillis};
use ports::destination::{Answer, EventOutcome, PreparedEvent, SendReport};
use ports::ledger::Settled;
use ports::metric::name;

use super::Reporting;
use super::prepared::Prepared;

/// Requests that one batch may cost. 1,000 events with 16 bad ones among them need about 12 each.
const MAX_REQUESTS: usize = 256;

/// How a round ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RoundEnd {
    /// Every event was asked for.
    Finished,
    /// The destination asked for less, for this long where it said so.
    Throttled(Option<Duration>),
    /// The destination or the way to it is in trouble; the rest was not tried.
    Failed,
}

/// An event's place: conversion and event in it.
type Place = (usize, usize);

/// The batch, and what became of each event so far.
#[derive(Debug)]
pub(super) struct Round {
    conversions: Vec<Prepared>,
    outcomes: Vec<Vec<EventOutcome>>,
    /// What the destination said to the last request that was not accepted, else to the last.
    pub(super) answer: Option<Answer>,
    /// Conversions that somebody else has claimed meanwhile: theirs to send now.
    lost: Vec<bool>,
    /// When the leases were renewed last.
    renewed_at: UnixMillis,
}

impl Round {
    /// A round over conversions whose leases started, or were renewed, at `renewed_at`.
    pub(super) fn new(conversions: Vec<Prepared>, renewed_at: UnixMillis) -> Self {
        let outcomes = conversions.iter().map(|c| vec![EventOutcome::Transient; c.events.len()]).collect();
        Self { lost: vec![false; conversions.len()], conversions, outcomes, answer: None, renewed_at }
    }

    /// Sends everything, splitting what is refused until the bad events are alone.
    pub(super) async fn run(&mut self, reporting: &Reporting, pixel: &PixelCode) -> RoundEnd {
        let places: Vec<Place> = self
            .conversions
            .iter()
            .enumerate()
            .flat_map(|(c, p)| (0..p.events.len()).map(move |e| (c, e)))
            .collect();
        // A stack whose top is sent next; chunks keep the order of events.
        let mut pending: Vec<Vec<Place>> =
            places.chunks(reporting.destination.max_events()).rev().map(<[Place]>::to_vec).collect();
        let mut requests = 0;
        while let Some(chunk) = pending.pop() {
            if !self.renew(reporting).await {
                return RoundEnd::Failed;
            }
            let chunk: Vec<_> =
                chunk.into_iter().filter(|(c, _)| !self.lost[*c] && !self.is_rejected(*c)).collect();
            if chunk.is_empty() {
                continue;
            }
            if requests == MAX_REQUESTS {
                self.mark(&chunk, &EventOutcome::Suspect);
                continue;
            }
            requests += 1;
            let report = self.request(reporting, pixel, &chunk).await;
            self.note(&chunk, &report);
            match next_step(&report) {
                Step::Done => {}
                Step::SendAgain => {
                    let innocent =
                        chunk.iter().zip(&report.outcomes).filter(|(_, o)| **o == EventOutcome::Innocent);
                    pending.push(innocent.map(|(place, _)| *place).collect());
                }
                #[cfg(feature = "mutations")]
                Step::Split
                    if chunk.len() <= 3
                        && ports::mutations::is_on(ports::mutations::Mutation::InnocentDropped) =>
                {
                    self.mark(&chunk, &EventOutcome::Rejected);
                }
                Step::Split if chunk.len() == 1 => self.mark(&chunk, &EventOutcome::Rejected),
                Step::Split => {
                    let (first, second) = chunk.split_at(chunk.len() / 2);
                    pending.push(second.to_vec());
                    pending.push(first.to_vec());
                }
                Step::Stop(end) => {
                    let refused = report.outcomes.first() == Some(&EventOutcome::Refused);
                    if refused {
                        pending.iter().for_each(|rest| self.mark(rest, &EventOutcome::Refused));
                    }
                    return end;
                }
            }
        }
        RoundEnd::Finished
    }

    /// Renews the leases in time: isolating bad events can take longer than one lasts. `false` when the ledger is away,
    /// and then nothing more may be sent.
    async fn renew(&mut self, reporting: &Reporting) -> bool {
        let holder = reporting.holder();
        if holder.now.since(self.renewed_at) < reporting.config.lease / 3 {
            return true;
        }
        let leases: Vec<_> = self.conversions.iter().map(|c| c.due.lease.clone()).collect();
        match reporting.ledger.extend(&leases, holder.until).await {
            Ok(held) => {
                self.lost = held.into_iter().map(|h| h == Settled::Late).collect();
                self.renewed_at = holder.now;
                true
            }
            Err(error) => {
                tracing::warn!(error = ?error, "cannot renew leases; the rest of the batch waits in the ledger");
                false
            }
        }
    }

    /// The conversions with the outcome of each of their events in this round.
    pub(super) fn into_conversions(self) -> impl Iterator<Item = (Prepared, Vec<EventOutcome>)> {
        self.conversions.into_iter().zip(self.outcomes)
    }

    /// Tries one credential after the other until one is not refused.
    async fn request(&self, reporting: &Reporting, pixel: &PixelCode, chunk: &[Place]) -> SendReport {
        let events: Vec<PreparedEvent> =
            chunk.iter().map(|(c, e)| self.conversions[*c].events[*e].clone()).collect();
        let mut report = no_credential(events.len());
        let Ok(pixels) = reporting.pixels.current().await else { return report };
        for credential in pixels.credentials(pixel) {
            let started = reporting.clock.now();
            report = reporting.destination.send(pixel, credential, &events).await;
            let took = reporting.clock.now().since(started);
            measure(reporting, &report, took);
            if report.outcomes.first() != Some(&EventOutcome::Refused) {
                break;
            }
            tracing::warn!(
                pixel.id = %pixel, credential = credential.label, code = report.answer.code, subcode = report.answer.subcode,
                answer = report.answer.message, "the destination refused a credential"
            );
        }
        report
    }

    fn note(&mut self, chunk: &[Place], report: &SendReport) {
        for ((c, e), outcome) in chunk.iter().zip(&report.outcomes) {
            if *outcome == EventOutcome::Accepted {
                let position = self.conversions[*c].events[*e].position;
                self.conversions[*c].accepted.insert(position);
            }
            self.outcomes[*c][*e] = outcome.clone();
        }
        let all_accepted = report.outcomes.iter().all(|o| *o == EventOutcome::Accepted);
        if !all_accepted || self.answer.is_none() {
            self.answer = Some(report.answer.clone());
        }
    }

    fn mark(&mut self, chunk: &[Place], outcome: &EventOutcome) {
        for (c, e) in chunk {
            self.outcomes[*c][*e] = outcome.clone();
        }
    }

    fn is_rejected(&self, conversion: usize) -> bool {
        self.outcomes[conversion].contains(&EventOutcome::Rejected)
    }
}

/// What an answer asks for next.
enum Step {
    Done,
    SendAgain,
    Split,
    Stop(RoundEnd),
}

fn next_step(report: &SendReport) -> Step {
    let has = |outcome: EventOutcome| report.outcomes.contains(&outcome);
    if has(EventOutcome::Suspect) {
        Step::Split
    } else if has(EventOutcome::Innocent) {
        Step::SendAgain
    } else if has(EventOutcome::Refused) || has(EventOutcome::Unknown) {
        Step::Stop(RoundEnd::Failed)
    } else if has(EventOutcome::Transient) {
        Step::Stop(if report.throttled { RoundEnd::Throttled(report.wait) } else { RoundEnd::Failed })
    } else {
        Step::Done
    }
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

fn measure(reporting: &Reporting, report: &SendReport, took: Duration) {
    let result = match report.outcomes.first() {
        Some(EventOutcome::Accepted) => "accepted",
        Some(EventOutcome::Refused) => "refused",
        Some(EventOutcome::Unknown) => "unknown",
        Some(EventOutcome::Transient) if report.throttled => "throttled",
        Some(EventOutcome::Transient) => "transient",
        _ => "bad_event",
    };
    reporting.metrics.count(name::REQUESTS, &[("result", result)], 1);
    reporting.metrics.observe(name::REQUEST_SECONDS, &[], took.as_secs_f64());
    let unknown = report.outcomes.iter().filter(|o| **o == EventOutcome::Unknown).count();
    reporting.metrics.count(name::UNKNOWN_OUTCOMES, &[], unknown as u64);
    for alarm in &report.alarms {
        tracing::error!(
            alarm,
            trace_id = report.answer.trace_id,
            "the destination's answer does not match what was sent"
        );
        reporting.metrics.count(name::ANSWER_ALARMS, &[], 1);
    }
}
