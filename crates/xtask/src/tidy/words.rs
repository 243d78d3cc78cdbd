//! Words that the glossary replaces. Those that have gone from the whole project may not come back.

use crate::finding::Finding;

/// Where the words are explained, and so must stand.
const GLOSSARY: &str = "docs/GLOSSARY.md";

/// A word, in two halves so that this file may hold it, and what to write instead.
const REPLACED: &[(&str, &str)] = &[
    (concat!("stand", "-in"), "sandbox, of a platform; emulator, of a backend"),
    (concat!("sign of", " life"), "heartbeat"),
    (concat!("for", " ever"), "forever"),
    (concat!("an", "ew"), "again"),
    (concat!("mend", "ed"), "fixed"),
    (concat!("men", "ds"), "fixes, or patches"),
    (concat!("bu", "ry"), "dead-letter"),
    (concat!("bur", "ied"), "dead-lettered"),
    (concat!("some", "body"), "another worker, the operator, or who it is"),
    (concat!("any", "body"), "any worker, any client, or who it is"),
    (concat!("every", "body"), "all workers, all clients, or who it is"),
    (concat!("who", "ever"), "the worker that, the client that, or who it is"),
    (concat!("to", "ld"), "sent, reported, or said"),
    (concat!("is", " away"), "is unavailable"),
    (concat!("left", " alone"), "skipped, paused, or unchanged"),
    (concat!("in", " hand"), "in flight"),
    (concat!("given", " back"), "released"),
    (concat!("cannot be", " done"), "cannot be processed"),
    (concat!("asks for", " less"), "limits the rate"),
    (concat!("asked for", " less"), "rate limited"),
    (concat!("that is", " none"), "invalid, or not an X"),
    (concat!("which is", " none"), "invalid, or not an X"),
];

/// The replaced words in one file.
pub(crate) fn check(path: &str, text: &str) -> Vec<Finding> {
    if path == GLOSSARY {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let lower = line.to_lowercase();
        for (word, instead) in REPLACED.iter().filter(|(word, _)| has_word(&lower, word)) {
            findings.push(Finding {
                file: path.to_owned(),
                line: Some(number),
                what: format!("\"{word}\""),
                why: "one idea has one word, which a reader can search for",
                remedy: format!("write \"{instead}\"; {GLOSSARY} has all words"),
            });
        }
    }
    findings
}

/// Whether a text holds a word that is not part of a longer one.
fn has_word(text: &str, word: &str) -> bool {
    let letter = |c: char| c.is_alphanumeric();
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(letter) && !text[at + word.len()..].starts_with(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_replaced_word_is_found_and_its_remedy_named() {
        for (word, instead) in REPLACED {
            let findings = check("a.md", &format!("fine\nHere {}, too\n", word.to_uppercase()));
            assert_eq!(findings.len(), 1, "{word}");
            assert_eq!(findings[0].line, Some(2));
            assert!(findings[0].remedy.contains(instead));
            assert!(check(GLOSSARY, word).is_empty());
        }
    }

    #[test]
    fn a_part_of_another_word_is_fine() {
        assert!(check("a.rs", concat!("recom", "men", "ds and a", "mend", "ed: for every")).is_empty());
    }
}
