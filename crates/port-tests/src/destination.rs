//! What every destination does, fault by fault, against a sandbox of its platform.

#![expect(clippy::unwrap_used, reason = "a suite fails by panicking")]

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use domain::validate::{AnyPixel, OnePlatform, Rules, check};
use domain::{PixelCode, Row, UnixMillis};
use ports::Destination;
use ports::destination::{EventOutcome, PixelRefusal, PreparedEvent, SendReport};
use ports::ledger::Portion;
use ports::pixels::Credential;
use secrecy::{ExposeSecret, SecretString};

/// What a sandbox does to the next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Refuses it for the event at this position, and names the event.
    NamedBadEvent(usize),
    /// Refuses it for the event at this position, and does not say which it is.
    UnnamedBadEvent(usize),
    /// Asks for fewer requests.
    RateLimited,
    /// Fails in a way that passes.
    Outage,
    /// Fails, and asks for a pause of this many seconds.
    OutageOf(u64),
    /// Refuses it for something that the pixel's owner has to settle.
    AccountRefused,
    /// Answers as where the version of the interface is not served.
    WrongEndpoint,
    /// Refuses it for a reason that the destination does not know.
    UnknownReason,
    /// Takes the events and ends the connection without an answer.
    AnswerLost,
    /// Takes the events and answers after the client has given up.
    SlowAnswer,
    /// Takes the events and says that it took fewer.
    FewerReceived,
}

/// A destination, and the sandbox that it sends to.
#[async_trait]
pub trait Site: Send + Sync {
    /// The destination. It gives a request up within a few seconds.
    fn destination(&self) -> &dyn Destination;

    /// The same destination at an address where no server listens.
    fn unreachable(&self) -> Box<dyn Destination>;

    /// The time by the sandbox's clock.
    fn now(&self) -> UnixMillis;

