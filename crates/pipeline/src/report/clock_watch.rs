//! Whether the time is known well enough to judge ages by it; see [`Reckoning`](ports::clock::Reckoning).
//!
//! Answers of the destinations tell the time as they come. When this machine's clock steps, or none has come for a while, the
//! destinations are asked for it. While the sources disagree no row is judged, nothing expires and nothing is sent: what waits,
//! waits, and goes on when they agree again.

use std::sync::Arc;
use std::time::Duration;

use ports::{Error, ErrorKind};
use tokio_util::sync::CancellationToken;

use super::{Reporting, mutations};
use crate::object::Problem;

/// Names it in readiness.
const PART: &str = "clock";

/// How often the destinations are asked while all is well.
const OFTEN: Duration = Duration::from_secs(300);

/// Pause between two questions while the sources disagree.
const SOON: Duration = Duration::from_secs(10);

/// Questions between two looks for what a wrong clock has put off: an hour.
const BETWEEN_LOOKS: u32 = 12;

/// Questions before the first row is judged, and the pause between them.
const FIRST_QUESTIONS: u32 = 3;
const BETWEEN_FIRST: Duration = Duration::from_secs(2);

/// Asks now and then, until `stop`. Once another machine has confirmed the time, what a wrong clock has put off is made due: at
/// the start, after each doubt, and hourly, as it may be another process that is wrong.
pub async fn run(reporting: Arc<Reporting>, stop: CancellationToken) {
    let mut looks = LooksForPutOff::default();
    while !stop.is_cancelled() {
        let answered = ask(&reporting).await;
        let in_doubt = !reporting.knows_the_time();
        if looks.is_time(answered, in_doubt) {
            looks.looked(release_put_off(&reporting).await);
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = reporting.clock.sleep(if in_doubt { SOON } else { OFTEN }) => {}
            () = reporting.clock_in_doubt.notified(), if !in_doubt => {}
        }
    }
}

/// When to look for what a wrong clock has put off.
#[derive(Debug, Default)]
struct LooksForPutOff {
    /// Answered questions until the next look.
    questions: u32,
}

impl LooksForPutOff {
    /// Whether to look now.
    fn is_time(&mut self, answered: bool, in_doubt: bool) -> bool {
        if in_doubt {
            self.questions = 0;
        }
        let is_time = answered && !in_doubt && self.questions == 0;
        self.questions = self.questions.saturating_sub(u32::from(answered));
        is_time
    }

    /// Notes a look; one that failed comes again.
    const fn looked(&mut self, done: bool) {
        self.questions = if done { BETWEEN_LOOKS } else { 0 };
    }
}

/// Makes due what a wrong clock has put off; whether the ledger answered.
async fn release_put_off(reporting: &Reporting) -> bool {
    let longest = reporting.config.longest_waits();
    match reporting.ledger.release_put_off(&longest, reporting.clock.now()).await {
        Ok(0) => true,
        Ok(conversions) => {
            tracing::warn!(conversions, "a wrong clock had put off conversions; they are due now");
            true
        }
        Err(error) => {
            tracing::warn!(error = ?error, "cannot look for what a wrong clock has put off");
            false
        }
    }
}

/// Asks before anything is judged by its age. When no destination answers, this machine's clock is believed after a while: it
/// is seldom wrong at the same time.
pub async fn ask_first(reporting: &Reporting) {
    for _ in 0..FIRST_QUESTIONS {
        if reporting.destinations.platforms().next().is_none() || ask(reporting).await {
            return;
        }
        reporting.clock.sleep(BETWEEN_FIRST).await;
    }
}

/// Asks each destination for the time; whether one answered.
async fn ask(reporting: &Reporting) -> bool {
    let mut answered = false;
    for destination in reporting.destinations.all() {
        let started = reporting.clock.now();
        if let Some(shown) = destination.server_time().await {
            reporting.clock.observe(shown, reporting.clock.now().since(started));
            answered = true;
        }
    }
    answered
}

impl Reporting {
    /// Whether ages may be judged. Says so to readiness, and has the destinations asked when they may not.
    pub(super) fn knows_the_time(&self) -> bool {
        let Some(doubt) = self.clock.doubt() else {
            self.health.ready(PART);
            return true;
        };
        self.health.not_ready(PART, &doubt.to_string());
        self.clock_in_doubt.notify_one();
        mutations::trusts_the_clock()
    }

    /// That ages may be judged.
    pub(super) fn wants_the_time(&self) -> Result<(), Problem> {
        if self.knows_the_time() {
            return Ok(());
        }
        let doubt = self.clock.doubt().map_or_else(String::new, |doubt| doubt.to_string());
        Err(Error::new(ErrorKind::Unavailable, "clock.agree").detail(&doubt).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_at_the_start_after_a_doubt_and_hourly() {
        let mut looks = LooksForPutOff::default();
        assert!(!looks.is_time(false, false), "no other machine has confirmed the time");
        assert!(looks.is_time(true, false));
        looks.looked(false);
        assert!(looks.is_time(true, false), "the ledger did not answer");
        looks.looked(true);
        let next = (1..).find(|_| looks.is_time(true, false));
        assert_eq!(next, Some(BETWEEN_LOOKS + 1));
        looks.looked(true);
        assert!(!looks.is_time(true, true));
        assert!(looks.is_time(true, false));
    }
}
