//! Sums up what test binaries, and Python's unittest, say about themselves.

use std::fmt;

/// How many tests passed and failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    /// Tests that passed.
    pub(crate) passed: u64,
    /// Tests that failed, those that could not be run because an earlier one failed among them.
    pub(crate) failed: u64,
}

impl Tally {
    /// Takes in one line of output. Only the last lines of a run count: a test binary's `test result: ok. 3 passed; 0 failed; ...`,
    /// or unittest's `Ran 9 tests in 213.2s` and, two lines on, `FAILED (failures=1, skipped=4)`.
    pub(crate) fn read(&mut self, line: &str) {
        if let Some(result) = line.strip_prefix("test result: ") {
            let words: Vec<&str> = result.split([' ', ';']).collect();
            self.passed += before(&words, "passed");
            self.failed += before(&words, "failed");
        } else if let Some(ran) = line.strip_prefix("Ran ") {
            let words: Vec<&str> = ran.split(' ').collect();
            self.passed += before(&words, "tests") + before(&words, "test");
        } else if let Some(reasons) =
            line.strip_prefix("FAILED (").and_then(|rest| rest.trim_end().strip_suffix(')'))
        {
            let failed: u64 =
                reasons.split(", ").filter_map(|reason| reason.split_once('=')?.1.parse::<u64>().ok()).sum();
            // An error before the first test is a failure of none that ran.
            self.passed = self.passed.saturating_sub(failed);
            self.failed += failed;
        }
    }

    /// A run that ended badly has a failure, even if no test says so: it may not have compiled, or have died half way.
    #[must_use]
    pub(crate) fn or_broken(self, success: bool) -> Self {
        Self { failed: if success { self.failed } else { self.failed.max(1) }, ..self }
    }
}

/// The number in front of a word; 0 if there is none.
fn before(words: &[&str], word: &str) -> u64 {
    let pair = words.windows(2).find(|pair| pair[1] == word);
    pair.and_then(|pair| pair[0].parse().ok()).unwrap_or(0)
}

impl std::ops::Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { passed: self.passed + other.passed, failed: self.failed + other.failed }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(output: &str) -> Tally {
        let mut tally = Tally::default();
        output.lines().for_each(|line| tally.read(line));
        tally
    }

    #[test]
    fn the_results_of_all_binaries_are_added() {
        let output = "running 2 tests\n\
            test result: ok. 14 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
            noise: test result: ok. 100 passed;\n\
            test result: FAILED. 3 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.6s\n";
        assert_eq!(tally(output).to_string(), "17 passed, 2 failed");
    }

    #[test]
    fn python_counts_too() {
        let fine = "test_1_undisturbed (test_system.Disturbed) ... ok\n\nRan 9 tests in 213.260s\n\nOK\n";
        assert_eq!(tally(fine).to_string(), "9 passed, 0 failed");
        let one = "Ran 1 test in 0.1s\n\nOK\nRan 9 tests in 60.0s\n\nFAILED (failures=1, skipped=6)\n";
        assert_eq!(tally(one).to_string(), "3 passed, 7 failed");
        assert_eq!(tally("Ran 0 tests in 1.0s\n\nFAILED (errors=1)\n").to_string(), "0 passed, 1 failed");
    }

    #[test]
    fn colour_does_not_matter() {
        assert_eq!(
            tally("test result: \u{1b}[32mok\u{1b}(B\u{1b}[m. 5 passed; 0 failed; 0 ignored"),
            Tally { passed: 5, failed: 0 }
        );
    }

    #[test]
    fn a_run_that_broke_off_is_a_failure() {
        assert_eq!(Tally { passed: 4, failed: 0 }.or_broken(false), Tally { passed: 4, failed: 1 });
        assert_eq!(Tally { passed: 4, failed: 3 }.or_broken(false), Tally { passed: 4, failed: 3 });
        assert_eq!(Tally { passed: 4, failed: 0 }.or_broken(true), Tally { passed: 4, failed: 0 });
    }
}
