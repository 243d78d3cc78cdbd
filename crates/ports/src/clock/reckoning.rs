//! The present, reckoned from several sources: the wall clock, the steady clock, and what other machines' clocks have shown.

use std::fmt;
use std::time::Duration;

use domain::UnixMillis;

/// Sources of time that differ by no more than this agree.
pub const TOLERANCE: Duration = Duration::from_secs(90);

/// Two clocks that are trusted differ by no more: each by [`TOLERANCE`] from the true time.
pub const APART: Duration = Duration::from_secs(2 * TOLERANCE.as_secs());

/// An answer that took longer says too little about the present.
const LONGEST_ROUND_TRIP: Duration = Duration::from_secs(30);

/// Sources of time disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// The wall clock has stepped: by so many milliseconds it is ahead of what the steady clock says.
    Step(i64),
    /// The wall clock is so many milliseconds ahead of another machine's.
    Disagreement(i64),
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (by_ms, what) = match self {
            Self::Step(by_ms) => (*by_ms, "this machine's clock was set"),
            Self::Disagreement(by_ms) => (*by_ms, "this machine's clock is not that of other machines:"),
        };
        let way = if by_ms < 0 { "behind" } else { "ahead" };
        write!(
            f,
            "{what} {} s {way}; nothing is judged by its age until they agree: check NTP",
            by_ms.abs() / 1_000
        )
    }
}

/// The present as a process reckons it. A step of the wall clock is not followed before another machine confirms it, or the
/// wall clock has come back.
///
/// Times of the wall clock are Unix milliseconds; those of the steady clock count from when it was made.
///
/// ```
/// use std::time::Duration;
/// use domain::UnixMillis;
/// use ports::clock::Reckoning;
///
/// let mut time = Reckoning::start(UnixMillis(1_000_000));
/// assert_eq!(time.now(UnixMillis(1_005_000), Duration::from_secs(5)), UnixMillis(1_005_000));
/// // Nine days ahead, for a moment.
/// let nine_days = UnixMillis(1_006_000 + 777_600_000);
/// assert_eq!(time.now(nine_days, Duration::from_secs(6)), UnixMillis(1_006_000));
/// assert!(time.doubt(nine_days, Duration::from_secs(6)).is_some());
/// assert!(time.doubt(UnixMillis(1_007_000), Duration::from_secs(7)).is_none());
/// ```
#[derive(Debug, Clone)]
pub struct Reckoning {
    /// What the wall clock showed, or would have shown, when the steady clock was at 0.
    wall_at_start: i64,
    /// The same of another machine's clock.
    other_at_start: Option<i64>,
    /// The latest present that was answered: time never goes back.
    latest: i64,
}

impl Reckoning {
    /// Starts with what the wall clock shows.
    #[must_use]
    pub const fn start(wall: UnixMillis) -> Self {
        Self { wall_at_start: wall.0, other_at_start: None, latest: wall.0 }
    }

    /// The present. It never goes back.
    pub fn now(&mut self, wall: UnixMillis, steady: Duration) -> UnixMillis {
        let at_start = wall.0.saturating_sub(millis(steady));
        if self.agrees(at_start) {
            // Clocks run at slightly different rates; the wall clock's is looked after.
            self.wall_at_start = at_start;
        }
        self.latest = self.latest.max(self.wall_at_start.saturating_add(millis(steady)));
        UnixMillis(self.latest)
    }

    /// Whether another machine's clock has ever been seen.
    #[must_use]
    pub const fn has_seen_another(&self) -> bool {
        self.other_at_start.is_some()
    }

    /// Why the present is not known well enough.
    #[must_use]
    pub fn doubt(&self, wall: UnixMillis, steady: Duration) -> Option<Doubt> {
        let at_start = wall.0.saturating_sub(millis(steady));
        if !self.agrees(at_start) {
            return Some(Doubt::Step(at_start.saturating_sub(self.wall_at_start)));
        }
        let other = self.other_at_start?;
        let ahead = at_start.saturating_sub(other);
        (ahead.unsigned_abs() > unsigned_millis(TOLERANCE)).then_some(Doubt::Disagreement(ahead))
    }

