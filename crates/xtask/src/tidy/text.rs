//! Rules about the text of a file, line by line.

use crate::finding::Finding;

/// Longer Rust files hold more than one subject.
const MAX_RUST_LINES: usize = 500;

/// Something that must not stand in a file. The needles are written in two halves, so that this file is tidy itself.
struct Rule {
    needle: &'static str,
    /// Only in Rust files.
    rust: bool,
    /// Only where a path begins, not inside a longer one.
    path: bool,
    what: &'static str,
    why: &'static str,
    remedy: &'static str,
}

const fn unfinished(needle: &'static str) -> Rule {
    Rule {
        needle,
        rust: true,
        path: false,
        what: "unfinished code",
        why: "it compiles and then panics, where a missing part would not compile",
        remedy: "write it, or take out what leads to it",
    }
}

const fn absolute(needle: &'static str) -> Rule {
    Rule {
        needle,
        rust: false,
        path: true,
        what: "an absolute path of one machine",
        why: "it means nothing in another checkout",
        remedy: "write it relative to the workspace, or take it from a setting",
    }
}

const fn host(needle: &'static str) -> Rule {
    Rule {
        needle,
        rust: false,
        path: false,
        what: "the host of a package registry",
        why: "where packages come from is for the reader's own configuration to say",
        remedy: "leave the host out: the package managers know theirs",
    }
}

const RULES: &[Rule] = &[
    unfinished(concat!("to", "do!(")),
    unfinished(concat!("unimplem", "ented!(")),
    Rule {
        needle: concat!("#[ig", "nore"),
        rust: true,
        path: false,
        what: "a test that does not run",
        why: "it rots unseen, and the number of tests looks better than it is",
        remedy: "make it pass, skip it at run time with a message if it needs a server, or delete it",
    },
    absolute(concat!("/wo", "rk/")),
    absolute(concat!("/ro", "ot/")),
    absolute(concat!("/ho", "me/")),
    host(concat!("index.crates", ".io")),
    host(concat!("static.crates", ".io")),
    host(concat!("registry.npm", "js.org")),
    host(concat!("files.python", "hosted.org")),
    host(concat!("proxy.go", "lang.org")),
];

/// What is wrong with the text of one file.
pub(crate) fn check(path: &str, text: &str) -> Vec<Finding> {
    let rust = path.ends_with(".rs");
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let broken = RULES.iter().filter(|rule| (rust || !rule.rust) && holds(rule, line));
        findings.extend(broken.map(|rule| Finding {
            file: path.to_owned(),
            line: Some(number),
            what: format!("{}: {}", rule.what, rule.needle),
            why: rule.why,
            remedy: rule.remedy.to_owned(),
        }));
    }
    if path.ends_with("/mod.rs") {
        findings.push(Finding {
            file: path.to_owned(),
            line: None,
            what: "a module in mod.rs".to_owned(),
            why: "the workspace has one layout, so that a module's file is found by its name",
            remedy: "move it to a file of the folder's name, beside the folder".to_owned(),
        });
    }
    let lines = text.lines().count();
    if rust && lines > MAX_RUST_LINES {
        findings.push(Finding {
            file: path.to_owned(),
            line: Some(MAX_RUST_LINES + 1),
            what: format!("{lines} lines; at most {MAX_RUST_LINES} are allowed"),
            why: "a file of this length holds more than one subject",
            remedy: "split it by subject; long tests go into a file of their own".to_owned(),
        });
    }
    findings
}

fn holds(rule: &Rule, line: &str) -> bool {
    line.match_indices(rule.needle).any(|(at, _)| !rule.path || begins_a_path(&line[..at]))
}

/// Whether a path may begin after this text. After a name, a variable or a dot it goes on instead, as in `${DIR}/x` or `host/x`.
fn begins_a_path(before: &str) -> bool {
    !before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '}' | ')' | '~' | '*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<(Option<usize>, String)> {
        check(path, text).into_iter().map(|finding| (finding.line, finding.what)).collect()
    }

    #[test]
    fn each_rule_finds_its_needle() {
        for rule in RULES {
            let text = format!("fine\nx = {}y\n", rule.needle);
            let findings = found("a.rs", &text);
            assert_eq!(findings.len(), 1, "{findings:?}");
            assert_eq!(findings[0].0, Some(2));
            assert!(findings[0].1.contains(rule.needle));
        }
    }

    #[test]
    fn rules_for_rust_leave_other_files_alone() {
        assert!(found("a.md", RULES[0].needle).is_empty());
        assert!(found("a.md", &"line\n".repeat(900)).is_empty());
    }

    #[test]
    fn a_path_inside_another_is_not_absolute() {
        let rule = RULES.iter().find(|rule| rule.path).unwrap();
        for before in ["https://host.example", "${DIR}", "a", "..", "~"] {
            assert!(found("a.sh", &format!("{before}{}x", rule.needle)).is_empty(), "{before}");
        }
        for before in ["", "\"", "file://", "DIR=", "-I "] {
            assert_eq!(found("a.sh", &format!("{before}{}x", rule.needle)).len(), 1, "{before}");
        }
    }

    #[test]
    fn a_module_has_its_name() {
        assert_eq!(found("crates/a/src/b/mod.rs", "").len(), 1);
        assert!(
            found("crates/a/src/b.rs", "").is_empty() && found("crates/a/src/some_mod.rs", "").is_empty()
        );
    }

    #[test]
    fn length_is_counted_in_lines() {
        assert!(found("a.rs", &"x\n".repeat(MAX_RUST_LINES)).is_empty());
        let findings = found("a.rs", &"x\n".repeat(MAX_RUST_LINES + 1));
        assert_eq!(findings, [(Some(501), "501 lines; at most 500 are allowed".to_owned())]);
    }
}
