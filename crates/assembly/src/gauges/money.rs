//! The money that waits in the ledger.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::{Money, PixelRef, UnixMillis};
use ports::ledger::Waiting;
use ports::metric::name;
use ports::notice::{State, Subject};
use ports::{LedgerAdmin, MetricSink, NoticeSink};

/// Money whose deadline is nearer than this is shown as expiring.
const SOON: Duration = Duration::from_secs(24 * 3600);
/// The measurement goes over all that is open, so it is made seldom.
const INTERVAL: Duration = Duration::from_secs(60);

/// What was shown the last time: what has gone since must be shown as nothing.
#[derive(Debug, Default)]
pub(super) struct MoneyGauges {
    measured_at: Option<UnixMillis>,
    waiting: BTreeMap<(PixelRef, &'static str, String), Money>,
    pixels: BTreeMap<PixelRef, OfPixel>,
}

#[derive(Debug, Default)]
struct OfPixel {
    expiring: Money,
    nearest_deadline: Option<UnixMillis>,
    oldest: Option<UnixMillis>,
}

impl MoneyGauges {
    /// Measures when it is time again.
    pub(super) async fn measure(
        &mut self,
        (metrics, notices): (&dyn MetricSink, &dyn NoticeSink),
        ledger: &dyn LedgerAdmin,
        now: UnixMillis,
    ) {
        // The clock may have been put right since.
        if self.measured_at.is_some_and(|at| at <= now && now.since(at) < INTERVAL) {
            return;
        }
        if let Ok(all) = ledger.waiting(now.plus(SOON)).await {
            self.measured_at = Some(now);
            self.gather(all);
            self.show(metrics, now);
            self.announce(notices);
        }
    }

    fn gather(&mut self, all: Vec<Waiting>) {
        self.waiting.values_mut().for_each(|money| *money = Money::ZERO);
        self.pixels.values_mut().for_each(|pixel| *pixel = OfPixel::default());
        for waiting in all {
            let pixel = self.pixels.entry(waiting.pixel.clone()).or_default();
            pixel.expiring = pixel.expiring + waiting.expiring_revenue;
            pixel.nearest_deadline = pixel.nearest_deadline.into_iter().chain(waiting.nearest_deadline).min();
            pixel.oldest = Some(pixel.oldest.map_or(waiting.oldest, |oldest| oldest.min(waiting.oldest)));
            self.waiting
                .insert((waiting.pixel, waiting.outcome.as_str(), waiting.reason), waiting.unreported);
        }
    }

    fn show(&self, metrics: &dyn MetricSink, now: UnixMillis) {
        for ((pixel, state, reason), money) in &self.waiting {
            let labels = [
                ("platform", pixel.platform.as_str()),
                ("pixel", pixel.code.as_str()),
                ("state", state),
                ("reason", reason),
            ];
            metrics.gauge(name::UNREPORTED_REVENUE, &labels, units(*money));
        }
        for (pixel, of) in &self.pixels {
            let labels = [("platform", pixel.platform.as_str()), ("pixel", pixel.code.as_str())];
            metrics.gauge(name::EXPIRING_REVENUE, &labels, units(of.expiring));
            let age = of.oldest.map_or(Duration::ZERO, |oldest| now.since(oldest));
            metrics.gauge(name::OLDEST_OPEN_AGE, &labels, age.as_secs_f64());
            let left =
                of.nearest_deadline.map_or(f64::INFINITY, |deadline| deadline.since(now).as_secs_f64());
            metrics.gauge(name::NEAREST_DEADLINE, &labels, left);
        }
    }
}

impl MoneyGauges {
    /// Whose money expires soon.
    fn announce(&self, notices: &dyn NoticeSink) {
        for (pixel, of) in &self.pixels {
            let (state, reason) = match of.nearest_deadline {
                Some(deadline) if of.expiring > Money::ZERO => (
                    State::Expiring,
                    format!("{} in the feeds' currency; the nearest deadline is {deadline}", of.expiring),
                ),
                _ => (State::Well, String::new()),
            };
            notices.note(Subject::Money(pixel.clone()), state, &reason);
        }
    }
}

fn units(money: Money) -> f64 {
    money.micros() as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use domain::Outcome;
    use ports::metric::Labels;

    use super::*;

    #[derive(Debug, Default)]
    struct Seen(Mutex<BTreeMap<String, f64>>);

    impl MetricSink for Seen {
        fn count(&self, _: &'static str, _: Labels<'_>, _: u64) {}
        fn gauge(&self, name: &'static str, labels: Labels<'_>, value: f64) {
            let values: Vec<_> = labels.iter().map(|(_, value)| *value).collect();
            self.0.lock().unwrap().insert(format!("{name} {}", values.join(" ")), value);
        }
        fn observe(&self, _: &'static str, _: Labels<'_>, _: f64) {}
    }

    fn waiting(reason: &str, unreported: &str, deadline: i64) -> Waiting {
        Waiting {
            pixel: "meta:1".parse().unwrap(),
            outcome: Outcome::Parked,
            reason: reason.to_owned(),
            conversions: 1,
            unreported: unreported.parse().unwrap(),
            expiring: 1,
            expiring_revenue: unreported.parse().unwrap(),
            nearest_deadline: Some(UnixMillis(deadline)),
            oldest: UnixMillis(deadline - 60_000),
        }
    }

    #[derive(Debug, Default)]
    struct Noted(Mutex<Vec<(Subject, State, String)>>);

    impl NoticeSink for Noted {
        fn note(&self, subject: Subject, state: State, reason: &str) {
            self.0.lock().unwrap().push((subject, state, reason.to_owned()));
        }
    }

    #[test]
    fn money_that_expires_soon_is_announced_until_it_has_gone() {
        let (mut gauges, noted) = (MoneyGauges::default(), Noted::default());
        gauges.gather(vec![waiting("no_working_credential", "2.5", 1_005_000)]);
        gauges.announce(&noted);
        gauges.gather(Vec::new());
        gauges.announce(&noted);
        let noted = noted.0.lock().unwrap();
        let states: Vec<_> = noted.iter().map(|(subject, state, _)| (subject.name(), *state)).collect();
        let pixel = "meta:1".to_owned();
        assert_eq!(states, [(pixel.clone(), State::Expiring), (pixel, State::Well)]);
        assert!(noted[0].2.starts_with("2.5"), "{}", noted[0].2);
    }

    #[test]
    fn what_has_gone_is_shown_as_nothing() {
        let (mut gauges, seen, now) = (MoneyGauges::default(), Seen::default(), UnixMillis(1_000_000));
        gauges.gather(vec![
            waiting("no_working_credential", "2.5", 1_005_000),
            waiting("circuit_open", "0.25", 1_009_000),
        ]);
        gauges.show(&seen, now);
        let value = |name: &str| seen.0.lock().unwrap()[name];
        assert_eq!(value("efflux_unreported_revenue meta 1 parked no_working_credential"), 2.5);
        assert_eq!(value("efflux_expiring_revenue meta 1"), 2.75);
        assert_eq!(value("efflux_nearest_deadline_seconds meta 1"), 5.0);
        assert_eq!(value("efflux_oldest_open_conversion_age_seconds meta 1"), 55.0);
        gauges.gather(Vec::new());
        gauges.show(&seen, now);
        assert_eq!(value("efflux_unreported_revenue meta 1 parked no_working_credential"), 0.0);
        assert_eq!(value("efflux_expiring_revenue meta 1"), 0.0);
        assert_eq!(value("efflux_nearest_deadline_seconds meta 1"), f64::INFINITY);
    }
}