    /// A pixel that the sandbox knows, and the token that may send to it.
    fn pixel(&self) -> (PixelCode, &'static str);

    /// A row of a session that the platform takes, of a click shortly before [`now`](Self::now), as a feed writes it. It stands for
    /// three events or more.
    fn row(&self, session: &str) -> String;

    /// Whether the platform can say such a thing. What it never says is not tried.
    fn has_fault(&self, _fault: Fault) -> bool {
        true
    }

    /// Lets a fault meet the next request, which holds these events.
    fn arrange(&self, fault: Fault, events: &[PreparedEvent]);

    /// The ids of all events that the sandbox has, each as often as it counted it.
    fn has(&self) -> Vec<String>;
}

/// Checks a destination. `make` makes one with a sandbox that has nothing yet.
///
/// # Panics
/// When the destination does not do what the port says.
pub async fn suite(make: impl AsyncFn() -> Box<dyn Site>) {
    rules_make_sense(&*make().await);
    what_is_sent_arrives(&*make().await).await;
    a_repetition_is_recognised(&*make().await).await;
    a_full_request_is_taken(&*make().await).await;
    a_named_bad_event_is_found(&*make().await).await;
    an_unnamed_bad_event_refuses_the_batch(&*make().await).await;
    a_rate_limit_is_heard(&*make().await).await;
    a_failure_that_passes_is_transient(&*make().await).await;
    a_failure_may_say_how_long_it_lasts(&*make().await).await;
    a_refused_credential_is_no_event_s_fault(&*make().await).await;
    a_refused_pixel_is_no_event_s_fault(&*make().await).await;
    an_unknown_reason_is_no_event_s_fault(&*make().await).await;
    a_lost_answer_leaves_the_outcome_unknown(&*make().await).await;
    a_slow_answer_leaves_the_outcome_unknown(&*make().await).await;
    what_cannot_have_arrived_is_transient(&*make().await).await;
    fewer_received_leaves_the_outcome_unknown(&*make().await).await;
}

/// The events of some conversions.
fn events(site: &dyn Site, sessions: std::ops::Range<usize>) -> Vec<PreparedEvent> {
    let destination = site.destination();
    let platforms = OnePlatform(destination.platform(), destination);
    let rules = Rules { now: site.now(), pixels: &AnyPixel, platforms: &platforms, object_network: None };
    let mut events = Vec::new();
    for session in sessions {
        let raw = site.row(&format!("session-{session}"));
        let row = Row::parse(&raw);
        let valid = check(&row, rules).unwrap_or_else(|reasons| panic!("{raw}: {reasons}"));
        events.extend(destination.prepare(&row.key, &valid, Portion::Full).unwrap());
    }
    events
}

async fn send_with(
    destination: &dyn Destination,
    site: &dyn Site,
    token: &str,
    events: &[PreparedEvent],
) -> SendReport {
    let credential = Credential { label: "suite".to_owned(), token: SecretString::from(token) };
    let report = destination.send(&site.pixel().0, &credential, events).await;
    assert_eq!(report.outcomes.len(), events.len(), "an outcome for each event: {report:?}");
    let shown = format!("{report:?} {destination:?}");
    assert!(!shown.contains(credential.token.expose_secret()), "a token is shown: {shown}");
    report
}

async fn send(site: &dyn Site, events: &[PreparedEvent]) -> SendReport {
    send_with(site.destination(), site, site.pixel().1, events).await
}

fn all(report: &SendReport, outcome: &EventOutcome) -> bool {
    report.outcomes.iter().all(|one| one == outcome)
}

fn ids(events: &[PreparedEvent]) -> BTreeSet<String> {
    events.iter().map(|event| event.id.to_string()).collect()
}

/// What the sandbox has is exactly this, each event once.
fn assert_has(site: &dyn Site, events: &[PreparedEvent]) {
    let has = site.has();
    assert_eq!(has.len(), events.len(), "each event once");
    assert_eq!(has.into_iter().collect::<BTreeSet<_>>(), ids(events));
}

fn rules_make_sense(site: &dyn Site) {
    let rules = site.destination().rules();
    assert!(rules.margin < rules.window && rules.max_events > 0, "{rules:?}");
    let (once, again) = (events(site, 0..1), events(site, 0..1));
    assert!(once.len() >= 3, "the suite needs three events to tell them apart");
    assert_eq!(ids(&once), ids(&again), "an id follows from the conversion alone");
    assert!(once.iter().zip(&again).all(|(a, b)| a.payload == b.payload && a.position == b.position));
    assert_eq!(ids(&once).len(), once.len(), "ids are distinct");
}

async fn what_is_sent_arrives(site: &dyn Site) {
    let events = events(site, 0..2);
    let report = send(site, &events).await;
    assert!(
        all(&report, &EventOutcome::Accepted) && report.alarms.is_empty() && !report.throttled,
        "{report:?}"
    );
    assert_has(site, &events);
}

/// The platform deduplicates by the ids that the destination sends.
async fn a_repetition_is_recognised(site: &dyn Site) {
    let events = events(site, 0..1);
    for _ in 0..2 {
        let report = send(site, &events).await;
        assert!(all(&report, &EventOutcome::Accepted), "{report:?}");
    }
    assert_has(site, &events);
}

async fn a_full_request_is_taken(site: &dyn Site) {
    let most = site.destination().rules().max_events;
    let each = events(site, 0..1).len();
    let mut events = events(site, 0..most.div_ceil(each));
    events.truncate(most);
    let report = send(site, &events).await;
    assert!(all(&report, &EventOutcome::Accepted), "{report:?}");
    assert_has(site, &events);
}

async fn a_named_bad_event_is_found(site: &dyn Site) {
    if !site.has_fault(Fault::NamedBadEvent(1)) {
        return;
    }
    let events = events(site, 0..1);
    site.arrange(Fault::NamedBadEvent(1), &events);
    let report = send(site, &events).await;
    for (place, outcome) in report.outcomes.iter().enumerate() {
        if place == 1 {
            assert_eq!(*outcome, EventOutcome::Rejected, "{report:?}");
        } else {
            assert!(matches!(outcome, EventOutcome::NotProcessed | EventOutcome::Accepted), "{report:?}");
        }
    }
    assert!(!site.has().contains(&events[1].id.to_string()));
}

async fn an_unnamed_bad_event_refuses_the_batch(site: &dyn Site) {
    let events = events(site, 0..1);
    site.arrange(Fault::UnnamedBadEvent(1), &events);
    let report = send(site, &events).await;
    assert!(all(&report, &EventOutcome::BatchRefused), "{report:?}");
    assert_has(site, &[]);
}

async fn a_rate_limit_is_heard(site: &dyn Site) {
    let events = events(site, 0..1);
    site.arrange(Fault::RateLimited, &events);
    let report = send(site, &events).await;
    assert!(report.throttled && all(&report, &EventOutcome::Transient), "{report:?}");
    assert_has(site, &[]);
    assert!(all(&send(site, &events).await, &EventOutcome::Accepted), "and then it goes on");
}

async fn a_failure_that_passes_is_transient(site: &dyn Site) {
    let events = events(site, 0..1);
    site.arrange(Fault::Outage, &events);
    let report = send(site, &events).await;
    assert!(all(&report, &EventOutcome::Transient) && !report.throttled, "{report:?}");
    assert_has(site, &[]);
}

async fn a_refused_credential_is_no_event_s_fault(site: &dyn Site) {
    let events = events(site, 0..1);
    let report = send_with(site.destination(), site, "token-that-opens-nothing", &events).await;
    assert!(all(&report, &EventOutcome::Refused), "{report:?}");
    assert_has(site, &[]);
}

async fn a_failure_may_say_how_long_it_lasts(site: &dyn Site) {
    let events = events(site, 0..1);
    site.arrange(Fault::OutageOf(8), &events);
    let report = send(site, &events).await;
    assert!(matches!(report.outcomes[0], EventOutcome::Transient | EventOutcome::Unknown), "{report:?}");
    assert_eq!((report.wait, report.throttled), (Some(Duration::from_secs(8)), false));
}

/// Nor is it the credential's, so no other is tried.
async fn a_refused_pixel_is_no_event_s_fault(site: &dyn Site) {
    for (fault, refusal) in
        [(Fault::AccountRefused, PixelRefusal::Account), (Fault::WrongEndpoint, PixelRefusal::Endpoint)]
    {
        if !site.has_fault(fault) {
            continue;
        }
        let events = events(site, 0..1);
        site.arrange(fault, &events);
        let report = send(site, &events).await;
        assert!(all(&report, &EventOutcome::PixelRefused(refusal)), "{report:?}");
        assert_has(site, &[]);
    }
}

async fn an_unknown_reason_is_no_event_s_fault(site: &dyn Site) {
    let events = events(site, 0..1);
    site.arrange(Fault::UnknownReason, &events);
    let report = send(site, &events).await;
    assert!(all(&report, &EventOutcome::Unexplained), "{report:?}");
    assert_has(site, &[]);
}

async fn a_lost_answer_leaves_the_outcome_unknown(site: &dyn Site) {
    let events = events(site, 0..1);
    site.arrange(Fault::AnswerLost, &events);
    let report = send(site, &events).await;
    assert!(all(&report, &EventOutcome::Unknown), "{report:?}");
    // Sent again under the same ids they count once, whether they had arrived or not.
    assert!(all(&send(site, &events).await, &EventOutcome::Accepted));
    assert_has(site, &events);
}

async fn a_slow_answer_leaves_the_outcome_unknown(site: &dyn Site) {
    let events = events(site, 0..1);
    site.arrange(Fault::SlowAnswer, &events);
    let report = send(site, &events).await;
    assert!(all(&report, &EventOutcome::Unknown), "{report:?}");
    assert_eq!(report.answer.status, 0, "no answer came");
}

/// Where the request cannot have left, sending again can do no harm.
async fn what_cannot_have_arrived_is_transient(site: &dyn Site) {
    let events = events(site, 0..1);
    let report = send_with(&*site.unreachable(), site, site.pixel().1, &events).await;
    assert!(all(&report, &EventOutcome::Transient), "{report:?}");
}

/// Which events are missing is not said. The same ids again do no harm while the platform recognises them.
async fn fewer_received_leaves_the_outcome_unknown(site: &dyn Site) {
    if !site.has_fault(Fault::FewerReceived) {
        return;
    }
    let events = events(site, 0..1);
    site.arrange(Fault::FewerReceived, &events);
    let report = send(site, &events).await;
    assert!(!report.alarms.is_empty(), "{report:?}");
    assert!(report.short && all(&report, &EventOutcome::Unknown), "{report:?}");
}
