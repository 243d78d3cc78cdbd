//! One thing that a check found, written so that its reader can act.

use std::fmt;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file, relative to the workspace, with `/` between the parts.
    pub file: String,
    /// The line, from 1; none if it is about the file as a whole.
    pub line: Option<usize>,
    /// What is there or missing.
    pub what: String,
    /// Which harm it does.
    pub why: &'static str,
    /// What to do about it.
    pub remedy: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}\n  why: {}\n  do:  {}", self.what, self.why, self.remedy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_says_where_what_why_and_what_to_do() {
        let mut finding = Finding {
            file: "a/b.rs".into(),
            line: Some(3),
            what: "something".into(),
            why: "a reason",
            remedy: "that".into(),
        };
        assert_eq!(finding.to_string(), "a/b.rs:3: something\n  why: a reason\n  do:  that");
        finding.line = None;
        assert!(finding.to_string().starts_with("a/b.rs: something"));
    }
}