    /// Another machine's clock has shown `shown`, in an answer that took `round_trip` and has just come.
    pub fn observe(&mut self, shown: UnixMillis, round_trip: Duration, wall: UnixMillis, steady: Duration) {
        if round_trip > LONGEST_ROUND_TRIP {
            return;
        }
        // Somewhere on the way it showed this; in the middle is nearest.
        let other = shown.0.saturating_add(millis(round_trip / 2)).saturating_sub(millis(steady));
        self.other_at_start = Some(other);
        let at_start = wall.0.saturating_sub(millis(steady));
        if at_start.abs_diff(other) <= unsigned_millis(TOLERANCE) {
            // A step that another machine confirms put the clock right. What was reckoned before may be ahead of it.
            self.wall_at_start = at_start;
            self.latest = self.latest.min(wall.0);
        }
    }

    fn agrees(&self, at_start: i64) -> bool {
        at_start.abs_diff(self.wall_at_start) <= unsigned_millis(TOLERANCE)
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

fn unsigned_millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;
    const BEGIN: i64 = 1_763_800_000_000;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn wall(seconds: u64, ahead_ms: i64) -> UnixMillis {
        UnixMillis(BEGIN + millis(at(seconds)) + ahead_ms)
    }

    #[test]
    fn a_step_is_not_followed_and_not_remembered() {
        for ahead_ms in [9 * 24 * HOUR, -2 * HOUR] {
            let mut time = Reckoning::start(wall(0, 0));
            assert_eq!(time.now(wall(10, ahead_ms), at(10)), wall(10, 0));
            assert_eq!(time.doubt(wall(10, ahead_ms), at(10)), Some(Doubt::Step(ahead_ms)));
            assert_eq!(time.now(wall(14, 0), at(14)), wall(14, 0));
            assert_eq!(time.doubt(wall(14, 0), at(14)), None);
        }
    }

    #[test]
    fn a_step_that_another_machine_confirms_is_followed() {
        let mut time = Reckoning::start(wall(0, -2 * HOUR));
        assert_eq!(time.doubt(wall(5, -2 * HOUR), at(5)), None, "nothing else is known");
        time.observe(wall(6, 0), at(0), wall(6, -2 * HOUR), at(6));
        assert_eq!(time.doubt(wall(6, -2 * HOUR), at(6)), Some(Doubt::Disagreement(-2 * HOUR)));
        // NTP puts it right, and the other machine is asked again.
        assert!(matches!(time.doubt(wall(7, 0), at(7)), Some(Doubt::Step(_))));
        time.observe(wall(8, 0), at(1), wall(8, 0), at(8));
        assert_eq!((time.doubt(wall(8, 0), at(8)), time.now(wall(8, 0), at(8))), (None, wall(8, 0)));
    }

    #[test]
    fn a_clock_that_was_ahead_from_the_start_comes_back() {
        let mut time = Reckoning::start(wall(0, HOUR));
        assert_eq!(time.now(wall(1, HOUR), at(1)), wall(1, HOUR));
        time.observe(wall(2, 0), at(0), wall(2, 0), at(2));
        assert_eq!((time.now(wall(2, 0), at(2)), time.doubt(wall(2, 0), at(2))), (wall(2, 0), None));
    }

    #[test]
    fn clocks_that_drift_slowly_agree() {
        let mut time = Reckoning::start(wall(0, 0));
        for hour in 1..=1_000 {
            // 100 ms an hour: 100 s in all.
            let ahead_ms = i64::try_from(hour).unwrap() * 100;
            assert_eq!(
                time.now(wall(hour * 3_600, ahead_ms), at(hour * 3_600)),
                wall(hour * 3_600, ahead_ms)
            );
            assert_eq!(time.doubt(wall(hour * 3_600, ahead_ms), at(hour * 3_600)), None);
        }
    }

    #[test]
    fn a_slow_answer_says_nothing() {
        let mut time = Reckoning::start(wall(0, 0));
        time.observe(wall(10, HOUR), at(31), wall(41, 0), at(41));
        assert_eq!(time.doubt(wall(41, 0), at(41)), None);
    }

    #[test]
    fn a_small_step_back_stops_time_for_a_moment() {
        let mut time = Reckoning::start(wall(0, 0));
        assert_eq!(time.now(wall(10, 0), at(10)), wall(10, 0));
        assert_eq!(time.now(wall(11, -5_000), at(11)), wall(10, 0));
        assert_eq!(time.now(wall(20, -5_000), at(20)), wall(15, 0));
    }
}
