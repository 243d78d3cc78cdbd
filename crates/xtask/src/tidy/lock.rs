//! The lock file names one registry, by the name that every cargo knows.

use crate::finding::Finding;

const CRATES_IO: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";

/// Packages of the lock file that come from anywhere else.
pub(crate) fn check(path: &str, text: &str) -> Vec<Finding> {
    if path != "Cargo.lock" {
        return Vec::new();
    }
    let elsewhere = |line: &str| line.starts_with("source = ") && line != CRATES_IO;
    let lines = (1..).zip(text.lines()).filter(|(_, line)| elsewhere(line));
    lines
        .map(|(number, line)| Finding {
            file: path.to_owned(),
            line: Some(number),
            what: format!("a package from elsewhere: {line}"),
            why: "a mirror or a repository may be out of reach for others, or change under the same version",
            remedy: "use a published version, and a mirror through source replacement, which leaves the lock file alone"
                .to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_crates_io_will_do() {
        assert!(check("Cargo.lock", &format!("name = \"a\"\n{CRATES_IO}\n")).is_empty());
        assert_eq!(
            check("Cargo.lock", "name = \"a\"\nsource = \"git+https://host.example/a#1\"\n")[0].line,
            Some(2)
        );
        assert!(check("notes.md", "source = \"git+https://host.example/a#1\"\n").is_empty());
    }
}
