//! What a command has changed, as it is printed.

use serde_json::{Value, json};

const UNCHANGED: &str = "unchanged";

/// Changes of one thing, in the order in which they are said.
#[derive(Debug)]
pub(super) struct Changes {
    of: String,
    is_new: bool,
    said: Vec<String>,
}

impl Changes {
    /// None yet, of something that is new or was there.
    pub(super) fn of(what: impl Into<String>, is_new: bool) -> Self {
        Self { of: what.into(), is_new, said: Vec::new() }
    }

    /// Sets `place` to a value that was given, and remembers what it was; what was not given stays.
    pub(super) fn set<T: PartialEq>(
        &mut self,
        name: &str,
        place: &mut T,
        given: Option<T>,
        show: impl Fn(&T) -> String,
    ) {
        let Some(given) = given else { return };
        if *place == given {
            return;
        }
        let (old, new) = (show(place), show(&given));
        self.said.push(if self.is_new { format!("{name} {new}") } else { format!("{name} {old} -> {new}") });
        *place = given;
    }

    /// One line: what the thing is now, or what has changed.
    pub(super) fn line(&self) -> String {
        let what = match self.word() {
            UNCHANGED => "there already, nothing changed",
            word => word,
        };
        let said = if self.said.is_empty() { String::new() } else { format!(": {}", self.said.join("; ")) };
        format!("{} {what}{said}", self.of)
    }

    /// For programs, with the thing as its list shows it, before and after.
    pub(super) fn json(&self, before: Option<&Value>, after: &Value) -> Value {
        json!({"change": self.word(), "before": before, "after": after})
    }

    const fn word(&self) -> &'static str {
        match (self.is_new, self.said.is_empty()) {
            (true, _) => "added",
            (false, true) => UNCHANGED,
            (false, false) => "changed",
        }
    }
}

/// A list as people read it.
pub(super) fn listed(words: &[String]) -> String {
    if words.is_empty() { "any".to_owned() } else { words.join(",") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_given_changes_and_is_printed() {
        let mut changes = Changes::of("meta:1", false);
        let (mut name, mut note) = ("a".to_owned(), "n".to_owned());
        changes.set("name", &mut name, Some("b".to_owned()), Clone::clone);
        changes.set("note", &mut note, None, Clone::clone);
        assert_eq!((name.as_str(), note.as_str()), ("b", "n"));
        assert_eq!(changes.line(), "meta:1 changed: name a -> b");
        assert_eq!(changes.json(Some(&"a".into()), &"b".into())["change"], "changed");
        assert_eq!(Changes::of("meta:1", false).line(), "meta:1 there already, nothing changed");
        assert_eq!(Changes::of("meta:1", true).line(), "meta:1 added");
    }
}
