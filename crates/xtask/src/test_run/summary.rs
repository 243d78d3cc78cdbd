//! What a run says at its end.

use std::io::{self, Write};
use std::time::Duration;

use super::junit::{Case, tally};
use super::part::Part;
use super::schedule::Ended;
use crate::tally::Tally;

/// Characters that are shown of a line of a failed step.
const LONGEST_LINE: usize = 300;

/// Slow tests that are listed.
const SLOWEST: usize = 10;

/// Writes the times by part and step, the slowest tests, and the closing line. Whether all is well.
pub(super) fn write(
    ended: &[Ended],
    cases: &[Case],
    took: Duration,
    out: &mut dyn Write,
) -> io::Result<bool> {
    writeln!(out, "\n{:<12} {:>8} {:>7} {:>8}   steps", "part", "passed", "failed", "seconds")?;
    let mut sum = Tally::default();
    for part in Part::ALL {
        let steps: Vec<_> = ended.iter().filter(|end| end.part == part).collect();
        let own = || cases.iter().filter(|case| case.part() == part);
        let tests = steps.iter().fold(tally(own()), |sum, end| sum + end.tally);
        if steps.is_empty() && own().next().is_none() {
            continue;
        }
        let spans =
            steps.iter().map(|end| (end.began, end.took)).chain(own().map(|case| (case.began, case.took)));
        let seconds = union(spans.map(|(began, took)| (began, began + took)).collect()).as_secs_f64();
        let each: Vec<_> =
            steps.iter().map(|end| format!("{} {:.0}", end.name, end.took.as_secs_f64())).collect();
        let (passed, failed, each) = (tests.passed, tests.failed, each.join(", "));
        writeln!(out, "{part:<12} {passed:>8} {failed:>7} {seconds:>8.0}   {each}")?;
        sum = sum + tests;
    }
    write_slowest(cases, out)?;
    // A build server may keep the end of a run alone.
    for end in ended.iter().filter(|end| !end.success) {
        writeln!(out, "failed: {}", end.name)?;
        for line in &end.last_lines {
            writeln!(out, "    {}", line.chars().take(LONGEST_LINE).collect::<String>())?;
        }
    }
    for case in cases.iter().filter(|case| !case.passed) {
        writeln!(out, "failed: {} {}", case.binary, case.name)?;
    }
    writeln!(out, "\nall in {:.0} s", took.as_secs_f64())?;
    writeln!(out, "{sum}")?;
    Ok(sum.failed == 0)
}

fn write_slowest(cases: &[Case], out: &mut dyn Write) -> io::Result<()> {
    let mut slowest: Vec<_> = cases.iter().collect();
    slowest.sort_by_key(|case| std::cmp::Reverse(case.took));
    if !slowest.is_empty() {
        writeln!(out, "\nslowest tests")?;
    }
    for case in slowest.iter().take(SLOWEST) {
        writeln!(out, "{:>8.1} s   {} {}", case.took.as_secs_f64(), case.binary, case.name)?;
    }
    Ok(())
}

/// The time that at least one of these was under way.
fn union(mut spans: Vec<(Duration, Duration)>) -> Duration {
    spans.sort_unstable();
    let (mut sum, mut until) = (Duration::ZERO, Duration::ZERO);
    for (from, to) in spans {
        sum += to.saturating_sub(from.max(until));
        until = until.max(to);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn end(name: &'static str, part: Part, (from, to): (u64, u64), tally: Tally) -> Ended {
        let last_lines = if tally.failed > 0 { vec!["the cause".to_owned()] } else { Vec::new() };
        Ended {
            name,
            part,
            tally,
            began: s(from),
            took: s(to - from),
            success: tally.failed == 0,
            last_lines,
        }
    }

    #[test]
    fn overlapping_steps_count_once() {
        assert_eq!(union(vec![(s(5), s(8)), (s(0), s(2)), (s(1), s(4)), (s(6), s(7))]), s(7));
        assert_eq!(union(Vec::new()), s(0));
    }

    #[test]
    fn the_last_line_sums_up_all_parts() {
        let ended = [
            end("lints", Part::Checks, (0, 9), Tally { passed: 0, failed: 1 }),
            end("doc tests", Part::Unit, (3, 5), Tally { passed: 2, failed: 0 }),
        ];
        let case =
            Case { binary: "efflux::it".into(), name: "kill".into(), began: s(0), took: s(3), passed: false };
        let mut out = Vec::new();
        let fine = write(&ended, &[case], s(10), &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(!fine);
        assert!(out.ends_with("\nall in 10 s\n2 passed, 2 failed\n"), "{out}");
        assert!(
            out.contains("failed: lints\n    the cause\n") && out.contains("failed: efflux::it kill\n"),
            "{out}"
        );
    }
}
