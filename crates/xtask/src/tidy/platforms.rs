//! The core knows no platform: what only one of them knows belongs to its destination.

use crate::finding::Finding;

/// Where no platform is named.
const CORE: [&str; 2] = ["crates/domain/", "crates/pipeline/"];

/// Where the words of feeds and directories for platforms are read.
const READS_WORDS: &str = "crates/domain/src/platform.rs";

const NAMES: [&str; 2] = ["facebook", "meta"];

/// The platforms' names in one file of the core.
pub(crate) fn check(path: &str, text: &str) -> Vec<Finding> {
    if path == READS_WORDS || !CORE.iter().any(|folder| path.starts_with(folder)) {
        return Vec::new();
    }
    let lines = (1..).zip(text.lines());
    let named = lines.filter_map(|(number, line)| {
        let lower = line.to_lowercase();
        NAMES.into_iter().find(|name| lower.contains(name)).map(|name| (number, name))
    });
    named
        .map(|(number, name)| Finding {
            file: path.to_owned(),
            line: Some(number),
            what: format!("\"{name}\""),
            why: "the core serves every platform alike",
            remedy: "let the platform's destination know it, or ask `Requirements` and `Destination`"
                .to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_is_named_in_its_destination_and_where_words_are_read() {
        let line = "/// What Meta wants\n";
        for path in ["crates/destination-meta/src/lib.rs", READS_WORDS, "README.md"] {
            assert!(check(path, line).is_empty(), "{path}");
        }
        let findings = check("crates/pipeline/src/report.rs", &format!("fine\n{line}"));
        assert_eq!(findings.len(), 1);
        assert_eq!((findings[0].line, findings[0].what.as_str()), (Some(2), "\"meta\""));
    }
}
