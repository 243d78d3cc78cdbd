//! Sums up what test binaries say about themselves.

use std::fmt;

/// How many tests passed and failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed.
    pub failed: u64,
}

impl Tally {
    /// Takes in one line of output. Only a test binary's last line counts: `test result: ok. 3 passed; 0 failed; ...`.
    pub fn read(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else { return };
        let words: Vec<&str> = result.split([' ', ';']).collect();
        let number_before = |word: &str| {
            words
                .windows(2)
                .find(|pair| pair[1] == word)
                .and_then(|pair| pair[0].parse::<u64>().ok())
                .unwrap_or(0)
        };
        self.passed += number_before("passed");
        self.failed += number_before("failed");
    }

    /// A run that ended badly has a failure, even if no test says so: it may not have compiled, or have died half way.
    #[must_use]
    pub fn or_broken(self, success: bool) -> Self {
        Self { failed: if success { self.failed } else { self.failed.max(1) }, ..self }
    }
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
